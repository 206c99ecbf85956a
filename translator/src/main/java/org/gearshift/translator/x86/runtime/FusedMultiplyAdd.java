package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/**
 * FMA (Intel SDM vol. 1, 14.5): {@code x * y + z} of binary32 and binary64, rounded once, with every rounding mode, DAZ and FTZ, special operand and exception. Java's fma
 * gives the result where all exceptions are masked, rounding is to nearest and everything is well inside the normal range; whether it was inexact matters only
 * until MXCSR.PE is set. Everything else is exact integer arithmetic.
 */
public final class FusedMultiplyAdd {
    /** Bits of an operation: the product, the addend is negated. NaNs are not. */
    public static final int NEGATE_PRODUCT = 1;
    public static final int NEGATE_ADDEND = 2;
    /** Where the operation of the upper of two elements is. */
    public static final int UPPER_SHIFT = 2;

    private static final int CONTROL = 0x7f80;
    private static final int DEFAULT = 0x1f80;
    private static final int IE = X87Status.IE;
    private static final int DE = X87Status.DE;
    private static final int PE = X87Status.PE;
    private static final int F32 = FloatRounding.F32;
    private static final int F64 = FloatRounding.F64;
    private static final long LOW = 0xffff_ffffL;

    private FusedMultiplyAdd() {
    }

    /** One binary64 element. */
    public static long fmaDouble(GuestContext ctx, long x, long y, long z, int operation) {
        long[] s = ctx.s;
        int mxcsr = (int) s[X86State.MXCSR];
        if ((mxcsr & CONTROL) == DEFAULT && (mxcsr & PE) != 0 && isOrdinary(x) && isOrdinary(y) && isOrdinary(z)) {
            double product = Double.longBitsToDouble((operation & NEGATE_PRODUCT) != 0 ? x ^ Long.MIN_VALUE : x);
            double addend = Double.longBitsToDouble((operation & NEGATE_ADDEND) != 0 ? z ^ Long.MIN_VALUE : z);
            long r = Double.doubleToRawLongBits(Math.fma(product, Double.longBitsToDouble(y), addend));
            if (((int) (r >>> 52) & 0x7ff) - 2 + Integer.MIN_VALUE < 0x7fd + Integer.MIN_VALUE) {
                return r;
            }
        }
        long before = s[X86State.MXCSR];
        s[X86State.MXCSR] = before & ~SseExact.FLAGS;
        return SseExact.finish(ctx, before, element(s, F64, x, y, z, operation));
    }

    private static boolean isOrdinary(long a) {
        return ((int) (a >>> 52) & 0x7ff) - 1 + Integer.MIN_VALUE < 0x7fe + Integer.MIN_VALUE;
    }

    /** Two binary32 elements. */
    public static long fmaSingles(GuestContext ctx, long x, long y, long z, int operation) {
        int low = (int) x;
        long r = fast(ctx.s, low, (int) y, (int) z, operation);
        if (r >= 0) {
            long high = fast(ctx.s, (int) (x >> 32), (int) (y >> 32), (int) (z >> 32), operation >> UPPER_SHIFT);
            if (high >= 0) {
                return high << 32 | r;
            }
        }
        long[] s = ctx.s;
        long before = s[X86State.MXCSR];
        s[X86State.MXCSR] = before & ~SseExact.FLAGS;
        long l = element(s, F32, low, (int) y, (int) z, operation);
        long h = element(s, F32, (int) (x >> 32), (int) (y >> 32), (int) (z >> 32), operation >> UPPER_SHIFT);
        return SseExact.finish(ctx, before, h << 32 | l & LOW);
    }

    /** One binary32 element. */
    public static int fmaSingle(GuestContext ctx, int x, int y, int z, int operation) {
        long r = fast(ctx.s, x, y, z, operation);
        if (r >= 0) {
            return (int) r;
        }
        long[] s = ctx.s;
        long before = s[X86State.MXCSR];
        s[X86State.MXCSR] = before & ~SseExact.FLAGS;
        return (int) SseExact.finish(ctx, before, element(s, F32, x, y, z, operation));
    }

    /** The element, or -1 if the fast way is not open. Sets MXCSR.PE: a product of two binary32 is exact in binary64, and the sum's error can be told. */
    private static long fast(long[] s, int x, int y, int z, int operation) {
        int mxcsr = (int) s[X86State.MXCSR];
        if ((mxcsr & CONTROL) != DEFAULT || !isOrdinary(x) || !isOrdinary(y) || !isOrdinary(z)) {
            return -1;
        }
        float a = Float.intBitsToFloat((operation & NEGATE_PRODUCT) != 0 ? x ^ Integer.MIN_VALUE : x);
        float b = Float.intBitsToFloat(y);
        float c = Float.intBitsToFloat((operation & NEGATE_ADDEND) != 0 ? z ^ Integer.MIN_VALUE : z);
        float r = Math.fma(a, b, c);
        int bits = Float.floatToRawIntBits(r);
        if ((bits >>> 23 & 0xff) - 2 + Integer.MIN_VALUE >= 0xfd + Integer.MIN_VALUE) {
            return -1;
        }
        double product = (double) a * b;
        double sum = product + c;
        double part = sum - product;
        if (sum != r || product - (sum - part) + (c - part) != 0) {
            s[X86State.MXCSR] = mxcsr | PE;
        }
        return bits & LOW;
    }

    private static boolean isOrdinary(int a) {
        return (a >>> 23 & 0xff) - 1 + Integer.MIN_VALUE < 0xfe + Integer.MIN_VALUE;
    }

    /** Result of one element; flags are added to MXCSR. */
    private static long element(long[] s, int format, long first, long second, long third, int operation) {
        long mxcsr = s[X86State.MXCSR];
        long x = SseExact.daz(mxcsr, format, first);
        long y = SseExact.daz(mxcsr, format, second);
        long z = SseExact.daz(mxcsr, format, third);
        if (SseExact.isNaN(format, x) || SseExact.isNaN(format, y) || SseExact.isNaN(format, z)) {
            return notANumber(s, format, x, y, z);
        }
        long inf = SseExact.infinity(format);
        long mx = SseExact.magnitude(format, x);
        long my = SseExact.magnitude(format, y);
        long mz = SseExact.magnitude(format, z);
        int signP = SseExact.sign(format, x) ^ SseExact.sign(format, y) ^ operation & NEGATE_PRODUCT;
        int signZ = SseExact.sign(format, z) ^ operation >> 1 & 1;
        boolean infinite = mx == inf || my == inf;
        if (infinite && (mx == 0 || my == 0 || mz == inf && signP != signZ)) {
            s[X86State.MXCSR] = mxcsr | IE;
            return SseExact.indefinite(format);
        }
        if (SseExact.isDenormal(format, x) || SseExact.isDenormal(format, y) || SseExact.isDenormal(format, z)) {
            s[X86State.MXCSR] = mxcsr | DE;
        }
        if (infinite || mz == inf) {
            return SseExact.signed(format, infinite ? signP : signZ, inf);
        }
        if (mx == 0 || my == 0) {
            if (mz == 0) {
                return SseExact.signed(format, signP == signZ ? signP : FloatRounding.zeroSign(s, format), 0);
            }
            return FloatRounding.round(s, format, signZ, SseExact.exponent(format, z), SseExact.significand(format, z), 0);
        }
        return finite(s, format, x, y, z, signP, signZ);
    }

    /** The first NaN of x, y, z, quiet. An invalid product does not count beside one. */
    private static long notANumber(long[] s, int format, long x, long y, long z) {
        if (SseExact.isSignaling(format, x) || SseExact.isSignaling(format, y) || SseExact.isSignaling(format, z)) {
            s[X86State.MXCSR] |= IE;
        }
        long nan = SseExact.isNaN(format, x) ? x : SseExact.isNaN(format, y) ? y : z;
        return nan | SseExact.quietBit(format);
    }

    private static long finite(long[] s, int format, long x, long y, long z, int signP, int signZ) {
        long a = SseExact.significand(format, x);
        long b = SseExact.significand(format, y);
        long hi = Math.multiplyHigh(a, b) + a + b;
        long lo = a * b;
        int exponent = SseExact.exponent(format, x) + SseExact.exponent(format, y) - 16382;
        if (hi >= 0) {
            hi = hi << 1 | lo >>> 63;
            lo <<= 1;
            exponent--;
        }
        if (SseExact.magnitude(format, z) == 0) {
            return FloatRounding.round(s, format, signP, exponent, hi, lo);
        }
        int exponentZ = SseExact.exponent(format, z);
        long c = SseExact.significand(format, z);
        int d = exponent - exponentZ;
        boolean productIsLarger = d > 0 || d == 0 && Long.compareUnsigned(hi, c) >= 0;
        return productIsLarger ? sum(s, format, signP, exponent, hi, lo, signP != signZ, d, c, 0)
                : sum(s, format, signZ, exponentZ, c, 0, signP != signZ, -d, hi, lo);
    }

    /**
     * Sum or difference of two numbers of 128 bits, the first at least as large as the second, which is d binary places down. What is shifted out there leaves a trace in the lowest
     * bit: far enough below the last that counts, since a difference loses at most one place where d is not below 2, and nothing is shifted out where it is.
     */
    private static long sum(long[] s, int format, int sign, int exponent, long ah, long al, boolean subtract, int d, long bh, long bl) {
        long h = d == 0 ? bh : d < 64 ? bh >>> d : 0;
        long l = shiftedLow(bh, bl, d);
        if (!subtract) {
            long lo = al + l;
            long carry = Long.compareUnsigned(lo, al) < 0 ? 1 : 0;
            long hi = ah + h + carry;
            boolean over = Long.compareUnsigned(hi, ah) < 0 || carry != 0 && hi == ah;
            return over ? FloatRounding.round(s, format, sign, exponent + 1, hi >>> 1 | Long.MIN_VALUE, hi << 63 | lo >>> 1 | lo & 1)
                    : FloatRounding.round(s, format, sign, exponent, hi, lo);
        }
        long lo = al - l;
        long hi = ah - h - (Long.compareUnsigned(al, l) < 0 ? 1 : 0);
        if (hi == 0 && lo == 0) {
            return FloatRounding.zero(s, format, FloatRounding.zeroSign(s, format));
        }
        if (hi == 0) {
            int n = Long.numberOfLeadingZeros(lo);
            return FloatRounding.round(s, format, sign, exponent - 64 - n, lo << n, 0);
        }
        int n = Long.numberOfLeadingZeros(hi);
        return n == 0 ? FloatRounding.round(s, format, sign, exponent, hi, lo)
                : FloatRounding.round(s, format, sign, exponent - n, hi << n | lo >>> 64 - n, lo << n);
    }

    /** Low word of (hi:lo) shifted right by d, with everything that falls out gathered in bit 0. */
    private static long shiftedLow(long hi, long lo, int d) {
        if (d == 0) {
            return lo;
        }
        if (d < 64) {
            return hi << 64 - d | lo >>> d | (lo << 64 - d != 0 ? 1 : 0);
        }
        if (d == 64) {
            return hi | (lo != 0 ? 1 : 0);
        }
        return d < 128 ? hi >>> d - 64 | ((hi << 128 - d | lo) != 0 ? 1 : 0) : 1;
    }
}
