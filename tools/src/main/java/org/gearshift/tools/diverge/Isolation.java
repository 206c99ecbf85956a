package org.gearshift.tools.diverge;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Region;
import org.gearshift.ir.pass.Pass;
import org.gearshift.tools.stage.BlockTrial;
import org.gearshift.tools.stage.Code;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.X86Lifter;
import org.gearshift.vmm.engine.EngineOptions;

/**
 * A step by itself: its instructions are run, one more each time, from the state before it and on a copy of the memory it touches, by both engines, until their results
 * differ. What is to blame is found by running the IR of that many instructions plain, and after each pass.
 */
final class Isolation {
    private final Gear a;
    private final Gear b;
    private final GuestMemory memory;
    private final long[] state;
    private final long pc;
    private final long mode;
    private final int insns;

    Isolation(Gear a, Gear b, GuestMemory memory, long[] state, long pc, long mode, int insns) {
        this.a = a;
        this.b = b;
        this.memory = memory;
        this.state = state;
        this.pc = pc;
        this.mode = mode;
        this.insns = insns;
    }

    /** What it finds, or null if nothing differs. */
    Culprit culprit() {
        for (int n = 1; n <= insns; n++) {
            Block fromA = lift(a, n);
            Block fromB = lift(b, n);
            if (fromA == null || fromB == null || fromA.guestInsns() < n) {
                return null;
            }
            BlockTrial.Result x = run(a, fromA);
            BlockTrial.Result y = run(b, fromB);
            List<String> differences = x.differences(y, a.name(), b.name());
            if (!differences.isEmpty()) {
                return blame(n, fromA, fromB, differences);
            }
        }
        return null;
    }

    private Block lift(Gear g, int n) {
        try {
            return new X86Lifter(g.recipe().lifters().get()).lift(this::fetch, pc, mode, n);
        } catch (GuestFault f) {
            return null;
        }
    }

    private int fetch(long linear) {
        byte[] one = memory.read(linear, 1);
        if (one.length == 0) {
            GuestFault f = new GuestFault();
            f.vector = 14;
            throw f;
        }
        return one[0] & 0xff;
    }

    private BlockTrial trial() {
        return new BlockTrial(X86Mode.is(mode, X86Mode.CODE64), state, memory::page);
    }

    private BlockTrial.Result run(Gear g, Block lifted) {
        return trial().run(optimized(lifted, g, g.passes().size()), g.backend() == EngineOptions.Backend.JVM);
    }

    private static Block optimized(Block b, Gear g, int passes) {
        Region r = Region.of(b);
        for (Pass p : g.passes().subList(0, passes)) {
            r = p.onRegion().run(r, pc -> true, X86State.LAYOUT);
        }
        return r.blocks().get(0);
    }

    private Culprit blame(int n, Block fromA, Block fromB, List<String> differences) {
        long at = pc;
        Code.Line line = Finding.line(memory, at, mode);
        for (int k = 1; k < n && line != null; k++) {
            at += line.bytes().length;
            line = Finding.line(memory, at, mode);
        }
        String mnemonic = line == null ? "?" : line.instruction().mnemonic().toString();
        BlockTrial.Result reference = trial().run(fromA, false);
        List<Culprit.Blame> blames = new ArrayList<>();
        verdict(a, fromA, reference, mnemonic, blames);
        verdict(b, fromB, reference, mnemonic, blames);
        List<String> ir = new ArrayList<>(List.of("IR:\n" + BlockTrial.text(fromA)));
        if (!BlockTrial.text(fromA).equals(BlockTrial.text(fromB))) {
            ir.add("IR of " + b.name() + ":\n" + BlockTrial.text(fromB));
        }
        for (Culprit.Blame x : blames) {
            if (x.kind() == Culprit.Kind.PASS) {
                Gear g = x.gear().equals(a.name()) ? a : b;
                int index = g.passes().stream().map(Pass::name).toList().indexOf(x.name()) + 1;
                ir.add("IR after " + x.name() + ":\n" + BlockTrial.text(optimized(g == a ? fromA : fromB, g, index)));
            }
        }
        return new Culprit(at, line == null ? "?" : line.text(), n, differences, blames, ir);
    }

    private void verdict(Gear g, Block lifted, BlockTrial.Result reference, String mnemonic, List<Culprit.Blame> blames) {
        if (!same(trial().run(lifted, false), reference)) {
            blames.add(new Culprit.Blame(g.name(), Culprit.Kind.LIFTER, mnemonic));
            return;
        }
        for (int i = 1; i <= g.passes().size(); i++) {
            if (!same(trial().run(optimized(lifted, g, i), false), reference)) {
                blames.add(new Culprit.Blame(g.name(), Culprit.Kind.PASS, g.passes().get(i - 1).name()));
                return;
            }
        }
        if (!same(run(g, lifted), reference)) {
            blames.add(new Culprit.Blame(g.name(), Culprit.Kind.ENGINE, g.backend() == EngineOptions.Backend.JVM ? "the JVM backend" : "the interpreter"));
        }
    }

    private static boolean same(BlockTrial.Result x, BlockTrial.Result y) {
        return x.differences(y, "a", "b").isEmpty();
    }
}
