package org.gearshift.translator.x86.runtime;

import org.gearshift.translator.x86.X86State;

/**
 * Between double-extended numbers and the memory formats. Widening is exact and pure, in two functions: the significand and the
 * sign-and-exponent word. Narrowing records exceptions in the x87 status word without its summary bit; {@link X87Memory} finishes that.
 */
final class ExtendedConversion {
    private static final long FRACTION_64 = (1L << 52) - 1;
    private static final int FRACTION_32 = (1 << 23) - 1;
    /** What an integer store writes for NaN, infinity and too large numbers. */
    private static final long[] INTEGER_INDEFINITE = {0, 0, 0x8000, 0, 0x8000_0000L, 0, 0, 0, Long.MIN_VALUE};

    private ExtendedConversion() {
    }

    static long significandOf64(long bits) {
        long f = bits & FRACTION_64;
        if ((bits & 0x7ff0_0000_0000_0000L) != 0) {
            return Long.MIN_VALUE | f << 11;
        }
        return f << Long.numberOfLeadingZeros(f);
    }

    static int exponentOf64(long bits) {
        int sign = (int) (bits >>> 48) & 0x8000;
        int e = (int) (bits >>> 52) & 0x7ff;
        if (e != 0) {
            return sign | (e == 0x7ff ? 0x7fff : e + 15360);
        }
        long f = bits & FRACTION_64;
        return f == 0 ? sign : sign | 15360 + 12 - Long.numberOfLeadingZeros(f);
    }

    static long significandOf32(int bits) {
        long f = bits & FRACTION_32;
        if ((bits & 0x7f80_0000) != 0) {
            return Long.MIN_VALUE | f << 40;
        }
        return f << Long.numberOfLeadingZeros(f);
    }

    static int exponentOf32(int bits) {
        int sign = bits >>> 16 & 0x8000;
        int e = bits >>> 23 & 0xff;
        if (e != 0) {
            return sign | (e == 0xff ? 0x7fff : e + 16256);
        }
        long f = bits & FRACTION_32;
        return f == 0 ? sign : sign | 16256 + 41 - Long.numberOfLeadingZeros(f);
    }

    static boolean isDenormal64(long bits) {
        return (bits & 0x7ff0_0000_0000_0000L) == 0 && bits << 1 != 0;
    }

    static boolean isDenormal32(int bits) {
        return (bits & 0x7f80_0000) == 0 && bits << 1 != 0;
    }

    static long significandOfInteger(long v) {
        return Math.abs(v) << Long.numberOfLeadingZeros(Math.abs(v));
    }

    static int exponentOfInteger(long v) {
        return v == 0 ? 0 : (v < 0 ? 0x8000 : 0) | 16383 + 63 - Long.numberOfLeadingZeros(Math.abs(v));
    }

    /**
     * Rounds to binary64 ({@code bits} 53) or binary32 (24).
     *
     * @return the packed value; meaningless if an unmasked IE, OE or UE was recorded
     */
    static long toFloat(long[] s, long m, int e, int bits) {
        int x = e & Extended.MAX;
        int sign = e >> 15;
        int exponentBits = bits == 53 ? 11 : 8;
        long signBit = (long) sign << bits + exponentBits - 1;
        long maxExponent = (1L << exponentBits) - 1 << bits - 1;
        if (Extended.isUnsupported(m, e)) {
            s[X86State.X87_STATUS] |= X87Status.IE;
            return 1L << bits + exponentBits - 1 | maxExponent | 1L << bits - 2;
        }
        if (x == Extended.MAX) {
            if (m << 1 == 0) {
                return signBit | maxExponent;
            }
            if ((m & 1L << 62) == 0) {
                s[X86State.X87_STATUS] |= X87Status.IE;
            }
            return signBit | maxExponent | (m | 1L << 62) << 1 >>> 65 - bits;
        }
        if (m == 0) {
            return signBit;
        }
        int cw = (int) s[X86State.X87_CONTROL];
        return FloatRounding.narrow(s, X86State.X87_STATUS, bits, sign, Extended.normalExponent(m, e), Extended.normalSignificand(m), 0,
                cw >> 10 & 3, cw, false);
    }

    /**
     * Rounds to a signed integer of 2, 4 or 8 bytes.
     *
     * @param rc rounding mode
     * @return the integer; the integer indefinite, with IE recorded, if it does not fit
     */
    static long toInteger(long[] s, long m, int e, int bytes, int rc) {
        int x = e & Extended.MAX;
        boolean negative = e >> 15 != 0;
        if (m == 0 && x == 0) {
            return 0;
        }
        if (Extended.isUnsupported(m, e) || x > 16383 + 63) {
            s[X86State.X87_STATUS] |= X87Status.IE;
            return INTEGER_INDEFINITE[bytes];
        }
        int n = 16383 + 63 - x;
        long whole = n < 64 ? m >>> n : 0;
        long below = n == 0 ? 0 : n < 64 ? m << 64 - n : n == 64 ? m : 1;
        boolean up = roundsUp(rc, negative, (whole & 1) != 0, below);
        long magnitude = up ? whole + 1 : whole;
        long limit = 1L << 8 * bytes - 1;
        boolean carried = up && magnitude == 0;
        if (carried || Long.compareUnsigned(magnitude, negative ? limit : limit - 1) > 0) {
            s[X86State.X87_STATUS] |= X87Status.IE;
            return INTEGER_INDEFINITE[bytes];
        }
        if (below != 0) {
            s[X86State.X87_STATUS] |= X87Status.PE | (up ? X87Status.C1 : 0);
        }
        return negative ? -magnitude : magnitude;
    }

    static boolean roundsUp(int rc, boolean negative, boolean odd, long below) {
        return switch (rc) {
            case X87Status.ROUND_NEAREST -> below < 0 && (below << 1 != 0 || odd);
            case X87Status.ROUND_DOWN -> negative && below != 0;
            case X87Status.ROUND_UP -> !negative && below != 0;
            default -> false;
        };
    }

    /** FRNDINT: rounds to an integral value by FCW's rounding control. */
    static boolean roundToInteger(long[] s, int dst, long m, int e) {
        if (Extended.isSpecial(m, e, m, e)) {
            return Extended.propagate(s, dst, m, e, m, e);
        }
        int x = e & Extended.MAX;
        if (x >= 16383 + 63 || m == 0) {
            X87Status.set(s, dst, m, e);
            return true;
        }
        if (!Extended.denormal(s, x == 0)) {
            return false;
        }
        int sign = e & 0x8000;
        int n = 16383 + 63 - x;
        long whole = n < 64 ? m >>> n : 0;
        long below = n < 64 ? m << 64 - n : n == 64 ? m : 1;
        if (below == 0) {
            X87Status.set(s, dst, m, e);
            return true;
        }
        boolean up = roundsUp(X87Status.roundingControl(s), sign != 0, (whole & 1) != 0, below);
        X87Status.raise(s, X87Status.PE | (up ? X87Status.C1 : 0));
        long magnitude = up ? whole + 1 : whole;
        X87Status.set(s, dst, significandOfInteger(magnitude), sign | exponentOfInteger(magnitude));
        return true;
    }

    /** Value of ten BCD bytes: {@code low} the first eight, {@code high} digits 16 and 17; the sign is apart. */
    static long fromBcd(long low, int high) {
        long v = (high >> 4 & 15) * 10 + (high & 15);
        for (int i = 60; i >= 0; i -= 4) {
            v = v * 10 + (low >>> i & 15);
        }
        return v;
    }

    /** Low 16 digits of a magnitude below 10^18 as BCD. */
    static long toBcdLow(long magnitude) {
        long v = magnitude;
        long r = 0;
        for (int i = 0; i < 64; i += 4) {
            r |= v % 10 << i;
            v /= 10;
        }
        return r;
    }
}
