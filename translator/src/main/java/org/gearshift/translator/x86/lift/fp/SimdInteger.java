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

/** Packed integer arithmetic, comparison, logic, shifts, packing and unpacking of MMX, SSE2, AVX and AVX2 (SDM vol. 1, 5.4 and 5.6.3). */
final class SimdInteger {
    private SimdInteger() {
    }

    static void register(LiftTable t) {
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PADDB, Mnemonic.PADDW, Mnemonic.PADDD, Mnemonic.PSUBB, Mnemonic.PSUBW, Mnemonic.PSUBD,
            Mnemonic.PADDSB, Mnemonic.PADDSW, Mnemonic.PADDUSB, Mnemonic.PADDUSW, Mnemonic.PSUBSB, Mnemonic.PSUBSW, Mnemonic.PSUBUSB,
            Mnemonic.PSUBUSW, Mnemonic.PCMPEQB, Mnemonic.PCMPEQW, Mnemonic.PCMPEQD, Mnemonic.PCMPGTB, Mnemonic.PCMPGTW, Mnemonic.PCMPGTD,
            Mnemonic.PMINUB, Mnemonic.PMAXUB, Mnemonic.PMINSW, Mnemonic.PMAXSW, Mnemonic.PAVGB, Mnemonic.PAVGW, Mnemonic.PSADBW,
            Mnemonic.PMULLW, Mnemonic.PMULHW, Mnemonic.PMULHUW, Mnemonic.PMULUDQ, Mnemonic.PMADDWD}) {
            half(t, m, PackedInteger.class);
        }
        VectorForms.half(t, Mnemonic.PADDQ, IrBuilder::add);
        VectorForms.half(t, Mnemonic.PSUBQ, IrBuilder::sub);
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PAND, Mnemonic.ANDPS, Mnemonic.ANDPD}) {
            VectorForms.half(t, m, IrBuilder::and);
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.POR, Mnemonic.ORPS, Mnemonic.ORPD}) {
            VectorForms.half(t, m, IrBuilder::or);
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PXOR, Mnemonic.XORPS, Mnemonic.XORPD}) {
            VectorForms.half(t, m, IrBuilder::xor);
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PANDN, Mnemonic.ANDNPS, Mnemonic.ANDNPD}) {
            VectorForms.half(t, m, (ir, a, b) -> ir.and(ir.not(a), b));
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PACKSSWB, Mnemonic.PACKUSWB, Mnemonic.PACKSSDW}) {
            pairwise(t, m, PackedInteger.class);
        }
        unpack(t, Mnemonic.PUNPCKLBW, Mnemonic.PUNPCKHBW);
        unpack(t, Mnemonic.PUNPCKLWD, Mnemonic.PUNPCKHWD);
        unpack(t, Mnemonic.PUNPCKLDQ, Mnemonic.PUNPCKHDQ);
        VectorForms.lane(t, Mnemonic.PUNPCKLQDQ, (ir, a, b) -> new Insn[] {a[0], b[0]});
        VectorForms.lane(t, Mnemonic.PUNPCKHQDQ, (ir, a, b) -> new Insn[] {a[1], b[1]});
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PSLLW, Mnemonic.PSLLD, Mnemonic.PSLLQ, Mnemonic.PSRLW, Mnemonic.PSRLD, Mnemonic.PSRLQ,
            Mnemonic.PSRAW, Mnemonic.PSRAD}) {
            shift(t, m);
        }
        VectorForms.add(t, (c, i) -> byteShift(c, i, true), Mnemonic.PSLLDQ);
        VectorForms.add(t, (c, i) -> byteShift(c, i, false), Mnemonic.PSRLDQ);
    }

    static String name(Mnemonic m) {
        return m.name().toLowerCase(Locale.ROOT);
    }

    /** The pure function of two halves that is named after a mnemonic. */
    static Helper helper(Class<?> owner, Mnemonic m) {
        return Vectors.binary(owner, name(m));
    }

    static void half(LiftTable t, Mnemonic m, Class<?> owner) {
        Helper h = helper(owner, m);
        VectorForms.half(t, m, (ir, a, b) -> ir.call(h, a, b));
    }

    /** MMX: f(a, b); XMM: the low half is f of a's halves, the high half f of b's. */
    static void pairwise(LiftTable t, Mnemonic m, Class<?> owner) {
        Helper h = helper(owner, m);
        VectorForms.both(t, m, (ir, a, b) -> ir.call(h, a, b), (ir, a, b) -> new Insn[] {ir.call(h, a[0], a[1]), ir.call(h, b[0], b[1])});
    }

    private static void unpack(LiftTable t, Mnemonic low, Mnemonic high) {
        Helper l = helper(PackedInteger.class, low);
        Helper h = helper(PackedInteger.class, high);
        // An MMX source in memory has 32 bits only.
        VectorForms.both(t, low, (ir, a, b) -> ir.call(l, a, b), (ir, a, b) -> new Insn[] {ir.call(l, a[0], b[0]), ir.call(h, a[0], b[0])});
        VectorForms.both(t, high, (ir, a, b) -> ir.call(h, a, b), (ir, a, b) -> new Insn[] {ir.call(l, a[1], b[1]), ir.call(h, a[1], b[1])});
    }

    private static void shift(LiftTable t, Mnemonic m) {
        Helper h = helper(PackedInteger.class, m);
        VectorForms.add(t, (c, i) -> {
            Operand s = Vectors.second(i);
            boolean mmx = Vectors.isMmx(i.op(0));
            if (mmx) {
                Vectors.beginMmx(c);
            }
            Insn count = s.kind == Operand.Kind.IMMEDIATE ? c.ir.i64(s.value & 0xff) : mmx ? Vectors.read64(c, s) : Vectors.read(c, s)[0];
            if (mmx) {
                Vectors.writeMmx(c, i.op(0), shifted(c.ir, m, h, Vectors.read64(c, i.op(0)), count));
                return;
            }
            Insn[] v = Vectors.read(c, Vectors.first(i));
            for (int n = 0; n < v.length; n++) {
                v[n] = shifted(c.ir, m, h, v[n], count);
            }
            Vectors.write(c, i.op(0), v);
        }, m);
    }

    private static Insn shifted(IrBuilder ir, Mnemonic m, Helper h, Insn v, Insn count) {
        if (count.isConst() && count.imm() < 64 && count.imm() >= 0 && (m == Mnemonic.PSLLQ || m == Mnemonic.PSRLQ)) {
            return m == Mnemonic.PSLLQ ? ir.shl(v, (int) count.imm()) : ir.shr(v, (int) count.imm());
        }
        return ir.call(h, v, count);
    }

    private static void byteShift(LiftContext c, Instruction i, boolean left) {
        Insn[] v = Vectors.read(c, Vectors.first(i));
        IrBuilder ir = c.ir;
        int n = Math.min(Vectors.immediate(i) & 0xff, 16);
        Insn zero = ir.i64(0);
        for (int k = 0; k < v.length; k += 2) {
            Insn[] r = left ? window(ir, new Insn[] {zero, zero, v[k], v[k + 1]}, 16 - n) : window(ir, new Insn[] {v[k], v[k + 1], zero, zero}, n);
            v[k] = r[0];
            v[k + 1] = r[1];
        }
        Vectors.write(c, i.op(0), v);
    }

    /** 16 bytes from byte {@code at} of a row of I64s; zeros behind its end. */
    static Insn[] window(IrBuilder ir, Insn[] v, int at) {
        return new Insn[] {eight(ir, v, at), eight(ir, v, at + 8)};
    }

    /** Eight bytes from byte {@code at} of a row of I64s; zeros behind its end. */
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
