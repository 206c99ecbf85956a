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
import org.gearshift.translator.x86.runtime.SseAttempts;
import org.gearshift.translator.x86.runtime.SseConvert;

/** Conversions between integers and floating-point formats in vector and MMX registers (SDM vol. 1, 5.5.1.6 and 5.6.1.6). */
final class SseConversion {
    private static final int BY_MXCSR = -1;
    private static final int CHOP = 3;
    private static final Helper SD_TO_INT = SseArithmetic.attempted(SseConvert.class, "sdToInt", SseAttempts.NONE, I32, I64, I32);
    private static final Helper SS_TO_INT = SseArithmetic.attempted(SseConvert.class, "ssToInt", SseAttempts.NONE, I32, I32, I32);
    private static final Helper SD_TO_LONG = SseArithmetic.attempted(SseConvert.class, "sdToLong", SseAttempts.NO_INTEGER, I64, I64, I32);
    private static final Helper SS_TO_LONG = SseArithmetic.attempted(SseConvert.class, "ssToLong", SseAttempts.NO_INTEGER, I64, I32, I32);
    private static final Helper PD_TO_INTS = SseArithmetic.helper(SseConvert.class, "pdToInts", I64, I64, I64, I32);
    private static final Helper PS_TO_INTS = SseArithmetic.helper(SseConvert.class, "psToInts", I64, I64, I64, I32);
    private static final Helper INT_TO_SD = Helper.pure("int_to_sd", SseConvert.class, "intToSd", I64, I32);
    private static final Helper LONG_TO_SD = SseArithmetic.attempted(SseConvert.class, "longToSd", SseAttempts.NONE, I64, I64);
    private static final Helper LONG_TO_SS = SseArithmetic.attempted(SseConvert.class, "longToSs", SseAttempts.NONE, I32, I64);
    private static final Helper INTS_TO_PS = SseArithmetic.attempted(SseConvert.class, "intsToPs", SseAttempts.NONE, I64, I64, I64);
    private static final Helper SD_TO_SS = SseArithmetic.attempted(SseConvert.class, "sdToSs", SseAttempts.NONE, I32, I64);
    private static final Helper SS_TO_SD = SseArithmetic.attempted(SseConvert.class, "ssToSd", SseAttempts.NONE, I64, I32, I32);
    private static final Helper PD_TO_PS = SseArithmetic.helper(SseConvert.class, "pdToPs", I64, I64, I64);

    private SseConversion() {
    }

    static void register(LiftTable t) {
        VectorForms.add(t, (c, i) -> toInteger(c, i, true, BY_MXCSR), Mnemonic.CVTSD2SI);
        VectorForms.add(t, (c, i) -> toInteger(c, i, true, CHOP), Mnemonic.CVTTSD2SI);
        VectorForms.add(t, (c, i) -> toInteger(c, i, false, BY_MXCSR), Mnemonic.CVTSS2SI);
        VectorForms.add(t, (c, i) -> toInteger(c, i, false, CHOP), Mnemonic.CVTTSS2SI);
        VectorForms.add(t, SseConversion::toDouble, Mnemonic.CVTSI2SD);
        VectorForms.add(t, (c, i) -> {
            Insn v = c.raw(Vectors.second(i));
            Vectors.writeLow32(c, i, c.ir.call(LONG_TO_SS, v.resultType() == I64 ? v : c.ir.sext32(v)));
        }, Mnemonic.CVTSI2SS);
        VectorForms.add(t, (c, i) -> Vectors.writeLow32(c, i, c.ir.call(SD_TO_SS, Vectors.read64(c, Vectors.second(i)))), Mnemonic.CVTSD2SS);
        VectorForms.add(t, (c, i) ->
                Vectors.writeLow(c, i, c.ir.call(SS_TO_SD, Vectors.read32(c, Vectors.second(i)), c.ir.i32(0))), Mnemonic.CVTSS2SD);
        VectorForms.add(t, SseConversion::widen, Mnemonic.CVTPS2PD);
        VectorForms.add(t, (c, i) -> narrow(c, i, (ir, v) -> ir.call(PD_TO_PS, v[0], v[1])), Mnemonic.CVTPD2PS);
        VectorForms.add(t, (c, i) -> narrow(c, i, (ir, v) -> ir.call(PD_TO_INTS, v[0], v[1], ir.i32(BY_MXCSR))), Mnemonic.CVTPD2DQ);
        VectorForms.add(t, (c, i) -> narrow(c, i, (ir, v) -> ir.call(PD_TO_INTS, v[0], v[1], ir.i32(CHOP))), Mnemonic.CVTTPD2DQ);
        VectorForms.add(t, SseConversion::integersToDoubles, Mnemonic.CVTDQ2PD);
        VectorForms.floatingUnary(t, Mnemonic.CVTDQ2PS, (ir, v, imm) -> new Insn[] {ir.call(INTS_TO_PS, v[0], v[1]), ir.call(INTS_TO_PS, v[1], v[0])});
        VectorForms.floatingUnary(t, Mnemonic.CVTPS2DQ, (ir, v, imm) -> integers(ir, v, BY_MXCSR));
        VectorForms.floatingUnary(t, Mnemonic.CVTTPS2DQ, (ir, v, imm) -> integers(ir, v, CHOP));
        mmx(t);
    }

    private static void toInteger(LiftContext c, Instruction i, boolean wide, int mode) {
        IrBuilder ir = c.ir;
        Operand d = i.op(0);
        Insn v = wide ? Vectors.read64(c, i.op(1)) : Vectors.read32(c, i.op(1));
        Helper h = d.bits == 64 ? wide ? SD_TO_LONG : SS_TO_LONG : wide ? SD_TO_INT : SS_TO_INT;
        c.write(d, ir.call(h, v, ir.i32(mode)));
    }

    private static void toDouble(LiftContext c, Instruction i) {
        Insn v = c.raw(Vectors.second(i));
        Vectors.writeLow(c, i, c.ir.call(v.resultType() == I64 ? LONG_TO_SD : INT_TO_SD, v));
    }

    /** Source of a conversion to elements of twice the size: half the destination's. */
    private static Insn[] halfSize(LiftContext c, Instruction i) {
        return i.op(0).bits == 256 ? Vectors.read(c, i.op(1)) : new Insn[] {Vectors.read64(c, i.op(1))};
    }

    private static void widen(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn[] v = halfSize(c, i);
        Insn[] r = new Insn[2 * v.length];
        Insn before = v.length > 1 ? FpExceptions.begin(c) : null;
        for (int n = 0; n < v.length; n++) {
            Insn low = ir.trunc(v[n]);
            Insn high = ir.trunc(ir.shr(v[n], 32));
            r[2 * n] = ir.call(SS_TO_SD, low, high);
            r[2 * n + 1] = ir.call(SS_TO_SD, high, low);
        }
        FpExceptions.end(c, before);
        Vectors.write(c, i.op(0), r);
    }

    private static void integersToDoubles(LiftContext c, Instruction i) {
        Insn[] v = halfSize(c, i);
        Insn[] r = new Insn[2 * v.length];
        for (int n = 0; n < v.length; n++) {
            Insn[] pair = doubles(c.ir, v[n]);
            r[2 * n] = pair[0];
            r[2 * n + 1] = pair[1];
        }
        Vectors.write(c, i.op(0), r);
    }

    private static Insn[] doubles(IrBuilder ir, Insn v) {
        return new Insn[] {ir.call(INT_TO_SD, ir.trunc(v)), ir.call(INT_TO_SD, ir.trunc(ir.shr(v, 32)))};
    }

    private static Insn[] integers(IrBuilder ir, Insn[] v, int mode) {
        Insn m = ir.i32(mode);
        return new Insn[] {ir.call(PS_TO_INTS, v[0], v[1], m), ir.call(PS_TO_INTS, v[1], v[0], m)};
    }

    /** Converts 128 bits to 64. */
    private interface Narrowing {
        Insn apply(IrBuilder ir, Insn[] v);
    }

    /** A conversion to elements of half the size; what they leave of an XMM register is zero. */
    private static void narrow(LiftContext c, Instruction i, Narrowing f) {
        Insn[] v = Vectors.read(c, i.op(1));
        Insn[] r = {null, c.ir.i64(0)};
        Insn before = v.length > 2 ? FpExceptions.begin(c) : null;
        for (int n = 0; n < v.length; n += 2) {
            r[n / 2] = f.apply(c.ir, VectorForms.lane(v, n));
        }
        FpExceptions.end(c, before);
        Vectors.write(c, i.op(0), r);
    }

    /** Forms with an MMX register; CVTPI2PD from memory leaves the x87 state alone. */
    private static void mmx(LiftTable t) {
        t.add(Mnemonic.CVTPI2PD, FpMode.simd((c, i) -> {
            boolean register = Vectors.isMmx(i.op(1));
            if (register) {
                Vectors.beginMmx(c);
            }
            Insn[] r = doubles(c.ir, Vectors.read64(c, i.op(1)));
            if (register) {
                Vectors.enterMmx(c);
            }
            Vectors.write(c, i.op(0), r);
        }));
        t.add(Mnemonic.CVTPI2PS, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            Insn v = Vectors.read64(c, i.op(1));
            Insn r = c.ir.call(INTS_TO_PS, v, c.ir.i64(0));
            Vectors.enterMmx(c);
            Vectors.writeLow(c, i, r);
        }));
        t.add(Mnemonic.CVTPS2PI, FpMode.simd((c, i) -> singlesToMmx(c, i, BY_MXCSR)));
        t.add(Mnemonic.CVTTPS2PI, FpMode.simd((c, i) -> singlesToMmx(c, i, CHOP)));
        t.add(Mnemonic.CVTPD2PI, FpMode.simd((c, i) -> doublesToMmx(c, i, BY_MXCSR)));
        t.add(Mnemonic.CVTTPD2PI, FpMode.simd((c, i) -> doublesToMmx(c, i, CHOP)));
    }

    private static void singlesToMmx(LiftContext c, Instruction i, int mode) {
        Vectors.beginMmx(c);
        Insn v = Vectors.read64(c, i.op(1));
        Vectors.writeMmx(c, i.op(0), c.ir.call(PS_TO_INTS, v, c.ir.i64(0), c.ir.i32(mode)));
    }

    private static void doublesToMmx(LiftContext c, Instruction i, int mode) {
        Vectors.beginMmx(c);
        Insn[] b = Vectors.read(c, i.op(1));
        Vectors.writeMmx(c, i.op(0), c.ir.call(PD_TO_INTS, b[0], b[1], c.ir.i32(mode)));
    }
}
