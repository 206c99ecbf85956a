package org.gearshift.backend.jvm;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;

/**
 * Where a region compares the budget with what is ahead. A check at a block covers the longest way from there to the next check or out of
 * the region (its <em>stretch</em>), so that the blocks between only subtract. A region is therefore left at a checked block as soon as the
 * budget is shorter than the stretch, with the budget exact; an interpreter executes what remains of it.
 *
 * <p>Checked are entries, one block at least of every cycle, what follows a monitor service (it may change the budget) or an EXIT, and as many more as keep
 * stretches short. Only there, at other exits and at operations that may fault, state must be exact: dead-store removal may look across all other
 * blocks. The plan is made before that and handed to the compiler; it stays valid if passes remove edges.
 */
public final class BudgetPlan {
    /** Longest stretch in guest instructions, unless a single block is longer. */
    private static final int MAX_STRETCH = 512;

    private final Map<Long, Integer> stretch = new HashMap<>();

    private BudgetPlan() {
    }

    /** Checks at every block. */
    public static BudgetPlan everyBlock(Region r) {
        BudgetPlan p = new BudgetPlan();
        for (Block b : r.blocks()) {
            p.stretch.put(b.pc(), b.guestInsns());
        }
        return p;
    }

    /** As few checks as the rules above allow. */
    public static BudgetPlan of(Region r) {
        BudgetPlan p = new BudgetPlan();
        Walk w = new Walk(r);
        for (long pc : w.checked) {
            p.stretch.put(pc, w.need.getOrDefault(pc, r.blockAt(pc).guestInsns()));
        }
        return p;
    }

    /**
     * The region with an entry at every checked block, behind its own: so that it can be entered again wherever it was left for want
     * of budget. Costs 12 bytes of bytecode an entry, and no speed that could be measured.
     */
    public static Region enteredAtChecks(Region r) {
        BudgetPlan plan = of(r);
        List<Long> entries = new ArrayList<>(r.entries());
        for (Block b : r.blocks()) {
            if (plan.checks(b.pc()) && !entries.contains(b.pc())) {
                entries.add(b.pc());
            }
        }
        return new Region(r.blocks(), entries);
    }

    /** True if the budget is checked at the block: the region may be left there. */
    public boolean checks(long pc) {
        return stretch.containsKey(pc);
    }

    /** Guest instructions that the budget must cover for the region to go on from a checked block. */
    public int stretch(long pc) {
        return stretch.get(pc);
    }

    /** Depth-first walk: back edges first, then the longest ways bottom-up. */
    private static final class Walk {
        private final Region region;
        private final Set<Long> checked = new HashSet<>();
        private final Map<Long, Integer> need = new HashMap<>();
        private final Set<Long> seen = new HashSet<>();
        private final Set<Long> open = new HashSet<>();
        private final List<Block> bottomUp = new ArrayList<>();

        Walk(Region r) {
            region = r;
            checked.addAll(r.entries());
            for (Block b : r.blocks()) {
                if (callsMonitor(b)) {
                    checked.addAll(successors(b));
                }
                if (b.terminator().kind() == Terminator.Kind.EXIT && r.blockAt(b.terminator().target()) != null) {
                    checked.add(b.terminator().target());
                }
            }
            for (long e : r.entries()) {
                visit(e);
            }
            for (Block b : r.blocks()) {
                visit(b.pc());
            }
            for (Block b : bottomUp) {
                measure(b);
            }
        }

        private static boolean callsMonitor(Block b) {
            for (Insn i : b.insns()) {
                if (i.op() == Op.VMCALL) {
                    return true;
                }
            }
            return false;
        }

        private List<Long> successors(Block b) {
            Terminator t = b.terminator();
            List<Long> s = new ArrayList<>(2);
            if (t.kind() == Terminator.Kind.GOTO || t.kind() == Terminator.Kind.BRANCH) {
                addInside(s, t.target());
            }
            if (t.kind() == Terminator.Kind.BRANCH) {
                addInside(s, t.otherwise());
            }
            return s;
        }

        private void addInside(List<Long> to, long pc) {
            if (region.blockAt(pc) != null) {
                to.add(pc);
            }
        }

        private record Step(Block block, Deque<Long> left) { }

        private void visit(long root) {
            Deque<Step> path = new ArrayDeque<>();
            enter(path, root);
            while (!path.isEmpty()) {
                Step s = path.peek();
                Long next = s.left().poll();
                if (next == null) {
                    path.pop();
                    open.remove(s.block().pc());
                    bottomUp.add(s.block());
                } else if (open.contains(next)) {
                    checked.add(next);
                } else {
                    enter(path, next);
                }
            }
        }

        private void enter(Deque<Step> path, long pc) {
            if (seen.add(pc)) {
                open.add(pc);
                Block b = region.blockAt(pc);
                path.push(new Step(b, new ArrayDeque<>(successors(b))));
            }
        }

        private void measure(Block b) {
            int longest = 0;
            for (long s : successors(b)) {
                if (!checked.contains(s) && b.guestInsns() + need.get(s) > MAX_STRETCH) {
                    checked.add(s);
                }
                if (!checked.contains(s)) {
                    longest = Math.max(longest, need.get(s));
                }
            }
            need.put(b.pc(), b.guestInsns() + longest);
        }
    }
}
