package org.gearshift.vmm.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.vmm.cpu.VCpu;

/**
 * Chooses which blocks are compiled together: from a hot block along its static successors and the return points of its calls, hottest
 * first, as long as they have been executed often enough and the region stays small enough for HotSpot.
 */
final class RegionFormer {
    /** No pc. */
    static final long NOWHERE = -1;

    /**
     * A chosen region: its IR, null if another processor has compiled it, the translations of its blocks, and the states of the x87 register stack that its blocks
     * are for, where they are for one.
     */
    record Candidate(Region region, Map<Long, Translation> byPc, int guestInsns, Map<Long, Integer> x87States) {
        private static Candidate of(Map<Long, Block> blocks, List<Long> entries, Map<Long, Translation> chosen, int insns, Map<Long, Integer> x87States) {
            List<Block> ordered = new ArrayList<>(blocks.values());
            ordered.sort(Comparator.comparingLong(Block::pc));
            return new Candidate(new Region(ordered, entries), chosen, insns, x87States);
        }

        List<Translation> members() {
            return List.copyOf(byPc.values());
        }

        Translation member(long pc) {
            return byPc.get(pc);
        }
    }

    private record Choice(Translation translation, int count, boolean returnPoint) {
    }

    private static final Comparator<Choice> HOTTEST_FIRST = Comparator.comparingInt((Choice c) -> -c.count).thenComparingLong(c -> c.translation.pc);

    /** A block is often reached from outside its region if that happened this fraction of the executions that make a block hot. */
    private static final int OFTEN = 16;

    private final VCpu cpu;
    private final ShadowMmu mmu;
    private final CodeCache cache;
    private final BlockTranslator translator;
    private final Interpreter interpreter;
    private final EngineOptions options;

    RegionFormer(VCpu cpu, ShadowMmu mmu, CodeCache cache, BlockTranslator translator, Interpreter interpreter, EngineOptions options) {
        this.cpu = cpu;
        this.mmu = mmu;
        this.cache = cache;
        this.translator = translator;
        this.interpreter = interpreter;
        this.options = options;
    }

    /**
     * Forms a region around {@code seed} of about {@code maxInsns} guest instructions, at least the seed itself. Other blocks that are part of a
     * region already are left to it: compiled twice, a loop too large for one region would be compiled once more from each of its blocks.
     */
    Candidate form(Translation seed, int maxInsns) {
        int floor = Math.max(1, executions(seed) / options.dominance());
        PriorityQueue<Choice> queue = new PriorityQueue<>(HOTTEST_FIRST);
        Map<Long, Translation> chosen = new LinkedHashMap<>();
        Map<Long, Block> blocks = new LinkedHashMap<>();
        Set<Long> returnPoints = new HashSet<>();
        Set<Long> seen = new HashSet<>();
        queue.add(new Choice(seed, Integer.MAX_VALUE, false));
        seen.add(seed.pc);
        int insns = 0;
        while (!queue.isEmpty()) {
            Choice c = queue.poll();
            Translation t = c.translation;
            if (!chosen.isEmpty() && insns + t.guestInsns > maxInsns) {
                continue;
            }
            Block block = translator.lift(t);
            chosen.put(t.pc, t);
            blocks.put(t.pc, block);
            insns += t.guestInsns;
            if (options.singleBlockRegions()) {
                break;
            }
            if (c.returnPoint) {
                returnPoints.add(t.pc);
            }
            for (long successor : successors(block)) {
                offer(queue, seen, successor, t.mode, floor, false);
            }
            long back = returnPoint(block);
            if (back != NOWHERE) {
                offer(queue, seen, back, t.mode, floor, true);
            }
        }
        return assemble(seed, chosen, blocks, returnPoints, insns, false);
    }

    private void offer(PriorityQueue<Choice> queue, Set<Long> seen, long pc, long mode, int floor, boolean returnPoint) {
        if (!seen.add(pc)) {
            return;
        }
        Translation t = mapped(pc, mode);
        if (t != null && t.memberOf.isEmpty() && executions(t) >= floor) {
            queue.add(new Choice(t, executions(t), returnPoint));
        }
    }

    /**
     * The blocks of a region once more, with the seed as a further entry, and every other block that is often reached from outside.
     *
     * @param seed a member of {@code r}
     */
    Candidate extend(Translation seed, RegionRecord r) {
        Map<Long, Translation> chosen = new LinkedHashMap<>();
        Map<Long, Block> blocks = new LinkedHashMap<>();
        Set<Long> entries = new HashSet<>();
        int often = Math.max(1, options.hotThreshold() / OFTEN);
        int insns = 0;
        for (Translation t : r.members) {
            chosen.put(t.pc, t);
            blocks.put(t.pc, translator.lift(t));
            insns += t.guestInsns;
            if (r.code.entryAt(t.pc) >= 0 || t.region == null && t.handle != Translation.NONE && interpreter.executions(t.handle) >= often) {
                entries.add(t.pc);
            }
        }
        return assemble(seed, chosen, blocks, entries, insns, r.calling);
    }

    /** The blocks of a region once more, with the same entries. @param calling see {@link RegionRecord#calling} */
    Candidate again(RegionRecord r, boolean calling) {
        Map<Long, Translation> chosen = new LinkedHashMap<>();
        Map<Long, Block> blocks = new LinkedHashMap<>();
        int insns = 0;
        for (Translation t : r.members) {
            chosen.put(t.pc, t);
            blocks.put(t.pc, translator.lift(t));
            insns += t.guestInsns;
        }
        Map<Long, Integer> x87States = specialize(chosen, blocks, calling);
        return Candidate.of(blocks, r.code.entries(), chosen, insns, x87States);
    }

    /** Makes blocks ones for the states of the x87 register stack that are expected, unless code is not to leave where they are others. */
    private Map<Long, Integer> specialize(Map<Long, Translation> chosen, Map<Long, Block> blocks, boolean calling) {
        return calling || !options.specializesX87() ? Map.of() : X87States.specialize(translator, chosen, blocks);
    }

    /**
     * Forms a region of the blocks that a trace shows to run again and again with its seed, those that run most often first, as many as fit. It can be entered wherever control
     * was seen to come in, or to arrive by an indirect jump.
     *
     * @param calling see {@link RegionRecord#calling}
     * @return null if there is nothing but the seed, or the seed is not what runs there in the current address space
     */
    Candidate merge(BlockTrace trace, int maxInsns, boolean calling) {
        Translation seed = trace.seed();
        if (mapped(seed.pc, seed.mode) != seed) {
            return null;
        }
        Map<Translation, Integer> counts = trace.counts();
        Map<Translation, Map<Translation, Integer>> next = trace.successors();
        PriorityQueue<Choice> queue = new PriorityQueue<>(HOTTEST_FIRST);
        Map<Long, Translation> chosen = new LinkedHashMap<>();
        Map<Long, Block> blocks = new LinkedHashMap<>();
        Set<Long> seen = new HashSet<>();
        int insns = 0;
        queue.add(new Choice(seed, Integer.MAX_VALUE, false));
        seen.add(seed.pc);
        while (!queue.isEmpty()) {
            Translation t = queue.poll().translation;
            if (!chosen.isEmpty() && insns + t.guestInsns > maxInsns) {
                continue;
            }
            chosen.put(t.pc, t);
            blocks.put(t.pc, translator.lift(t));
            insns += t.guestInsns;
            for (Translation successor : next.getOrDefault(t, Map.of()).keySet()) {
                // A region in which control stays for long gains nothing, and in a larger one its loop may lose its registers.
                int count = successor.region != null && successor.region.staysLong() ? 0 : counts.getOrDefault(successor, 0);
                if (count > 0 && mapped(successor.pc, successor.mode) == successor && seen.add(successor.pc)) {
                    queue.add(new Choice(successor, count, false));
                }
            }
        }
        return chosen.size() < 2 ? null : assemble(seed, chosen, blocks, entered(chosen, blocks, next), insns, calling);
    }

    /** Where control came into what was chosen, or by way of a computed target. */
    private static Set<Long> entered(Map<Long, Translation> chosen, Map<Long, Block> blocks, Map<Translation, Map<Translation, Integer>> next) {
        Set<Long> entered = new HashSet<>();
        next.forEach((from, targets) -> {
            boolean inside = chosen.get(from.pc) == from;
            for (Translation to : targets.keySet()) {
                if (chosen.get(to.pc) == to && !(inside && leadsTo(blocks.get(from.pc), to.pc))) {
                    entered.add(to.pc);
                }
            }
        });
        for (Block b : blocks.values()) {
            entered.add(returnPoint(b));
        }
        return entered;
    }

    private static boolean leadsTo(Block b, long pc) {
        for (long successor : successors(b)) {
            if (successor == pc) {
                return true;
            }
        }
        return false;
    }

    /**
     * The blocks of a region that another processor has compiled.
     *
     * @param seed a member of it
     * @return null if they are not all here, with the same bytes
     */
    Candidate adopt(Translation seed, RegionLibrary.Copy copy, GuestRam ram) {
        int epoch = mmu.mappingEpoch();
        Map<Long, Translation> chosen = new LinkedHashMap<>();
        int insns = 0;
        for (int i = 0; i < copy.pcs().length; i++) {
            long pc = copy.pcs()[i];
            Translation t = pc == seed.pc ? seed : present(pc, seed.mode);
            if (t == null || !t.valid || !copy.isOf(i, t, ram)) {
                return null;
            }
            chosen.put(pc, t);
            insns += t.guestInsns;
        }
        // Translating waits for other processors now and then, and takes in what they have changed.
        boolean stays = epoch == mmu.mappingEpoch() && chosen.values().stream().allMatch(t -> t.valid);
        return stays ? new Candidate(null, chosen, insns, Map.of()) : null;
    }

    /**
     * The blocks of a region of an earlier run, as far as they are here.
     *
     * @param seed an entry of it
     * @param offset the seed's among the region's offsets
     * @return null if most are not here, or belong to other regions already
     */
    Candidate recall(Translation seed, KnownRegion known, long offset) {
        int epoch = mmu.mappingEpoch();
        Map<Long, Translation> chosen = new LinkedHashMap<>();
        Set<Long> entries = new LinkedHashSet<>();
        for (int i = 0; i < known.offsets.length; i++) {
            long pc = seed.pc + known.offsets[i] - offset;
            pc = X86Mode.is(seed.mode, X86Mode.CODE64) ? pc : pc & 0xffffffffL;
            Translation t = pc == seed.pc ? seed : isFetched(pc, known.bytes[i], seed.mode) ? present(pc, seed.mode) : null;
            if (t != null && t.valid && t.guestBytes == known.bytes[i] && t.memberOf.isEmpty() && t.handle != Translation.NONE) {
                chosen.put(pc, t);
                if (known.isEntry(i)) {
                    entries.add(pc);
                }
            }
        }
        boolean stays = epoch == mmu.mappingEpoch() && chosen.values().stream().allMatch(t -> t.valid);
        if (!stays || !chosen.containsKey(seed.pc) || 2 * chosen.size() < known.offsets.length) {
            return null;
        }
        Map<Long, Block> blocks = new LinkedHashMap<>();
        int insns = 0;
        for (Translation t : chosen.values()) {
            blocks.put(t.pc, translator.lift(t));
            insns += t.guestInsns;
        }
        return assemble(seed, chosen, blocks, entries, insns, known.calling);
    }

    /** Whether all pages of a block are ones that code has been fetched from: what has never run is not to be found accessed for being remembered. */
    private boolean isFetched(long pc, int bytes, long mode) {
        long first = BlockTranslator.linear(pc, mode);
        long last = BlockTranslator.linear(pc + bytes - 1, mode);
        return mmu.isFetched(first, cpu.user()) && (first >>> 12 == last >>> 12 || mmu.isFetched(last, cpu.user()));
    }

    private Translation present(long pc, long mode) {
        Translation t = mapped(pc, mode);
        return t == null ? translated(pc, mode) : t;
    }

    /** Translates a block that has not run here yet; null if that cannot be done without a page fault, or not be kept. */
    private Translation translated(long pc, long mode) {
        if (mmu.execFrame(BlockTranslator.linear(pc, mode), cpu.user()) < 0) {
            return null;
        }
        try {
            Translation t = translator.translate(pc, mode, false);
            if (t.cached) {
                return t;
            }
            cache.release(t);
            return null;
        } catch (GuestFault f) {
            return null;
        }
    }

    /** The translation that would run at a pc in the current address space, or null. */
    private Translation mapped(long pc, long mode) {
        long linear = BlockTranslator.linear(pc, mode);
        int frame = mmu.execFrame(linear, cpu.user());
        if (frame < 0) {
            return null;
        }
        Translation t = cache.find(pc, mode, frame, Translation.NONE);
        if (t == null && (linear & 0xfff) > 0x1000 - 15 - 15 * BlockTranslator.MAX_INSNS) {
            t = cache.find(pc, mode, frame, mmu.execFrame(BlockTranslator.nextPage(linear, mode), cpu.user()));
        }
        return t;
    }

    /** How often a block ran; one that is compiled already counts as hot. */
    private int executions(Translation t) {
        return t.code != null || t.handle == Translation.NONE ? options.hotThreshold() : interpreter.executions(t.handle);
    }

    private Candidate assemble(Translation seed, Map<Long, Translation> chosen, Map<Long, Block> blocks, Set<Long> returnPoints, int insns, boolean calling) {
        Set<Long> entries = new LinkedHashSet<>();
        entries.add(seed.pc);
        for (long pc : chosen.keySet()) {
            if (returnPoints.contains(pc)) {
                entries.add(pc);
            }
        }
        Map<Long, Integer> x87States = specialize(chosen, blocks, calling);
        return Candidate.of(blocks, new ArrayList<>(entries), chosen, insns, x87States);
    }

    private static long[] successors(Block b) {
        Terminator t = b.terminator();
        return switch (t.kind()) {
            case GOTO -> new long[] {t.target()};
            case BRANCH -> new long[] {t.target(), t.otherwise()};
            default -> new long[0];
        };
    }

    /** Where the call that ends this block returns to, or {@link #NOWHERE}: a call has stored the address after the block. */
    static long returnPoint(Block b) {
        long after = b.pc() + b.guestBytes();
        Terminator.Kind k = b.terminator().kind();
        if (k != Terminator.Kind.GOTO && k != Terminator.Kind.INDIRECT || k == Terminator.Kind.GOTO && b.terminator().target() == after) {
            return NOWHERE;
        }
        for (Insn i : b.insns()) {
            if (i.op() == Op.STORE && i.arg(1).isConst() && stored(i.arg(1)) == after) {
                return after;
            }
        }
        return NOWHERE;
    }

    private static long stored(Insn constant) {
        return constant.type() == Type.I64 ? constant.imm() : constant.imm() & 0xffffffffL;
    }
}
