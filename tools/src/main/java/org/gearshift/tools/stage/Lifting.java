package org.gearshift.tools.stage;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gearshift.backend.jvm.BudgetPlan;
import org.gearshift.ir.Block;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.X86Lifter;

/** From code to IR as the engine forms regions: blocks along static successors and behind calls, here all of them that lie inside the code given. */
public final class Lifting {
    private static final int MAX_BLOCK = 32;
    private static final int MAX_BLOCKS = 400;

    private final Code code;
    private final X86Lifter lifter;

    /** @param lifter with lifters of one's own */
    Lifting(Code code, X86Lifter lifter) {
        this.code = code;
        this.lifter = lifter;
    }

    /** The region from the code's start on. @param one the first block alone */
    public static Region region(Code code, boolean one) {
        return new Lifting(code, new X86Lifter()).region(one);
    }

    private Region region(boolean one) {
        Map<Long, Block> found = new LinkedHashMap<>();
        Set<Long> entries = new LinkedHashSet<>(List.of(code.start()));
        Deque<Long> todo = new ArrayDeque<>(entries);
        while (!todo.isEmpty() && found.size() < (one ? 1 : MAX_BLOCKS)) {
            long pc = todo.poll();
            if (found.containsKey(pc) || !code.holds(pc)) {
                continue;
            }
            if (code.line(pc) == null) {
                continue;
            }
            Block b = lifter.lift(code::byteAt, pc, code.mode(), instructionsUpTo(pc));
            found.put(pc, b);
            successors(b, todo);
            long after = b.pc() + b.guestBytes();
            if (endsWithCall(b) && code.holds(after)) {
                entries.add(after);
                todo.add(after);
            }
        }
        if (found.isEmpty()) {
            throw new InputException(code.image().name() + ": the bytes are no complete instruction");
        }
        entries.retainAll(found.keySet());
        List<Block> ordered = new ArrayList<>(found.values());
        ordered.sort(Comparator.comparingLong(Block::pc));
        Region r = new Region(ordered, new ArrayList<>(entries));
        return one ? r : BudgetPlan.enteredAtChecks(r);
    }

    private static void successors(Block b, Deque<Long> todo) {
        Terminator t = b.terminator();
        if (t.kind() == Terminator.Kind.BRANCH) {
            todo.add(t.otherwise());
        }
        if (t.kind() == Terminator.Kind.BRANCH || t.kind() == Terminator.Kind.GOTO || t.kind() == Terminator.Kind.EXIT) {
            todo.add(t.target());
        }
    }

    private boolean endsWithCall(Block b) {
        Code.Line l = null;
        for (long at = b.pc(); at - b.pc() < b.guestBytes(); at = l.next()) {
            l = code.line(at);
            if (l == null) {
                return false;
            }
        }
        return l != null && (l.instruction().mnemonic() == Mnemonic.CALL || l.instruction().mnemonic() == Mnemonic.INT);
    }

    /** Whole instructions from a pc to where the bytes end, at most as many as a block has. */
    private int instructionsUpTo(long pc) {
        int n = 0;
        for (long at = pc; n < MAX_BLOCK; n++) {
            Code.Line l = code.line(at);
            if (l == null) {
                break;
            }
            at = l.next();
        }
        return n;
    }
}
