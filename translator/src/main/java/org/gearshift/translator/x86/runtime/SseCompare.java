package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/** CMPxx, COMISx, UCOMISx (Intel SDM vol. 1, 11.4.1.1 and appendix E). */
public final class SseCompare {
    private static final int LESS = 1;
    private static final int EQUAL = 2;
    private static final int GREATER = 4;
    private static final int UNORDERED = 8;
    /** Outcomes for which a predicate 0..15 (EQ LT LE UNORD NEQ NLT NLE ORD, EQ_UQ NGE NGT FALSE NEQ_OQ GE GT TRUE) holds; 16..31 are the same. */
    private static final int[] HOLDS = {
        EQUAL, LESS, LESS | EQUAL, UNORDERED, LESS | GREATER | UNORDERED, EQUAL | GREATER | UNORDERED, GREATER | UNORDERED, LESS | EQUAL | GREATER,
        EQUAL | UNORDERED, LESS | UNORDERED, LESS | EQUAL | UNORDERED, 0, LESS | GREATER, EQUAL | GREATER, GREATER, LESS | EQUAL | GREATER | UNORDERED};

    private SseCompare() {
    }

    /** Whether quiet NaNs are invalid operands: those of the lower predicates with an order, and the other ones of the upper. */
    private static boolean signalsQuiet(int predicate) {
        boolean ordering = (predicate & 3) == 1 || (predicate & 3) == 2;
        return ordering != predicate > 15;
    }

    private static int flags(long mxcsr, int format, long a, long b, boolean quietInvalid) {
        if (SseExact.isNaN(format, a) || SseExact.isNaN(format, b)) {
            return quietInvalid || SseExact.isSignaling(format, a) || SseExact.isSignaling(format, b) ? X87Status.IE : 0;
        }
        boolean de = (mxcsr & FloatRounding.DAZ) == 0 && (SseExact.isDenormal(format, a) || SseExact.isDenormal(format, b));
        return de ? X87Status.DE : 0;
    }

    private static int outcome(long mxcsr, int format, long first, long second) {
        if (SseExact.isNaN(format, first) || SseExact.isNaN(format, second)) {
            return UNORDERED;
        }
        long a = SseExact.ordered(format, SseExact.daz(mxcsr, format, first));
        long b = SseExact.ordered(format, SseExact.daz(mxcsr, format, second));
        return a < b ? LESS : a == b ? EQUAL : GREATER;
    }

    private static boolean holds(long mxcsr, int format, long a, long b, int predicate) {
        return (HOLDS[predicate & 15] & outcome(mxcsr, format, a, b)) != 0;
    }

    /** A half of CMPPD: all ones or zero. */
    public static long cmppd(GuestContext ctx, long a, long b, long otherA, long otherB, int predicate) {
        long mxcsr = ctx.s[X86State.MXCSR];
        boolean quiet = signalsQuiet(predicate);
        SseExact.signal(ctx, flags(mxcsr, FloatRounding.F64, a, b, quiet) | flags(mxcsr, FloatRounding.F64, otherA, otherB, quiet));
        return holds(mxcsr, FloatRounding.F64, a, b, predicate) ? -1 : 0;
    }

    /** A half of CMPPS. */
    public static long cmpps(GuestContext ctx, long a, long b, long otherA, long otherB, int predicate) {
        long mxcsr = ctx.s[X86State.MXCSR];
        boolean quiet = signalsQuiet(predicate);
        SseExact.signal(ctx, flags32(mxcsr, a, b, quiet) | flags32(mxcsr, otherA, otherB, quiet));
        return (holds(mxcsr, FloatRounding.F32, (int) (a >> 32), (int) (b >> 32), predicate) ? 0xffff_ffff_0000_0000L : 0)
                | (holds(mxcsr, FloatRounding.F32, (int) a, (int) b, predicate) ? 0xffff_ffffL : 0);
    }

    private static int flags32(long mxcsr, long a, long b, boolean quietInvalid) {
        return flags(mxcsr, FloatRounding.F32, (int) a, (int) b, quietInvalid)
                | flags(mxcsr, FloatRounding.F32, (int) (a >> 32), (int) (b >> 32), quietInvalid);
    }

    /** COMISD, or UCOMISD if {@code quiet} is not 0: FLAG_RES in the upper and FLAG_AUX in the lower half. */
    public static long comisd(GuestContext ctx, long a, long b, int quiet) {
        return compare(ctx, FloatRounding.F64, a, b, quiet);
    }

    /** COMISS, UCOMISS. */
    public static long comiss(GuestContext ctx, int a, int b, int quiet) {
        return compare(ctx, FloatRounding.F32, a, b, quiet);
    }

    private static long compare(GuestContext ctx, int format, long a, long b, int quiet) {
        long mxcsr = ctx.s[X86State.MXCSR];
        SseExact.signal(ctx, flags(mxcsr, format, a, b, quiet == 0));
        int codes = switch (outcome(mxcsr, format, a, b)) {
            case LESS -> Extended.LESS;
            case EQUAL -> Extended.EQUAL;
            case GREATER -> Extended.GREATER;
            default -> Extended.UNORDERED;
        };
        return (long) X87Comparison.flagResult(codes) << 32 | X87Comparison.flagAux(codes) & 0xffff_ffffL;
    }

    /** CMPSD. */
    public static long cmpsd(GuestContext ctx, long a, long b, int predicate) {
        long mxcsr = ctx.s[X86State.MXCSR];
        SseExact.signal(ctx, flags(mxcsr, FloatRounding.F64, a, b, signalsQuiet(predicate)));
        return holds(mxcsr, FloatRounding.F64, a, b, predicate) ? -1 : 0;
    }

    /** CMPSS: the upper half of {@code a} stays. */
    public static long cmpss(GuestContext ctx, long a, int b, int predicate) {
        long mxcsr = ctx.s[X86State.MXCSR];
        SseExact.signal(ctx, flags(mxcsr, FloatRounding.F32, (int) a, b, signalsQuiet(predicate)));
        return a & 0xffff_ffff_0000_0000L | (holds(mxcsr, FloatRounding.F32, (int) a, b, predicate) ? 0xffff_ffffL : 0);
    }
}
