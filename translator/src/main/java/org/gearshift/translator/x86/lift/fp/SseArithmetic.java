package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import java.util.BitSet;
import java.util.Locale;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.SseCompare;
import org.gearshift.translator.x86.runtime.SseConvert;
import org.gearshift.translator.x86.runtime.SseFloat;

/** Floating-point arithmetic and comparison of SSE and SSE2 (SDM vol. 1, 5.5.1 and 5.6.1). */
final class SseArithmetic {
    private static final BitSet READS = reads();
    private static final Helper RCP = Helper.pure("rcpps", SseConvert.class, "rcp", I64, I64);
    private static final Helper RSQRT = Helper.pure("rsqrtps", SseConvert.class, "rsqrt", I64, I64);
    private static final Helper CMPPD = helper(SseCompare.class, "cmppd", I64, I64, I64, I64, I64, I32);
    private static final Helper CMPPS = helper(SseCompare.class, "cmpps", I64, I64, I64, I64, I64, I32);
    private static final Helper CMPSD = helper(SseCompare.class, "cmpsd", I64, I64, I64, I32);
    private static final Helper CMPSS = helper(SseCompare.class, "cmpss", I64, I64, I32, I32);
    private static final Helper COMISD = helper(SseCompare.class, "comisd", I64, I64, I64, I32);
    private static final Helper COMISS = helper(SseCompare.class, "comiss", I64, I32, I32, I32);

    private SseArithmetic() {
    }

    private static BitSet reads() {
        BitSet b = (BitSet) FpSlots.MXCSR.clone();
        b.set(X86State.CR4);
        return b;
    }

    /** A helper that works under MXCSR and may raise #XM. */
    static Helper helper(Class<?> owner, String method, Type result, Type... params) {
        return Helper.stateful("sse_" + method, owner, method, true, READS, FpSlots.MXCSR, result, params);
    }

    static void register(LiftTable t) {
        Mnemonic[] packedDouble = {Mnemonic.ADDPD, Mnemonic.SUBPD, Mnemonic.MULPD, Mnemonic.DIVPD, Mnemonic.MINPD, Mnemonic.MAXPD};
        Mnemonic[] packedSingle = {Mnemonic.ADDPS, Mnemonic.SUBPS, Mnemonic.MULPS, Mnemonic.DIVPS, Mnemonic.MINPS, Mnemonic.MAXPS};
        Mnemonic[] scalarDouble = {Mnemonic.ADDSD, Mnemonic.SUBSD, Mnemonic.MULSD, Mnemonic.DIVSD, Mnemonic.MINSD, Mnemonic.MAXSD};
        Mnemonic[] scalarSingle = {Mnemonic.ADDSS, Mnemonic.SUBSS, Mnemonic.MULSS, Mnemonic.DIVSS, Mnemonic.MINSS, Mnemonic.MAXSS};
        for (int n = 0; n < packedDouble.length; n++) {
            packed(t, packedDouble[n]);
            packed(t, packedSingle[n]);
            Helper sd = helper(SseFloat.class, name(scalarDouble[n]), I64, I64, I64);
            Helper ss = helper(SseFloat.class, name(scalarSingle[n]), I64, I64, I32);
            t.add(scalarDouble[n], FpMode.simd((c, i) -> low64(c, i, (a, b) -> c.ir.call(sd, a, b))));
            t.add(scalarSingle[n], FpMode.simd((c, i) -> low32(c, i, (a, b) -> c.ir.call(ss, a, b))));
        }
        roots(t);
        t.add(Mnemonic.RCPPS, FpMode.simd((c, i) -> unary(c, i, RCP)));
        t.add(Mnemonic.RSQRTPS, FpMode.simd((c, i) -> unary(c, i, RSQRT)));
        t.add(Mnemonic.RCPSS, FpMode.simd((c, i) -> estimate(c, i, RCP)));
        t.add(Mnemonic.RSQRTSS, FpMode.simd((c, i) -> estimate(c, i, RSQRT)));
        comparisons(t);
    }

    static String name(Mnemonic m) {
        return m.name().toLowerCase(Locale.ROOT);
    }

    /** What a scalar instruction makes of the destination's low half and the source. */
    interface Low {
        Insn apply(Insn a, Insn b);
    }

    /** Scalar binary64: the low half of the destination changes. */
    static void low64(LiftContext c, Instruction i, Low f) {
        Insn b = Vectors.read64(c, i.op(1));
        Vectors.writeLow(c, i.op(0), f.apply(c.ir.get64(Vectors.slot(i.op(0), 0)), b));
    }

    /** Scalar binary32: f gives the new low half from the old one and the source element. */
    static void low32(LiftContext c, Instruction i, Low f) {
        Insn b = Vectors.read32(c, i.op(1));
        Vectors.writeLow(c, i.op(0), f.apply(c.ir.get64(Vectors.slot(i.op(0), 0)), b));
    }

    private static void packed(LiftTable t, Mnemonic m) {
        Helper h = helper(SseFloat.class, name(m), I64, I64, I64, I64, I64);
        SimdInteger.whole(t, m, (ir, a, b) -> new Insn[] {ir.call(h, a[0], b[0], a[1], b[1]), ir.call(h, a[1], b[1], a[0], b[0])});
    }

    private static void roots(LiftTable t) {
        for (Mnemonic m : new Mnemonic[] {Mnemonic.SQRTPD, Mnemonic.SQRTPS}) {
            Helper h = helper(SseFloat.class, name(m), I64, I64, I64);
            SimdInteger.whole(t, m, (ir, a, b) -> new Insn[] {ir.call(h, b[0], b[1]), ir.call(h, b[1], b[0])});
        }
        Helper sd = helper(SseFloat.class, "sqrtsd", I64, I64);
        Helper ss = helper(SseFloat.class, "sqrtss", I64, I64, I32);
        t.add(Mnemonic.SQRTSD, FpMode.simd((c, i) -> low64(c, i, (a, b) -> c.ir.call(sd, b))));
        t.add(Mnemonic.SQRTSS, FpMode.simd((c, i) -> low32(c, i, (a, b) -> c.ir.call(ss, a, b))));
    }

    private static void unary(LiftContext c, Instruction i, Helper h) {
        Insn[] b = Vectors.read128(c, i.op(1));
        Vectors.write128(c, i.op(0), c.ir.call(h, b[0]), c.ir.call(h, b[1]));
    }

    private static void estimate(LiftContext c, Instruction i, Helper h) {
        Insn v = c.ir.zext32(Vectors.read32(c, i.op(1)));
        Vectors.writeLow32(c, i.op(0), c.ir.trunc(c.ir.call(h, v)));
    }

    private static void comparisons(LiftTable t) {
        t.add(Mnemonic.CMPPD, FpMode.simd((c, i) -> compare(c, i, CMPPD)));
        t.add(Mnemonic.CMPPS, FpMode.simd((c, i) -> compare(c, i, CMPPS)));
        t.add(Mnemonic.CMPSD_SSE, FpMode.simd((c, i) -> low64(c, i, (a, b) -> c.ir.call(CMPSD, a, b, predicate(c, i)))));
        t.add(Mnemonic.CMPSS, FpMode.simd((c, i) -> low32(c, i, (a, b) -> c.ir.call(CMPSS, a, b, predicate(c, i)))));
        t.add(Mnemonic.COMISD, FpMode.simd((c, i) -> flags(c, i, true, 0)));
        t.add(Mnemonic.UCOMISD, FpMode.simd((c, i) -> flags(c, i, true, 1)));
        t.add(Mnemonic.COMISS, FpMode.simd((c, i) -> flags(c, i, false, 0)));
        t.add(Mnemonic.UCOMISS, FpMode.simd((c, i) -> flags(c, i, false, 1)));
    }

    private static Insn predicate(LiftContext c, Instruction i) {
        return c.ir.i32((int) i.op(2).value & 7);
    }

    private static void compare(LiftContext c, Instruction i, Helper h) {
        Insn[] b = Vectors.read128(c, i.op(1));
        Insn[] a = Vectors.read128(c, i.op(0));
        Insn p = predicate(c, i);
        Insn low = c.ir.call(h, a[0], b[0], a[1], b[1], p);
        Vectors.write128(c, i.op(0), low, c.ir.call(h, a[1], b[1], a[0], b[0], p));
    }

    private static void flags(LiftContext c, Instruction i, boolean wide, int quiet) {
        IrBuilder ir = c.ir;
        Operand a = i.op(0);
        Operand b = i.op(1);
        Insn r = wide ? ir.call(COMISD, Vectors.read64(c, a), Vectors.read64(c, b), ir.i32(quiet))
                : ir.call(COMISS, Vectors.read32(c, a), Vectors.read32(c, b), ir.i32(quiet));
        Insn result = ir.shr(r, 32);
        ir.put(X86State.FLAG_RES, c.isCode64() ? result : ir.trunc(result));
        ir.put(X86State.FLAG_AUX, ir.trunc(r));
        c.flags.forget();
    }
}
