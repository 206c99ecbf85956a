package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import java.util.BitSet;
import java.util.Set;
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
import org.gearshift.translator.x86.runtime.SseAttempts;
import org.gearshift.translator.x86.runtime.SseCompare;
import org.gearshift.translator.x86.runtime.SseConvert;
import org.gearshift.translator.x86.runtime.SseFloat;
import org.gearshift.translator.x86.runtime.SseUsual;

/** Floating-point arithmetic and comparison of SSE, SSE2 and AVX (SDM vol. 1, 5.5.1 and 5.6.1). */
final class SseArithmetic {
    private static final BitSet READS = reads();
    private static final Helper RCP = Helper.pure("rcpps", SseConvert.class, "rcp", I64, I64);
    private static final Helper RSQRT = Helper.pure("rsqrtps", SseConvert.class, "rsqrt", I64, I64);
    /** What {@link SseUsual} has, for all types. */
    private static final Set<String> USUAL = Set.of("add", "sub", "mul", "div");
    private static final Helper CMPPD = attempted(SseCompare.class, "cmppd", SseAttempts.NO_MASK, I64, I64, I64, I64, I64, I32);
    private static final Helper CMPPS = attempted(SseCompare.class, "cmpps", SseAttempts.NO_MASK, I64, I64, I64, I64, I64, I32);
    private static final Helper CMPSD = attempted(SseCompare.class, "cmpsd", SseAttempts.NO_MASK, I64, I64, I64, I32);
    private static final Helper CMPSS = helper(SseCompare.class, "cmpss", I64, I64, I32, I32);
    private static final Helper COMISD = attempted(SseCompare.class, "comisd", SseAttempts.NONE, I64, I64, I64, I32);
    private static final Helper COMISS = attempted(SseCompare.class, "comiss", SseAttempts.NONE, I64, I32, I32, I32);

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

    /** The same, with an attempt by {@link SseAttempts}. */
    static Helper attempted(Class<?> owner, String method, long none, Type result, Type... params) {
        return helper(owner, method, result, params).withAttempt(SseAttempts.answering(none));
    }

    /** The same for arithmetic, of which the usual case is known but for minimum and maximum. */
    private static Helper arithmetic(String method, Type... params) {
        boolean usual = USUAL.contains(method.substring(0, 3));
        return helper(SseFloat.class, method, I64, params).withAttempt(usual ? SseUsual.attempt() : SseAttempts.answering(SseAttempts.NONE));
    }

    static void register(LiftTable t) {
        Mnemonic[] packedDouble = {Mnemonic.ADDPD, Mnemonic.SUBPD, Mnemonic.MULPD, Mnemonic.DIVPD, Mnemonic.MINPD, Mnemonic.MAXPD};
        Mnemonic[] packedSingle = {Mnemonic.ADDPS, Mnemonic.SUBPS, Mnemonic.MULPS, Mnemonic.DIVPS, Mnemonic.MINPS, Mnemonic.MAXPS};
        Mnemonic[] scalarDouble = {Mnemonic.ADDSD, Mnemonic.SUBSD, Mnemonic.MULSD, Mnemonic.DIVSD, Mnemonic.MINSD, Mnemonic.MAXSD};
        Mnemonic[] scalarSingle = {Mnemonic.ADDSS, Mnemonic.SUBSS, Mnemonic.MULSS, Mnemonic.DIVSS, Mnemonic.MINSS, Mnemonic.MAXSS};
        for (int n = 0; n < packedDouble.length; n++) {
            VectorForms.floating(t, packedDouble[n], packed(packedDouble[n]));
            VectorForms.floating(t, packedSingle[n], packed(packedSingle[n]));
            Helper sd = arithmetic(SimdInteger.name(scalarDouble[n]), I64, I64);
            Helper ss = arithmetic(SimdInteger.name(scalarSingle[n]), I64, I32);
            VectorForms.scalar(t, scalarDouble[n], 64, (ir, a, b, imm) -> ir.call(sd, a, b));
            VectorForms.scalar(t, scalarSingle[n], 32, (ir, a, b, imm) -> ir.call(ss, a, b));
        }
        roots(t);
        VectorForms.unary(t, Mnemonic.RCPPS, (ir, v, imm) -> new Insn[] {ir.call(RCP, v[0]), ir.call(RCP, v[1])});
        VectorForms.unary(t, Mnemonic.RSQRTPS, (ir, v, imm) -> new Insn[] {ir.call(RSQRT, v[0]), ir.call(RSQRT, v[1])});
        estimate(t, Mnemonic.RCPSS, RCP);
        estimate(t, Mnemonic.RSQRTSS, RSQRT);
        comparisons(t);
    }

    /** The packed operation that is named by its SSE mnemonic, on one lane. */
    static VectorForms.LaneBy packed(Mnemonic m) {
        Helper h = arithmetic(SimdInteger.name(m), I64, I64, I64, I64);
        return (ir, a, b, imm) -> new Insn[] {ir.call(h, a[0], b[0], a[1], b[1]), ir.call(h, a[1], b[1], a[0], b[0])};
    }

    private static void roots(LiftTable t) {
        for (Mnemonic m : new Mnemonic[] {Mnemonic.SQRTPD, Mnemonic.SQRTPS}) {
            Helper h = attempted(SseFloat.class, SimdInteger.name(m), SseAttempts.NONE, I64, I64, I64);
            VectorForms.floatingUnary(t, m, (ir, v, imm) -> new Insn[] {ir.call(h, v[0], v[1]), ir.call(h, v[1], v[0])});
        }
        Helper sd = attempted(SseFloat.class, "sqrtsd", SseAttempts.NONE, I64, I64);
        Helper ss = attempted(SseFloat.class, "sqrtss", SseAttempts.NONE, I64, I64, I32);
        VectorForms.scalar(t, Mnemonic.SQRTSD, 64, (ir, a, b, imm) -> ir.call(sd, b));
        VectorForms.scalar(t, Mnemonic.SQRTSS, 32, (ir, a, b, imm) -> ir.call(ss, a, b));
    }

    private static void estimate(LiftTable t, Mnemonic m, Helper h) {
        VectorForms.add(t, (c, i) -> {
            Insn v = c.ir.zext32(Vectors.read32(c, Vectors.second(i)));
            Vectors.writeLow32(c, i, c.ir.trunc(c.ir.call(h, v)));
        }, m);
    }

    private static void comparisons(LiftTable t) {
        compare(t, Mnemonic.CMPPD, CMPPD);
        compare(t, Mnemonic.CMPPS, CMPPS);
        VectorForms.add(t, (c, i) -> VectorForms.scalar(c, i, 64, (ir, a, b, imm) -> ir.call(CMPSD, a, b, predicate(c, i))), Mnemonic.CMPSD_SSE);
        VectorForms.add(t, (c, i) -> VectorForms.scalar(c, i, 32, (ir, a, b, imm) -> ir.call(CMPSS, a, b, predicate(c, i))), Mnemonic.CMPSS);
        VectorForms.add(t, (c, i) -> flags(c, i, true, 0), Mnemonic.COMISD);
        VectorForms.add(t, (c, i) -> flags(c, i, true, 1), Mnemonic.UCOMISD);
        VectorForms.add(t, (c, i) -> flags(c, i, false, 0), Mnemonic.COMISS);
        VectorForms.add(t, (c, i) -> flags(c, i, false, 1), Mnemonic.UCOMISS);
    }

    private static void compare(LiftTable t, Mnemonic m, Helper h) {
        VectorForms.add(t, (c, i) -> VectorForms.lanes(c, i, (ir, a, b, imm) -> {
            Insn p = predicate(c, i);
            return new Insn[] {ir.call(h, a[0], b[0], a[1], b[1], p), ir.call(h, a[1], b[1], a[0], b[0], p)};
        }, true), m);
    }

    /** Eight predicates, with VEX 32. */
    private static Insn predicate(LiftContext c, Instruction i) {
        return c.ir.i32(Vectors.immediate(i) & (Vectors.isVex(i) ? 31 : 7));
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
