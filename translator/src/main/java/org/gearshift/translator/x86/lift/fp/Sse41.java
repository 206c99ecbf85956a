package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.PackedHorizontal;
import org.gearshift.translator.x86.runtime.PackedInteger;
import org.gearshift.translator.x86.runtime.PackedShuffle;
import org.gearshift.translator.x86.runtime.SseConvert;

/** Integers, blends, insertion, extraction and rounding of SSE4.1 and their AVX forms (SDM vol. 1, 5.10). Dot products: {@link DotProduct}. */
final class Sse41 {
    private static final Helper MPSADBW = Helper.pure("mpsadbw", PackedHorizontal.class, "mpsadbw", I64, I64, I64);
    private static final Helper PHMINPOSUW = Helper.pure("phminposuw", PackedHorizontal.class, "phminposuw", I64, I64, I64);
    private static final Helper BLEND_BYTES = Helper.pure("blend_bytes", PackedShuffle.class, "blendBytes", I64, I64, I64, I64);
    static final Helper BLEND_DOUBLEWORDS = Helper.pure("blend_doublewords", PackedShuffle.class, "blendDoublewords", I64, I64, I64, I64);
    private static final Helper ROUNDPD = SseArithmetic.helper(SseConvert.class, "roundsd", I64, I64, I64, I32);
    private static final Helper ROUNDPS = SseArithmetic.helper(SseConvert.class, "roundps", I64, I64, I64, I32);
    private static final long LOW = 0xffff_ffffL;

    private Sse41() {
    }

    static void register(LiftTable t) {
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PMINSB, Mnemonic.PMAXSB, Mnemonic.PMINUW, Mnemonic.PMAXUW, Mnemonic.PMINSD, Mnemonic.PMAXSD,
            Mnemonic.PMINUD, Mnemonic.PMAXUD, Mnemonic.PMULLD}) {
            SimdInteger.half(t, m, PackedInteger.class);
        }
        SimdInteger.pairwise(t, Mnemonic.PACKUSDW, PackedInteger.class);
        VectorForms.half(t, Mnemonic.PCMPEQQ, (ir, a, b) -> ir.neg(ir.zext32(ir.eq(a, b))));
        VectorForms.half(t, Mnemonic.PMULDQ, (ir, a, b) -> ir.mul(ir.sext32(ir.trunc(a)), ir.sext32(ir.trunc(b))));
        VectorForms.add(t, Sse41::mpsadbw, Mnemonic.MPSADBW);
        VectorForms.unary(t, Mnemonic.PHMINPOSUW, (ir, v, imm) -> new Insn[] {ir.call(PHMINPOSUW, v[0], v[1]), ir.i64(0)});
        VectorForms.add(t, Sse41::ptest, Mnemonic.PTEST);
        widening(t);
        blends(t);
        elements(t);
        rounding(t);
    }

    /** Bits 2 and 1..0 of the immediate say where the first operand's window and the second's block begin; for the upper lane bits 5 and 4..3. */
    private static void mpsadbw(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn[] b = Vectors.read(c, Vectors.second(i));
        Insn[] a = Vectors.read(c, Vectors.first(i));
        int imm = Vectors.immediate(i);
        Insn[] r = new Insn[a.length];
        for (int n = 0; n < r.length; n += 2) {
            int window = imm & 4;
            Insn block = ir.shr(b[n + (imm >> 1 & 1)], (imm & 1) * 32);
            Insn[] lane = VectorForms.lane(a, n);
            r[n] = ir.call(MPSADBW, SimdInteger.eight(ir, lane, window), block);
            r[n + 1] = ir.call(MPSADBW, SimdInteger.eight(ir, lane, window + 4), block);
            imm >>= 3;
        }
        Vectors.write(c, i.op(0), r);
    }

    /** ZF: no bit of the second operand is set in the first; CF: none is clear in it. */
    private static void ptest(LiftContext c, Instruction i) {
        test(c, i, -1);
    }

    /** The same for those bits of each I64 that are in {@code mask}. */
    static void test(LiftContext c, Instruction i, long mask) {
        IrBuilder ir = c.ir;
        Insn[] b = Vectors.read(c, i.op(1));
        Insn[] a = Vectors.read(c, i.op(0));
        Insn common = ir.and(a[0], b[0]);
        Insn missing = ir.and(ir.not(a[0]), b[0]);
        for (int n = 1; n < a.length; n++) {
            common = ir.or(common, ir.and(a[n], b[n]));
            missing = ir.or(missing, ir.and(ir.not(a[n]), b[n]));
        }
        Insn zero = ir.i32(0);
        c.flags.setAll(ir.eq(ir.and(missing, mask), 0), zero, zero, ir.eq(ir.and(common, mask), 0), zero, zero);
    }

    /** Makes 64 bits of a result from low bits of its source. */
    private interface Widening {
        Insn apply(IrBuilder ir, Insn v);
    }

    private static void widening(LiftTable t) {
        widen(t, Mnemonic.PMOVZXBW, 32, call("zeroExtendBytes"));
        widen(t, Mnemonic.PMOVSXBW, 32, call("signExtendBytes"));
        widen(t, Mnemonic.PMOVZXBD, 16, call("zeroExtendBytesTwice"));
        widen(t, Mnemonic.PMOVSXBD, 16, call("signExtendBytesTwice"));
        widen(t, Mnemonic.PMOVZXBQ, 8, (ir, v) -> ir.zext8(v));
        widen(t, Mnemonic.PMOVSXBQ, 8, (ir, v) -> ir.sext8(v));
        widen(t, Mnemonic.PMOVZXWD, 32, call("zeroExtendWords"));
        widen(t, Mnemonic.PMOVSXWD, 32, call("signExtendWords"));
        widen(t, Mnemonic.PMOVZXWQ, 16, (ir, v) -> ir.zext16(v));
        widen(t, Mnemonic.PMOVSXWQ, 16, (ir, v) -> ir.sext16(v));
        widen(t, Mnemonic.PMOVZXDQ, 32, (ir, v) -> ir.and(v, LOW));
        widen(t, Mnemonic.PMOVSXDQ, 32, (ir, v) -> ir.sext32(ir.trunc(v)));
    }

    private static Widening call(String method) {
        Helper h = Helper.pure(method, PackedShuffle.class, method, I64, I64);
        return (ir, v) -> ir.call(h, v);
    }

    /** PMOVSXxx, PMOVZXxx: each 64 bits come from {@code bits} bits. */
    private static void widen(LiftTable t, Mnemonic m, int bits, Widening f) {
        VectorForms.add(t, (c, i) -> {
            int parts = i.op(0).bits / 64;
            Insn[] s = parts * bits > 64 ? Vectors.read(c, i.op(1)) : new Insn[] {Vectors.readLow(c, i.op(1), parts * bits)};
            Insn[] r = new Insn[parts];
            for (int n = 0; n < parts; n++) {
                r[n] = f.apply(c.ir, c.ir.shr(s[n * bits / 64], n * bits & 63));
            }
            Vectors.write(c, i.op(0), r);
        }, m);
    }

    private static void blends(LiftTable t) {
        blendBy(t, Mnemonic.PBLENDW, 16, 8);
        blendBy(t, Mnemonic.BLENDPS, 32, 8);
        blendBy(t, Mnemonic.BLENDPD, 64, 4);
        VectorForms.selecting(t, Mnemonic.PBLENDVB, (ir, a, b, mask) -> ir.call(BLEND_BYTES, a, b, mask));
        VectorForms.selecting(t, Mnemonic.BLENDVPS, (ir, a, b, mask) -> ir.call(BLEND_DOUBLEWORDS, a, b, mask));
        VectorForms.selecting(t, Mnemonic.BLENDVPD, (ir, a, b, mask) -> ir.select(ir.slt(mask, ir.i64(0)), b, a));
    }

    /** Elements of the second operand where the immediate has ones; its bits are used again after {@code cycle} of them. */
    static void blendBy(LiftTable t, Mnemonic m, int bits, int cycle) {
        VectorForms.add(t, (c, i) -> blend(c, i, bits, cycle), m);
    }

    static void blend(LiftContext c, Instruction i, int bits, int cycle) {
        Insn[] b = Vectors.read(c, Vectors.second(i));
        Insn[] a = Vectors.read(c, Vectors.first(i));
        int imm = Vectors.immediate(i);
        int each = 64 / bits;
        for (int n = 0; n < a.length; n++) {
            long mask = 0;
            for (int k = 0; k < each; k++) {
                if ((imm >> (n * each + k) % cycle & 1) != 0) {
                    mask |= -1L >>> 64 - bits << k * bits;
                }
            }
            a[n] = merge(c.ir, a[n], b[n], mask);
        }
        Vectors.write(c, i.op(0), a);
    }

    private static Insn merge(IrBuilder ir, Insn a, Insn b, long mask) {
        return mask == 0 ? a : mask == -1 ? b : ir.or(ir.and(a, ~mask), ir.and(b, mask));
    }

    private static void elements(LiftTable t) {
        VectorForms.add(t, (c, i) -> SimdShuffles.insert(c, i, 8), Mnemonic.PINSRB);
        VectorForms.add(t, (c, i) -> SimdShuffles.insert(c, i, 32), Mnemonic.PINSRD);
        VectorForms.add(t, (c, i) -> SimdShuffles.insert(c, i, 64), Mnemonic.PINSRQ);
        VectorForms.add(t, (c, i) -> SimdShuffles.extract(c, i, 8), Mnemonic.PEXTRB);
        VectorForms.add(t, (c, i) -> SimdShuffles.extract(c, i, 32), Mnemonic.PEXTRD, Mnemonic.EXTRACTPS);
        VectorForms.add(t, (c, i) -> SimdShuffles.extract(c, i, 64), Mnemonic.PEXTRQ);
        VectorForms.add(t, Sse41::insertps, Mnemonic.INSERTPS);
    }

    /** Bits 7..6 of the immediate select the source element, unless it is in memory; 5..4 its place; 3..0 elements to become zero. */
    private static void insertps(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Operand s = Vectors.second(i);
        int imm = Vectors.immediate(i);
        int from = imm >> 6;
        Insn v = s.isMemory() ? ir.zext32(Vectors.read32(c, s)) : ir.and(ir.shr(ir.get64(Vectors.slot(s, from >> 1)), (from & 1) * 32), LOW);
        Insn[] r = Vectors.read(c, Vectors.first(i));
        int to = imm >> 4 & 3;
        int shift = (to & 1) * 32;
        r[to >> 1] = ir.or(ir.and(r[to >> 1], ~(LOW << shift)), ir.shl(v, shift));
        for (int n = 0; n < 2; n++) {
            long keep = ((imm >> 2 * n & 1) != 0 ? 0 : LOW) | ((imm >> 2 * n & 2) != 0 ? 0 : LOW << 32);
            r[n] = ir.and(r[n], keep);
        }
        Vectors.write(c, i.op(0), r);
    }

    private static void rounding(LiftTable t) {
        VectorForms.floatingUnary(t, Mnemonic.ROUNDPD, (ir, v, imm) -> new Insn[] {
            ir.call(ROUNDPD, v[0], v[1], ir.i32(imm)), ir.call(ROUNDPD, v[1], v[0], ir.i32(imm))});
        VectorForms.floatingUnary(t, Mnemonic.ROUNDPS, (ir, v, imm) -> new Insn[] {
            ir.call(ROUNDPS, v[0], v[1], ir.i32(imm)), ir.call(ROUNDPS, v[1], v[0], ir.i32(imm))});
        VectorForms.scalar(t, Mnemonic.ROUNDSD, 64, (ir, a, b, imm) -> ir.call(ROUNDPD, b, ir.i64(0), ir.i32(imm)));
        VectorForms.scalar(t, Mnemonic.ROUNDSS, 32, (ir, a, b, imm) ->
                ir.or(ir.and(a, ~LOW), ir.call(ROUNDPS, ir.zext32(b), ir.i64(0), ir.i32(imm))));
    }
}
