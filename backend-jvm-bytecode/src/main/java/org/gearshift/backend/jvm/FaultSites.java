package org.gearshift.backend.jvm;

import java.util.Arrays;

/** Numbers the guest instructions of a region that may fault, with what the fault handler must know of each. */
final class FaultSites {
    private long[] pcs = new long[32];
    private int[] refunds = new int[32];
    private long[][] deferred = new long[32][];
    private int count;

    /**
     * @param pc of the guest instruction
     * @param refund instructions from this one to the end of its block, which the block's entry has already subtracted
     * @param pending what {@link DeferredPuts} has put off
     */
    int add(long pc, int refund, long[] pending) {
        if (count == pcs.length) {
            pcs = Arrays.copyOf(pcs, 2 * count);
            refunds = Arrays.copyOf(refunds, 2 * count);
            deferred = Arrays.copyOf(deferred, 2 * count);
        }
        pcs[count] = pc;
        refunds[count] = refund;
        deferred[count] = pending;
        return count++;
    }

    long[] pcs() {
        return Arrays.copyOf(pcs, count);
    }

    int[] refunds() {
        return Arrays.copyOf(refunds, count);
    }

    long[][] deferred() {
        return Arrays.copyOf(deferred, count);
    }
}
