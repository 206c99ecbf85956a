package org.gearshift.vmm.smp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.gearshift.paging.ShadowMmu;

/**
 * Lets one processor do something while no other runs guest code: locked operations that the host cannot do in one step, as they cross its words.
 *
 * <p>Processors look for it at safe points, and whenever they end a rest.
 */
public final class BusLock {
    private static final int SPINS = 1_000;
    private static final long NAP_NANOS = 20_000;

    private final List<ShadowMmu> processors = new ArrayList<>();
    private final ReentrantLock turn = new ReentrantLock();
    private volatile ShadowMmu holder;

    /** Adds a processor, before any runs. */
    public void add(ShadowMmu processor) {
        processors.add(processor);
    }

    /** Does {@code action}, for {@code self}, with the others at a stand-still. Not while holding the {@link DeviceLock}. */
    public boolean run(ShadowMmu self, BooleanSupplier action) {
        self.rest();
        turn.lock();
        try {
            self.wake();
            holder = self;
            for (ShadowMmu other : processors) {
                await(self, other);
            }
            return action.getAsBoolean();
        } finally {
            holder = null;
            turn.unlock();
        }
    }

    private static void await(ShadowMmu self, ShadowMmu other) {
        for (int spins = 0; other != self && !other.isResting(); spins++) {
            // The other may be waiting for this one to take news.
            self.takeNews();
            nap(spins);
        }
    }

    private static void nap(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            LockSupport.parkNanos(NAP_NANOS);
        }
    }

    /** Whether a processor should come to {@link #safePoint}. */
    public boolean isWanted() {
        return holder != null;
    }

    /** Stands still for as long as another processor wants it. */
    public void safePoint(ShadowMmu self) {
        if (holder != null && holder != self) {
            self.rest();
            wake(self);
        }
    }

    /** Ends a rest, when no other processor wants this one to stand still. */
    public void wake(ShadowMmu self) {
        for (int spins = 0; ; spins++) {
            self.wake();
            ShadowMmu now = holder;
            if (now == null || now == self) {
                return;
            }
            self.rest();
            nap(spins);
        }
    }
}
