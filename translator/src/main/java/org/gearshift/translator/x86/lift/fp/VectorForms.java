package org.gearshift.translator.x86.lift.fp;

import java.util.HashMap;
import java.util.Map;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;

/**
 * The instruction forms of an operation on vectors. It is given for 64 or 128 bits, under the name of its SSE form; the forms are MMX where there is one, XMM, and, if there is
 * a mnemonic with a V before that name, three operands of 128 or 256 bits with VEX prefix. AVX does the same to both 128-bit lanes of 256 bits.
 */
final class VectorForms {
    /** Computes 64 bits from the same 64 bits of both operands. */
    interface Half {
        Insn apply(IrBuilder ir, Insn a, Insn b);
    }

    /** Computes 128 bits from two 128-bit operands. */
    interface Lane {
        Insn[] apply(IrBuilder ir, Insn[] a, Insn[] b);
    }

    /** The same with an immediate. */
    interface LaneBy {
        Insn[] apply(IrBuilder ir, Insn[] a, Insn[] b, int imm);
    }

    /** Computes 128 bits from one operand, with an immediate if there is one. */
    interface Unary {
        Insn[] apply(IrBuilder ir, Insn[] v, int imm);
    }

    /** Computes 64 bits from 64 bits. */
    interface UnaryHalf {
        Insn apply(IrBuilder ir, Insn v);
    }

    /** Computes the low half of a scalar instruction's result from the first source's low half and the second source (I32 or I64). */
    interface Scalar {
        Insn apply(IrBuilder ir, Insn a, Insn b, int imm);
    }

    /** Computes 64 bits with an immediate. */
    interface HalfBy {
        Insn apply(IrBuilder ir, Insn a, Insn b, int imm);
    }

    /** Selects between 64 bits of both operands by the same bits of a mask. */
    interface Selection {
        Insn apply(IrBuilder ir, Insn a, Insn b, Insn mask);
    }

    private static final Map<String, Mnemonic> NAMES = new HashMap<>();

    static {
        for (Mnemonic m : Mnemonic.values()) {
            NAMES.put(m.name(), m);
        }
    }

    private VectorForms() {
    }

    /** Enters one lift for the SSE and the VEX mnemonic, each with its rules for #UD and #NM. */
    static void add(LiftTable t, Lift lift, Mnemonic... mnemonics) {
        for (Mnemonic m : mnemonics) {
            t.add(m, FpMode.simd(lift));
            Mnemonic vex = NAMES.get("V" + m.name().replace("_SSE", ""));
            if (vex != null) {
                t.add(vex, FpMode.avx(lift));
            }
        }
    }

    /** An operation on both halves alike, also of MMX registers. */
    static void half(LiftTable t, Mnemonic m, Half f) {
        both(t, m, f, (ir, a, b) -> new Insn[] {f.apply(ir, a[0], b[0]), f.apply(ir, a[1], b[1])});
    }

    /** An operation with MMX and XMM forms that differ in more than size. */
    static void both(LiftTable t, Mnemonic m, Half mmx, Lane lane) {
        bothBy(t, m, (ir, a, b, imm) -> mmx.apply(ir, a, b), (ir, a, b, imm) -> lane.apply(ir, a, b));
    }

    static void bothBy(LiftTable t, Mnemonic m, HalfBy mmx, LaneBy lane) {
        add(t, (c, i) -> {
            if (Vectors.isMmx(i.op(0))) {
                Vectors.beginMmx(c);
                Insn b = Vectors.read64(c, i.op(1));
                Vectors.writeMmx(c, i.op(0), mmx.apply(c.ir, Vectors.read64(c, i.op(0)), b, Vectors.immediate(i)));
            } else {
                lanes(c, i, lane, false);
            }
        }, m);
    }

    /** An operation whose halves depend on all of the lane. */
    static void lane(LiftTable t, Mnemonic m, Lane f) {
        laneBy(t, m, (ir, a, b, imm) -> f.apply(ir, a, b));
    }

    static void laneBy(LiftTable t, Mnemonic m, LaneBy f) {
        add(t, (c, i) -> lanes(c, i, f, false), m);
    }

    /** A floating-point operation, which sees to the exceptions of one lane. */
    static void floating(LiftTable t, Mnemonic m, LaneBy f) {
        add(t, (c, i) -> lanes(c, i, f, true), m);
    }

    static void lanes(LiftContext c, Instruction i, LaneBy f, boolean raises) {
        Insn[] b = Vectors.read(c, Vectors.second(i));
        Insn[] a = Vectors.read(c, Vectors.first(i));
        int imm = Vectors.immediate(i);
        Insn[] r = new Insn[a.length];
        Insn before = raises && r.length > 2 ? FpExceptions.begin(c) : null;
        for (int n = 0; n < r.length; n += 2) {
            put(r, n, f.apply(c.ir, lane(a, n), lane(b, n), imm));
        }
        FpExceptions.end(c, before);
        Vectors.write(c, i.op(0), r);
    }

    /** The 128 bits from the n-th I64 on. */
    static Insn[] lane(Insn[] v, int n) {
        return new Insn[] {v[n], v[n + 1]};
    }

    private static void put(Insn[] all, int n, Insn[] lane) {
        all[n] = lane[0];
        all[n + 1] = lane[1];
    }

    /** An operation with a mask in a third register, the last operand. */
    static void selecting(LiftTable t, Mnemonic m, Selection f) {
        add(t, (c, i) -> {
            Insn[] b = Vectors.read(c, Vectors.second(i));
            Insn[] a = Vectors.read(c, Vectors.first(i));
            Insn[] mask = Vectors.read(c, i.op(i.operandCount() - 1));
            for (int n = 0; n < a.length; n++) {
                a[n] = f.apply(c.ir, a[n], b[n], mask[n]);
            }
            Vectors.write(c, i.op(0), a);
        }, m);
    }

    /** An operation on the source alone. */
    static void unary(LiftTable t, Mnemonic m, Unary f) {
        add(t, (c, i) -> unary(c, i, f, false), m);
    }

    /** The same, in MMX registers too. */
    static void unaryHalf(LiftTable t, Mnemonic m, UnaryHalf f) {
        add(t, (c, i) -> {
            if (Vectors.isMmx(i.op(0))) {
                Vectors.beginMmx(c);
                Insn b = Vectors.read64(c, i.op(1));
                Vectors.writeMmx(c, i.op(0), f.apply(c.ir, b));
            } else {
                unary(c, i, (ir, v, imm) -> new Insn[] {f.apply(ir, v[0]), f.apply(ir, v[1])}, false);
            }
        }, m);
    }

    /** A floating-point operation on the source alone. */
    static void floatingUnary(LiftTable t, Mnemonic m, Unary f) {
        add(t, (c, i) -> unary(c, i, f, true), m);
    }

    private static void unary(LiftContext c, Instruction i, Unary f, boolean raises) {
        Insn[] v = Vectors.read(c, i.op(1));
        int imm = Vectors.immediate(i);
        Insn[] r = new Insn[v.length];
        Insn before = raises && r.length > 2 ? FpExceptions.begin(c) : null;
        for (int n = 0; n < r.length; n += 2) {
            put(r, n, f.apply(c.ir, lane(v, n), imm));
        }
        FpExceptions.end(c, before);
        Vectors.write(c, i.op(0), r);
    }

    /** An operation on 32 or 64 bits; the rest of the result is the first source's. */
    static void scalar(LiftTable t, Mnemonic m, int bits, Scalar f) {
        add(t, (c, i) -> scalar(c, i, bits, f), m);
    }

    static void scalar(LiftContext c, Instruction i, int bits, Scalar f) {
        Operand s = Vectors.second(i);
        Insn b = bits == 64 ? Vectors.read64(c, s) : Vectors.read32(c, s);
        Vectors.writeLow(c, i, f.apply(c.ir, Vectors.read64(c, Vectors.first(i)), b, Vectors.immediate(i)));
    }
}
