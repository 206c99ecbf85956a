package org.gearshift.vmm.engine;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.CpuExit;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.VCpu;

/**
 * Runs one vCPU: looks up code, interprets or enters compiled regions, has what is hot compiled ({@link Promotion}), delivers faults and interrupts, and keeps the count of
 * retired instructions exact. One thread.
 */
public final class Engine {
    private final VCpu cpu;
    private final ShadowMmu mmu;
    /** Other vCPUs work on the same memory. */
    private final boolean shared;
    private final InterruptSource interrupts;
    private final EventTimer timer;
    private final EngineOptions options;
    private final EngineStatistics statistics = new EngineStatistics();
    private final Interpreter interpreter;
    private final CodeCache cache;
    private final BlockTranslator translator;
    private final Promotion promotion;
    private final Translation[] recent = new Translation[Crossings.SLOTS];
    private final Crossings crossings;
    private final ModeNumbers modes = new ModeNumbers();
    /** Null for a lone vCPU. */
    private final RegionLibrary library;

    /** The latest translation that is not cached: whoever looked it up may not have run it. */
    private Translation outsideRam;
    /** Retired instructions once the current budget is used up. */
    private long retiredAtZero;
    /** The mappings' epoch when the interpreter's jumps were last known to lead where they did; of the second set of page maps, if there are two. */
    private final int[] lastEpochs = new int[2];
    /** The same of global pages. */
    private final int[] lastGlobalEpochs = new int[2];
    private volatile boolean stop;
    private boolean oneBlock;
    private boolean resync;
    /** Null without a debugger. */
    private Breakpoints breakpoints;

    /** An engine for a lone vCPU. @param interrupts what {@code cpu} takes interrupts from */
    public Engine(VCpu cpu, ShadowMmu mmu, PhysicalMemory memory, CodePages codePages, InterruptSource interrupts, EventTimer timer,
            EngineOptions options) {
        this(cpu, mmu, memory, codePages, interrupts, timer, options, null);
    }

    /** The same for one of several vCPUs. @param library what all of them compile */
    public Engine(VCpu cpu, ShadowMmu mmu, PhysicalMemory memory, CodePages codePages, InterruptSource interrupts, EventTimer timer,
            EngineOptions options, RegionLibrary library) {
        this.cpu = cpu;
        this.mmu = mmu;
        this.interrupts = interrupts;
        this.crossings = new Crossings(this, statistics, cpu, mmu, interrupts);
        this.timer = timer;
        this.options = options;
        this.library = options.singleBlockRegions() ? null : library;
        this.shared = memory.isShared();
        this.interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX, shared);
        int frames = memory.ram().frames();
        PassPipeline passes = new PassPipeline(X86State.LAYOUT, options.verify(), options.recipe().interpreted(), options.recipe().compiled());
        this.cache = new CodeCache(frames, codePages, interpreter, statistics, options.hotThreshold());
        this.translator = new BlockTranslator(cpu, mmu, memory, codePages, timer, passes, interpreter, cache, statistics, options.recipe());
        this.promotion = new Promotion(cpu, mmu, memory.ram(), shared, options, statistics, interpreter, cache, translator, passes, crossings, this.library);
        interpreter.setDefaultThreshold(options.backend() == EngineOptions.Backend.JVM ? options.hotThreshold() : Integer.MAX_VALUE);
    }

    public EngineStatistics statistics() {
        return statistics;
    }

    /** Guest instructions retired since power-on; exact inside monitor services too. */
    public long retired() {
        return retiredAtZero - cpu.budget;
    }

    /** Sets the count of retired instructions, when the processor has been put into another state. While the loop does not run. */
    public void setRetired(long count) {
        cpu.budget = 0;
        retiredAtZero = count;
    }

    /** The regions in which most instructions were retired, a line each: address, instructions retired, entries, size, tier. */
    public List<String> hottestRegions(int count) {
        return promotion.hottest(count);
    }

    /** Guest instructions the interpreter executed. */
    public long interpreted() {
        return interpreter.instructions();
    }

    /** Makes {@link #run} return: after the current instruction if called on the vCPU's own thread, from a device or service; soon, if from another. */
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

    /** Lets a debugger stop the loop. While it does not run. */
    public void setBreakpoints(Breakpoints where) {
        breakpoints = where;
        translator.setBreakpoints(where);
    }

    /** Tells somebody of translations as they come and go; null: nobody. While the loop does not run. */
    public void setTranslationListener(TranslationListener listener) {
        statistics.listener = listener;
    }

    /**
     * {@link Breakpoints} have changed at an address: drops what was translated from there, or ended there. While the loop does not run. @param physical whether it is a
     * physical address
     */
    public void breakpointChanged(long address, boolean physical) {
        cache.invalidate(t -> {
            long first = physical ? t.physical() : t.linear;
            return address - first >= 0 && address - first <= t.guestBytes;
        });
    }

    /** What has become of the code at linear addresses, one report for each block that has some of it, by address. While the loop does not run. @param to behind the last */
    public List<CodeReport> report(long from, long to) {
        List<CodeReport> found = new ArrayList<>();
        Set<Translation> seen = new LinkedHashSet<>();
        cache.forEach(t -> {
            boolean here = Long.compareUnsigned(t.linear, to) < 0 && Long.compareUnsigned(t.linear + t.guestBytes, from) > 0;
            if (here && (t.mode & BlockTranslator.SINGLE) == 0 && seen.add(t)) {
                found.add(promotion.report(t));
            }
        });
        found.sort((a, b) -> Long.compareUnsigned(a.linear(), b.linear()));
        return found;
    }

    /** A device was accessed: events may have been re-armed, or time has passed, so that the budget must be computed anew. */
    public void devicesTouched() {
        resync = true;
    }

    /** Drops translations made from these bytes, which lie in one page. */
    public void codeWritten(long physical, int bytes) {
        if (shared) {
            // Others look at what is protected at any time: nothing of the frame may be taken out and put back.
            cache.invalidate(physical & -GuestRam.FRAME_SIZE, GuestRam.FRAME_SIZE);
        } else {
            cache.invalidate(physical, bytes);
        }
    }

    /** Runs until {@code maxRetired} instructions have been retired since power-on, or something ends the run. */
    public StopReason run(long maxRetired) {
        stop = false;
        while (true) {
            timer.runDue();
            promotion.activateCompiled(retired());
            if (stop) {
                return StopReason.REQUESTED;
            }
            long left = maxRetired - retired();
            if (left <= 0) {
                return StopReason.LIMIT;
            }
            long event = timer.instructionsToNextEvent();
            setBudget((int) Math.min(left, Math.min(event, promotion.waits() ? Promotion.COMPILING_SLICE : 1 << 30)));
            resync = false;
            boolean exactEnd = timer.exact() && cpu.budget == event || cpu.budget == left;
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
            if (cpu.halted && !cpu.takesNmi() && !(interrupts.pending() && cpu.interruptible())) {
                boolean forGood = (cpu.s[X86State.EFLAGS_SYS] & Eflags.IF) == 0 && !interrupts.nonMaskablePossible();
                if (!timer.idle(forGood)) {
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
            if (shared) {
                safePoint();
            }
            if (cpu.exit != CpuExit.NONE) {
                if (cpu.exit == CpuExit.TRIPLE_FAULT) {
                    return;
                }
                boolean paused = cpu.exit == CpuExit.PAUSE;
                cpu.exit = CpuExit.NONE;
                if (paused && timer.pause()) {
                    return;
                }
            }
            if (cpu.takesNmi()) {
                statistics.interrupts++;
                cpu.deliverNmi();
                continue;
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
                if (breakpoints != null && stopsBeforeStep()) {
                    return;
                }
                step();
                continue;
            }
            Translation t = lookup();
            if (t == null) {
                continue;
            }
            if (t.breakpoint && breakpoints.reached(t.linear, t.physical())) {
                stop = true;
                return;
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
            if (promotion.traces() && !oneBlock) {
                trace(t);
            } else {
                runFrom(t);
            }
        }
    }

    /** Instructions that are stepped through are translated one by one, whatever is at them. */
    private boolean stopsBeforeStep() {
        long linear = BlockTranslator.linear(cpu.s[X86State.RIP], cpu.mode());
        long physical = mmu.probe(linear, ShadowMmu.EXECUTE, cpu.user());
        if (physical >= 0 && breakpoints.at(linear, physical) && breakpoints.reached(linear, physical)) {
            stop = true;
        }
        return stop;
    }

    /** Nothing is held here that another vCPU may change. */
    private void safePoint() {
        if (mmu.hasNews()) {
            mmu.takeNews();
        }
        timer.safePoint();
    }

    private void runFrom(Translation t) {
        if (t.code != null) {
            runRegions(t);
            return;
        }
        interpret(t);
        if (!t.cached) {
            cache.release(t);
        }
    }

    /** Interprets one block, even if it is compiled, and writes it down. */
    private void trace(Translation t) {
        if (!t.cached || t.handle == Translation.NONE) {
            promotion.traced(null);
            return;
        }
        promotion.traced(t);
        boolean compiled = t.code != null;
        int left = cpu.budget - t.guestInsns;
        setBudget(t.guestInsns);
        if (compiled) {
            interpreter.setThreshold(t.handle, Integer.MAX_VALUE);
        }
        interpret(t);
        if (compiled && t.valid && t.code != null) {
            interpreter.setThreshold(t.handle, 0);
        }
        setBudget(left + cpu.budget);
    }

    private void interpret(Translation t) {
        interpreter.setJumpSalt(modes.salt(t.mode));
        int why = interpreter.run(cpu, t.handle);
        switch (why) {
            case Interpreter.EXIT_UNLINKED -> linkExit();
            case Interpreter.EXIT_INDIRECT -> {
                statistics.count(EngineStatistics.Exit.INDIRECT);
                fillJumpCache(t.mode);
            }
            case Interpreter.EXIT_HOT -> {
                statistics.count(EngineStatistics.Exit.HOT);
                Translation next = lookAhead();
                promotion.promote(next);
                if (oneBlock) {
                    runFrom(lookup());
                } else if (next != null && crossings.enters(next) && !promotion.traces()) {
                    runRegions(next);
                }
            }
            case Interpreter.EXIT_FAULT -> fault();
            case Interpreter.EXIT_BUDGET -> statistics.count(EngineStatistics.Exit.BUDGET);
            default -> statistics.count(EngineStatistics.Exit.EXIT);
        }
    }

    /** Runs compiled regions one after the other for as long as nothing but the next pc is to be looked at between them. */
    private void runRegions(Translation first) {
        Gate g = first.openGate(crossings);
        crossings.opened(g);
        long entries = 0;
        do {
            crossings.enter(g);
            entries++;
            Passage from = crossings.last();
            if (cpu.faultPending) {
                from.entered++;
                faulted(from);
                break;
            }
            g = crossings.next();
            if (++from.entered >= Passage.ACCOUNTED) {
                promotion.account(from, g != null);
                if (promotion.traces()) {
                    break;
                }
            }
        } while (g != null);
        statistics.count(EngineStatistics.Exit.REGION, entries);
    }

    /** A region was left because of a guest fault, or a miss. */
    private void faulted(Passage g) {
        cpu.faultPending = false;
        g.code.settle(cpu);
        RegionRecord r = g.gate().translation.region;
        if (cpu.fault.kind == GuestFault.Kind.MISS && r != null) {
            g.account(r);
            r.seenAtMiss(cpu.s);
            if (r.missesTooOften()) {
                promotion.compileAgain(r);
            }
        }
        fault();
    }

    /** Whether the loop is wanted before more code runs. */
    boolean wanted() {
        return resync || oneBlock || shared && (mmu.hasNews() || timer.wantsSafePoint()) || stop;
    }

    /** The interpreter stopped at an exit with a static target: find the target and, within a page, chain it. */
    private void linkExit() {
        statistics.count(EngineStatistics.Exit.UNLINKED);
        int handle = interpreter.lastHandle();
        int exit = interpreter.lastExit();
        Translation from = cache.byHandle(handle);
        long mode = cpu.mode();
        Translation to = oneBlock ? null : lookAhead();
        if (to == null || !to.cached || from == null || !from.cached || !from.valid || from.mode != mode) {
            return;
        }
        if (from.linear >>> 12 == to.linear >>> 12 && from.secondFrame == Translation.NONE && to.secondFrame == Translation.NONE) {
            interpreter.link(handle, exit, to.handle);
        } else {
            interpreter.cacheJump(to.pc, to.handle, to.checkedEpoch == mmu.globalEpoch());
        }
    }

    private void fillJumpCache(long mode) {
        Translation to = oneBlock ? null : lookAhead();
        if (to != null && to.cached && to.mode == mode) {
            interpreter.cacheJump(to.pc, to.handle, to.checkedEpoch == mmu.globalEpoch());
        }
    }

    /** The translation at the current pc, made if need be; null if fetching it faulted (the fault has been delivered). */
    private Translation lookup() {
        Translation t = lookAhead();
        if (t == null) {
            statistics.exceptions++;
            translator.deliverFetchFault();
        }
        return t;
    }

    /** The same before it is certain that the pc comes next, since an interrupt may be due first: null, and nothing delivered, if it cannot be fetched. */
    private Translation lookAhead() {
        int epoch = mmu.mappingEpoch();
        int set = epoch >>> 1 & 1;
        if (epoch != lastEpochs[set]) {
            lastEpochs[set] = epoch;
            if (mmu.globalEpoch() == lastGlobalEpochs[set]) {
                interpreter.flushJumpsOfSpace();
            } else {
                lastGlobalEpochs[set] = mmu.globalEpoch();
                interpreter.flushJumps();
            }
        }
        long mode = cpu.mode();
        long pc = cpu.s[X86State.RIP];
        int slot = Crossings.slot(pc, mode);
        Translation t = recent[slot];
        if (t != null && t.pc == pc && t.mode == mode && t.valid && (mmu.isCurrent(t.checkedEpoch) || stillMapped(t, epoch))) {
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
        int stays = mmu.globalEpoch();
        if (mmu.execFrame(t.linear, user) != t.frame
                || t.secondFrame != Translation.NONE && mmu.execFrame(t.nextPage(), user) != t.secondFrame) {
            return false;
        }
        boolean global = mmu.isGlobal(t.linear) && (t.secondFrame == Translation.NONE || mmu.isGlobal(t.nextPage()));
        RegionRecord r = t.region;
        if (r != null && !mmu.isCurrent(r.checkedEpoch)) {
            boolean all = true;
            for (int i = 0; i < r.pages.length; i++) {
                if (mmu.execFrame(r.pages[i] << 12, user) != r.frames[i]) {
                    return replaceByInterpretation(t);
                }
                all &= mmu.isGlobal(r.pages[i] << 12);
            }
            r.checkedEpoch = all ? stays : epoch;
        }
        t.checkedEpoch = global && (r == null || r.checkedEpoch == stays) ? stays : epoch;
        return true;
    }

    /** A region whose entry is mapped but another of whose pages is not, in this address space: it is undone. */
    private boolean replaceByInterpretation(Translation t) {
        cache.dropRegion(t.region);
        return true;
    }

    private Translation find(long pc, long mode, boolean single) {
        boolean user = cpu.user();
        long linear = BlockTranslator.linear(pc, mode);
        int frame = mmu.execFrame(linear, user);
        if (frame >= 0) {
            long key = single ? mode | BlockTranslator.SINGLE : mode;
            Translation t = cache.find(pc, key, frame, Translation.NONE);
            if (t == null && (linear & 0xfff) > 0x1000 - 15 * (BlockTranslator.MAX_INSNS + 1)) {
                int second = mmu.execFrame(BlockTranslator.nextPage(linear, mode), user);
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
            if (library != null && !single && t.cached && library.find(pc, mode) != null) {
                interpreter.setThreshold(t.handle, Math.min(options.hotThreshold(), Promotion.ADOPT_AFTER));
            } else if (!single && t.cached) {
                promotion.recognize(t);
            }
            if (!t.cached) {
                if (outsideRam != null) {
                    cache.release(outsideRam);
                }
                outsideRam = t;
            }
            return t;
        } catch (GuestFault f) {
            return null;
        }
    }

    private void fault() {
        if (cpu.fault.kind == GuestFault.Kind.MISS) {
            statistics.count(EngineStatistics.Exit.MISS);
            step(false);
        } else if (cpu.fault.kind == GuestFault.Kind.RESTART_EXACT) {
            statistics.count(EngineStatistics.Exit.EXACT);
            step();
            resync = true;
        } else if (cpu.fault.kind == GuestFault.Kind.RETRY) {
            statistics.count(EngineStatistics.Exit.RETRY);
        } else {
            statistics.count(EngineStatistics.Exit.FAULT);
            deliver();
        }
    }

    private void deliver() {
        if (cpu.fault.kind == GuestFault.Kind.WAIT_FOR_INTERRUPT) {
            cpu.halted = true;
        } else if (cpu.fault.kind != GuestFault.Kind.RETRY) {
            statistics.exceptions++;
            cpu.deliverFault();
        }
    }

    private void step() {
        step(true);
    }

    /** Executes exactly one instruction, by the interpreter. @param exact effects outside RAM are allowed at once; otherwise they take a second attempt, after which the budget is computed anew */
    private void step(boolean exact) {
        statistics.count(EngineStatistics.Exit.STEP);
        if (!cpu.beforeInstruction()) {
            return;
        }
        boolean shadow = cpu.s[X86State.INT_SHADOW] != 0;
        Translation t = find(cpu.s[X86State.RIP], cpu.mode(), true);
        if (t == null) {
            statistics.exceptions++;
            translator.deliverFetchFault();
            return;
        }
        int left = cpu.budget - 1;
        setBudget(1);
        if (shadow) {
            cpu.s[X86State.INT_SHADOW] = 0;
        }
        boolean wasStepping = cpu.needsSingleStep();
        cpu.exact = exact;
        int why = interpreter.run(cpu, t.handle);
        cpu.exact = false;
        setBudget(left + cpu.budget);
        if (!t.cached) {
            cache.release(t);
        }
        if (why == Interpreter.EXIT_FAULT && !exact && cpu.fault.kind == GuestFault.Kind.RESTART_EXACT) {
            fault();
        } else if (why == Interpreter.EXIT_FAULT) {
            deliver();
        } else if (wasStepping) {
            cpu.afterInstruction();
        }
    }
}
