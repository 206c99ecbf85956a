package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.GOTO;
import static org.objectweb.asm.Opcodes.IF_ICMPEQ;
import static org.objectweb.asm.Opcodes.IF_ICMPLT;

import org.gearshift.ir.Type;
import org.objectweb.asm.Label;

/** Bytecode that finds an int among known ones by halving. C1 makes of a switch a chain of comparisons, one key after the other. */
final class Search {
    /** So few are compared with one by one. */
    private static final int FEW = 3;

    private final Code c;
    private final int local;
    private final int[] keys;
    private final Label[] labels;
    private final Label otherwise;

    private Search(Code c, int local, int[] keys, Label[] labels, Label otherwise) {
        this.c = c;
        this.local = local;
        this.keys = keys;
        this.labels = labels;
        this.otherwise = otherwise;
    }

    /**
     * Jumps by an int.
     *
     * @param local where the int is
     * @param keys ascending
     * @param labels where to go for each
     */
    static void emit(Code c, int local, int[] keys, Label[] labels, Label otherwise) {
        new Search(c, local, keys, labels, otherwise).among(0, keys.length);
    }

    private void among(int from, int to) {
        if (to - from <= FEW) {
            for (int k = from; k < to; k++) {
                compare(k, IF_ICMPEQ, labels[k]);
            }
            c.jump(GOTO, 0, otherwise);
            return;
        }
        int middle = from + to >>> 1;
        Label lower = new Label();
        compare(middle, IF_ICMPLT, lower);
        among(middle, to);
        c.label(lower);
        among(from, middle);
    }

    private void compare(int key, int opcode, Label to) {
        c.load(Type.I32, local);
        c.constant(keys[key]);
        c.jump(opcode, 2, to);
    }
}
