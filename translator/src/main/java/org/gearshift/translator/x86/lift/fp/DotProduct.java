package org.gearshift.translator.x86.lift.fp;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;

/**
 * DPPD, DPPS (SDM vol. 2): products of the elements that bits 7..4 of the immediate select, their sum in pairs, to the elements that bits 3..0 select. Each step raises its exceptions before the
 * next begins; elements not selected are products of zeros, which raise none.
 */
final class DotProduct {
    private static final long LOW = 0xffff_ffffL;

    /** One step on one lane. */
    private interface Step {
        Insn[] apply(Insn[] lane);
    }

    private DotProduct() {
    }

    static void register(LiftTable t) {
        VectorForms.add(t, DotProduct::doubles, Mnemonic.DPPD);
        VectorForms.add(t, DotProduct::singles, Mnemonic.DPPS);
    }

    private static void doubles(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int imm = Vectors.immediate(i);
        VectorForms.LaneBy add = SseArithmetic.packed(Mnemonic.ADDPD);
        Insn[] products = products(c, i, Mnemonic.MULPD, new long[] {spread(imm >> 4, -1), spread(imm >> 5, -1)});
        Insn[] zeros = {ir.i64(0), ir.i64(0)};
        Insn[] sum = add.apply(ir, new Insn[] {products[0], zeros[0]}, new Insn[] {products[1], zeros[1]}, 0);
        Vectors.write(c, i.op(0), ir.and(sum[0], spread(imm, -1)), ir.and(sum[0], spread(imm >> 1, -1)));
    }

    private static void singles(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int imm = Vectors.immediate(i);
        VectorForms.LaneBy add = SseArithmetic.packed(Mnemonic.ADDPS);
        Insn zero = ir.i64(0);
        Insn[] products = products(c, i, Mnemonic.MULPS, new long[] {pair(imm >> 4), pair(imm >> 6)});
        Insn[] pairs = step(c, products, p -> add.apply(ir, new Insn[] {SimdShuffles.lows(ir, p[0], p[1]), zero},
                new Insn[] {SimdShuffles.highs(ir, p[0], p[1]), zero}, 0));
        Insn[] sums = step(c, pairs, p -> add.apply(ir, new Insn[] {ir.and(p[0], LOW), zero}, new Insn[] {ir.shr(p[0], 32), zero}, 0));
        Insn[] r = new Insn[sums.length];
        for (int n = 0; n < r.length; n++) {
            Insn sum = sums[n & ~1];
            r[n] = ir.and(SimdShuffles.lows(ir, sum, sum), pair(imm >> 2 * (n & 1)));
        }
        Vectors.write(c, i.op(0), r);
    }

    private static Insn[] products(LiftContext c, Instruction i, Mnemonic multiply, long[] masks) {
        VectorForms.LaneBy f = SseArithmetic.packed(multiply);
        Insn[] b = Vectors.read(c, Vectors.second(i));
        Insn[] a = Vectors.read(c, Vectors.first(i));
        for (int n = 0; n < a.length; n++) {
            a[n] = c.ir.and(a[n], masks[n & 1]);
            b[n] = c.ir.and(b[n], masks[n & 1]);
        }
        Insn[] factors = b;
        int[] at = {0};
        return step(c, a, lane -> {
            Insn[] r = f.apply(c.ir, lane, VectorForms.lane(factors, at[0]), 0);
            at[0] += 2;
            return r;
        });
    }

    private static Insn[] step(LiftContext c, Insn[] v, Step f) {
        Insn[] r = new Insn[v.length];
        Insn before = v.length > 2 ? FpExceptions.begin(c) : null;
        for (int n = 0; n < v.length; n += 2) {
            Insn[] lane = f.apply(VectorForms.lane(v, n));
            r[n] = lane[0];
            r[n + 1] = lane[1];
        }
        FpExceptions.end(c, before);
        return r;
    }

    private static long spread(int bit, long ones) {
        return (bit & 1) != 0 ? ones : 0;
    }

    /** Masks of two doublewords. */
    private static long pair(int bits) {
        return spread(bits, LOW) | spread(bits >> 1, LOW << 32);
    }
}
