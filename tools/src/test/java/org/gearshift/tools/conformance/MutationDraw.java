package org.gearshift.tools.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Printer;
import org.gearshift.ir.Verifier;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.lift.X86Lifter;

/**
 * Draws errors by a seed: a group of instructions, a mnemonic of it, a form, a kind of operation in what that is lifted to, one of those operations, and an
 * error that can be made of it, each with equal chances. Errors that leave the IR as it is, once optimized, are none, and are not drawn.
 */
final class MutationDraw {
    /** Encodings of a form on which an error is tried. */
    private static final int ENCODINGS = 40;

    /** What is lifted. */
    private record Sample(byte[] bytes, long mode) {
    }

    private final SplittableRandom random;
    private final LiftTable standard = LiftTable.standard();
    private final X86Lifter lifter = new X86Lifter(standard);
    private final PassPipeline passes = new PassPipeline(X86State.LAYOUT, false);
    /** Forms by group and mnemonic. */
    private final Map<String, Map<Mnemonic, List<Form>>> groups = new TreeMap<>();
    private int same;

    /** @param forms that can be drawn */
    MutationDraw(long seed, List<Form> forms) {
        random = new SplittableRandom(seed);
        for (Form f : forms) {
            groups.computeIfAbsent(f.set.name(), k -> new TreeMap<>()).computeIfAbsent(f.mnemonic(), k -> new ArrayList<>()).add(f);
        }
    }

    /**
     * Whether an error makes no difference, whatever values registers and memory may have: as far as so many valuations for each of many encodings tell.
     *
     * @param pointers x87 instruction and data pointers count
     */
    boolean isEquivalent(Mutation m, int valuations, boolean pointers) {
        X86Lifter wrong = wrong(m);
        for (Sample s : samples(m.form())) {
            Block a = lift(lifter, s);
            Block b = lift(wrong, s);
            for (int n = 0; n < valuations; n++) {
                if (!IrValuation.agree(a, b, random.nextLong(), pointers)) {
                    return false;
                }
            }
        }
        return true;
    }

    private X86Lifter wrong(Mutation m) {
        return new X86Lifter(MutationCheck.replacing(Map.of(m.form().mnemonic(), m.in(standard.get(m.form().mnemonic())))));
    }

    /** How many errors were rejected because the IR stayed the same. */
    int same() {
        return same;
    }

    /** The next error. */
    Mutation next() {
        while (true) {
            Map<Mnemonic, List<Form>> group = any(List.copyOf(groups.values()));
            Form form = any(any(List.copyOf(group.values())));
            List<Sample> samples = samples(form);
            Mutation m = in(form, lift(lifter, samples.get(0)));
            if (m == null) {
                continue;
            }
            X86Lifter wrong = wrong(m);
            boolean changes = false;
            boolean legal = true;
            for (Sample s : samples) {
                Block b = lift(wrong, s);
                legal &= Verifier.check(b, X86State.LAYOUT).isEmpty();
                changes |= legal && !text(b).equals(text(lift(lifter, s)));
            }
            same += legal && !changes ? 1 : 0;
            if (legal && changes) {
                return m;
            }
        }
    }

    /** An error in the block that a form was lifted to, or null if the operation that was drawn leaves room for none. */
    private Mutation in(Form form, Block b) {
        Map<Op, List<Insn>> byOp = new TreeMap<>();
        for (Insn v : b.insns()) {
            byOp.computeIfAbsent(v.op(), k -> new ArrayList<>()).add(v);
        }
        List<Insn> alike = any(List.copyOf(byOp.values()));
        int n = random.nextInt(alike.size());
        Change change = Change.of(alike.get(n), random);
        return change == null ? null : new Mutation(form, alike.get(n).op(), n, change);
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private List<Sample> samples(Form form) {
        Encoder encoder = new Encoder(random.split());
        List<Sample> samples = new ArrayList<>();
        for (int n = 0; n < ENCODINGS; n++) {
            samples.add(new Sample(encoder.encode(form).bytes(), Code.mode(form.bits)));
        }
        return samples;
    }

    private static Block lift(X86Lifter lifter, Sample s) {
        return lifter.lift(a -> a - Layout.CODE < s.bytes.length ? s.bytes[(int) (a - Layout.CODE)] & 0xff : 0x90, Layout.CODE, s.mode, 1);
    }

    private String text(Block b) {
        return Printer.print(passes.optimize(b), X86State.LAYOUT);
    }
}
