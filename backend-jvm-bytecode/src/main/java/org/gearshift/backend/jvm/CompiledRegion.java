package org.gearshift.backend.jvm;

import java.util.List;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.GuestFault;

/**
 * A region as executable code. Subclasses are hidden classes that {@link RegionCompiler} generates; the code is unloaded when
 * the last reference to its instance goes.
 */
public abstract class CompiledRegion {
    /** Guest pc of each fault site. */
    private long[] sitePc;
    /** Budget to give back when the instruction of a fault site is abandoned. */
    private int[] siteRefund;
    private int pcSlot;
    private long[][] siteDeferred;

    private String name;
    private volatile CompiledRegion better;
    private List<Long> entries;
    private int[] stretches;
    private long[] codePages;
    private int bytecodeSize;
    private boolean usualCases;
    private int classFileSize;
    private int blockCount;
    private int guestInsns;

    /**
     * Runs guest code from entry number {@code entry} (index in {@link #entries()}) until control leaves the region. Afterwards all
     * state slots, the pc slot and {@link GuestContext#budget} are exact; but if {@link GuestContext#faultPending} is set a guest fault ended it, and they are after
     * {@link #settle}.
     */
    public abstract void run(GuestContext ctx, int entry);

    /**
     * Brings the context up to date after a {@link #run} that a guest fault ended: then {@link GuestContext#fault} says which, and the pc slot holds the faulting instruction.
     * Generated code leaves that to be done here, since it happens seldom.
     */
    public final void settle(GuestContext ctx) {
        int site = ctx.faultSite;
        if (site < 0) {
            site = ~site;
            ctx.faultSite = site;
            ctx.fault.kind = GuestFault.Kind.MISS;
        }
        DeferredPuts.restore(ctx.s, siteDeferred[site]);
        ctx.s[pcSlot] = sitePc[site];
        ctx.budget += siteRefund[site];
    }

    /** The same, and what comes of it is exact: for callers that are in no hurry. */
    public final void runAndSettle(GuestContext ctx, int entry) {
        run(ctx, entry);
        if (ctx.faultPending) {
            settle(ctx);
        }
    }

    // Slow paths of accesses by 32-bit address, called from generated code. The last argument packs fault site (from bit 8) and
    // access size in bits, since every byte of bytecode counts there.

    static int loadSlow(GuestContext ctx, int va, int siteAndBits) {
        ctx.faultSite = siteAndBits >>> 8;
        return (int) ctx.loadSlow(va, siteAndBits & 0xff, false);
    }

    static int loadRmwSlow(GuestContext ctx, int va, int siteAndBits) {
        ctx.faultSite = siteAndBits >>> 8;
        return (int) ctx.loadSlow(va, siteAndBits & 0xff, true);
    }

    static void storeSlow(GuestContext ctx, int va, int value, int siteAndBits) {
        ctx.faultSite = siteAndBits >>> 8;
        ctx.storeSlow(va, value, siteAndBits & 0xff);
    }

    // The same by 64-bit address.

    static int loadSlow(GuestContext ctx, long va, int siteAndBits) {
        ctx.faultSite = siteAndBits >>> 8;
        return (int) ctx.loadSlow(va, siteAndBits & 0xff, false);
    }

    static int loadRmwSlow(GuestContext ctx, long va, int siteAndBits) {
        ctx.faultSite = siteAndBits >>> 8;
        return (int) ctx.loadSlow(va, siteAndBits & 0xff, true);
    }

    static long loadSlow64(GuestContext ctx, long va, int siteAndBits) {
        ctx.faultSite = siteAndBits >>> 8;
        return ctx.loadSlow(va, 64, false);
    }

    static long loadRmwSlow64(GuestContext ctx, long va, int siteAndBits) {
        ctx.faultSite = siteAndBits >>> 8;
        return ctx.loadSlow(va, 64, true);
    }

    static void storeSlow(GuestContext ctx, long va, int value, int siteAndBits) {
        ctx.faultSite = siteAndBits >>> 8;
        ctx.storeSlow(va, value, siteAndBits & 0xff);
    }

    static void storeSlow(GuestContext ctx, long va, long value, int siteAndBits) {
        ctx.faultSite = siteAndBits >>> 8;
        ctx.storeSlow(va, value, 64);
    }

    final CompiledRegion describe(String debugName, EmittedRegion e, int slotOfPc) {
        name = debugName;
        pcSlot = slotOfPc;
        sitePc = e.sitePc();
        siteRefund = e.siteRefund();
        siteDeferred = e.siteDeferred();
        entries = e.region().entries();
        stretches = entries.stream().mapToInt(e.plan()::stretch).toArray();
        codePages = e.codePages();
        bytecodeSize = e.bytecodeSize();
        classFileSize = e.classFile().length;
        blockCount = e.region().blocks().size();
        guestInsns = e.guestInsns();
        usualCases = e.hasUsualCases();
        return this;
    }

    /** The same region in a form that runs faster once it has been compiled, if somebody has made that; this object if there is none. */
    public final CompiledRegion better() {
        return better;
    }

    public final void better(CompiledRegion region) {
        better = region;
    }

    public final String name() {
        return name;
    }

    /** Guest pcs of the entries; entry number = index. */
    public final List<Long> entries() {
        return entries;
    }

    /** Entry number of a guest pc, or -1. */
    public final int entryAt(long pc) {
        return entries.indexOf(pc);
    }

    /** Smallest budget with which {@link #run} from this entry executes anything; with less it returns at once. */
    public final int stretch(int entry) {
        return stretches[entry];
    }

    /** Page numbers (pc >>> 12) of the guest code the region was made from, ascending; do not modify. */
    public final long[] codePages() {
        return codePages;
    }

    /** Whether it makes a difference to the region which {@link BackendOptions.Breadth} it has. */
    public final boolean hasUsualCases() {
        return usualCases;
    }

    /** Bytes of bytecode of {@link #run}. */
    public final int bytecodeSize() {
        return bytecodeSize;
    }

    /** Bytes of the class file. */
    public final int classFileSize() {
        return classFileSize;
    }

    public final int blockCount() {
        return blockCount;
    }

    /** Guest instructions in all blocks together. */
    public final int guestInsns() {
        return guestInsns;
    }

    @Override
    public final String toString() {
        return name + " (" + blockCount + " blocks, " + guestInsns + " instructions, " + bytecodeSize + " bytes)";
    }
}
