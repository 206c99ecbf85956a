package org.gearshift.vmm.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.gearshift.ir.Block;
import org.gearshift.ir.Terminator;
import org.gearshift.translator.x86.lift.X87Knowledge;

/**
 * Which state the x87 register stack is in at each block of a region: compilers balance the stack, so that at an address it hardly ever changes. What has been seen
 * spreads along the region's edges, and where a call returns it is taken to be as before the call, until something else has been seen there.
 */
final class X87States {
    private final BlockTranslator translator;
    private final Map<Long, Translation> chosen;
    private final Map<Long, Block> blocks;
    private final Map<Long, Integer> states = new HashMap<>();
    private final Deque<Long> open = new ArrayDeque<>();
    /** Return points of calls, which come behind all that is certain. */
    private final Deque<Runnable> guesses = new ArrayDeque<>();
    private final Deque<Runnable> last = new ArrayDeque<>();

    private X87States(BlockTranslator translator, Map<Long, Translation> chosen, Map<Long, Block> blocks) {
        this.translator = translator;
        this.chosen = chosen;
        this.blocks = blocks;
    }

    /**
     * Lifts blocks once more, each for its state, if there are x87 instructions among them.
     *
     * @param blocks by pc; changed
     * @return the states
     */
    static Map<Long, Integer> specialize(BlockTranslator translator, Map<Long, Translation> chosen, Map<Long, Block> blocks) {
        X87States s = new X87States(translator, chosen, blocks);
        if (chosen.values().stream().anyMatch(t -> t.firstX87 >= 0)) {
            s.solve();
        }
        return s.states;
    }

    private void solve() {
        // What nothing leads to is taken to be entered with an empty stack, as functions are.
        chosen.values().stream().filter(t -> t.firstX87 >= 0 && t.x87State == X87Knowledge.UNKNOWN).forEach(t -> last.add(() -> enter(t.pc, X87Knowledge.INITIAL)));
        chosen.values().stream().filter(t -> t.x87State != X87Knowledge.UNKNOWN).forEach(t -> enter(t.pc, t.x87State));
        while (!open.isEmpty() || !guesses.isEmpty() || !last.isEmpty()) {
            if (open.isEmpty()) {
                (guesses.isEmpty() ? last : guesses).poll().run();
                continue;
            }
            long pc = open.poll();
            Block b = translator.lift(chosen.get(pc), states.get(pc));
            blocks.put(pc, b);
            leave(b, translator.x87After());
        }
    }

    private void enter(long pc, int state) {
        if (state != X87Knowledge.UNKNOWN && chosen.containsKey(pc) && states.putIfAbsent(pc, state) == null) {
            open.add(pc);
        }
    }

    private void leave(Block b, int state) {
        Terminator t = b.terminator();
        long back = RegionFormer.returnPoint(b);
        if (t.kind() == Terminator.Kind.GOTO || t.kind() == Terminator.Kind.BRANCH) {
            enter(t.target(), state);
        }
        if (t.kind() == Terminator.Kind.BRANCH) {
            enter(t.otherwise(), state);
        }
        if (back != RegionFormer.NOWHERE) {
            guesses.add(() -> enter(back, state));
        }
    }
}
