package org.gearshift.translator.x86.runtime;

import org.gearshift.translator.x86.X86State;

/**
 * The last step of every floating-point operation: an exact value is rounded into its destination and the exceptions OE, UE and PE are
 * recorded (Intel SDM vol. 1, 4.8.4 and 4.9). The value is
 * {@code (-1)^sign * hi.lo * 2^(exponent - 16383)} with the binary point after the top bit of {@code hi}, which is set; {@code lo} continues the
 * significand, its bit 0 also standing for any non-zero bits further down. The exponent may be out of range.
 *
 * <p>Destinations ("sinks") are the x87 registers 0..7, and the SSE formats {@link #F32} and {@link #F64}. Tininess is detected after rounding.
 */
final class FloatRounding {
    /** Sinks of SSE operations: the packed value is returned, MXCSR rules apply. */
    static final int F32 = 8;
    static final int F64 = 9;

    /** MXCSR: flush to zero, denormals are zeros; masks are the flags shifted left by 7. */
    static final int FTZ = 1 << 15;
    static final int DAZ = 1 << 6;

    /** Exponent adjustment of an unmasked overflow or underflow. */
    private static final int WRAP = 24576;

    private FloatRounding() {
    }

    /** Rounds to a sink: 1 if an x87 register was written, or the packed value of an SSE format. */
    static long round(long[] s, int sink, int sign, int exponent, long hi, long lo) {
        if (sink < F32) {
            int cw = (int) s[X86State.X87_CONTROL];
            if ((cw & 0xf00) == 0x300 && exponent > 0 && exponent < 0x7ffe) {
                nearest(s, sink, sign, exponent, hi, lo);
            } else {
                register(s, sink, sign, exponent, hi, lo, precision(cw));
            }
            return 1;
        }
        int mxcsr = (int) s[X86State.MXCSR];
        return narrow(s, X86State.MXCSR, sink == F64 ? 53 : 24, sign, exponent, hi, lo, mxcsr >> 13 & 3, mxcsr >> 7, (mxcsr & FTZ) != 0);
    }

    /** A zero result in a sink. */
    static long zero(long[] s, int sink, int sign) {
        if (sink < F32) {
            X87Status.set(s, sink, 0, sign << 15);
            return 1;
        }
        return sink == F64 ? (long) sign << 63 : (long) sign << 31;
    }

    /** Sign of an exact zero that is a sum of opposite numbers. */
    static int zeroSign(long[] s, int sink) {
        int rc = sink < F32 ? X87Status.roundingControl(s) : (int) s[X86State.MXCSR] >> 13 & 3;
        return rc == X87Status.ROUND_DOWN ? 1 : 0;
    }

    private static void nearest(long[] s, int dst, int sign, int exponent, long hi, long lo) {
        long h = hi;
        int e = exponent;
        if (lo != 0) {
            int flags = X87Status.PE;
            if (lo < 0 && (lo << 1 | h & 1) != 0) {
                flags |= X87Status.C1;
                if (++h == 0) {
                    h = Long.MIN_VALUE;
                    e++;
                }
            }
            X87Status.raise(s, flags);
        }
        s[X86State.X87_MANTISSA + dst] = h;
        s[X86State.X87_EXPONENT + dst] = sign << 15 | e;
    }

    /** Bits of significand that FCW's precision control keeps; the reserved setting 1 acts as extended. */
    private static int precision(int cw) {
        int pc = cw >> 8 & 3;
        return pc == 0 ? 24 : pc == 2 ? 53 : 64;
    }

    /** True if rounding away from zero, given the bits below the last kept one as a fraction of 2^64. */
    private static boolean roundsUp(int rc, int sign, boolean odd, long below) {
        return switch (rc) {
            case X87Status.ROUND_NEAREST -> below < 0 && (below << 1 != 0 || odd);
            case X87Status.ROUND_DOWN -> sign != 0 && below != 0;
            case X87Status.ROUND_UP -> sign == 0 && below != 0;
            default -> false;
        };
    }

    private static boolean roundsUp(int rc, int sign, long hi, long lo, int bits) {
        return roundsUp(rc, sign, (hi >>> 64 - bits & 1) != 0, below(hi, lo, bits));
    }

    /** Bits under the top {@code bits} of hi, as a fraction of 2^64. */
    private static long below(long hi, long lo, int bits) {
        return bits == 64 ? lo : hi << bits | (lo != 0 ? 1 : 0);
    }

    /** hi without its dropped bits, one unit up if {@code up}; 0 if that carries out. */
    private static long kept(long hi, int bits, boolean up) {
        long unit = 1L << 64 - bits;
        return (hi & -unit) + (up ? unit : 0);
    }

    /** True if rounding to this many bits with unbounded exponent would carry to the next power of two. */
    private static boolean carries(int rc, int sign, long hi, long lo, int bits) {
        return roundsUp(rc, sign, hi, lo, bits) && kept(hi, bits, true) == 0;
    }

    /**
     * Rounds into an x87 register at a given precision, any exponent, any mode. Unmasked overflow and underflow wrap the exponent; beyond that (FSCALE
     * only) the result is infinity or zero.
     */
    static void register(long[] s, int dst, int sign, int exponent, long hi, long lo, int bits) {
        int rc = X87Status.roundingControl(s);
        int e = exponent;
        long h = hi;
        long l = lo;
        int flags = 0;
        boolean tiny = e < 0 || e == 0 && !carries(rc, sign, h, l, bits);
        boolean subnormal = false;
        if (tiny && ((int) s[X86State.X87_CONTROL] & X87Status.UE) == 0) {
            flags = X87Status.UE;
            e += WRAP;
            if (e < 0) {
                X87Status.raise(s, X87Status.UE | X87Status.PE);
                X87Status.set(s, dst, 0, sign << 15);
                return;
            }
        } else if (e <= 0) {
            int n = 1 - e;
            l = shiftedLow(h, l, n);
            h = n < 64 ? h >>> n : 0;
            e = 0;
            subnormal = true;
        }
        long below = below(h, l, bits);
        boolean up = roundsUp(rc, sign, h, l, bits);
        long k = kept(h, bits, up);
        if (below != 0) {
            flags |= X87Status.PE | (up ? X87Status.C1 : 0) | (tiny && subnormal ? X87Status.UE : 0);
        }
        if (up && k == 0) {
            k = Long.MIN_VALUE;
            e++;
        } else if (subnormal && k < 0) {
            e = 1;
        }
        if (e >= 0x7fff) {
            overflow(s, dst, sign, e, k, bits, flags, rc);
            return;
        }
        X87Status.raise(s, flags);
        X87Status.set(s, dst, k, sign << 15 | e);
    }

    private static void overflow(long[] s, int dst, int sign, int exponent, long significand, int bits, int flags, int rc) {
        if (((int) s[X86State.X87_CONTROL] & X87Status.OE) == 0) {
            if (exponent - WRAP >= 0x7fff) {
                X87Status.raise(s, X87Status.OE | X87Status.PE | X87Status.C1);
                X87Status.set(s, dst, Long.MIN_VALUE, sign << 15 | 0x7fff);
                return;
            }
            X87Status.raise(s, flags | X87Status.OE);
            X87Status.set(s, dst, significand, sign << 15 | exponent - WRAP & 0x7fff);
            return;
        }
        boolean infinite = overflowsToInfinity(rc, sign);
        X87Status.raise(s, flags & ~X87Status.C1 | X87Status.OE | X87Status.PE | (infinite ? X87Status.C1 : 0));
        if (infinite) {
            X87Status.set(s, dst, Long.MIN_VALUE, sign << 15 | 0x7fff);
        } else {
            X87Status.set(s, dst, -1L << 64 - bits, sign << 15 | 0x7ffe);
        }
    }

    private static boolean overflowsToInfinity(int rc, int sign) {
        return rc == X87Status.ROUND_NEAREST || rc == X87Status.ROUND_DOWN && sign != 0 || rc == X87Status.ROUND_UP && sign == 0;
    }

    /** Low word of (hi:lo) shifted right by n &gt;= 1, with everything that falls out gathered in bit 0. */
    private static long shiftedLow(long hi, long lo, int n) {
        if (n < 64) {
            return hi << 64 - n | lo >>> n | (lo << 64 - n != 0 ? 1 : 0);
        }
        if (n == 64) {
            return hi | (lo != 0 ? 1 : 0);
        }
        if (n < 128) {
            return hi >>> n - 64 | ((hi << 128 - n | lo) != 0 ? 1 : 0);
        }
        return (hi | lo) != 0 ? 1 : 0;
    }

    /**
     * Rounds to binary16 ({@code bits} 11), binary32 (24) or binary64 (53) and records the exceptions in a slot (MXCSR, or the x87 status word, there with C1).
     * The summary bit is the caller's concern.
     *
     * @param masks exception masks at flag positions. Masked, UE is recorded for inexact results only, and OE is always inexact; unmasked, the value is
     *     inexact if it is so with unbounded exponent
     * @param flush masked underflow gives zero
     * @return the packed value
     */
    static long narrow(long[] s, int slot, int bits, int sign, int exponent, long hi, long lo, int rc, int masks, boolean flush) {
        int exponentBits = bits == 53 ? 11 : bits == 24 ? 8 : 5;
        int maxExponent = (1 << exponentBits) - 1;
        int e = exponent - 16383 + (maxExponent >> 1);
        long h = hi;
        long l = lo;
        int flags = 0;
        boolean tiny = e < 0 || e == 0 && !carries(rc, sign, h, l, bits);
        long signBit = (long) sign << bits + exponentBits - 1;
        if (tiny && (masks & X87Status.UE) == 0) {
            s[slot] |= X87Status.UE | (below(h, l, bits) != 0 ? X87Status.PE : 0);
            return signBit;
        }
        if (tiny && flush) {
            s[slot] |= X87Status.UE | X87Status.PE;
            return signBit;
        }
        if (e <= 0) {
            int n = 1 - e;
            l = shiftedLow(h, l, n);
            h = n < 64 ? h >>> n : 0;
            e = 0;
        }
        boolean up = roundsUp(rc, sign, h, l, bits);
        int c1 = slot == X86State.X87_STATUS ? X87Status.C1 : 0;
        if (below(h, l, bits) != 0) {
            flags |= X87Status.PE | (up ? c1 : 0) | (tiny ? X87Status.UE : 0);
        }
        long k = kept(h, bits, up);
        if (up && k == 0) {
            k = Long.MIN_VALUE;
            e++;
        } else if (e == 0 && k < 0) {
            e = 1;
        }
        if (e >= maxExponent) {
            boolean infinite = overflowsToInfinity(rc, sign);
            int inexact = (masks & X87Status.OE) != 0 ? X87Status.PE : 0;
            s[slot] |= flags & ~c1 | X87Status.OE | inexact | (infinite ? c1 : 0);
            long infinity = (long) maxExponent << bits - 1;
            return signBit | (infinite ? infinity : infinity - 1);
        }
        s[slot] |= flags;
        return signBit | (long) e << bits - 1 | k << 1 >>> 65 - bits;
    }
}
