package org.gearshift.translator.x86.lift.fp;

import java.util.Locale;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.PackedInteger;

/** Packed integer arithmetic, comparison, logic, shifts, packing and unpacking of MMX and SSE2 (SDM vol. 1, 5.4 and 5.6.3). */
final class SimdInteger {
    /** Computes one half from the same halves of both operands. */
    interface Half {
        Insn apply(IrBuilder ir, Insn a, Insn b);
    }

    /** Computes a 128-bit result from two 128-bit operands. */
    interface Whole {
        Insn[] apply(IrBuilder ir, Insn[] a, Insn[] b);
    }

    private SimdInteger() {
    }

    static void register(LiftTable t) {
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PADDB, Mnemonic.PADDW, Mnemonic.PADDD, Mnemonic.PSUBB, Mnemonic.PSUBW, Mnemonic.PSUBD,
            Mnemonic.PADDSB, Mnemonic.PADDSW, Mnemonic.PADDUSB, Mnemonic.PADDUSW, Mnemonic.PSUBSB, Mnemonic.PSUBSW, Mnemonic.PSUBUSB,
            Mnemonic.PSUBUSW, Mnemonic.PCMPEQB, Mnemonic.PCMPEQW, Mnemonic.PCMPEQD, Mnemonic.PCMPGTB, Mnemonic.PCMPGTW, Mnemonic.PCMPGTD,
            Mnemonic.PMINUB, Mnemonic.PMAXUB, Mnemonic.PMINSW, Mnemonic.PMAXSW, Mnemonic.PAVGB, Mnemonic.PAVGW, Mnemonic.PSADBW,
            Mnemonic.PMULLW, Mnemonic.PMULHW, Mnemonic.PMULHUW, Mnemonic.PMULUDQ, Mnemonic.PMADDWD}) {
            half(t, m, helper(PackedInteger.class, m));
        }
        half(t, Mnemonic.PADDQ, IrBuilder::add);
        half(t, Mnemonic.PSUBQ, IrBuilder::sub);
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PAND, Mnemonic.ANDPS, Mnemonic.ANDPD}) {
            half(t, m, IrBuilder::and);
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.POR, Mnemonic.ORPS, Mnemonic.ORPD}) {
            half(t, m, IrBuilder::or);
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PXOR, Mnemonic.XORPS, Mnemonic.XORPD}) {
            half(t, m, IrBuilder::xor);
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PANDN, Mnemonic.ANDNPS, Mnemonic.ANDNPD}) {
            half(t, m, (ir, a, b) -> ir.and(ir.not(a), b));
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PACKSSWB, Mnemonic.PACKUSWB, Mnemonic.PACKSSDW}) {
            pairwise(t, m, PackedInteger.class);
        }
        unpack(t, Mnemonic.PUNPCKLBW, Mnemonic.PUNPCKHBW);
        unpack(t, Mnemonic.PUNPCKLWD, Mnemonic.PUNPCKHWD);
        unpack(t, Mnemonic.PUNPCKLDQ, Mnemonic.PUNPCKHDQ);
        whole(t, Mnemonic.PUNPCKLQDQ, (ir, a, b) -> new Insn[] {a[0], b[0]});
        whole(t, Mnemonic.PUNPCKHQDQ, (ir, a, b) -> new Insn[] {a[1], b[1]});
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PSLLW, Mnemonic.PSLLD, Mnemonic.PSLLQ, Mnemonic.PSRLW, Mnemonic.PSRLD, Mnemonic.PSRLQ,
            Mnemonic.PSRAW, Mnemonic.PSRAD}) {
            shift(t, m);
        }
        t.add(Mnemonic.PSLLDQ, FpMode.simd((c, i) -> byteShift(c, i.op(0), (int) i.op(1).value, true)));
        t.add(Mnemonic.PSRLDQ, FpMode.simd((c, i) -> byteShift(c, i.op(0), (int) i.op(1).value, false)));
    }

    static Helper helper(Class<?> owner, Mnemonic m) {
        return Vectors.binary(owner, m.name().toLowerCase(Locale.ROOT));
    }

    static void half(LiftTable t, Mnemonic m, Helper h) {
        half(t, m, (ir, a, b) -> ir.call(h, a, b));
    }

    /** An instruction that works on both halves alike, of MMX and XMM registers. */
    static void half(LiftTable t, Mnemonic m, Half f) {
        t.add(m, FpMode.simd((c, i) -> {
            Operand d = i.op(0);
            if (Vectors.isMmx(d)) {
                mmx(c, i, f);
            } else {
                Insn[] b = Vectors.read128(c, i.op(1));
                Insn[] a = Vectors.read128(c, d);
                Insn low = f.apply(c.ir, a[0], b[0]);
                Vectors.write128(c, d, low, f.apply(c.ir, a[1], b[1]));
            }
        }));
    }

    private static void mmx(LiftContext c, Instruction i, Half f) {
        Vectors.beginMmx(c);
        Insn b = Vectors.read64(c, i.op(1));
        Vectors.writeMmx(c, i.op(0), f.apply(c.ir, Vectors.read64(c, i.op(0)), b));
    }

    /** An XMM instruction whose halves depend on all of its operands. */
    static void whole(LiftTable t, Mnemonic m, Whole f) {
        t.add(m, FpMode.simd((c, i) -> wholeXmm(c, i, f)));
    }

    private static void wholeXmm(LiftContext c, Instruction i, Whole f) {
        Insn[] b = Vectors.read128(c, i.op(1));
        Insn[] r = f.apply(c.ir, Vectors.read128(c, i.op(0)), b);
        Vectors.write128(c, i.op(0), r[0], r[1]);
    }

    /** MMX: f(a, b); XMM: the low half is f of a's halves, the high half f of b's. */
    static void pairwise(LiftTable t, Mnemonic m, Class<?> owner) {
        Helper h = helper(owner, m);
        both(t, m, (ir, a, b) -> ir.call(h, a, b), (ir, a, b) -> new Insn[] {ir.call(h, a[0], a[1]), ir.call(h, b[0], b[1])});
    }

    /** An instruction with MMX and XMM forms that differ in more than size. */
    static void both(LiftTable t, Mnemonic m, Half mmx, Whole xmm) {
        t.add(m, FpMode.simd((c, i) -> {
            if (Vectors.isMmx(i.op(0))) {
                mmx(c, i, mmx);
            } else {
                wholeXmm(c, i, xmm);
            }
        }));
    }

    private static void unpack(LiftTable t, Mnemonic low, Mnemonic high) {
        Helper l = helper(PackedInteger.class, low);
        Helper h = helper(PackedInteger.class, high);
        t.add(low, FpMode.simd((c, i) -> {
            if (Vectors.isMmx(i.op(0))) {
                Vectors.beginMmx(c);
                Insn b = c.ir.zext32(Vectors.read32(c, i.op(1)));
                Vectors.writeMmx(c, i.op(0), c.ir.call(l, Vectors.read64(c, i.op(0)), b));
            } else {
                wholeXmm(c, i, (ir, a, b) -> new Insn[] {ir.call(l, a[0], b[0]), ir.call(h, a[0], b[0])});
            }
        }));
        both(t, high, (ir, a, b) -> ir.call(h, a, b), (ir, a, b) -> new Insn[] {ir.call(l, a[1], b[1]), ir.call(h, a[1], b[1])});
    }

    private static void shift(LiftTable t, Mnemonic m) {
        Helper h = helper(PackedInteger.class, m);
        t.add(m, FpMode.simd((c, i) -> {
            Operand d = i.op(0);
            Operand s = i.op(1);
            boolean mmx = Vectors.isMmx(d);
            if (mmx) {
                Vectors.beginMmx(c);
            }
            Insn count = s.kind == Operand.Kind.IMMEDIATE ? c.ir.i64(s.value & 0xff) : mmx ? Vectors.read64(c, s) : Vectors.read128(c, s)[0];
            Half f = (ir, v, n) -> shifted(ir, m, h, v, n);
            if (mmx) {
                Vectors.writeMmx(c, d, f.apply(c.ir, Vectors.read64(c, d), count));
            } else {
                Insn[] a = Vectors.read128(c, d);
                Vectors.write128(c, d, f.apply(c.ir, a[0], count), f.apply(c.ir, a[1], count));
            }
        }));
    }

    private static Insn shifted(IrBuilder ir, Mnemonic m, Helper h, Insn v, Insn count) {
        if (count.isConst() && count.imm() < 64 && count.imm() >= 0 && (m == Mnemonic.PSLLQ || m == Mnemonic.PSRLQ)) {
            return m == Mnemonic.PSLLQ ? ir.shl(v, (int) count.imm()) : ir.shr(v, (int) count.imm());
        }
        return ir.call(h, v, count);
    }

    private static void byteShift(LiftContext c, Operand d, int bytes, boolean left) {
        Insn[] a = Vectors.read128(c, d);
        IrBuilder ir = c.ir;
        int n = Math.min(bytes & 0xff, 16);
        Insn zero = ir.i64(0);
        Insn[] r = left ? window(ir, new Insn[] {zero, zero, a[0], a[1]}, 16 - n) : window(ir, new Insn[] {a[0], a[1], zero, zero}, n);
        Vectors.write128(c, d, r[0], r[1]);
    }

    /** 16 bytes from byte {@code at} (0..16) of four halves. */
    static Insn[] window(IrBuilder ir, Insn[] v, int at) {
        return new Insn[] {eight(ir, v, at), eight(ir, v, at + 8)};
    }

    /** Eight bytes from byte {@code at} of a row of halves; zeros behind its end. */
    static Insn eight(IrBuilder ir, Insn[] v, int at) {
        int n = at >> 3;
        int bits = (at & 7) * 8;
        Insn low = n < v.length ? v[n] : ir.i64(0);
        if (bits == 0) {
            return low;
        }
        Insn high = n + 1 < v.length ? v[n + 1] : ir.i64(0);
        return ir.or(ir.shr(low, bits), ir.shl(high, 64 - bits));
    }
}
