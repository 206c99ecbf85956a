package org.gearshift.tools.conformance;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.backend.jvm.BackendOptions;
import org.gearshift.backend.jvm.BudgetPlan;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.backend.jvm.RegionCompiler;
import org.gearshift.backend.jvm.RegionTooLargeException;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.lift.X87Knowledge;

/** The JVM backend: what can be reached statically is compiled as one region, as the engine does with hot code, in one of the two forms it has for regions. */
final class CompiledExecutor extends Executor {
    /** {@code x87State} is what the code is for, see {@link X87Knowledge}: nothing in particular if it is a single instruction. */
    private record Key(long pc, long mode, boolean single, int x87State) {
    }

    private record Entry(CompiledRegion region, int number) {
    }

    private final PassPipeline passes = new PassPipeline(X86State.LAYOUT, true);
    private final RegionCompiler compiler;
    /** For single instructions: what an access that left its region is repeated by. */
    private final RegionCompiler callingCompiler;
    private final Map<Key, Entry> entries = new HashMap<>();
    private final boolean inPlace;

    /** @param inPlace where compiled code has its state slots, see {@link BackendOptions#slotsInPlace} */
    CompiledExecutor(UserProcessor processor, LiftTable table, boolean inPlace) {
        super(processor, table);
        this.inPlace = inPlace;
        BackendOptions options = BackendOptions.defaults().withWideShift(processor.context.wideShift).withSlotsInPlace(inPlace);
        compiler = new RegionCompiler(X86State.LAYOUT, options.withMissesLeave(true));
        callingCompiler = new RegionCompiler(X86State.LAYOUT, options);
    }

    @Override
    String name() {
        return inPlace ? "jvm, slots in place" : "jvm";
    }

    @Override
    void forget() {
        entries.clear();
    }

    @Override
    boolean enter(long pc, boolean single) {
        Key key = new Key(pc, processor.mode(), single, single ? X87Knowledge.UNKNOWN : X87Knowledge.stateOf(processor.context.s));
        Entry e = entries.get(key);
        if (e == null) {
            compile(key);
            e = entries.get(key);
        }
        e.region.runAndSettle(processor.context, e.number);
        if (processor.context.faultPending) {
            processor.context.faultPending = false;
            return false;
        }
        return true;
    }

    private void compile(Key key) {
        for (int most = key.single ? 1 : MAX_BLOCK;; most /= 2) {
            try {
                Map<Long, Integer> states = new HashMap<>(Map.of(key.pc, key.x87State));
                Region r = BudgetPlan.enteredAtChecks(new Region(blocks(key, most, states), List.of(key.pc)));
                BudgetPlan plan = BudgetPlan.of(r);
                CompiledRegion c = (key.single ? callingCompiler : compiler).compile(passes.optimize(r, plan::checks), plan, "trial");
                for (int i = 0; i < c.entries().size(); i++) {
                    long pc = c.entries().get(i);
                    entries.putIfAbsent(new Key(pc, key.mode, key.single, states.get(pc)), new Entry(c, i));
                }
                return;
            } catch (RegionTooLargeException e) {
                if (most == 1) {
                    throw e;
                }
            }
        }
    }

    /**
     * The block at a pc and, unless it is to be one instruction, those it leads to: fewer and shorter ones the smaller {@code most} is.
     *
     * @param states of the x87 register stack, by pc: where it is known to begin with; where others begin is added
     */
    private List<Block> blocks(Key key, int most, Map<Long, Integer> states) {
        Map<Long, Block> found = new LinkedHashMap<>();
        Deque<Long> open = new ArrayDeque<>(List.of(key.pc));
        while (!open.isEmpty() && found.size() < most) {
            long pc = open.poll();
            if (found.containsKey(pc) || pc != key.pc && (pc < code.start() || pc >= code.end())) {
                continue;
            }
            Block b;
            try {
                b = lifter.lift(processor::fetch, pc, key.mode, Math.min(most, instructionsToEnd(pc, key.mode)), states.get(pc));
            } catch (GuestFault f) {
                if (pc == key.pc) {
                    throw f;
                }
                continue;
            }
            found.put(pc, b);
            Terminator t = b.terminator();
            if (t.kind() == Terminator.Kind.GOTO || t.kind() == Terminator.Kind.BRANCH) {
                states.putIfAbsent(t.target(), lifter.x87After());
                open.add(t.target());
            }
            if (t.kind() == Terminator.Kind.BRANCH) {
                states.putIfAbsent(t.otherwise(), lifter.x87After());
                open.add(t.otherwise());
            }
        }
        List<Block> ordered = new ArrayList<>(found.values());
        ordered.sort(Comparator.comparingLong(Block::pc));
        return ordered;
    }
}
