package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/**
 * SSE conversions (Intel SDM vol. 1, 11.4.1.6 and 4.9). Packed ones take all source elements in two longs, so that exceptions are seen together.
 * {@code mode} is a rounding mode 0..3, or -1 for that of MXCSR.
 */
public final class SseConvert {
    private static final int F32 = FloatRounding.F32;
    private static final int F64 = FloatRounding.F64;
    private static final long LOW = 0xffff_ffffL;
    private static final int IE = X87Status.IE;
    private static final int PE = X87Status.PE;

    private SseConvert() {
    }

    private static int mode(long mxcsr, int mode) {
        return mode >= 0 ? mode : (int) mxcsr >> 13 & 3;
    }

    /** Float to integer of 32 or 64 bits; flags are added to MXCSR. */
    private static long integer(long[] s, int format, long value, int bytes, int mode) {
        long mxcsr = s[X86State.MXCSR];
        long v = SseExact.daz(mxcsr, format, value);
        long m = SseExact.magnitude(format, v);
        if (m == 0) {
            return 0;
        }
        long indefinite = bytes == 4 ? Integer.MIN_VALUE : Long.MIN_VALUE;
        if (m >= SseExact.infinity(format)) {
            s[X86State.MXCSR] = mxcsr | IE;
            return indefinite;
        }
        int n = 16383 + 63 - SseExact.exponent(format, v);
        long significand = SseExact.significand(format, v);
        boolean negative = SseExact.sign(format, v) != 0;
        long whole = n < 0 ? -1 : n < 64 ? significand >>> n : 0;
        long below = n <= 0 ? 0 : n < 64 ? significand << 64 - n : n == 64 ? significand : 1;
        boolean up = ExtendedConversion.roundsUp(mode(mxcsr, mode), negative, (whole & 1) != 0, below);
        long magnitude = up ? whole + 1 : whole;
        long limit = 1L << 8 * bytes - 1;
        if (n < 0 || up && magnitude == 0 || Long.compareUnsigned(magnitude, negative ? limit : limit - 1) > 0) {
            s[X86State.MXCSR] = mxcsr | IE;
            return indefinite;
        }
        if (below != 0) {
            s[X86State.MXCSR] = mxcsr | PE;
        }
        return negative ? -magnitude : magnitude;
    }

    /** Integer to float. */
    private static long real(long[] s, int format, long value) {
        if (value == 0) {
            return 0;
        }
        return FloatRounding.round(s, format, value < 0 ? 1 : 0, ExtendedConversion.exponentOfInteger(value) & 0x7fff,
                ExtendedConversion.significandOfInteger(value), 0);
    }

    /** Between the formats. */
    private static long resize(long[] s, int from, int to, long value) {
        long mxcsr = s[X86State.MXCSR];
        long v = SseExact.daz(mxcsr, from, value);
        long m = SseExact.magnitude(from, v);
        int sign = SseExact.sign(from, v);
        if (m > SseExact.infinity(from)) {
            if (SseExact.isSignaling(from, v)) {
                s[X86State.MXCSR] = mxcsr | IE;
            }
            long payload = from == F64 ? m >>> 29 & 0x3f_ffff : (m & 0x3f_ffff) << 29;
            return SseExact.signed(to, sign, SseExact.infinity(to) | SseExact.quietBit(to) | payload);
        }
        if (m == 0 || m == SseExact.infinity(from)) {
            return SseExact.signed(to, sign, m == 0 ? 0 : SseExact.infinity(to));
        }
        if (SseExact.isDenormal(from, v)) {
            s[X86State.MXCSR] = mxcsr | X87Status.DE;
            if ((SseExact.unmasked(mxcsr) & X87Status.DE) != 0) {
                return 0;
            }
        }
        return FloatRounding.round(s, to, sign, SseExact.exponent(from, v), SseExact.significand(from, v), 0);
    }

    private static long begin(GuestContext ctx) {
        long before = ctx.s[X86State.MXCSR];
        ctx.s[X86State.MXCSR] = before & ~SseExact.FLAGS;
        return before;
    }

    private static long pair(long low, long high) {
        return high << 32 | low & LOW;
    }

    public static int sdToInt(GuestContext ctx, long v, int mode) {
        double d = Double.longBitsToDouble(v);
        int i = (int) d;
        if (i == d && v != Long.MIN_VALUE) {
            return i;
        }
        long before = begin(ctx);
        return (int) SseExact.finish(ctx, before, integer(ctx.s, F64, v, 4, mode));
    }

    public static int ssToInt(GuestContext ctx, int v, int mode) {
        long before = begin(ctx);
        return (int) SseExact.finish(ctx, before, integer(ctx.s, F32, v, 4, mode));
    }

    public static long sdToLong(GuestContext ctx, long v, int mode) {
        long before = begin(ctx);
        return SseExact.finish(ctx, before, integer(ctx.s, F64, v, 8, mode));
    }

    public static long ssToLong(GuestContext ctx, int v, int mode) {
        long before = begin(ctx);
        return SseExact.finish(ctx, before, integer(ctx.s, F32, v, 8, mode));
    }

    /** Two binary64 to two integers, in one half. */
    public static long pdToInts(GuestContext ctx, long low, long high, int mode) {
        long before = begin(ctx);
        long r = pair(integer(ctx.s, F64, low, 4, mode), integer(ctx.s, F64, high, 4, mode));
        return SseExact.finish(ctx, before, r);
    }

    /** Two binary32 to integers; the other two only for their exceptions. */
    public static long psToInts(GuestContext ctx, long v, long other, int mode) {
        long before = begin(ctx);
        long[] s = ctx.s;
        long r = pair(integer(s, F32, (int) v, 4, mode), integer(s, F32, (int) (v >> 32), 4, mode));
        integer(s, F32, (int) other, 4, mode);
        integer(s, F32, (int) (other >> 32), 4, mode);
        return SseExact.finish(ctx, before, r);
    }

    /** Exact. */
    public static long intToSd(int v) {
        return Double.doubleToRawLongBits(v);
    }

    public static long longToSd(GuestContext ctx, long v) {
        long before = begin(ctx);
        return SseExact.finish(ctx, before, real(ctx.s, F64, v));
    }

    public static int longToSs(GuestContext ctx, long v) {
        long before = begin(ctx);
        return (int) SseExact.finish(ctx, before, real(ctx.s, F32, v));
    }

    /** Two integers to binary32; the other two only for their exceptions. */
    public static long intsToPs(GuestContext ctx, long v, long other) {
        long before = begin(ctx);
        long[] s = ctx.s;
        long r = pair(real(s, F32, (int) v), real(s, F32, (int) (v >> 32)));
        real(s, F32, (int) other);
        real(s, F32, (int) (other >> 32));
        return SseExact.finish(ctx, before, r);
    }

    /** CVTSD2SS. */
    public static int sdToSs(GuestContext ctx, long v) {
        long before = begin(ctx);
        return (int) SseExact.finish(ctx, before, resize(ctx.s, F64, F32, v));
    }

    /** CVTSS2SD; in CVTPS2PD the other element only for its exceptions. */
    public static long ssToSd(GuestContext ctx, int v, int other) {
        if ((v >>> 23 & 0xff) - 1 + Integer.MIN_VALUE < 0xfe + Integer.MIN_VALUE && other == 0) {
            return Double.doubleToRawLongBits(Float.intBitsToFloat(v));
        }
        long before = begin(ctx);
        long r = resize(ctx.s, F32, F64, v);
        resize(ctx.s, F32, F64, other);
        return SseExact.finish(ctx, before, r);
    }

    /** CVTPD2PS, in one half. */
    public static long pdToPs(GuestContext ctx, long low, long high) {
        long before = begin(ctx);
        long r = pair(resize(ctx.s, F64, F32, low), resize(ctx.s, F64, F32, high));
        return SseExact.finish(ctx, before, r);
    }

    /**
     * RCPSS, RCPPS: the quotient in binary32 cut to 12 significant bits, rounded to nearest; within the documented relative error of 1.5 * 2^-12 (the
     * exact tables differ between processors). Denormals count as zero; too small results become zero.
     */
    public static long rcp(long v) {
        return pair(reciprocal((int) v), reciprocal((int) (v >> 32)));
    }

    private static int reciprocal(int bits) {
        int e = bits >>> 23 & 0xff;
        int sign = bits & 0x8000_0000;
        if (e == 0) {
            return sign | 0x7f80_0000;
        }
        if (e == 0xff) {
            return bits << 9 != 0 ? bits | 0x40_0000 : sign;
        }
        return shortened((float) (1.0 / Float.intBitsToFloat(bits)), sign);
    }

    /** RSQRTSS, RSQRTPS: likewise for 1 / sqrt. */
    public static long rsqrt(long v) {
        return pair(reciprocalRoot((int) v), reciprocalRoot((int) (v >> 32)));
    }

    private static int reciprocalRoot(int bits) {
        int e = bits >>> 23 & 0xff;
        int sign = bits & 0x8000_0000;
        if (e == 0) {
            return sign | 0x7f80_0000;
        }
        if (e == 0xff && bits << 9 != 0) {
            return bits | 0x40_0000;
        }
        if (sign != 0) {
            return 0xffc0_0000;
        }
        return e == 0xff ? 0 : shortened((float) (1.0 / Math.sqrt(Float.intBitsToFloat(bits))), 0);
    }

    private static int shortened(float f, int sign) {
        int r = Float.floatToRawIntBits(f) + 0x400 & 0xffff_f800;
        return (r & 0x7f80_0000) == 0 ? sign : r;
    }

    /** Rounds to an integral value; ROUNDSD and its relatives. {@code imm}: bits 0..1 mode, 2 use MXCSR, 3 suppress PE. */
    public static long roundsd(GuestContext ctx, long v, long other, int imm) {
        long before = begin(ctx);
        long r = integral(ctx.s, F64, v, imm);
        integral(ctx.s, F64, other, imm);
        return SseExact.finish(ctx, before, r);
    }

    public static long roundps(GuestContext ctx, long v, long other, int imm) {
        long before = begin(ctx);
        long[] s = ctx.s;
        long r = pair(integral(s, F32, (int) v, imm), integral(s, F32, (int) (v >> 32), imm));
        integral(s, F32, (int) other, imm);
        integral(s, F32, (int) (other >> 32), imm);
        return SseExact.finish(ctx, before, r);
    }

    private static long integral(long[] s, int format, long value, int imm) {
        long mxcsr = s[X86State.MXCSR];
        long v = SseExact.daz(mxcsr, format, value);
        long m = SseExact.magnitude(format, v);
        if (m > SseExact.infinity(format)) {
            if (SseExact.isSignaling(format, v)) {
                s[X86State.MXCSR] = mxcsr | IE;
            }
            return v | SseExact.quietBit(format);
        }
        if (m == 0 || m == SseExact.infinity(format)) {
            return v;
        }
        int n = 16383 + 63 - SseExact.exponent(format, v);
        if (n <= (format == F64 ? 11 : 40)) {
            return v;
        }
        long significand = SseExact.significand(format, v);
        int sign = SseExact.sign(format, v);
        long whole = n < 64 ? significand >>> n : 0;
        long below = n < 64 ? significand << 64 - n : n == 64 ? significand : 1;
        if (below == 0) {
            return v;
        }
        if ((imm & 8) == 0) {
            s[X86State.MXCSR] = mxcsr | PE;
        }
        int rc = (imm & 4) != 0 ? mode(mxcsr, -1) : imm & 3;
        long magnitude = ExtendedConversion.roundsUp(rc, sign != 0, (whole & 1) != 0, below) ? whole + 1 : whole;
        return SseExact.signed(format, sign, 0) | real(s, format, magnitude);
    }

}
