package org.gearshift.vmm.engine;

import org.gearshift.backend.jvm.BackendOptions;
import org.gearshift.backend.jvm.BudgetPlan;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.backend.jvm.RegionCompiler;
import org.gearshift.backend.jvm.RegionTooLargeException;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Region;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.CpuExit;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.VCpu;

/**
 * Runs one vCPU: looks up code, interprets or enters compiled regions, promotes, delivers faults and interrupts, and keeps the count of
 * retired instructions exact. One thread.
 */
public final class Engine {
    private final VCpu cpu;
    private final ShadowMmu mmu;
    private final InterruptSource interrupts;
    private final EventTimer timer;
    private final EngineOptions options;
    private final EngineStatistics statistics = new EngineStatistics();
    private final Interpreter interpreter;
    private final CodeCache cache;
    private final BlockTranslator translator;
    private final RegionFormer former;
    private final RegionCompiler compiler;
    private final PassPipeline passes;
    private final Translation[] recent = new Translation[1 << 14];
    private final ModeNumbers modes = new ModeNumbers();

    /** The latest translation that is not cached: whoever looked it up may not have run it. */
    private Translation outsideRam;
    /** Retired instructions once the current budget is used up. */
    private long retiredAtZero;
    private int lastEpoch;
    private boolean stop;
    private boolean oneBlock;
    private boolean resync;

    /** @param interrupts what {@code cpu} takes interrupts from */
    public Engine(VCpu cpu, ShadowMmu mmu, PhysicalMemory memory, CodePages codePages, InterruptSource interrupts, EventTimer timer,
            EngineOptions options) {
        this.cpu = cpu;
        this.mmu = mmu;
        this.interrupts = interrupts;
        this.timer = timer;
        this.options = options;
        this.interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX);
        int frames = memory.ram().frames();
        this.passes = new PassPipeline(X86State.LAYOUT, options.verify());
        this.cache = new CodeCache(frames, codePages, interpreter, statistics, options.hotThreshold());
        this.translator = new BlockTranslator(cpu, mmu, memory, passes, interpreter, cache, statistics);
        this.former = new RegionFormer(cpu, mmu, cache, translator, interpreter, options);
        this.compiler = new RegionCompiler(X86State.LAYOUT, BackendOptions.defaults());
        interpreter.setDefaultThreshold(options.backend() == EngineOptions.Backend.JVM ? options.hotThreshold() : Integer.MAX_VALUE);
    }

    public EngineStatistics statistics() {
        return statistics;
    }

    /** Guest instructions retired since power-on; exact inside monitor services too. */
    public long retired() {
        return retiredAtZero - cpu.budget;
    }

    /** Guest instructions the interpreter executed. */
    public long interpreted() {
        return interpreter.instructions();
    }

    /** Makes {@link #run} return after the current instruction; called on the vCPU's own thread, from a device or service. */
    public void requestStop() {
        stop = true;
    }

    /**
     * Makes {@link #run} return with LIMIT after every block, instruction step, delivered interrupt or idle wait: two machines run so stay in
     * step whatever executes their blocks.
     */
    public void setOneBlock(boolean on) {
        oneBlock = on;
    }

    /** A device was accessed: events may have been re-armed, or time has passed, so that the budget must be computed anew. */
    public void devicesTouched() {
        resync = true;
    }

    /** Drops translations made from these bytes, which lie in one page. */
    public void codeWritten(long physical, int bytes) {
        cache.invalidate(physical, bytes);
    }

    /** Runs until {@code maxRetired} instructions have been retired since power-on, or something ends the run. */
    public StopReason run(long maxRetired) {
        stop = false;
        while (true) {
            timer.runDue();
            if (stop) {
                return StopReason.REQUESTED;
            }
            long left = maxRetired - retired();
            if (left <= 0) {
                return StopReason.LIMIT;
            }
            setBudget((int) Math.min(left, Math.min(timer.instructionsToNextEvent(), 1 << 30)));
            resync = false;
            boolean exactEnd = timer.exact() || cpu.budget == left;
            execute(exactEnd);
            setBudget(0);
            if (cpu.exit == CpuExit.TRIPLE_FAULT) {
                return StopReason.TRIPLE_FAULT;
            }
            if (stop) {
                return StopReason.REQUESTED;
            }
            if (oneBlock && !cpu.halted) {
                return StopReason.LIMIT;
            }
            if (cpu.halted && !(interrupts.pending() && cpu.interruptible())) {
                boolean forGood = (cpu.s[X86State.EFLAGS_SYS] & Eflags.IF) == 0;
                if (forGood || !timer.idle()) {
                    return StopReason.DEAD;
                }
            }
            if (oneBlock) {
                return StopReason.LIMIT;
            }
        }
    }

    private void setBudget(int budget) {
        retiredAtZero += budget - cpu.budget;
        cpu.budget = budget;
    }

    /** Runs code until the budget is used up, the vCPU halts, or a stop is requested. */
    private void execute(boolean exactEnd) {
        for (boolean first = true; cpu.budget > 0 && !stop && !resync && (first || !oneBlock); first = false) {
            if (cpu.exit != CpuExit.NONE) {
                if (cpu.exit == CpuExit.TRIPLE_FAULT) {
                    return;
                }
                cpu.exit = CpuExit.NONE;
            }
            if (cpu.s[X86State.INT_SHADOW] == 0 && interrupts.pending() && cpu.interruptible()) {
                statistics.interrupts++;
                cpu.deliverInterrupt(interrupts.acknowledge());
                continue;
            }
            if (cpu.halted) {
                return;
            }
            if (cpu.s[X86State.INT_SHADOW] != 0 || cpu.needsSingleStep()) {
                step();
                continue;
            }
            Translation t = lookup();
            if (t == null) {
                continue;
            }
            if (cpu.budget < (t.code != null ? t.code.stretch(t.entry) : t.guestInsns)) {
                if (!exactEnd) {
                    return;
                }
                step();
                continue;
            }
            if (oneBlock) {
                setBudget(t.guestInsns);
            }
            runFrom(t);
        }
    }

    private void runFrom(Translation t) {
        if (t.code != null) {
            statistics.count(EngineStatistics.Exit.REGION);
            t.code.run(cpu, t.entry);
            if (cpu.faultPending) {
                cpu.faultPending = false;
                fault();
            }
            return;
        }
        interpreter.setJumpSalt((long) modes.number(t.mode) << 32);
        int why = interpreter.run(cpu, t.handle);
        switch (why) {
            case Interpreter.EXIT_UNLINKED -> linkExit();
            case Interpreter.EXIT_INDIRECT -> {
                statistics.count(EngineStatistics.Exit.INDIRECT);
                fillJumpCache(t.mode);
            }
            case Interpreter.EXIT_HOT -> {
                statistics.count(EngineStatistics.Exit.HOT);
                promote();
                if (oneBlock) {
                    runFrom(lookup());
                }
            }
            case Interpreter.EXIT_FAULT -> fault();
            case Interpreter.EXIT_BUDGET -> statistics.count(EngineStatistics.Exit.BUDGET);
            default -> statistics.count(EngineStatistics.Exit.EXIT);
        }
        if (!t.cached) {
            cache.release(t);
        }
    }

    /** The interpreter stopped at an exit with a static target: find the target and, within a page, chain it. */
    private void linkExit() {
        statistics.count(EngineStatistics.Exit.UNLINKED);
        int handle = interpreter.lastHandle();
        int exit = interpreter.lastExit();
        Translation from = cache.byHandle(handle);
        long mode = cpu.mode();
        Translation to = lookup();
        if (to == null || !to.cached || from == null || !from.cached || !from.valid || from.mode != mode) {
            return;
        }
        if (from.linear >>> 12 == to.linear >>> 12 && from.secondFrame == Translation.NONE && to.secondFrame == Translation.NONE) {
            interpreter.link(handle, exit, to.handle);
        } else {
            interpreter.cacheJump(to.pc, to.handle);
        }
    }

    private void fillJumpCache(long mode) {
        Translation to = lookup();
        if (to != null && to.cached && to.mode == mode) {
            interpreter.cacheJump(to.pc, to.handle);
        }
    }

    /** The translation at the current pc, made if need be; null if fetching it faulted (the fault has been delivered). */
    private Translation lookup() {
        int epoch = mmu.mappingEpoch();
        if (epoch != lastEpoch) {
            lastEpoch = epoch;
            interpreter.flushJumps();
        }
        long mode = cpu.mode();
        long pc = cpu.s[X86State.RIP] & 0xffffffffL;
        int slot = (int) (pc ^ pc >>> 14 ^ mode) & recent.length - 1;
        Translation t = recent[slot];
        if (t != null && t.pc == pc && t.mode == mode && t.valid && (t.checkedEpoch == epoch || stillMapped(t, epoch))) {
            return t;
        }
        t = find(pc, mode, false);
        if (t != null && t.cached) {
            recent[slot] = t;
        }
        return t;
    }

    private boolean stillMapped(Translation t, int epoch) {
        boolean user = cpu.user();
        if (mmu.execFrame(t.linear, user) != t.frame
                || t.secondFrame != Translation.NONE && mmu.execFrame(nextPage(t.linear), user) != t.secondFrame) {
            return false;
        }
        RegionRecord r = t.region;
        if (r != null && r.checkedEpoch != epoch) {
            for (int i = 0; i < r.pages.length; i++) {
                if (mmu.execFrame((long) r.pages[i] << 12 & 0xffffffffL, user) != r.frames[i]) {
                    return replaceByInterpretation(t);
                }
            }
            r.checkedEpoch = epoch;
        }
        t.checkedEpoch = epoch;
        return true;
    }

    /** A region whose entry is mapped but another of whose pages is not, in this address space: it is undone. */
    private boolean replaceByInterpretation(Translation t) {
        cache.dropRegion(t.region);
        return true;
    }

    private static long nextPage(long linear) {
        return (linear | 0xfff) + 1 & 0xffffffffL;
    }

    private Translation find(long pc, long mode, boolean single) {
        boolean user = cpu.user();
        long linear = BlockTranslator.linear(pc, mode);
        int frame = mmu.execFrame(linear, user);
        if (frame >= 0) {
            long key = single ? mode | BlockTranslator.SINGLE : mode;
            Translation t = cache.find(pc, key, frame, Translation.NONE);
            if (t == null && (linear & 0xfff) > 0x1000 - 15 * (BlockTranslator.MAX_INSNS + 1)) {
                int second = mmu.execFrame(nextPage(linear), user);
                t = second < 0 ? null : cache.find(pc, key, frame, second);
            }
            if (t != null && stillMapped(t, mmu.mappingEpoch())) {
                return t;
            }
        }
        if (cache.full()) {
            cache.clear();
        }
        try {
            Translation t = translator.translate(pc, mode, single);
            if (!t.cached) {
                if (outsideRam != null) {
                    cache.release(outsideRam);
                }
                outsideRam = t;
            }
            return t;
        } catch (GuestFault f) {
            statistics.exceptions++;
            translator.deliverFetchFault();
            return null;
        }
    }

    private void fault() {
        if (cpu.fault.kind == GuestFault.Kind.RESTART_EXACT) {
            statistics.count(EngineStatistics.Exit.EXACT);
            step();
            resync = true;
        } else {
            statistics.count(EngineStatistics.Exit.FAULT);
            statistics.exceptions++;
            cpu.deliverFault();
        }
    }

    /** Executes exactly one instruction, by the interpreter, with effects outside RAM allowed. */
    private void step() {
        statistics.count(EngineStatistics.Exit.STEP);
        if (!cpu.beforeInstruction()) {
            return;
        }
        boolean shadow = cpu.s[X86State.INT_SHADOW] != 0;
        Translation t = find(cpu.s[X86State.RIP] & 0xffffffffL, cpu.mode(), true);
        if (t == null) {
            return;
        }
        int left = cpu.budget - 1;
        setBudget(1);
        if (shadow) {
            cpu.s[X86State.INT_SHADOW] = 0;
        }
        boolean wasStepping = cpu.needsSingleStep();
        cpu.exact = true;
        int why = interpreter.run(cpu, t.handle);
        cpu.exact = false;
        setBudget(left + cpu.budget);
        if (!t.cached) {
            cache.release(t);
        }
        if (why == Interpreter.EXIT_FAULT) {
            statistics.exceptions++;
            cpu.deliverFault();
        } else if (wasStepping) {
            cpu.afterInstruction();
        }
    }

    /** The block at the current pc has run often enough: compile it with its neighbourhood. */
    private void promote() {
        Translation t = lookup();
        if (t == null || !t.cached) {
            return;
        }
        if (t.code != null || interpreter.executions(t.handle) < options.hotThreshold() && t.failedPromotions == 0) {
            return;
        }
        long start = System.nanoTime();
        int limit = options.regionInsns();
        while (true) {
            RegionFormer.Candidate c = former.form(t, limit);
            Region region = options.singleBlockRegions() ? c.region() : BudgetPlan.enteredAtChecks(c.region());
            BudgetPlan plan = options.singleBlockRegions() ? BudgetPlan.everyBlock(region) : BudgetPlan.of(region);
            try {
                install(c, compiler.compile(passes.optimize(region, plan::checks), plan, "pc" + Long.toHexString(t.pc)));
                break;
            } catch (RegionTooLargeException e) {
                statistics.regionRetries++;
                if (c.members().size() == 1) {
                    t.failedPromotions++;
                    interpreter.setThreshold(t.handle, Integer.MAX_VALUE);
                    break;
                }
                limit = Math.min(limit, c.guestInsns()) * 2 / 3;
            }
        }
        statistics.compileNanos += System.nanoTime() - start;
    }

    private void install(RegionFormer.Candidate c, CompiledRegion code) {
        java.util.TreeMap<Integer, Integer> pages = new java.util.TreeMap<>();
        for (Translation m : c.members()) {
            pages.put((int) (m.linear >>> 12), m.frame);
            if (m.secondFrame != Translation.NONE) {
                pages.put((int) (nextPage(m.linear) >>> 12), m.secondFrame);
            }
        }
        int[] p = pages.keySet().stream().mapToInt(Integer::intValue).toArray();
        int[] f = pages.values().stream().mapToInt(Integer::intValue).toArray();
        RegionRecord r = new RegionRecord(c.members(), code, p, f, mmu.mappingEpoch());
        for (Translation m : c.members()) {
            m.memberOf.add(r);
        }
        for (int i = 0; i < code.entries().size(); i++) {
            Translation e = c.member(code.entries().get(i));
            if (e.code == null) {
                e.code = code;
                e.region = r;
                e.entry = i;
                // From now on the interpreter stops before this block, and the region runs instead.
                interpreter.setThreshold(e.handle, 0);
            }
        }
        statistics.regions++;
        statistics.regionBytes += code.bytecodeSize();
        statistics.regionInsns += c.guestInsns();
    }
}
