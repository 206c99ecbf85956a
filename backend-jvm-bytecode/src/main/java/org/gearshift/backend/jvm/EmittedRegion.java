package org.gearshift.backend.jvm;

import java.util.TreeSet;
import org.gearshift.ir.Block;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;

/**
 * What emission yields: the class file and the tables that go with it.
 *
 * @param bytecodeSize bytes of bytecode of the region's method
 * @param sitePc guest pc by fault site
 * @param siteRefund instructions of the block not yet retired at the start of the instruction, by fault site
 * @param siteDeferred what is {@link DeferredPuts#pending} there, by fault site
 */
record EmittedRegion(Region region, BudgetPlan plan, byte[] classFile, int bytecodeSize, long[] sitePc, int[] siteRefund, long[][] siteDeferred) {
    private static final int PAGE_SHIFT = 12;

    long[] codePages() {
        TreeSet<Long> pages = new TreeSet<>();
        for (Block b : region.blocks()) {
            long last = b.pc() + Math.max(b.guestBytes(), 1) - 1;
            for (long p = b.pc() >>> PAGE_SHIFT; p <= last >>> PAGE_SHIFT; p++) {
                pages.add(p);
            }
        }
        return pages.stream().mapToLong(Long::longValue).toArray();
    }

    boolean hasUsualCases() {
        return region.blocks().stream().flatMap(b -> b.insns().stream()).anyMatch(i -> i.op() == Op.CALL && i.helper().attempt() != null && i.helper().attempt().usual() != null);
    }

    int guestInsns() {
        int n = 0;
        for (Block b : region.blocks()) {
            n += b.guestInsns();
        }
        return n;
    }
}
