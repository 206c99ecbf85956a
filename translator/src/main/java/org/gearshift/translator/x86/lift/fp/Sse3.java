package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.SseFloat;

/** SSE3 and its AVX forms (SDM vol. 1, 5.7): horizontal and alternating arithmetic is ordinary arithmetic on rearranged operands. LDDQU is a move. */
final class Sse3 {
    private static final Helper ADDSUBPD = SseArithmetic.helper(SseFloat.class, "addsubpd", I64, I64, I64, I64, I64);
    private static final Helper ADDSUBPD_HIGH = SseArithmetic.helper(SseFloat.class, "addsubpdHigh", I64, I64, I64, I64, I64);
    private static final Helper ADDSUBPS = SseArithmetic.helper(SseFloat.class, "addsubps", I64, I64, I64, I64, I64);

    private Sse3() {
    }

    static void register(LiftTable t) {
        VectorForms.add(t, Sse3::movddup, Mnemonic.MOVDDUP);
        VectorForms.unary(t, Mnemonic.MOVSLDUP, (ir, v, imm) -> new Insn[] {SimdShuffles.lows(ir, v[0], v[0]), SimdShuffles.lows(ir, v[1], v[1])});
        VectorForms.unary(t, Mnemonic.MOVSHDUP, (ir, v, imm) -> new Insn[] {SimdShuffles.highs(ir, v[0], v[0]), SimdShuffles.highs(ir, v[1], v[1])});
        VectorForms.floating(t, Mnemonic.ADDSUBPD, (ir, a, b, imm) ->
                new Insn[] {ir.call(ADDSUBPD, a[0], b[0], a[1], b[1]), ir.call(ADDSUBPD_HIGH, a[1], b[1], a[0], b[0])});
        VectorForms.floating(t, Mnemonic.ADDSUBPS, (ir, a, b, imm) ->
                new Insn[] {ir.call(ADDSUBPS, a[0], b[0], a[1], b[1]), ir.call(ADDSUBPS, a[1], b[1], a[0], b[0])});
        horizontalDoubles(t, Mnemonic.HADDPD, Mnemonic.ADDPD);
        horizontalDoubles(t, Mnemonic.HSUBPD, Mnemonic.SUBPD);
        horizontalSingles(t, Mnemonic.HADDPS, Mnemonic.ADDPS);
        horizontalSingles(t, Mnemonic.HSUBPS, Mnemonic.SUBPS);
    }

    /** The lower of each pair of quadwords twice; from memory, with XMM registers, only that one is loaded. */
    private static void movddup(LiftContext c, Instruction i) {
        if (i.op(0).bits == 128) {
            Insn v = Vectors.read64(c, i.op(1));
            Vectors.write(c, i.op(0), v, v);
        } else {
            Insn[] v = Vectors.read(c, i.op(1));
            Vectors.write(c, i.op(0), v[0], v[0], v[2], v[2]);
        }
    }

    private static void horizontalDoubles(LiftTable t, Mnemonic m, Mnemonic vertical) {
        VectorForms.LaneBy f = SseArithmetic.packed(vertical);
        VectorForms.floating(t, m, (ir, a, b, imm) -> f.apply(ir, new Insn[] {a[0], b[0]}, new Insn[] {a[1], b[1]}, imm));
    }

    private static void horizontalSingles(LiftTable t, Mnemonic m, Mnemonic vertical) {
        VectorForms.LaneBy f = SseArithmetic.packed(vertical);
        VectorForms.floating(t, m, (ir, a, b, imm) -> f.apply(ir, lower(ir, a, b), upper(ir, a, b), imm));
    }

    /** The even elements of a and b. */
    private static Insn[] lower(IrBuilder ir, Insn[] a, Insn[] b) {
        return new Insn[] {SimdShuffles.lows(ir, a[0], a[1]), SimdShuffles.lows(ir, b[0], b[1])};
    }

    /** The odd elements. */
    private static Insn[] upper(IrBuilder ir, Insn[] a, Insn[] b) {
        return new Insn[] {SimdShuffles.highs(ir, a[0], a[1]), SimdShuffles.highs(ir, b[0], b[1])};
    }
}
