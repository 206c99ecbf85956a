package org.gearshift.vmm.engine;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.gearshift.backend.jvm.BackendOptions;
import org.gearshift.backend.jvm.BackendOptions.Breadth;
import org.gearshift.backend.jvm.BoundArrays;
import org.gearshift.backend.jvm.BudgetPlan;
import org.gearshift.backend.jvm.CompilationTier;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.backend.jvm.RegionCompiler;
import org.gearshift.backend.jvm.RegionTooLargeException;
import org.gearshift.backend.jvm.Without;
import org.gearshift.ir.Region;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.X87Knowledge;
import org.gearshift.vmm.cpu.VCpu;

/**
 * Makes regions of what runs often: forms and compiles them, merges those that lead to each other, has the hottest compiled once more for C2, and lets each take over once
 * HotSpot has compiled it. On the vCPU's thread.
 */
final class Promotion {
    /** Guest instructions a region retires, for each byte of its bytecode, before C2 compiles it: about what C2 costs, in time saved. */
    private static final long OPTIMIZE_PER_BYTE = Long.getLong("gearshift.optimizePerByte", 25_000);
    /**
     * Entries, as a power of two, after which a region that is left soon after it was entered is looked at: it may belong together with where
     * control goes. If it can't be joined then, it is looked at again after every fourfold number.
     */
    private static final int MERGE_AFTER_LOG2 = Integer.getInteger("gearshift.mergeAfterLog2", 20);
    /** Most guest instructions of a region that is too large for C2 to hold its slots in locals. */
    private static final int MERGED_INSNS = Integer.getInteger("gearshift.mergedInsns", 500);
    /** Merging pays if of the ways from region to region no more than this part is left. */
    private static final double MERGED_LEAVES = 0.75;
    /** How often code is compiled again for more entries. */
    private static final int MAX_EXTENSIONS = 8;
    /** How often code is merged at once when it is worth it; from then on only after twice as many entries each time, up to so often in all. */
    private static final int EAGER_GENERATIONS = 7;
    private static final int MAX_GENERATION = 20;
    /** Regions remembered for statistics before those that were dropped are forgotten. */
    private static final int MAX_REMEMBERED = 1 << 12;

    /** Executions after which a block is looked for among what other processors have compiled. */
    static final int ADOPT_AFTER = Integer.getInteger("gearshift.adoptAfter", 300);

    /** Largest method that C2 is asked for where HotSpot has no limit of its own: held in locals, slots take more bytes than in place. */
    private static final int OPTIMIZED_BYTES = 12_000;
    /** The same for C1, which takes time in proportion. */
    private static final int QUICK_BYTES = 30_000;

    /** Executions after which a block is compiled that was an entry of a region in an earlier run: code that runs once on the way to something else is not worth it in this one either. */
    private static final int RECALL_AFTER = Integer.getInteger("gearshift.recallAfter", 50);

    /** Longest slice while regions wait for HotSpot: how soon they take over. */
    static final int COMPILING_SLICE = 200_000;
    /** Fewest instructions between two looks at how far HotSpot is, which take a microsecond for each region: among several vCPUs slices are far shorter. */
    private static final int COMPILING_LOOK = 50_000;

    /** Regions that leave at accesses without a fast path, those that call a slow path, and those that leave at whatever is not usual. */
    private record Compilers(Map<Breadth, RegionCompiler> leaving, RegionCompiler calling) {
        static Compilers of(BackendOptions o) {
            Map<Breadth, RegionCompiler> leaving = new EnumMap<>(Breadth.class);
            for (Breadth b : Breadth.values()) {
                leaving.put(b, new RegionCompiler(X86State.LAYOUT, o.withMissesLeave(!Without.LEAVING_MISSES.set()).withBreadth(b)));
            }
            return new Compilers(leaving, new RegionCompiler(X86State.LAYOUT, o));
        }

        RegionCompiler of(boolean calls, Breadth breadth) {
            return calls ? calling : leaving.get(breadth);
        }
    }

    private final VCpu cpu;
    private final ShadowMmu mmu;
    /** Other vCPUs work on the same memory. */
    private final boolean shared;
    private final EngineOptions options;
    private final EngineStatistics statistics;
    private final Interpreter interpreter;
    private final BlockTranslator translator;
    private final RegionFormer former;
    /** For regions when they are formed. */
    private final Compilers quick;
    /** For those that have earned C2. */
    private final Compilers optimizing;
    private final PassPipeline passes;
    private final Crossings crossings;
    private final GuestRam ram;
    /** Null for a lone vCPU. */
    private final RegionLibrary library;
    private final List<RegionRecord> regions = new ArrayList<>();
    /** Regions HotSpot has been asked to compile. */
    private final List<RegionRecord> compiling = new ArrayList<>();
    /** What runs, while that is being written down; else null. */
    private BlockTrace trace;
    /** Instructions retired at the last look at them. */
    private long lookedAt;

    /** @param library what several vCPUs compile; null for a lone one */
    Promotion(VCpu cpu, ShadowMmu mmu, GuestRam ram, boolean shared, EngineOptions options, EngineStatistics statistics, Interpreter interpreter, CodeCache cache,
            BlockTranslator translator, PassPipeline passes, Crossings crossings, RegionLibrary library) {
        this.cpu = cpu;
        this.mmu = mmu;
        this.ram = ram;
        this.shared = shared;
        this.options = options;
        this.statistics = statistics;
        this.interpreter = interpreter;
        this.translator = translator;
        this.former = new RegionFormer(cpu, mmu, cache, translator, interpreter, options);
        this.passes = passes;
        this.crossings = crossings;
        this.library = library;
        BackendOptions backend = BackendOptions.defaults().withWideShift(mmu.wideShift()).withGuestRam(cpu.hostRam).withOrdered(shared);
        this.optimizing = Compilers.of(backend.withMaxMethodBytes(options.slotsInPlace() ? OPTIMIZED_BYTES : BackendOptions.HUGE_METHOD_LIMIT));
        this.quick = options.slotsInPlace() ? Compilers.of(backend.withSlotsInPlace(true).withMaxMethodBytes(QUICK_BYTES)) : optimizing;
    }

    /** Control has come by a way a number of times: is the region it leads to worth more than it got? @param left whether control went on to other compiled code */
    void account(Passage g, boolean left) {
        RegionRecord r = g.gate().translation.region;
        if (r == null) {
            return;
        }
        g.account(r);
        // What it costs has been spent, perhaps, by another processor.
        if (!r.optimizing && (r.code.better() != null || r.heat() * r.gain() >= OPTIMIZE_PER_BYTE * r.code.bytecodeSize())) {
            optimize(r);
        }
        if (left && trace == null && timeToMerge(r) && r.valid && !options.singleBlockRegions() && !r.staysLong()) {
            trace = new BlockTrace(g.gate().translation);
        }
    }

    /** Whether the blocks that run are to be written down, by {@link #traced}. */
    boolean traces() {
        return trace != null;
    }

    /** Writes down a block that is about to run; null: one that cannot be. */
    void traced(Translation t) {
        if (t == null || !trace.seed().valid) {
            trace = null;
        } else if (trace.add(t)) {
            if (t.mode == trace.seed().mode) {
                merge(trace);
            }
            trace = null;
        }
    }

    /** A region has earned C2: it is generated anew, in the form that C2 makes most of, and runs as it is until that is there. */
    private void optimize(RegionRecord r) {
        r.optimizing = true;
        if (r.known != null) {
            r.known.optimized = true;
        }
        statistics.optimized++;
        if (!options.slotsInPlace() || !r.valid) {
            CompilationTier.request(r.code, CompilationTier.OPTIMIZED);
            return;
        }
        long start = System.nanoTime();
        CompiledRegion better = r.code.better();
        RegionFormer.Candidate c = better == null ? former.again(r, r.calling) : null;
        if (better == null) {
            better = optimized(r.code, c, r.calling, r.breadth);
            r.code.better(better);
            CompilationTier.request(better, CompilationTier.OPTIMIZED);
        }
        if (better != r.code) {
            r.await(better, c);
            compiling.add(r);
        }
        statistics.compileNanos += System.nanoTime() - start;
    }

    /** A region's code with slots in locals; what there is, with slots in place, if that gets too large. */
    private CompiledRegion optimized(CompiledRegion quickly, RegionFormer.Candidate c, boolean calling, Breadth breadth) {
        try {
            CompiledRegion code = compile(optimizing.of(calling, breadth), c, quickly.entries().get(0));
            return code.entries().equals(quickly.entries()) ? code : quickly;
        } catch (RegionTooLargeException e) {
            statistics.regionRetries++;
            return quickly;
        }
    }

    /** Compiles a region once more that is left too often: for what has been seen meanwhile, or else as one that does not leave when an access has no fast path. */
    void compileAgain(RegionRecord r) {
        if (!r.valid) {
            return;
        }
        long start = System.nanoTime();
        boolean narrow = r.isNarrow();
        boolean calling = !r.surprised() && !narrow || r.generation >= MAX_GENERATION;
        RegionFormer.Candidate c = former.again(r, calling);
        try {
            install(c, compile(c, r.code.entries().get(0), calling), calling, calling ? r.generation : r.generation + 1, r.heat()).breadth = narrow && !r.surprised() ? r.breadth.more() : r.breadth;
            statistics.calling += calling ? 1 : 0;
        } catch (RegionTooLargeException e) {
            statistics.regionRetries++;
        }
        statistics.compileNanos += System.nanoTime() - start;
    }

    /** After so many entries, again after four times as many, and so on; the later, the more often the code has been merged before: compiling never costs much beside running. */
    private static boolean timeToMerge(RegionRecord r) {
        return r.looksAtSuccessors(1L << MERGE_AFTER_LOG2 + Math.max(0, r.generation - EAGER_GENERATIONS));
    }

    /** A region was entered often, and left again soon: what ran then is compiled together, if that saves enough of it. */
    private void merge(BlockTrace trace) {
        RegionRecord r = trace.seed().region;
        if (r == null || !r.valid) {
            return;
        }
        long start = System.nanoTime();
        int now = trace.crossings(Set.of());
        RegionFormer.Candidate c = former.merge(trace, options.regionInsns(), r.calling);
        if (options.slotsInPlace() && !saves(trace, c, now)) {
            c = former.merge(trace, MERGED_INSNS, r.calling);
        }
        if (saves(trace, c, now)) {
            int generation = 0;
            long heat = 0;
            Breadth breadth = r.breadth;
            for (Translation m : c.members()) {
                if (m.region != null) {
                    breadth = m.region.breadth.compareTo(breadth) > 0 ? m.region.breadth : breadth;
                    generation = Math.max(generation, m.region.generation + 1);
                    heat = Math.max(heat, m.region.heat());
                }
            }
            merge(c, r.calling, breadth, generation, heat);
        }
        statistics.compileNanos += System.nanoTime() - start;
    }

    private static boolean saves(BlockTrace trace, RegionFormer.Candidate c, int now) {
        return c != null && trace.crossings(Set.copyOf(c.members())) <= now * MERGED_LEAVES;
    }

    private void merge(RegionFormer.Candidate c, boolean calling, Breadth breadth, int generation, long heat) {
        if (generation > MAX_GENERATION) {
            return;
        }
        try {
            CompiledRegion code = compile(c, c.region().entries().get(0), calling);
            // What runs in C2's code goes on so until that of the new region is there: C1's in between would be the slower for all the time that C2 takes.
            boolean straight = options.slotsInPlace() && CompilationTier.selectable() && heat >= OPTIMIZE_PER_BYTE * code.bytecodeSize();
            if (straight) {
                code = optimized(code, c, calling, breadth);
                CompilationTier.request(code, CompilationTier.OPTIMIZED);
                statistics.optimized++;
            }
            install(c, code, calling, generation, heat, straight).breadth = breadth;
            statistics.merged++;
        } catch (RegionTooLargeException e) {
            statistics.regionRetries++;
        }
    }

    private CompiledRegion compile(RegionFormer.Candidate c, long pc, boolean calling) {
        return compile(quick.of(calling, Breadth.FULL), c, pc);
    }

    private CompiledRegion compile(RegionCompiler compiler, RegionFormer.Candidate c, long pc) {
        Region region = options.singleBlockRegions() ? c.region() : BudgetPlan.enteredAtChecks(c.region());
        BudgetPlan plan = options.singleBlockRegions() ? BudgetPlan.everyBlock(region) : BudgetPlan.of(region);
        return compiler.compile(passes.optimize(region, plan::checks), plan, "pc" + Long.toHexString(pc), bound(c.members().get(0).mode));
    }

    /** What every run of a region of a mode finds: the mode decides which page maps there are. */
    private BoundArrays bound(long mode) {
        if (Without.BOUND_ARRAYS.set()) {
            return BoundArrays.NONE;
        }
        byte[] array = ram.isArray() ? cpu.ram : null;
        if (shared || X86Mode.is(mode, X86Mode.EMPTY_MAPS)) {
            // Regions are shared among vCPUs, maps are not.
            return new BoundArrays(null, array, null, null, null, null, null);
        }
        // The processor may have gone on to another mode by now.
        ShadowMmu.Arrays maps = mmu.arrays(X86Mode.is(mode, X86Mode.SECOND_MAPS), X86Mode.cpl(mode) == 3);
        return new BoundArrays(cpu.s, array, maps.read(), maps.write(), maps.wideRead(), maps.wideWrite(), Crossings.linked() ? crossings : null);
    }

    /** A block has run often enough: compile it with its neighbourhood. @param t the block at the current pc; null if it cannot be fetched */
    void promote(Translation t) {
        if (t == null || !t.cached || t.code != null || library != null && (adopt(t) || !t.valid)
                || t.known != 0 && recall(t) || interpreter.executions(t.handle) < options.hotThreshold() && t.failedPromotions == 0) {
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
        startOver(t);
        return false;
    }

    /** A block that was looked at early, in vain, is looked at next when it is as hot as any other. */
    private void startOver(Translation t) {
        if (t.valid && interpreter.executions(t.handle) < options.hotThreshold()) {
            interpreter.setThreshold(t.handle, options.hotThreshold());
        }
    }

    /** A block has been translated: if an earlier run compiled a region with this entry, it is looked at soon. */
    void recognize(Translation t) {
        TranslationCache cache = options.translations();
        if (cache == null) {
            return;
        }
        long key = TranslationCache.key(t, ram);
        if (cache.knows(key)) {
            t.known = key;
            interpreter.setThreshold(t.handle, Math.min(options.hotThreshold(), RECALL_AFTER));
        }
    }

    /**
     * Forms the region that an earlier run had with this entry.
     *
     * @return false if there is nothing of that kind; the block then becomes hot as any other
     */
    private boolean recall(Translation t) {
        KnownRegion known = t.memberOf.isEmpty() ? options.translations().take(t.known) : null;
        long key = t.known;
        t.known = 0;
        RegionFormer.Candidate c = known == null ? null : former.recall(t, known, known.offsetOf(key));
        if (c != null) {
            long start = System.nanoTime();
            try {
                CompiledRegion code = compile(c, c.region().entries().get(0), known.calling);
                install(c, code, known.calling, Math.min(known.generation, MAX_GENERATION), known.optimized ? OPTIMIZE_PER_BYTE * code.bytecodeSize() : 0);
                statistics.recalled++;
                return true;
            } catch (RegionTooLargeException e) {
                statistics.regionRetries++;
            } finally {
                statistics.compileNanos += System.nanoTime() - start;
            }
        }
        startOver(t);
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

    private RegionRecord install(RegionFormer.Candidate c, CompiledRegion code, boolean calling, int generation, long inherited) {
        return install(c, code, calling, generation, inherited, false);
    }

    /** @param inherited instructions retired in the hottest of those it replaces @param optimizing whether C2 has been asked for it */
    private RegionRecord install(RegionFormer.Candidate c, CompiledRegion code, boolean calling, int generation, long inherited, boolean optimizing) {
        TreeMap<Long, Integer> pages = new TreeMap<>();
        for (Translation m : c.members()) {
            pages.put(m.linear >>> 12, m.frame);
            if (m.secondFrame != Translation.NONE) {
                pages.put(m.nextPage() >>> 12, m.secondFrame);
            }
        }
        long[] p = pages.keySet().stream().mapToLong(Long::longValue).toArray();
        int[] f = pages.values().stream().mapToInt(Integer::intValue).toArray();
        RegionRecord r = new RegionRecord(c, code, p, f, mmu.mappingEpoch(), calling, generation, inherited);
        r.optimizing = optimizing;
        for (Translation m : c.members()) {
            m.memberOf.add(r);
        }
        if (CompilationTier.selectable() && !options.singleBlockRegions()) {
            // Interpreting IR goes on, ten times faster than HotSpot would interpret the region, until C1 has compiled it.
            if (!r.optimizing && CompilationTier.of(code) == 0) {
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
            return r;
        }
        if (library != null) {
            library.publish(c.members(), code, calling, generation, ram);
        }
        if (options.translations() != null && !options.singleBlockRegions()) {
            r.known = options.translations().learn(c.members(), code, calling, generation, ram);
        }
        if (statistics.listener != null) {
            statistics.listener.compiled(BlockTranslator.linear(code.entries().get(0), c.members().get(0).mode), code.blockCount(), c.guestInsns(), code.bytecodeSize());
        }
        statistics.regions++;
        statistics.regionBytes += code.bytecodeSize();
        statistics.regionInsns += c.guestInsns();
        return r;
    }

    /** Whether regions wait for HotSpot. */
    boolean waits() {
        return !compiling.isEmpty();
    }

    /** Lets regions take over that HotSpot has compiled meanwhile. @param retired instructions so far, which decide whether to look */
    void activateCompiled(long retired) {
        if (compiling.isEmpty() || Long.compareUnsigned(retired - lookedAt, COMPILING_LOOK) < 0) {
            return;
        }
        lookedAt = retired;
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
            } else if (r.optimizing && r.awaitsInVain()) {
                r.optimizing = false;
                CompilationTier.request(r.code, CompilationTier.QUICK);
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

    /** The regions in which most instructions were retired, a line each: address, instructions retired, entries, size, tier. */
    List<String> hottest(int count) {
        return regions.stream().sorted((a, b) -> Long.compare(b.retired, a.retired)).limit(count)
                .map(r -> String.format("%08x  %,d retired, %,d entries, %d blocks of %d instructions, %,d bytes%s%s", r.members.get(0).linear, r.retired,
                        r.entered, r.code.blockCount(), r.code.guestInsns(), r.code.bytecodeSize(), r.optimizing ? ", C2" : "", r.valid ? "" : ", invalidated"))
                .toList();
    }

    CodeReport report(Translation t) {
        RegionRecord r = t.region != null ? t.region : t.memberOf.isEmpty() ? null : t.memberOf.get(t.memberOf.size() - 1);
        boolean compiles = options.backend() == EngineOptions.Backend.JVM;
        Region lifted = r == null ? new Region(List.of(translator.lift(t)), List.of(t.pc)) : BudgetPlan.enteredAtChecks(former.extend(r.members.get(0), r).region());
        BudgetPlan plan = BudgetPlan.of(lifted);
        return new CodeReport(t.pc, t.linear, t.mode, t.guestInsns, t.handle == Translation.NONE || r != null ? -1 : interpreter.executions(t.handle),
                compiles ? options.hotThreshold() : Integer.MAX_VALUE, t.failedPromotions, r == null ? 0 : r.members.size(), r == null ? 0 : r.code.guestInsns(),
                r == null ? 0 : r.code.bytecodeSize(), r == null ? 0 : r.entered, r == null ? 0 : r.retired, t.code != null, r != null && r.optimizing, lifted,
                passes.optimize(lifted, plan::checks), plan);
    }
}
