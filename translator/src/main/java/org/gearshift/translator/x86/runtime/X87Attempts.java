package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;

/**
 * x87 arithmetic and conversion in its usual case: operands are zero or normal ({@link #isNumber}), and so is the result; rounding is to nearest, to 64 bits, and all
 * exceptions are masked, so that the only one that may come of it is PE. Code that knows TOP and the tags calls these in place of {@link X87Arithmetic} and its like:
 * nothing here touches state or memory, and compilers inline it.
 *
 * <p>A number is a significand and a word of sign (bit 15) and biased exponent, as in {@link Extended}. Where a method has both as its result, or beside its result
 * something to record, it leaves that in {@link GuestContext#secondResult}: sign and exponent in the lower half, in the upper one the bits to set in the status word (PE,
 * C1); and that being negative says that the case is none of these, and the result means nothing.
 */
public final class X87Attempts {
    private static final int MAX = Extended.MAX;
    private static final int SIGN = 0x8000;
    /** {@link GuestContext#secondResult} of what is no usual case. */
    private static final int NONE = Integer.MIN_VALUE;
    /** Places of status bits in the second result. */
    private static final int PE = 16 + 5;
    private static final int C1 = 16 + 9;
    private static final long TOP = Long.MIN_VALUE;
    /** Exponent biases: of extended numbers, and how much more that is than those of binary64 and binary32. */
    private static final int BIAS = 16383;
    private static final int BIAS_OVER_64 = BIAS - 1023;
    private static final int BIAS_OVER_32 = BIAS - 127;
    private static final int MAX_64 = 0x7ff;
    private static final int MAX_32 = 0xff;
    /** Bits of a significand that binary64 and binary32 do not have. */
    private static final int EXTRA_64 = 11;
    private static final int EXTRA_32 = 40;
    /** Where a smaller operand of an addition is so much smaller, only that there is one counts. */
    private static final int FAR = 66;

    private X87Attempts() {
    }

    /** The status word after an instruction with a second result. */
    public static int status(int status, int second) {
        return status & ~X87Status.C1 | second >>> 16;
    }

    /** What the method called last has left besides its result. */
    public static int second(GuestContext ctx) {
        return ctx.secondResult;
    }

    /** 1 for zero and normal numbers, else 0. */
    public static int isNumber(long m, int e) {
        int x = e & MAX;
        return (m < 0 ? x != 0 && x != MAX : (m | x) == 0) ? 1 : 0;
    }

    // ---- arithmetic ----

    /** a + b. */
    public static long sum(GuestContext ctx, long am, int ae, long bm, int be) {
        if ((am & bm) >= 0) {
            ctx.secondResult = am != 0 ? ae : bm != 0 ? be : ae & be;
            return am | bm;
        }
        int dx = (ae & MAX) - (be & MAX);
        // All ones if b has the larger exponent.
        int less = dx >> 31;
        long swap = (am ^ bm) & less;
        long big = am ^ swap;
        long small = bm ^ swap;
        int opposite = ae ^ be;
        int sign = (ae ^ opposite & less) & SIGN;
        int e = Math.max(ae & MAX, be & MAX);
        int d = Math.abs(dx);
        long h;
        long l;
        if (d < 64) {
            h = small >>> d;
            l = small << 1 << ~d;
        } else {
            h = 0;
            l = d > FAR ? 1 : small >>> d | (small << 1 << ~d != 0 ? 1 : 0);
        }
        if ((opposite & SIGN) != 0) {
            return difference(ctx, sign, e, big, h, l);
        }
        long hi = big + h;
        long carry = (h | ~hi) >>> 63;
        return rounded(ctx, sign, e + (int) carry, hi >>> carry | carry << 63, l >>> carry | hi << 63 & -carry | l & carry);
    }

    /** big minus h.l, which is larger only if l is 0: then exponents were equal. */
    private static long difference(GuestContext ctx, int sign, int e, long big, long h, long l) {
        long hi = big - h - (l != 0 ? 1 : 0);
        long lo = -l;
        int s = sign;
        if (Long.compareUnsigned(big, h) < 0) {
            hi = -hi;
            s ^= SIGN;
        }
        if (hi == 0) {
            // Exactly zero; where 64 bits and more have been lost it is left to others.
            ctx.secondResult = l == 0 ? 0 : NONE;
            return 0;
        }
        int n = Long.numberOfLeadingZeros(hi);
        return rounded(ctx, s, e - n, hi << n | lo >>> 1 >>> ~n, lo << n);
    }

    /** a * b. */
    public static long product(GuestContext ctx, long am, int ae, long bm, int be) {
        int sign = (ae ^ be) & SIGN;
        if ((am & bm) >= 0) {
            ctx.secondResult = sign;
            return 0;
        }
        long hi = Math.multiplyHigh(am, bm) + am + bm;
        long lo = am * bm;
        int n = (int) (~hi >>> 63);
        return rounded(ctx, sign, (ae & MAX) + (be & MAX) - (BIAS - 1) - n, hi << n | (lo >>> 63) & n, lo << n);
    }

    /** a / b. */
    public static long quotient(GuestContext ctx, long am, int ae, long bm, int be) {
        int sign = (ae ^ be) & SIGN;
        if ((am & bm) >= 0) {
            ctx.secondResult = bm == 0 ? NONE : sign;
            return 0;
        }
        int n = Long.compareUnsigned(am, bm) >= 0 ? 1 : 0;
        long lo = am << 63 & -(long) n;
        long q = FloatArithmetic.divide(am >>> n, lo, bm);
        long r = lo - q * bm;
        // The remainder as a fraction: only its relation to 0 and one half counts.
        long twice = r - (bm - r);
        boolean aboveHalf = Long.compareUnsigned(r, bm - r) > 0;
        long fraction = r == 0 ? 0 : aboveHalf ? TOP | 1 : twice == 0 ? TOP : 1;
        return rounded(ctx, sign, (ae & MAX) - (be & MAX) + BIAS - 1 + n, q, fraction);
    }

    /** The square root of a. */
    public static long root(GuestContext ctx, long am, int ae) {
        if (am == 0 || (ae & SIGN) != 0) {
            ctx.secondResult = am == 0 ? ae : NONE;
            return 0;
        }
        int e = ae - BIAS;
        int even = ~e & 1;
        long hi = am >>> even;
        long lo = am << 63 & -(long) even;
        long r = FloatArithmetic.root(hi, lo);
        // hi.lo - r * r is at most 2 r: 65 bits.
        long square = r * r;
        long restLo = lo - square;
        boolean over = hi - FloatArithmetic.highOfSquare(r) - (Long.compareUnsigned(lo, square) < 0 ? 1 : 0) != 0;
        long fraction = !over && restLo == 0 ? 0 : over || Long.compareUnsigned(restLo, r) > 0 ? TOP | 1 : 1;
        return rounded(ctx, 0, (e >> 1) + BIAS, r, fraction);
    }

    /** hi, with its top bit set, and the fraction lo rounded to nearest. */
    private static long rounded(GuestContext ctx, int sign, int e, long hi, long lo) {
        // The tie is rare, as is a carry out: branches that are foreseen.
        long up = lo == TOP ? hi & 1 : lo >>> 63;
        long m = hi + up;
        int x = e;
        if (m >= 0) {
            m = TOP;
            x++;
        }
        int second = sign | x | (int) ((lo | -lo) >>> 63 - PE) & 1 << PE | (int) up << C1;
        // What is to be rounded to 1 as exponent was tiny before.
        ctx.secondResult = e - 1 + Integer.MIN_VALUE < MAX - 1 + Integer.MIN_VALUE && x != MAX ? second : NONE;
        return m;
    }

    /** a rounded to an integral number. @param rc rounding mode, as in FCW */
    public static long integral(GuestContext ctx, long m, int e, int rc) {
        int n = BIAS + 63 - (e & MAX);
        if (n <= 0 || m == 0) {
            ctx.secondResult = e;
            return m;
        }
        long whole = n < 64 ? m >>> n : 0;
        long below = n < 64 ? m << -n : n == 64 ? m : 1;
        int sign = e & SIGN;
        boolean up = ExtendedConversion.roundsUp(rc, sign != 0, (whole & 1) != 0, below);
        long r = up ? whole + 1 : whole;
        ctx.secondResult = sign | ExtendedConversion.exponentOfInteger(r) | (below != 0 ? 1 << PE : 0) | (up ? 1 << C1 : 0);
        return ExtendedConversion.significandOfInteger(r);
    }

    /** Condition codes of a compared with b. */
    public static int order(long am, int ae, long bm, int be) {
        return Extended.order(am, ae, bm, be);
    }

    /** Condition codes that FXAM gives for any number that is not empty. */
    public static int examine(long m, int e) {
        return X87Comparison.classify(m, e);
    }

    // ---- from memory ----

    /** From binary64; nothing is left for the status word. */
    public static long ofReal(GuestContext ctx, long bits) {
        int x = (int) (bits >>> 52) & MAX_64;
        int sign = (int) (bits >>> 48) & SIGN;
        if (x - 1 + Integer.MIN_VALUE >= MAX_64 - 1 + Integer.MIN_VALUE) {
            ctx.secondResult = bits << 1 == 0 ? sign : NONE;
            return 0;
        }
        ctx.secondResult = sign | x + BIAS_OVER_64;
        return TOP | bits << EXTRA_64;
    }

    /** From binary32; nothing is left for the status word. */
    public static long ofSingle(GuestContext ctx, int bits) {
        int x = bits >>> 23 & MAX_32;
        int sign = bits >>> 16 & SIGN;
        if (x - 1 + Integer.MIN_VALUE >= MAX_32 - 1 + Integer.MIN_VALUE) {
            ctx.secondResult = bits << 1 == 0 ? sign : NONE;
            return 0;
        }
        ctx.secondResult = sign | x + BIAS_OVER_32;
        return TOP | (long) bits << EXTRA_32;
    }

    /** From an integer. */
    public static long ofInteger(GuestContext ctx, long v) {
        ctx.secondResult = ExtendedConversion.exponentOfInteger(v);
        return ExtendedConversion.significandOfInteger(v);
    }

    // ---- to memory ----

    /** To binary64; the second result has no exponent. */
    public static long toReal(GuestContext ctx, long m, int e) {
        int x = (e & MAX) - BIAS_OVER_64;
        long sign = (long) (e & SIGN) << 48;
        if (m == 0) {
            ctx.secondResult = 0;
            return sign;
        }
        int below = (int) m & (1 << EXTRA_64) - 1;
        int up = below + (1 << EXTRA_64 - 1) - 1 + ((int) (m >>> EXTRA_64) & 1) >>> EXTRA_64;
        // The largest exponent might round to infinity.
        ctx.secondResult = x - 1 + Integer.MIN_VALUE < MAX_64 - 2 + Integer.MIN_VALUE ? -below >>> 31 - PE & 1 << PE | up << C1 : NONE;
        return sign | ((long) x - 1 << 52) + (m >>> EXTRA_64) + up;
    }

    /** To binary32; the second result has no exponent. */
    public static int toSingle(GuestContext ctx, long m, int e) {
        int x = (e & MAX) - BIAS_OVER_32;
        int sign = (e & SIGN) << 16;
        if (m == 0) {
            ctx.secondResult = 0;
            return sign;
        }
        long below = m & (1L << EXTRA_32) - 1;
        long up = below + (1L << EXTRA_32 - 1) - 1 + (m >>> EXTRA_32 & 1) >>> EXTRA_32;
        ctx.secondResult = x - 1 + Integer.MIN_VALUE < MAX_32 - 2 + Integer.MIN_VALUE ? (int) (-below >>> 63) << PE | (int) up << C1 : NONE;
        return sign | (x - 1 << 23) + (int) (m >>> EXTRA_32) + (int) up;
    }

    /** To a signed integer of 2, 4 or 8 bytes; the second result has no exponent. @param rc rounding mode, as in FCW */
    public static long toInteger(GuestContext ctx, long m, int e, int rc, int bytes) {
        int n = BIAS + 63 - (e & MAX);
        if (m == 0) {
            ctx.secondResult = 0;
            return 0;
        }
        if (n <= 0) {
            ctx.secondResult = NONE;
            return 0;
        }
        long whole = n < 64 ? m >>> n : 0;
        long below = n < 64 ? m << -n : n == 64 ? m : 1;
        boolean negative = (e & SIGN) != 0;
        boolean up = ExtendedConversion.roundsUp(rc, negative, (whole & 1) != 0, below);
        long r = up ? whole + 1 : whole;
        // The negative number of largest magnitude is left to others.
        ctx.secondResult = r >>> 8 * bytes - 1 != 0 ? NONE : (below != 0 ? 1 << PE : 0) | (up ? 1 << C1 : 0);
        return negative ? -r : r;
    }
}
