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
import org.gearshift.translator.x86.runtime.SseConvert;

/** Conversions between integers and floating-point formats in XMM and MMX registers (SDM vol. 1, 5.5.1.6 and 5.6.1.6). */
final class SseConversion {
    private static final int BY_MXCSR = -1;
    private static final int CHOP = 3;
    private static final Helper SD_TO_INT = SseArithmetic.helper(SseConvert.class, "sdToInt", I32, I64, I32);
    private static final Helper SS_TO_INT = SseArithmetic.helper(SseConvert.class, "ssToInt", I32, I32, I32);
    private static final Helper SD_TO_LONG = SseArithmetic.helper(SseConvert.class, "sdToLong", I64, I64, I32);
    private static final Helper SS_TO_LONG = SseArithmetic.helper(SseConvert.class, "ssToLong", I64, I32, I32);
    private static final Helper PD_TO_INTS = SseArithmetic.helper(SseConvert.class, "pdToInts", I64, I64, I64, I32);
    private static final Helper PS_TO_INTS = SseArithmetic.helper(SseConvert.class, "psToInts", I64, I64, I64, I32);
    private static final Helper INT_TO_SD = Helper.pure("int_to_sd", SseConvert.class, "intToSd", I64, I32);
    private static final Helper LONG_TO_SD = SseArithmetic.helper(SseConvert.class, "longToSd", I64, I64);
    private static final Helper LONG_TO_SS = SseArithmetic.helper(SseConvert.class, "longToSs", I32, I64);
    private static final Helper INTS_TO_PS = SseArithmetic.helper(SseConvert.class, "intsToPs", I64, I64, I64);
    private static final Helper SD_TO_SS = SseArithmetic.helper(SseConvert.class, "sdToSs", I32, I64);
    private static final Helper SS_TO_SD = SseArithmetic.helper(SseConvert.class, "ssToSd", I64, I32, I32);
    private static final Helper PD_TO_PS = SseArithmetic.helper(SseConvert.class, "pdToPs", I64, I64, I64);

    private SseConversion() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.CVTSD2SI, FpMode.simd((c, i) -> toInteger(c, i, true, BY_MXCSR)));
        t.add(Mnemonic.CVTTSD2SI, FpMode.simd((c, i) -> toInteger(c, i, true, CHOP)));
        t.add(Mnemonic.CVTSS2SI, FpMode.simd((c, i) -> toInteger(c, i, false, BY_MXCSR)));
        t.add(Mnemonic.CVTTSS2SI, FpMode.simd((c, i) -> toInteger(c, i, false, CHOP)));
        t.add(Mnemonic.CVTSI2SD, FpMode.simd(SseConversion::toDouble));
        t.add(Mnemonic.CVTSI2SS, FpMode.simd((c, i) -> {
            Insn v = c.raw(i.op(1));
            Vectors.writeLow32(c, i.op(0), c.ir.call(LONG_TO_SS, i.op(1).bits == 64 ? v : c.ir.sext32(v)));
        }));
        t.add(Mnemonic.CVTSD2SS, FpMode.simd((c, i) -> Vectors.writeLow32(c, i.op(0), c.ir.call(SD_TO_SS, Vectors.read64(c, i.op(1))))));
        t.add(Mnemonic.CVTSS2SD, FpMode.simd((c, i) ->
                Vectors.writeLow(c, i.op(0), c.ir.call(SS_TO_SD, Vectors.read32(c, i.op(1)), c.ir.i32(0)))));
        t.add(Mnemonic.CVTPS2PD, FpMode.simd(SseConversion::widen));
        t.add(Mnemonic.CVTPD2PS, FpMode.simd((c, i) -> {
            Insn[] b = Vectors.read128(c, i.op(1));
            Vectors.write128(c, i.op(0), c.ir.call(PD_TO_PS, b[0], b[1]), c.ir.i64(0));
        }));
        t.add(Mnemonic.CVTDQ2PD, FpMode.simd((c, i) -> {
            Insn[] r = doubles(c.ir, Vectors.read64(c, i.op(1)));
            Vectors.write128(c, i.op(0), r[0], r[1]);
        }));
        t.add(Mnemonic.CVTDQ2PS, FpMode.simd((c, i) -> {
            Insn[] b = Vectors.read128(c, i.op(1));
            Insn low = c.ir.call(INTS_TO_PS, b[0], b[1]);
            Vectors.write128(c, i.op(0), low, c.ir.call(INTS_TO_PS, b[1], b[0]));
        }));
        t.add(Mnemonic.CVTPS2DQ, FpMode.simd((c, i) -> singles(c, i, BY_MXCSR)));
        t.add(Mnemonic.CVTTPS2DQ, FpMode.simd((c, i) -> singles(c, i, CHOP)));
        t.add(Mnemonic.CVTPD2DQ, FpMode.simd((c, i) -> pairOfDoubles(c, i, BY_MXCSR)));
        t.add(Mnemonic.CVTTPD2DQ, FpMode.simd((c, i) -> pairOfDoubles(c, i, CHOP)));
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
        Insn v = c.raw(i.op(1));
        Vectors.writeLow(c, i.op(0), i.op(1).bits == 64 ? c.ir.call(LONG_TO_SD, v) : c.ir.call(INT_TO_SD, v));
    }

    private static void widen(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn v = Vectors.read64(c, i.op(1));
        Insn low = ir.trunc(v);
        Insn high = ir.trunc(ir.shr(v, 32));
        Insn first = ir.call(SS_TO_SD, low, high);
        Vectors.write128(c, i.op(0), first, ir.call(SS_TO_SD, high, low));
    }

    private static Insn[] doubles(IrBuilder ir, Insn v) {
        return new Insn[] {ir.call(INT_TO_SD, ir.trunc(v)), ir.call(INT_TO_SD, ir.trunc(ir.shr(v, 32)))};
    }

    private static void singles(LiftContext c, Instruction i, int mode) {
        Insn[] b = Vectors.read128(c, i.op(1));
        Insn m = c.ir.i32(mode);
        Insn low = c.ir.call(PS_TO_INTS, b[0], b[1], m);
        Vectors.write128(c, i.op(0), low, c.ir.call(PS_TO_INTS, b[1], b[0], m));
    }

    private static void pairOfDoubles(LiftContext c, Instruction i, int mode) {
        Insn[] b = Vectors.read128(c, i.op(1));
        Vectors.write128(c, i.op(0), c.ir.call(PD_TO_INTS, b[0], b[1], c.ir.i32(mode)), c.ir.i64(0));
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
            Vectors.write128(c, i.op(0), r[0], r[1]);
        }));
        t.add(Mnemonic.CVTPI2PS, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            Insn v = Vectors.read64(c, i.op(1));
            Insn r = c.ir.call(INTS_TO_PS, v, c.ir.i64(0));
            Vectors.enterMmx(c);
            Vectors.writeLow(c, i.op(0), r);
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
        Insn[] b = Vectors.read128(c, i.op(1));
        Vectors.writeMmx(c, i.op(0), c.ir.call(PD_TO_INTS, b[0], b[1], c.ir.i32(mode)));
    }
}
