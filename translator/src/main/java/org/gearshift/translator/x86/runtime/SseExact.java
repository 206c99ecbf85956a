package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/**
 * SSE arithmetic with every rounding mode, DAZ and FTZ, special operand and exception (Intel SDM vol. 1, 11.5 and appendix E): the slow way of
 * {@link SseFloat}. If an exception is unmasked, flags are recorded and #XM is raised (#UD without CR4.OSXMMEXCPT), for packed instructions after
 * looking at all elements: unmasked invalid, denormal and divide exceptions of any keep the others from being computed.
 */
final class SseExact {
    static final int FLAGS = 0x3f;
    /** In the MXCSR slot between {@link SseExceptions#begin} and its end: exceptions are recorded, whatever the masks. No bit of the register. */
    static final int RECORD_ONLY = 1 << 24;
    private static final int IE = X87Status.IE;
    private static final int DE = X87Status.DE;
    private static final int ZE = X87Status.ZE;
    private static final int PRECOMPUTATION = IE | DE | ZE;
    /** No operation. */
    static final int NONE = -1;
    private static final int XM = 19;
    private static final int UD = 6;
    private static final long OSXMMEXCPT = 1 << 10;

    private SseExact() {
    }

    /** Exceptions not masked, at flag positions. */
    static int unmasked(long mxcsr) {
        return (int) ~mxcsr >> 7 & FLAGS;
    }

    /** Delivers an unmasked exception. */
    static RuntimeException raise(GuestContext ctx) {
        throw ctx.raise((ctx.s[X86State.CR4] & OSXMMEXCPT) != 0 ? XM : UD, -1);
    }

    /** Records flags; raises if one of them is unmasked. */
    static void signal(GuestContext ctx, int flags) {
        if (flags != 0) {
            long mxcsr = ctx.s[X86State.MXCSR];
            ctx.s[X86State.MXCSR] = mxcsr | flags;
            if ((flags & unmasked(mxcsr)) != 0 && (mxcsr & RECORD_ONLY) == 0) {
                throw raise(ctx);
            }
        }
    }

    static long half(GuestContext ctx, int operation, int format, long a, long b, long otherA, long otherB, boolean packed) {
        return half(ctx, operation, packed ? operation : NONE, format, a, b, otherA, otherB);
    }

    /**
     * One half of a packed operation, or a scalar binary64 one: F64 is one element, F32 two.
     *
     * @param other what is computed in the other half, or NONE
     */
    static long half(GuestContext ctx, int operation, int other, int format, long a, long b, long otherA, long otherB) {
        long[] s = ctx.s;
        long before = s[X86State.MXCSR];
        int unmasked = unmasked(before);
        if (unmasked == 0 || (before & RECORD_ONLY) != 0) {
            return elements(s, operation, format, a, b);
        }
        int pre = preconditions(before, operation, format, a, b);
        if (other != NONE) {
            pre |= preconditions(before, other, format, otherA, otherB);
        }
        if ((pre & unmasked) != 0) {
            signal(ctx, pre);
        }
        s[X86State.MXCSR] = before & ~FLAGS;
        long r = elements(s, operation, format, a, b);
        if (other != NONE) {
            elements(s, other, format, otherA, otherB);
        }
        return finish(ctx, before, r);
    }

    static int scalar32(GuestContext ctx, int operation, int a, int b) {
        long[] s = ctx.s;
        long before = s[X86State.MXCSR];
        int unmasked = unmasked(before);
        if (unmasked == 0 || (before & RECORD_ONLY) != 0) {
            return (int) element(s, operation, FloatRounding.F32, a, b);
        }
        int pre = precondition(before, operation, FloatRounding.F32, a, b);
        if ((pre & unmasked) != 0) {
            signal(ctx, pre);
        }
        s[X86State.MXCSR] = before & ~FLAGS;
        return (int) finish(ctx, before, element(s, operation, FloatRounding.F32, a, b));
    }

    /** Merges flags recorded since they were cleared, and raises what is unmasked; unmasked IE, DE, ZE of one element hide the later ones of all. */
    static long finish(GuestContext ctx, long before, long result) {
        int flags = (int) ctx.s[X86State.MXCSR] & FLAGS;
        ctx.s[X86State.MXCSR] = before;
        if ((before & RECORD_ONLY) == 0 && (flags & unmasked(before) & PRECOMPUTATION) != 0) {
            flags &= PRECOMPUTATION;
        }
        signal(ctx, flags);
        return result;
    }

    private static long elements(long[] s, int operation, int format, long a, long b) {
        if (format == FloatRounding.F64) {
            return element(s, operation, format, a, b);
        }
        long low = element(s, lower(operation), format, (int) a, (int) b);
        long high = element(s, upper(operation), format, (int) (a >> 32), (int) (b >> 32));
        return high << 32 | low & 0xffff_ffffL;
    }

    private static int preconditions(long mxcsr, int operation, int format, long a, long b) {
        if (format == FloatRounding.F64) {
            return precondition(mxcsr, operation, format, a, b);
        }
        return precondition(mxcsr, lower(operation), format, (int) a, (int) b)
                | precondition(mxcsr, upper(operation), format, (int) (a >> 32), (int) (b >> 32));
    }

    private static int lower(int operation) {
        return operation == SseFloat.ADDSUB ? SseFloat.SUB : operation;
    }

    private static int upper(int operation) {
        return operation == SseFloat.ADDSUB ? SseFloat.ADD : operation;
    }

    // ---- one element; binary32 values are in the low 32 bits, sign-extended or not ----

    static long magnitude(int format, long v) {
        return format == FloatRounding.F64 ? v & Long.MAX_VALUE : v & 0x7fff_ffffL;
    }

    static long infinity(int format) {
        return format == FloatRounding.F64 ? 0x7ff0_0000_0000_0000L : 0x7f80_0000L;
    }

    static long quietBit(int format) {
        return format == FloatRounding.F64 ? 1L << 51 : 1L << 22;
    }

    static long indefinite(int format) {
        return format == FloatRounding.F64 ? 0xfff8_0000_0000_0000L : 0xffc0_0000L;
    }

    static int sign(int format, long v) {
        return (int) (format == FloatRounding.F64 ? v >>> 63 : v >>> 31 & 1);
    }

    static boolean isNaN(int format, long v) {
        return magnitude(format, v) > infinity(format);
    }

    static boolean isSignaling(int format, long v) {
        return isNaN(format, v) && (v & quietBit(format)) == 0;
    }

    static boolean isDenormal(int format, long v) {
        long m = magnitude(format, v);
        return m != 0 && m < (format == FloatRounding.F64 ? 1L << 52 : 1L << 23);
    }

    /** The operand as the operation sees it: with DAZ a denormal is a zero. */
    static long daz(long mxcsr, int format, long v) {
        return (mxcsr & FloatRounding.DAZ) != 0 && isDenormal(format, v) ? v ^ magnitude(format, v) : v;
    }

    /** IE, DE, ZE of an operation. */
    static int precondition(long mxcsr, int operation, int format, long first, long second) {
        long a = daz(mxcsr, format, first);
        long b = daz(mxcsr, format, second);
        if (isNaN(format, a) || isNaN(format, b)) {
            boolean minMax = operation == SseFloat.MIN || operation == SseFloat.MAX;
            return minMax || isSignaling(format, a) || isSignaling(format, b) ? IE : 0;
        }
        long x = magnitude(format, a);
        long y = magnitude(format, b);
        long inf = infinity(format);
        int de = isDenormal(format, a) || isDenormal(format, b) ? DE : 0;
        boolean opposite = sign(format, a) != sign(format, b);
        return switch (operation) {
            case SseFloat.ADD -> x == inf && y == inf && opposite ? IE : de;
            case SseFloat.SUB -> x == inf && y == inf && !opposite ? IE : de;
            case SseFloat.MUL -> x == inf && y == 0 || x == 0 && y == inf ? IE : de;
            case SseFloat.DIV -> x == inf && y == inf || x == 0 && y == 0 ? IE : y == 0 && x != inf ? ZE : de;
            case SseFloat.SQRT -> y != 0 && sign(format, b) != 0 ? IE : de;
            default -> de;
        };
    }

    /** Result of one element; flags are added to MXCSR. */
    static long element(long[] s, int operation, int format, long first, long second) {
        long mxcsr = s[X86State.MXCSR];
        int pre = precondition(mxcsr, operation, format, first, second);
        s[X86State.MXCSR] = mxcsr | pre;
        long a = daz(mxcsr, format, first);
        long b = daz(mxcsr, format, second);
        if (operation == SseFloat.MIN || operation == SseFloat.MAX) {
            return extremum(operation, format, a, b);
        }
        if (operation != SseFloat.SQRT && isNaN(format, a)) {
            return a | quietBit(format);
        }
        if (isNaN(format, b)) {
            return b | quietBit(format);
        }
        if ((pre & IE) != 0) {
            return indefinite(format);
        }
        return operation == SseFloat.SQRT ? root(s, format, b) : finite(s, operation, format, a, b);
    }

    private static long extremum(int operation, int format, long a, long b) {
        if (isNaN(format, a) || isNaN(format, b)) {
            return b;
        }
        long x = ordered(format, a);
        long y = ordered(format, b);
        return (operation == SseFloat.MIN ? x < y : x > y) ? a : b;
    }

    /** A number that orders like the float; both zeros are 0. */
    static long ordered(int format, long v) {
        long m = magnitude(format, v);
        return sign(format, v) != 0 ? -m : m;
    }

    private static long finite(long[] s, int operation, int format, long a, long b) {
        long x = magnitude(format, a);
        long y = magnitude(format, b);
        long inf = infinity(format);
        int signA = sign(format, a);
        int signB = sign(format, b) ^ (operation == SseFloat.SUB ? 1 : 0);
        if (operation == SseFloat.ADD || operation == SseFloat.SUB) {
            if (x == inf || y == inf) {
                return signed(format, x == inf ? signA : signB, inf);
            }
            if (x == 0 && y == 0) {
                return signed(format, signA == signB ? signA : FloatRounding.zeroSign(s, format), 0);
            }
            if (x == 0) {
                return rounded(s, format, signB, b);
            }
            if (y == 0) {
                return rounded(s, format, signA, a);
            }
            return FloatArithmetic.add(s, format, signA, exponent(format, a), significand(format, a), signB, exponent(format, b), significand(format, b));
        }
        int sign = signA ^ signB;
        if (operation == SseFloat.MUL) {
            if (x == inf || y == inf) {
                return signed(format, sign, inf);
            }
            return x == 0 || y == 0 ? signed(format, sign, 0)
                    : FloatArithmetic.multiply(s, format, sign, exponent(format, a), significand(format, a), exponent(format, b), significand(format, b));
        }
        if (x == inf || y == 0) {
            return signed(format, sign, inf);
        }
        return x == 0 || y == inf ? signed(format, sign, 0)
                : FloatArithmetic.divide(s, format, sign, exponent(format, a), significand(format, a), exponent(format, b), significand(format, b));
    }

    private static long root(long[] s, int format, long b) {
        long y = magnitude(format, b);
        return y == 0 || y == infinity(format) ? b : FloatArithmetic.squareRoot(s, format, exponent(format, b), significand(format, b));
    }

    private static long rounded(long[] s, int format, int sign, long v) {
        return FloatRounding.round(s, format, sign, exponent(format, v), significand(format, v), 0);
    }

    static long signed(int format, int sign, long magnitude) {
        return (long) sign << (format == FloatRounding.F64 ? 63 : 31) | magnitude;
    }

    static long significand(int format, long v) {
        return format == FloatRounding.F64 ? ExtendedConversion.significandOf64(v) : ExtendedConversion.significandOf32((int) v);
    }

    /** Exponent biased by 16383 of a finite non-zero number whose significand is normalized. */
    static int exponent(int format, long v) {
        return (format == FloatRounding.F64 ? ExtendedConversion.exponentOf64(v) : ExtendedConversion.exponentOf32((int) v)) & 0x7fff;
    }
}
