package org.gearshift.paging;

import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps what several vCPUs have derived from memory true, each on a thread of its own.
 *
 * <p>A frame that comes under protection is withdrawn from the write maps of the others when they next take news; until then it is not <em>settled</em>, and what is read from it
 * must not be kept. A store to a protected frame is told to those who have derived something from it, after it was made for page tables, before it is made for code.
 */
final class Coherence {
    private static final int SPINS = 2_000;
    private static final long NAP_NANOS = 20_000;

    private final List<ShadowMmu> mmus;
    /** By frame: the number of the protection that it is under. */
    private final long[] protectedAt;
    /** Stores to code in progress. */
    private final AtomicInteger writers = new AtomicInteger();
    /** By frame: changes with every store to it while it is a code frame. */
    private final int[] writes;
    /** How many protections there have been, all of them posted. */
    private volatile long protections;

    Coherence(List<ShadowMmu> mmus, int frames) {
        this.mmus = mmus;
        this.protectedAt = new long[frames];
        this.writes = new int[frames];
    }

    /**
     * A frame could be written inline until now; called with the attributes locked, behind the change. Those are told who may have it writable. Mostly none has: then the frame is
     * settled already, as nobody keeps what was read before the frame was protected by its own vCPU.
     */
    void protect(int frame) {
        VarHandle.fullFence();
        long number = protections + 1;
        boolean told = false;
        for (int i = 0; i < mmus.size(); i++) {
            ShadowMmu mmu = mmus.get(i);
            if (!mmu.runsHere() && mmu.mayWrite(frame)) {
                mmu.inbox().protectedFrame(frame, number);
                told = true;
            }
        }
        protectedAt[frame] = told ? number : 0;
        if (told) {
            protections = number;
        }
    }

    /** Protections up to this number are known to all, as seen by the caller. */
    long settled() {
        long number = protections;
        for (int i = 0; i < mmus.size(); i++) {
            ShadowMmu mmu = mmus.get(i);
            if (!mmu.runsHere() && !mmu.isResting()) {
                long oldest = mmu.inbox().oldestProtection;
                if (oldest != 0 && oldest <= number) {
                    number = oldest - 1;
                }
            }
        }
        return number;
    }

    /** Whether a frame that the caller's vCPU has protected cannot be written inline by anyone, {@code settled} being what {@link #settled} said. */
    boolean isSettled(int frame, long settled) {
        return protectedAt[frame] <= settled;
    }

    /** Begins a store to a code frame by the vCPU of {@code self}: returns when no other vCPU runs what was translated from there. */
    void codeWriteBegins(long physical, int bytes, ShadowMmu self) {
        writers.incrementAndGet();
        tellOthers(physical, bytes, self);
    }

    /** Ends it; a vCPU may have translated the bytes meanwhile. */
    void codeWriteEnds(long physical, int bytes, ShadowMmu self) {
        VarHandle.fullFence();
        tellOthers(physical, bytes, self);
        codeWritten((int) (physical >>> 12));
        writers.decrementAndGet();
    }

    /** A store to a code frame by someone who cannot wait. */
    void codeWritten(int frame) {
        writes[frame] = writes[frame] + 1 & Integer.MAX_VALUE;
        VarHandle.fullFence();
    }

    private void tellOthers(long physical, int bytes, ShadowMmu self) {
        for (int i = 0; i < mmus.size(); i++) {
            ShadowMmu mmu = mmus.get(i);
            if (mmu != self && !mmu.runsHere() && mmu.code().overlapsCode(physical, bytes)) {
                long ticket = mmu.inbox().codeWritten((int) (physical >>> 12));
                await(mmu, ticket, self);
            }
        }
    }

    /** Returns when all others have been at a safe point since the call, with all news taken that had been posted before it. @param self null for a thread that runs no vCPU */
    void awaitMappings(ShadowMmu self) {
        for (int i = 0; i < mmus.size(); i++) {
            ShadowMmu mmu = mmus.get(i);
            if (mmu.runsHere() || mmu.isResting()) {
                continue;
            }
            long ticket = mmu.inbox().mark();
            for (int spins = 0; mmu.inbox().mappingsTaken < ticket && !mmu.isResting(); spins++) {
                if (self != null) {
                    // The other may be waiting for this vCPU to take news of code.
                    self.takeNews();
                }
                nap(spins);
            }
        }
    }

    private static void nap(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            LockSupport.parkNanos(NAP_NANOS);
        }
    }

    private static void await(ShadowMmu mmu, long ticket, ShadowMmu self) {
        for (int spins = 0; mmu.inbox().codeTaken < ticket && !mmu.isResting(); spins++) {
            // The other may be waiting for this vCPU in the same way.
            self.takeNews();
            nap(spins);
        }
    }

    /** A number that tells whether a frame's code may have been written since it was last asked for: -1 while some code is. */
    int codeVersion(int frame) {
        VarHandle.fullFence();
        return writers.get() == 0 ? writes[frame] : -1;
    }
}
