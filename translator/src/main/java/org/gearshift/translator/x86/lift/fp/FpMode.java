package org.gearshift.translator.x86.lift.fp;

import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftContext;

/** Processor modes in which floating-point and SIMD instructions raise #NM or #UD (SDM vol. 3, tables 2-1, 13-1 and 13-2), decided when lifting. */
final class FpMode {
    private static final int NO_DEVICE = 7;

    private FpMode() {
    }

    /** x87 instructions other than FWAIT: #NM if CR0.EM or CR0.TS. */
    static Lift x87(Lift lift) {
        return (c, i) -> {
            if ((c.mode & (X86Mode.EM | X86Mode.TS)) != 0) {
                c.raise(NO_DEVICE, -1);
            } else {
                lift.lift(c, i);
            }
        };
    }

    /** FWAIT: #NM if CR0.MP and CR0.TS. */
    static Lift wait(Lift lift) {
        return (c, i) -> {
            if (X86Mode.is(c.mode, X86Mode.MP) && X86Mode.is(c.mode, X86Mode.TS)) {
                c.raise(NO_DEVICE, -1);
            } else {
                lift.lift(c, i);
            }
        };
    }

    /** Instructions with MMX or XMM operands: #UD if CR0.EM, for XMM also if not CR4.OSFXSR; then #NM if CR0.TS. */
    static Lift simd(Lift lift) {
        return (c, i) -> {
            boolean mmxOnly = true;
            boolean mmx = false;
            for (Operand o : i.operands()) {
                mmxOnly &= o.kind != Operand.Kind.XMM;
                mmx |= o.kind == Operand.Kind.MMX;
            }
            check(c, lift, mmx && mmxOnly);
        };
    }

    /** MMX instructions without operands (EMMS). */
    static Lift mmx(Lift lift) {
        return (c, i) -> check(c, lift, true);
    }

    /** SSE instructions without XMM operands (LDMXCSR, STMXCSR). */
    static Lift sse(Lift lift) {
        return (c, i) -> check(c, lift, false);
    }

    /** #NM if CR0.TS, and nothing else. */
    static Lift available(Lift lift) {
        return (c, i) -> {
            if (X86Mode.is(c.mode, X86Mode.TS)) {
                c.raise(NO_DEVICE, -1);
            } else {
                lift.lift(c, i);
            }
        };
    }

    /** Instructions with VEX prefix on vector registers, or MXCSR: #UD unless the system has enabled AVX state; then #NM if CR0.TS. */
    static Lift avx(Lift lift) {
        return (c, i) -> {
            if (!X86Mode.is(c.mode, X86Mode.AVX)) {
                c.undefined();
            } else {
                available(lift).lift(c, i);
            }
        };
    }

    private static void check(LiftContext c, Lift lift, boolean mmxOnly) {
        if (X86Mode.is(c.mode, X86Mode.EM) || !mmxOnly && !X86Mode.is(c.mode, X86Mode.OSFXSR)) {
            c.undefined();
        } else if (X86Mode.is(c.mode, X86Mode.TS)) {
            c.raise(NO_DEVICE, -1);
        } else {
            lift.lift(c, c.insn());
        }
    }
}
