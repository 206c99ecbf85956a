package org.gearshift.translator.x86.runtime;

/**
 * Addition, multiplication, division and square root of finite non-zero numbers, exact and then rounded once into a sink of
 * {@link FloatRounding}. A number is sign (0 or 1), exponent biased by 16383 (any int), and a significand with its top bit set.
 */
final class FloatArithmetic {
    private static final long LOW = 0xffff_ffffL;
    private static final double TWO_32 = 0x1p32;
    private static final double TWO_63 = 0x1p63;
    private static final double TWO_64 = 0x1p64;

    private FloatArithmetic() {
    }

    static long add(long[] s, int sink, int signA, int expA, long a, int signB, int expB, long b) {
        int d = expA - expB;
        if (d < 0 || d == 0 && Long.compareUnsigned(a, b) < 0) {
            return ordered(s, sink, signB, expB, b, signA != signB, -d, a);
        }
        return ordered(s, sink, signA, expA, a, signA != signB, d, b);
    }

    /** a is at least b in magnitude, b is d binary places down. */
    private static long ordered(long[] s, int sink, int sign, int exponent, long a, boolean subtract, int d, long b) {
        long bh;
        long bl;
        if (d == 0) {
            bh = b;
            bl = 0;
        } else if (d < 64) {
            bh = b >>> d;
            bl = b << 64 - d;
        } else {
            bh = 0;
            bl = d == 64 ? b : d < 128 ? b >>> d - 64 | (b << 128 - d != 0 ? 1 : 0) : 1;
        }
        if (!subtract) {
            long hi = a + bh;
            if (Long.compareUnsigned(hi, a) < 0) {
                return FloatRounding.round(s, sink, sign, exponent + 1, hi >>> 1 | Long.MIN_VALUE, hi << 63 | bl >>> 1 | bl & 1);
            }
            return FloatRounding.round(s, sink, sign, exponent, hi, bl);
        }
        return normalized(s, sink, sign, exponent, a - bh - (bl != 0 ? 1 : 0), -bl);
    }

    private static long normalized(long[] s, int sink, int sign, int exponent, long hi, long lo) {
        if (hi < 0) {
            return FloatRounding.round(s, sink, sign, exponent, hi, lo);
        }
        if (hi != 0) {
            int n = Long.numberOfLeadingZeros(hi);
            return FloatRounding.round(s, sink, sign, exponent - n, hi << n | lo >>> 64 - n, lo << n);
        }
        if (lo == 0) {
            return FloatRounding.zero(s, sink, FloatRounding.zeroSign(s, sink));
        }
        int n = Long.numberOfLeadingZeros(lo);
        return FloatRounding.round(s, sink, sign, exponent - 64 - n, lo << n, 0);
    }

    static long multiply(long[] s, int sink, int sign, int expA, long a, int expB, long b) {
        long hi = Math.multiplyHigh(a, b) + a + b;
        long lo = a * b;
        int exponent = expA + expB - 16382;
        if (hi >= 0) {
            hi = hi << 1 | lo >>> 63;
            lo <<= 1;
            exponent--;
        }
        return FloatRounding.round(s, sink, sign, exponent, hi, lo);
    }

    static long divide(long[] s, int sink, int sign, int expA, long a, int expB, long b) {
        long hi;
        long lo;
        int exponent = expA - expB + 16383;
        if (Long.compareUnsigned(a, b) >= 0) {
            hi = a >>> 1;
            lo = a << 63;
        } else {
            hi = a;
            lo = 0;
            exponent--;
        }
        long q = divide(hi, lo, b);
        long r = lo - q * b;
        return FloatRounding.round(s, sink, sign, exponent, q, fractionOf(r, b));
    }

    /** r / d as a sticky fraction of 2^64: only its relation to 0 and one half counts. */
    private static long fractionOf(long r, long d) {
        if (r == 0) {
            return 0;
        }
        int c = Long.compareUnsigned(r, d - r);
        return c < 0 ? 1 : c == 0 ? Long.MIN_VALUE : Long.MIN_VALUE | 1;
    }

    /** Quotient of the unsigned 128-bit number hi:lo by d, whose top bit is set; hi must be below d (Knuth, algorithm D with 32-bit digits). */
    static long divide(long hi, long lo, long d) {
        long q1 = digit(hi, lo >>> 32, d);
        long rest = (hi << 32 | lo >>> 32) - q1 * d;
        long q0 = digit(rest, lo & LOW, d);
        return (q1 << 32) + q0;
    }

    private static long digit(long n, long next, long d) {
        long dh = d >>> 32;
        long dl = d & LOW;
        long q = Long.divideUnsigned(n, dh);
        long r = n - q * dh;
        while (q > LOW || Long.compareUnsigned(q * dl, r << 32 | next) > 0) {
            q--;
            r += dh;
            if (r > LOW) {
                break;
            }
        }
        return q;
    }

    /** Square root of a positive number. */
    static long squareRoot(long[] s, int sink, int exponent, long a) {
        int e = exponent - 16383;
        boolean odd = (e & 1) != 0;
        long hi = odd ? a : a >>> 1;
        long lo = odd ? 0 : a << 63;
        long r = root(hi, lo);
        long square = r * r;
        long restLo = lo - square;
        boolean over = hi - highOfSquare(r) - (Long.compareUnsigned(lo, square) < 0 ? 1 : 0) != 0;
        boolean exact = !over && restLo == 0;
        boolean aboveHalf = over || Long.compareUnsigned(restLo, r) > 0;
        return FloatRounding.round(s, sink, 0, (e >> 1) + 16383, r, exact ? 0 : aboveHalf ? Long.MIN_VALUE | 1 : 1);
    }

    /** Upper half of the square of an unsigned number whose top bit is set. */
    static long highOfSquare(long r) {
        return Math.multiplyHigh(r, r) + 2 * r;
    }

    /** Floor of the square root of hi:lo, of whose two top bits one at least is set. What is left below its square is at most twice the root: 65 bits. */
    static long root(long hi, long lo) {
        long r = estimate(hi, lo);
        long restLo = lo - r * r;
        long restHi = hi - highOfSquare(r) - (Long.compareUnsigned(lo, r * r) < 0 ? 1 : 0);
        while (restHi < 0) {
            r--;
            long add = 2 * r + 1;
            long sum = restLo + add;
            restHi += (r < 0 ? 1 : 0) + (Long.compareUnsigned(sum, restLo) < 0 ? 1 : 0);
            restLo = sum;
        }
        while (restHi > 1 || restHi == 1 && Long.compareUnsigned(restLo, 2 * r) > 0) {
            long sub = 2 * r + 1;
            restHi -= 1 + (Long.compareUnsigned(restLo, sub) < 0 ? 1 : 0);
            restLo -= sub;
            r++;
        }
        return r;
    }

    /** Root of hi:lo to within a unit or two: a double gives 53 bits, one Newton step in double arithmetic on the exact rest the others. */
    private static long estimate(long hi, long lo) {
        double d = Math.sqrt(toDouble(hi)) * TWO_32;
        long r = d >= TWO_64 ? -1L : d <= TWO_63 ? Long.MIN_VALUE : (long) (d - TWO_63) | Long.MIN_VALUE;
        long sqLo = r * r;
        long restHi = hi - (Math.multiplyHigh(r, r) + 2 * r) - (Long.compareUnsigned(lo, sqLo) < 0 ? 1 : 0);
        double rest = restHi * TWO_64 + toDouble(lo - sqLo);
        long step = (long) Math.floor(rest / (2 * toDouble(r)));
        return r + step < 0 ? r + step : r;
    }

    private static double toDouble(long unsigned) {
        return unsigned >= 0 ? unsigned : (unsigned >>> 1) * 2.0;
    }
}
