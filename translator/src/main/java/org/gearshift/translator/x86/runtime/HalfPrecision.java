package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/** F16C: conversions between binary16 and binary32 (Intel SDM vol. 1, 14.4). DAZ applies to binary32 sources only, FTZ to nothing. */
public final class HalfPrecision {
    private static final int INFINITY = 0x7c00;
    private static final int QUIET = 0x200;
    private static final int IE = X87Status.IE;
    private static final int DE = X87Status.DE;
    private static final int HALF_BITS = 11;
    /** Immediate: rounding mode in bits 1..0, or that of MXCSR. */
    private static final int BY_MXCSR = 4;

    private HalfPrecision() {
    }

    /** Two binary16 in the low 32 bits to two binary32. */
    public static long phToPs(GuestContext ctx, long v) {
        long before = ctx.s[X86State.MXCSR];
        ctx.s[X86State.MXCSR] = before & ~SseExact.FLAGS;
        long r = widen(ctx.s, (int) v & 0xffff) & 0xffff_ffffL | (long) widen(ctx.s, (int) v >>> 16) << 32;
        return SseExact.finish(ctx, before, r);
    }

    private static int widen(long[] s, int h) {
        int sign = h >> 15 << 31;
        int m = h & 0x7fff;
        if (m > INFINITY) {
            if ((m & QUIET) == 0) {
                s[X86State.MXCSR] |= IE;
            }
            return sign | 0x7fc0_0000 | (m & 0x3ff) << 13;
        }
        if (m == INFINITY) {
            return sign | 0x7f80_0000;
        }
        if (m >= 0x400) {
            return sign | m + (127 - 15 << 10) << 13;
        }
        return sign | Float.floatToRawIntBits(m * 0x1p-24f);
    }

    /** Two binary32 to binary16, in the low 32 bits; the other two only for their exceptions. */
    public static long psToPh(GuestContext ctx, long v, long other, int imm) {
        long[] s = ctx.s;
        long before = s[X86State.MXCSR];
        s[X86State.MXCSR] = before & ~SseExact.FLAGS;
        long r = narrow(s, (int) v, imm) | narrow(s, (int) (v >> 32), imm) << 16;
        narrow(s, (int) other, imm);
        narrow(s, (int) (other >> 32), imm);
        return SseExact.finish(ctx, before, r);
    }

    private static long narrow(long[] s, int value, int imm) {
        long mxcsr = s[X86State.MXCSR];
        int format = FloatRounding.F32;
        long v = SseExact.daz(mxcsr, format, value);
        long m = SseExact.magnitude(format, v);
        int sign = SseExact.sign(format, v);
        if (m > SseExact.infinity(format)) {
            if (SseExact.isSignaling(format, v)) {
                s[X86State.MXCSR] = mxcsr | IE;
            }
            return sign << 15 | INFINITY | QUIET | m >>> 13 & 0x3ff;
        }
        if (m == 0 || m == SseExact.infinity(format)) {
            return sign << 15 | (m == 0 ? 0 : INFINITY);
        }
        if (SseExact.isDenormal(format, v)) {
            s[X86State.MXCSR] = mxcsr | DE;
        }
        int rc = (imm & BY_MXCSR) != 0 ? (int) mxcsr >> 13 & 3 : imm & 3;
        return FloatRounding.narrow(s, X86State.MXCSR, HALF_BITS, sign, SseExact.exponent(format, v), SseExact.significand(format, v), 0, rc,
                (int) mxcsr >> 7, false);
    }
}
