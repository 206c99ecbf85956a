package org.gearshift.vmm.smp;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.engine.EventTimer;
import org.gearshift.vmm.sched.VcpuSlot;

/** Time as a processor on a thread of its own sees it: the {@link EventThread} runs the events, and the processor sleeps until someone {@link #kick}s it. */
public final class ThreadTimer implements EventTimer {
    /** Instructions between looks at what others want: some tens of microseconds. */
    private static final int SLICE = 10_000;
    /** PAUSEs closer together than this belong to one wait. */
    private static final long SPIN_GAP_NANOS = 20_000;
    /** A wait that has spun for so long lets other threads run between looks: whoever it waits for may want this host processor. */
    private static final long YIELD_AFTER_NANOS = 5_000;
    /** And after so long it sleeps. */
    private static final long SLEEP_AFTER_NANOS = 200_000;
    private static final long SPIN_SLEEP_NANOS = 50_000;
    private static final long BREATH_NANOS = 10_000;
    private static final long MAX_SLEEP_NANOS = 50_000_000;

    private final ShadowMmu mmu;
    private final BusLock bus;
    private final Runnable signals;
    private final BooleanSupplier allHaltedForGood;
    /** Null if the processor runs whenever it wants to. */
    private VcpuSlot slot;
    private volatile boolean woken;
    private volatile boolean haltedForGood;
    private volatile Thread thread;
    private long spinningSince;
    private long lastPause = System.nanoTime() - SPIN_GAP_NANOS;

    /**
     * @param signals looks whether the run must end; called before each slice
     * @param allHaltedForGood whether no processor will ever run again
     */
    public ThreadTimer(ShadowMmu mmu, BusLock bus, Runnable signals, BooleanSupplier allHaltedForGood) {
        this.mmu = mmu;
        this.bus = bus;
        this.signals = signals;
        this.allHaltedForGood = allHaltedForGood;
    }

    /** Makes the processor run only while it has a slot; before it runs. */
    public void scheduleOn(VcpuSlot vcpu) {
        slot = vcpu;
    }

    /** Says that the calling thread is the processor's; at rest. */
    public void begin() {
        thread = Thread.currentThread();
        if (slot != null) {
            slot.take();
        }
    }

    /** A debugger holds the processor: others may have its slot. On its thread, as {@link #go}. */
    public void stand() {
        mmu.rest();
        end();
    }

    /** The debugger lets it go on. */
    public void go() {
        if (slot != null) {
            slot.take();
        }
        bus.wake(mmu);
    }

    /** The processor's thread is done; at rest. */
    public void end() {
        if (slot != null) {
            slot.leave();
        }
    }

    /** Ends a sleep, or the next one. Any thread. */
    public void kick() {
        woken = true;
        LockSupport.unpark(thread);
    }

    /** Sleeps until {@link #kick}ed, or for a while. */
    public void sleep() {
        sleep(MAX_SLEEP_NANOS);
        woken = false;
    }

    private void sleep(long nanos) {
        mmu.rest();
        if (!woken) {
            if (slot != null) {
                slot.leave();
            }
            LockSupport.parkNanos(this, nanos);
            if (slot != null) {
                slot.take();
            }
        }
        bus.wake(mmu);
    }

    /** Whether it is halted with interrupts off. Any thread. */
    public boolean isHaltedForGood() {
        return haltedForGood;
    }

    @Override
    public void runDue() {
        if (slot != null && slot.isDue()) {
            // Others need not wait for a processor that waits itself.
            mmu.rest();
            slot.check();
            bus.wake(mmu);
        }
        signals.run();
    }

    @Override
    public long instructionsToNextEvent() {
        return SLICE;
    }

    @Override
    public boolean pause() {
        long now = System.nanoTime();
        if (now - lastPause > SPIN_GAP_NANOS) {
            spinningSince = now;
        }
        lastPause = now;
        long spinning = now - spinningSince;
        if (spinning < YIELD_AFTER_NANOS) {
            return false;
        }
        if (spinning < SLEEP_AFTER_NANOS) {
            Thread.yield();
        } else {
            sleep(SPIN_SLEEP_NANOS);
        }
        lastPause = System.nanoTime();
        return false;
    }

    @Override
    public boolean exact() {
        return false;
    }

    @Override
    public boolean idle(boolean forGood) {
        haltedForGood = forGood;
        if (forGood && allHaltedForGood.getAsBoolean()) {
            return false;
        }
        sleep();
        haltedForGood = false;
        return true;
    }

    @Override
    public void breathe() {
        sleep(BREATH_NANOS);
    }

    @Override
    public void safePoint() {
        if (bus.isWanted()) {
            bus.safePoint(mmu);
        }
    }

    @Override
    public boolean wantsSafePoint() {
        return bus.isWanted();
    }
}
