package org.gearshift.vmm.engine;

import org.gearshift.backend.jvm.BackendOptions;
import org.gearshift.backend.jvm.BoundArrays;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.gearshift.backend.jvm.BudgetPlan;
import org.gearshift.backend.jvm.CompilationTier;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.backend.jvm.RegionCompiler;
import org.gearshift.backend.jvm.RegionTooLargeException;
import org.gearshift.backend.jvm.Without;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Region;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.X87Knowledge;
import org.gearshift.vmm.cpu.CpuExit;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.VCpu;

/**
 * Runs one vCPU: looks up code, interprets or enters compiled regions, promotes, delivers faults and interrupts, and keeps the count of
 * retired instructions exact. One thread.
 */
public final class Engine {
    /** Guest instructions a region retires, for each byte of its bytecode, before C2 compiles it: about what C2 costs, in time saved. */
    private static final long OPTIMIZE_PER_BYTE = Long.getLong("gearshift.optimizePerByte", 25_000);
    /**
     * Entries, as a power of two, after which a region that is left soon after it was entered is looked at: it may belong together with where
     * control goes. If it can't be joined then, it is looked at again after every fourfold number.
     */
    private static final int MERGE_AFTER_LOG2 = Integer.getInteger("gearshift.mergeAfterLog2", 17);
    /** Most guest instructions of a region that is too large for C2 to hold its slots in locals. */
    private static final int MERGED_INSNS = Integer.getInteger("gearshift.mergedInsns", 500);
    /** Guest instructions for each entry from which merging gains too little. */
    private static final int MERGE_BELOW = 200;
    /** How often code is compiled again for more entries. */
    private static final int MAX_EXTENSIONS = 8;
    /** How often code is merged at once when it is worth it; from then on only after twice as many entries each time, up to so often in all. */
    private static final int EAGER_GENERATIONS = 7;
    private static final int MAX_GENERATION = 20;
    /** Regions remembered for statistics before those that were dropped are forgotten. */
    private static final int MAX_REMEMBERED = 1 << 12;

    /** Executions after which a block is looked for among what other processors have compiled. */
    private static final int ADOPT_AFTER = Integer.getInteger("gearshift.adoptAfter", 300);

    /** Largest method that C2 is asked for where HotSpot has no limit of its own: held in locals, slots take more bytes than in place. */
    private static final int OPTIMIZED_BYTES = 12_000;
    /** The same for C1, which takes time in proportion. */
    private static final int QUICK_BYTES = 30_000;

    /** Longest slice while regions wait for HotSpot: how soon they take over. */
    private static final int COMPILING_SLICE = 200_000;
    /** Fewest instructions between two looks at how far HotSpot is, which take a microsecond for each region: among several vCPUs slices are far shorter. */
    private static final int COMPILING_LOOK = 50_000;

    /** Regions that leave at accesses without a fast path, and those that call a slow path. */
    private record Compilers(RegionCompiler leaving, RegionCompiler calling) {
        static Compilers of(BackendOptions o) {
            return new Compilers(new RegionCompiler(X86State.LAYOUT, o.withMissesLeave(!Without.LEAVING_MISSES.set())), new RegionCompiler(X86State.LAYOUT, o));
        }

        RegionCompiler of(boolean calls) {
            return calls ? calling : leaving;
        }
    }

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
    private final RegionFormer former;
    /** For regions when they are formed. */
    private final Compilers quick;
    /** For those that have earned C2. */
    private final Compilers optimizing;
    private final PassPipeline passes;
    private final Translation[] recent = new Translation[Crossings.SLOTS];
    private final Crossings crossings;
    private final ModeNumbers modes = new ModeNumbers();
    private final GuestRam ram;
    /** Null for a lone vCPU. */
    private final RegionLibrary library;

    /** The latest translation that is not cached: whoever looked it up may not have run it. */
    private Translation outsideRam;
    /** Retired instructions once the current budget is used up. */
    private long retiredAtZero;
    private int lastEpoch;
    private volatile boolean stop;
    private boolean oneBlock;
    private boolean resync;
    /** Null without a debugger. */
    private Breakpoints breakpoints;
    private final List<RegionRecord> regions = new ArrayList<>();
    /** Regions HotSpot has been asked to compile. */
    private final List<RegionRecord> compiling = new ArrayList<>();
    /** {@link #retired} at the last look at them. */
    private long lookedAt;

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
        this.ram = memory.ram();
        this.library = options.singleBlockRegions() ? null : library;
        this.shared = memory.isShared();
        this.interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX, shared);
        int frames = memory.ram().frames();
        this.passes = new PassPipeline(X86State.LAYOUT, options.verify(), options.recipe().interpreted(), options.recipe().compiled());
        this.cache = new CodeCache(frames, codePages, interpreter, statistics, options.hotThreshold());
        this.translator = new BlockTranslator(cpu, mmu, memory, codePages, timer, passes, interpreter, cache, statistics, options.recipe());
        this.former = new RegionFormer(cpu, mmu, cache, translator, interpreter, options);
        BackendOptions backend = BackendOptions.defaults().withWideShift(mmu.wideShift()).withRamAddress(cpu.hostRam.address()).withOrdered(shared);
        this.optimizing = Compilers.of(backend.withMaxMethodBytes(options.slotsInPlace() ? OPTIMIZED_BYTES : BackendOptions.HUGE_METHOD_LIMIT));
        this.quick = options.slotsInPlace() ? Compilers.of(backend.withSlotsInPlace(true).withMaxMethodBytes(QUICK_BYTES)) : optimizing;
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
        return regions.stream().sorted((a, b) -> Long.compare(b.retired, a.retired)).limit(count)
                .map(r -> String.format("%08x  %,d retired, %,d entries, %d blocks of %d instructions, %,d bytes%s%s", r.members.get(0).linear, r.retired,
                        r.entered, r.code.blockCount(), r.code.guestInsns(), r.code.bytecodeSize(), r.optimizing ? ", C2" : "", r.valid ? "" : ", invalidated"))
                .toList();
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
                found.add(report(t));
            }
        });
        found.sort((a, b) -> Long.compareUnsigned(a.linear(), b.linear()));
        return found;
    }

    private CodeReport report(Translation t) {
        RegionRecord r = t.region != null ? t.region : t.memberOf.isEmpty() ? null : t.memberOf.get(t.memberOf.size() - 1);
        boolean compiles = options.backend() == EngineOptions.Backend.JVM;
        Region lifted = r == null ? new Region(List.of(translator.lift(t)), List.of(t.pc)) : BudgetPlan.enteredAtChecks(former.extend(r.members.get(0), r).region());
        BudgetPlan plan = BudgetPlan.of(lifted);
        return new CodeReport(t.pc, t.linear, t.mode, t.guestInsns, t.handle == Translation.NONE || r != null ? -1 : interpreter.executions(t.handle),
                compiles ? options.hotThreshold() : Integer.MAX_VALUE, t.failedPromotions, r == null ? 0 : r.members.size(), r == null ? 0 : r.code.guestInsns(),
                r == null ? 0 : r.code.bytecodeSize(), r == null ? 0 : r.entered, r == null ? 0 : r.retired, t.code != null, r != null && r.optimizing, lifted,
                passes.optimize(lifted, plan::checks), plan);
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
            if (!compiling.isEmpty() && Long.compareUnsigned(retired() - lookedAt, COMPILING_LOOK) >= 0) {
                lookedAt = retired();
                activateCompiled();
            }
            if (stop) {
                return StopReason.REQUESTED;
            }
            long left = maxRetired - retired();
            if (left <= 0) {
                return StopReason.LIMIT;
            }
            long event = timer.instructionsToNextEvent();
            setBudget((int) Math.min(left, Math.min(event, compiling.isEmpty() ? 1 << 30 : COMPILING_SLICE)));
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
            runFrom(t);
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
                account(from, g);
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
            r.seenAtMiss(cpu.s[X86State.RIP], X87Knowledge.stateOf(cpu.s));
            if (r.missesTooOften()) {
                compileAgain(r);
            }
        }
        fault();
    }

    /** Control has come by a way a number of times: is the region it leads to worth more than it got? @param next where control went now, or null */
    private void account(Passage g, Gate next) {
        RegionRecord r = g.gate().translation.region;
        if (r == null) {
            return;
        }
        g.account(r);
        // What it costs has been spent, perhaps, by another processor.
        if (!r.optimizing && (r.code.better() != null || r.heat() * r.gain() >= OPTIMIZE_PER_BYTE * r.code.bytecodeSize())) {
            optimize(r);
        }
        if (next != null) {
            r.successors.add(next.translation);
            if (timeToMerge(r)) {
                merge(g.gate().translation);
            }
        }
    }

    /** Whether the loop is wanted before more code runs. */
    boolean wanted() {
        return resync || stop || oneBlock || shared && (mmu.hasNews() || timer.wantsSafePoint());
    }

    /** A region has earned C2: it is generated anew, in the form that C2 makes most of, and runs as it is until that is there. */
    private void optimize(RegionRecord r) {
        r.optimizing = true;
        statistics.optimized++;
        if (!options.slotsInPlace() || !r.valid) {
            CompilationTier.request(r.code, CompilationTier.OPTIMIZED);
            return;
        }
        long start = System.nanoTime();
        CompiledRegion better = r.code.better();
        RegionFormer.Candidate c = better == null ? former.again(r, r.calling) : null;
        if (better == null) {
            better = optimized(r, c);
            r.code.better(better);
            CompilationTier.request(better, CompilationTier.OPTIMIZED);
        }
        if (better != r.code) {
            r.await(better, c);
            compiling.add(r);
        }
        statistics.compileNanos += System.nanoTime() - start;
    }

    /** A region's code with slots in locals; its own code if that gets too large. */
    private CompiledRegion optimized(RegionRecord r, RegionFormer.Candidate c) {
        try {
            CompiledRegion code = compile(optimizing, c, r.code.entries().get(0), r.calling);
            return code.entries().equals(r.code.entries()) ? code : r.code;
        } catch (RegionTooLargeException e) {
            statistics.regionRetries++;
            return r.code;
        }
    }

    /** Compiles a region once more that is left too often: for what has been seen meanwhile, or else as one that does not leave when an access has no fast path. */
    private void compileAgain(RegionRecord r) {
        if (!r.valid) {
            return;
        }
        long start = System.nanoTime();
        boolean calling = !r.surprised() || r.generation >= MAX_GENERATION;
        RegionFormer.Candidate c = former.again(r, calling);
        try {
            install(c, compile(c, r.code.entries().get(0), calling), calling, calling ? r.generation : r.generation + 1, r.heat());
            statistics.calling += calling ? 1 : 0;
        } catch (RegionTooLargeException e) {
            statistics.regionRetries++;
        }
        statistics.compileNanos += System.nanoTime() - start;
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
            interpreter.cacheJump(to.pc, to.handle);
        }
    }

    private void fillJumpCache(long mode) {
        Translation to = oneBlock ? null : lookAhead();
        if (to != null && to.cached && to.mode == mode) {
            interpreter.cacheJump(to.pc, to.handle);
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
        if (epoch != lastEpoch) {
            lastEpoch = epoch;
            interpreter.flushJumps();
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
                interpreter.setThreshold(t.handle, Math.min(options.hotThreshold(), ADOPT_AFTER));
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
            step();
            resync = true;
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

    /** Executes exactly one instruction, by the interpreter, with effects outside RAM allowed. */
    private void step() {
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
        cpu.exact = true;
        int why = interpreter.run(cpu, t.handle);
        cpu.exact = false;
        setBudget(left + cpu.budget);
        if (!t.cached) {
            cache.release(t);
        }
        if (why == Interpreter.EXIT_FAULT) {
            deliver();
        } else if (wasStepping) {
            cpu.afterInstruction();
        }
    }

    /** After so many entries, again after four times as many, and so on; the later, the more often the code has been merged before: compiling never costs much beside running. */
    private static boolean timeToMerge(RegionRecord r) {
        return r.looksAtSuccessors(1L << MERGE_AFTER_LOG2 + Math.max(0, r.generation - EAGER_GENERATIONS));
    }

    /** A region has been entered often: compile it together with those it leads to, if it is mostly left again at once. */
    private void merge(Translation from) {
        RegionRecord r = from.region;
        if (r == null || !r.valid || options.singleBlockRegions() || r.retired / r.entered >= MERGE_BELOW) {
            return;
        }
        long start = System.nanoTime();
        RegionFormer.Candidate c = former.merge(from, options.regionInsns(), r.calling, false);
        if (c == null && options.slotsInPlace()) {
            c = former.merge(from, MERGED_INSNS, r.calling, true);
        }
        int generation = 0;
        long heat = 0;
        for (Translation m : c == null ? List.<Translation>of() : c.members()) {
            if (m.region != null) {
                generation = Math.max(generation, m.region.generation + 1);
                heat = Math.max(heat, m.region.heat());
            }
        }
        if (c != null && generation <= MAX_GENERATION) {
            try {
                CompiledRegion code = compile(c, from.pc, r.calling);
                statistics.merged++;
                install(c, code, r.calling, generation, heat);
            } catch (RegionTooLargeException e) {
                statistics.regionRetries++;
            }
        }
        statistics.compileNanos += System.nanoTime() - start;
    }

    private CompiledRegion compile(RegionFormer.Candidate c, long pc, boolean calling) {
        return compile(quick, c, pc, calling);
    }

    private CompiledRegion compile(Compilers compilers, RegionFormer.Candidate c, long pc, boolean calling) {
        Region region = options.singleBlockRegions() ? c.region() : BudgetPlan.enteredAtChecks(c.region());
        BudgetPlan plan = options.singleBlockRegions() ? BudgetPlan.everyBlock(region) : BudgetPlan.of(region);
        return compilers.of(calling).compile(passes.optimize(region, plan::checks), plan, "pc" + Long.toHexString(pc), bound(c.members().get(0).mode));
    }

    /** What every run of a region of a mode finds: the mode decides which page maps there are. */
    private BoundArrays bound(long mode) {
        if (Without.BOUND_ARRAYS.set()) {
            return BoundArrays.NONE;
        }
        byte[] array = ram.isArray() ? cpu.ram : null;
        // Regions are shared among vCPUs, maps are not.
        return shared || mode != cpu.mode() ? new BoundArrays(null, array, null, null, null, null, null)
                : new BoundArrays(cpu.s, array, cpu.readMap, cpu.writeMap, cpu.wideReadMap, cpu.wideWriteMap, Crossings.linked() ? crossings : null);
    }

    /** The block at the current pc has run often enough: compile it with its neighbourhood. */
    private void promote() {
        Translation t = lookAhead();
        if (t == null || !t.cached) {
            return;
        }
        if (t.code != null) {
            return;
        }
        if (library != null && (adopt(t) || !t.valid)) {
            return;
        }
        if (interpreter.executions(t.handle) < options.hotThreshold() && t.failedPromotions == 0) {
            return;
        }
        t.x87State = X87Knowledge.stateOf(cpu.s);
        long start = System.nanoTime();
        int limit = options.regionInsns();
        while (!extend(t)) {
            RegionFormer.Candidate c = former.form(t, limit);
            try {
                install(c, compile(c, t.pc, false), false, 0, 0);
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

    /**
     * Runs what another processor has compiled with this entry, if it is of the same blocks.
     *
     * @return false if there is nothing of that kind; the block then becomes hot as any other
     */
    private boolean adopt(Translation t) {
        RegionLibrary.Copy copy = library.find(t.pc, t.mode);
        CompiledRegion code = copy == null ? null : copy.code().get();
        RegionFormer.Candidate c = code == null ? null : former.adopt(t, copy, ram);
        if (c != null) {
            install(c, code, copy.calling(), copy.generation(), 0);
            statistics.adopted++;
            return true;
        }
        int ran = t.valid ? interpreter.executions(t.handle) : options.hotThreshold();
        if (ran < options.hotThreshold()) {
            interpreter.setThreshold(t.handle, options.hotThreshold() - ran);
        }
        return false;
    }

    /**
     * A block that is part of a region but not an entry of it is often reached from outside: the region is compiled once more, with this
     * entry, rather than all that follows the block a second time.
     */
    private boolean extend(Translation t) {
        for (RegionRecord r : t.memberOf) {
            if (r.valid && !r.optimizing && r.generation < MAX_EXTENSIONS) {
                RegionFormer.Candidate c = former.extend(t, r);
                try {
                    install(c, compile(c, t.pc, r.calling), r.calling, r.generation + 1, r.heat());
                    statistics.extended++;
                    return true;
                } catch (RegionTooLargeException e) {
                    statistics.regionRetries++;
                }
            }
        }
        return false;
    }

    private void install(RegionFormer.Candidate c, CompiledRegion code, boolean calling, int generation, long inherited) {
        java.util.TreeMap<Long, Integer> pages = new java.util.TreeMap<>();
        for (Translation m : c.members()) {
            pages.put(m.linear >>> 12, m.frame);
            if (m.secondFrame != Translation.NONE) {
                pages.put(m.nextPage() >>> 12, m.secondFrame);
            }
        }
        long[] p = pages.keySet().stream().mapToLong(Long::longValue).toArray();
        int[] f = pages.values().stream().mapToInt(Integer::intValue).toArray();
        RegionRecord r = new RegionRecord(c, code, p, f, mmu.mappingEpoch(), calling, generation, inherited);
        for (Translation m : c.members()) {
            m.memberOf.add(r);
        }
        if (CompilationTier.selectable() && !options.singleBlockRegions()) {
            // Interpreting IR goes on, ten times faster than HotSpot would interpret the region, until C1 has compiled it.
            if (CompilationTier.of(code) == 0) {
                CompilationTier.request(code, CompilationTier.QUICK);
            }
            for (Translation m : c.members()) {
                if (m.code == null && m.handle != Translation.NONE) {
                    interpreter.setThreshold(m.handle, Integer.MAX_VALUE);
                }
            }
            compiling.add(r);
        } else {
            activate(r);
        }
        if (regions.size() == MAX_REMEMBERED) {
            regions.removeIf(old -> !old.valid);
        }
        regions.add(r);
        if (c.region() == null) {
            return;
        }
        if (library != null) {
            library.publish(c.members(), code, calling, generation, ram);
        }
        if (statistics.listener != null) {
            statistics.listener.compiled(BlockTranslator.linear(code.entries().get(0), c.members().get(0).mode), code.blockCount(), c.guestInsns(), code.bytecodeSize());
        }
        statistics.regions++;
        statistics.regionBytes += code.bytecodeSize();
        statistics.regionInsns += c.guestInsns();
    }

    /** Lets regions take over that HotSpot has compiled meanwhile. */
    private void activateCompiled() {
        for (int i = compiling.size() - 1; i >= 0; i--) {
            RegionRecord r = compiling.get(i);
            if (!r.valid) {
                compiling.remove(i);
            } else if (r.awaited != null) {
                if (CompilationTier.of(r.awaited) == CompilationTier.OPTIMIZED) {
                    compiling.remove(i);
                    r.replaceCode();
                } else if (r.awaitsInVain()) {
                    compiling.remove(i);
                    r.awaited = null;
                    CompilationTier.request(r.code, CompilationTier.OPTIMIZED);
                }
            } else if (CompilationTier.of(r.code) > 0) {
                compiling.remove(i);
                activate(r);
            }
        }
    }

    private void activate(RegionRecord r) {
        Set<RegionRecord> replaced = new LinkedHashSet<>();
        for (Translation m : r.members) {
            if (m.region != null) {
                replaced.add(m.region);
            }
        }
        takeOver(r);
        for (RegionRecord old : replaced) {
            if (old.members.stream().noneMatch(m -> m.region == old)) {
                old.retire();
            }
        }
    }

    private void takeOver(RegionRecord r) {
        for (Translation m : r.members) {
            int entry = r.code.entryAt(m.pc);
            if (!m.valid || m.region != null && (m.region.rank() >= r.rank() || entry < 0)) {
                continue;
            }
            if (entry >= 0) {
                m.code = r.code;
                m.region = r;
                m.entry = entry;
                m.closeGate();
                // From now on the interpreter stops before this block, and the region runs instead.
                interpreter.setThreshold(m.handle, 0);
            } else {
                interpreter.setThreshold(m.handle, options.hotThreshold());
            }
        }
    }
}
