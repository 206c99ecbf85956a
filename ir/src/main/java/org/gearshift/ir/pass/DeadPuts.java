package org.gearshift.ir.pass;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;

/**
 * Removes PUTs of slots that are put again before anyone looks. Whoever may fault or calls the monitor looks at every slot; so does leaving the block, except
 * over an edge inside a region to a block that overwrites the slot first.
 */
public final class DeadPuts {
    private DeadPuts() {
    }

    /** A block on its own: every end observes all slots. */
    public static Block run(Block b) {
        return sweep(b, new BitSet());
    }

    /**
     * A region: overwriting is followed along inner edges.
     *
     * @param observed tells of a block's pc whether all slots must be exact when the block is entered, because the budget is checked there or for
     *     another reason; entries of the region always count as observed
     */
    public static Region run(Region r, LongPredicate observed) {
        Map<Long, BitSet> overwrittenAtEntry = solve(r, observed);
        List<Block> out = new ArrayList<>();
        for (Block b : r.blocks()) {
            out.add(sweep(b, atEnd(b, r, overwrittenAtEntry)));
        }
        return new Region(out, r.entries());
    }

    /** Greatest solution: start from "everything is overwritten" and take away until stable. */
    private static Map<Long, BitSet> solve(Region r, LongPredicate observed) {
        int slots = slots(r);
        Set<Long> entries = new HashSet<>(r.entries());
        Map<Long, BitSet> at = new HashMap<>();
        for (Block b : r.blocks()) {
            BitSet all = new BitSet();
            if (!entries.contains(b.pc()) && !observed.test(b.pc())) {
                all.set(0, slots);
            }
            at.put(b.pc(), all);
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            List<Block> blocks = r.blocks();
            for (int i = blocks.size() - 1; i >= 0; i--) {
                Block b = blocks.get(i);
                BitSet old = at.get(b.pc());
                if (old.isEmpty()) {
                    continue;
                }
                BitSet now = atEnd(b, r, at);
                for (int k = b.insns().size() - 1; k >= 0; k--) {
                    step(b.insns().get(k), now);
                }
                now.and(old);
                if (!now.equals(old)) {
                    at.put(b.pc(), now);
                    changed = true;
                }
            }
        }
        return at;
    }

    private static int slots(Region r) {
        int slots = 0;
        for (Block b : r.blocks()) {
            for (Insn v : b.insns()) {
                if (v.op() == Op.PUT) {
                    slots = Math.max(slots, (int) v.imm() + 1);
                }
            }
        }
        return slots;
    }

    private static BitSet atEnd(Block b, Region r, Map<Long, BitSet> at) {
        Terminator t = b.terminator();
        BitSet s = new BitSet();
        boolean jump = t.kind() == Terminator.Kind.GOTO;
        boolean branch = t.kind() == Terminator.Kind.BRANCH;
        if ((jump || branch) && r.blockAt(t.target()) != null) {
            s.or(at.get(t.target()));
            if (branch) {
                BitSet other = r.blockAt(t.otherwise()) != null ? at.get(t.otherwise()) : new BitSet();
                s.and(other);
            }
        }
        return s;
    }

    /** Slots overwritten before observation, seen from before the instruction, given those seen from behind it. */
    private static void step(Insn v, BitSet overwritten) {
        switch (v.op()) {
            case PUT -> overwritten.set((int) v.imm());
            case GET -> overwritten.clear((int) v.imm());
            default -> {
                if (v.mayFault()) {
                    overwritten.clear();
                } else if (v.op() == Op.CALL) {
                    overwritten.andNot(v.helper().reads());
                }
            }
        }
    }

    private static Block sweep(Block b, BitSet overwritten) {
        List<Insn> insns = b.insns();
        boolean[] dead = null;
        int count = 0;
        for (int i = insns.size() - 1; i >= 0; i--) {
            Insn v = insns.get(i);
            if (v.op() == Op.PUT && overwritten.get((int) v.imm())) {
                if (dead == null) {
                    dead = new boolean[insns.size()];
                }
                dead[i] = true;
                count++;
            } else {
                step(v, overwritten);
            }
        }
        if (dead == null) {
            return b;
        }
        List<Insn> out = new ArrayList<>(insns.size() - count);
        for (int i = 0; i < dead.length; i++) {
            if (!dead[i]) {
                out.add(insns.get(i));
            }
        }
        return b.with(out, b.terminator());
    }
}
