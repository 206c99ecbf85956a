package org.gearshift.vmm.engine;

import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.backend.jvm.RegionLinks;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.CpuExit;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.VCpu;

/**
 * The ways between compiled regions: through gates, for as long as nothing but the next pc is to be looked at between them. Where a region leaves by an exit whose target is known, and that
 * target's gate has been found before, the region runs the next one itself ({@link RegionLinks}); otherwise the loop looks for the gate.
 */
final class Crossings extends RegionLinks {
    /**
     * How many regions follow each other before the first of them returns. Each may be one more frame on the stack, and a call instruction's return address is found in vain where the
     * callee did not come back within so many.
     */
    private static final int MOST_IN_A_ROW = Integer.getInteger("gearshift.linked", 48);
    private static final int LOG2_SLOTS = 16;
    static final int SLOTS = 1 << LOG2_SLOTS;

    private final VCpu cpu;
    private final long[] s;
    private final ShadowMmu mmu;
    private final InterruptSource interrupts;
    private final Engine engine;
    private final EngineStatistics statistics;
    /** Where regions have been entered, by pc and mode. */
    private final Gate[] gates = new Gate[SLOTS];
    /** The way by which the running region was entered; as {@link #place} has it. */
    private Passage at;
    /** Budget then. */
    private int mark;
    private int left;
    /** The exit that control took last without knowing where it leads, and what that must be. */
    private ExitLink unlinked;
    private long exitPc;
    private long exitMode;
    /** Gates that have closed, and one: a link that has never led anywhere has no stamp, which is 0. */
    private int closed = 1;

    Crossings(Engine engine, EngineStatistics statistics, VCpu cpu, ShadowMmu mmu, InterruptSource interrupts) {
        this.engine = engine;
        this.statistics = statistics;
        this.cpu = cpu;
        this.s = cpu.s;
        this.mmu = mmu;
        this.interrupts = interrupts;
    }

    /** Whether regions may run each other at all. */
    static boolean linked() {
        return MOST_IN_A_ROW > 0;
    }

    static int slot(long pc, long mode) {
        return (int) (pc ^ pc >>> LOG2_SLOTS ^ mode) & SLOTS - 1;
    }

    /** A gate has been opened by a look at everything there is to look at. */
    void opened(Gate g) {
        gates[slot(g.pc, g.mode)] = g;
    }

    /** A gate has closed. */
    void closed() {
        closed++;
    }

    /** A number that is {@link #current} until something happens that a way into a region may depend on, but for the mode. @param epoch a gate's, which is current */
    private int stamp(int epoch) {
        return epoch + 4 * closed;
    }

    /** No number is both: epochs of all mappings and of global ones, and those of two sets of maps, differ by what they are modulo 4. */
    private boolean current(int stamp) {
        return stamp == stamp(mmu.mappingEpoch()) || stamp == stamp(mmu.globalEpoch());
    }

    /** Whether a block's code may be run next without further ado. */
    boolean enters(Translation t) {
        return t.code != null && cpu.budget >= t.code.stretch(t.entry) && !hindered();
    }

    /** Enters a region, and runs what it leads to. Afterwards {@link #last} is the way into the region that ran last. */
    void enter(Gate g) {
        at = g;
        place = g;
        g.stamp = stamp(g.epoch);
        left = MOST_IN_A_ROW;
        mark = cpu.budget;
        unlinked = null;
        g.code.run(cpu, g.entry);
        at.retired += mark - cpu.budget;
        statistics.linked += MOST_IN_A_ROW - left;
    }

    /** The way by which the region was entered that was left, or faulted. */
    Passage last() {
        return at;
    }

    /** The gate at the current pc if it may be entered without further ado; otherwise null. */
    Gate next() {
        if (hindered()) {
            return null;
        }
        long mode = cpu.mode();
        long pc = s[X86State.RIP];
        Gate g = gates[slot(pc, mode)];
        if (g == null || g.pc != pc || g.mode != mode || !mmu.isCurrent(g.epoch) || cpu.budget < g.stretch) {
            return null;
        }
        if (unlinked != null && exitPc == pc && exitMode == mode) {
            g.stamp = stamp(g.epoch);
            unlinked.lead(g);
        }
        return g;
    }

    @Override
    public Link make() {
        return new ExitLink();
    }

    @Override
    public CompiledRegion follow(Link link) {
        ExitLink to = (ExitLink) link;
        Passage from = at;
        if (!current(to.stamp)) {
            unlinked = to;
            exitPc = s[X86State.RIP];
            exitMode = cpu.mode();
            return null;
        }
        if (left <= 0 || to.mode != cpu.mode() || from.due() || hindered()) {
            return null;
        }
        cross(from, to);
        entry = to.entry;
        return to.code;
    }

    @Override
    public boolean resume(Object place, long pc) {
        if (s[X86State.RIP] != pc || left <= 0) {
            return false;
        }
        Passage home = (Passage) place;
        Passage from = at;
        if (cpu.faultPending || !current(home.stamp) || home.mode != cpu.mode() || from.due() || hindered()) {
            return false;
        }
        cross(from, home);
        return true;
    }

    @Override
    public boolean stays() {
        if (at.mode != cpu.mode() || !current(at.stamp) || hindered()) {
            return false;
        }
        statistics.stayed++;
        return true;
    }

    private void cross(Passage from, Passage to) {
        int budget = cpu.budget;
        from.retired += mark - budget;
        from.entered++;
        mark = budget;
        at = to;
        place = to;
        left--;
    }

    /** Whether something comes before the next instruction. What other threads change is looked at last, since nothing that was read before that is known behind it. */
    private boolean hindered() {
        VCpu c = cpu;
        return s[X86State.INT_SHADOW] != 0 || c.exit != CpuExit.NONE || c.needsSingleStep() || engine.wanted() || interrupts.pending() || c.nmiPending();
    }
}
