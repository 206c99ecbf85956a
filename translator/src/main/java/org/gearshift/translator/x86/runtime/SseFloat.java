package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/**
 * SSE addition, subtraction, multiplication, division and square root of binary32 and binary64, scalar and packed (Intel SDM vol. 1, 11.4.1
 * and 11.5). Fast where all exceptions are masked, rounding is to nearest, and operands and result are well inside the normal range: Java arithmetic
 * gives the result, and the residual whether it was inexact, which matters only until MXCSR.PE is set. Everything else goes to {@link SseExact}.
 *
 * <p>Packed methods compute one half; the other half's operands serve the exception rules.
 */
public final class SseFloat {
    static final int ADD = 0;
    static final int SUB = 1;
    static final int MUL = 2;
    static final int DIV = 3;
    static final int SQRT = 4;
    static final int MIN = 5;
    static final int MAX = 6;
    /** Two elements in a half: the lower ones are subtracted, the upper added. */
    static final int ADDSUB = 7;

    private static final int CONTROL = 0x7f80;
    private static final int DEFAULT = 0x1f80;
    private static final int PE = 0x20;
    private static final long SIGN = Long.MIN_VALUE;
    private static final long HIGH = 0xffff_ffff_0000_0000L;

    private SseFloat() {
    }

    private static boolean isDefault(int mxcsr) {
        return (mxcsr & CONTROL) == DEFAULT;
    }

    /** Normal. */
    private static boolean ordinary(long a) {
        return ((int) (a >>> 52) & 0x7ff) - 1 + Integer.MIN_VALUE < 0x7fe + Integer.MIN_VALUE;
    }

    /** Normal or zero. */
    private static boolean plain(long a) {
        return ordinary(a) || a << 1 == 0;
    }

    /** Normal with some room below for a residual: biased exponent from {@code least}. */
    private static boolean above(long a, int least) {
        return ((int) (a >>> 52) & 0x7ff) - least + Integer.MIN_VALUE < 0x7ff - least + Integer.MIN_VALUE;
    }

    private static boolean ordinary(int a) {
        return (a >>> 23 & 0xff) - 1 + Integer.MIN_VALUE < 0xfe + Integer.MIN_VALUE;
    }

    private static boolean plain(int a) {
        return ordinary(a) || a << 1 == 0;
    }

    private static boolean above(int a) {
        return (a >>> 23 & 0xff) - 2 + Integer.MIN_VALUE < 0xfd + Integer.MIN_VALUE;
    }

    // ---- binary64 ----

    /** {@code other}: what the other half computes, or NONE. */
    private static long sum64(GuestContext ctx, int operation, int other, long a, long b, long otherA, long otherB) {
        long[] s = ctx.s;
        int mxcsr = (int) s[X86State.MXCSR];
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(operation == SUB ? b ^ SIGN : b);
        double r = x + y;
        long bits = Double.doubleToRawLongBits(r);
        if (isDefault(mxcsr) && plain(a) && plain(b) && (above(bits, 2) || bits == 0)) {
            if ((mxcsr & PE) == 0) {
                double z = r - x;
                if (x - (r - z) + (y - z) != 0) {
                    s[X86State.MXCSR] = mxcsr | PE;
                }
            }
            return bits;
        }
        return SseExact.half(ctx, operation, other, FloatRounding.F64, a, b, otherA, otherB);
    }

    public static long addsd(GuestContext ctx, long a, long b) {
        return sum64(ctx, ADD, SseExact.NONE, a, b, 0, 0);
    }

    public static long addpd(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return sum64(ctx, ADD, ADD, a, b, otherA, otherB);
    }

    public static long subsd(GuestContext ctx, long a, long b) {
        return sum64(ctx, SUB, SseExact.NONE, a, b, 0, 0);
    }

    public static long subpd(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return sum64(ctx, SUB, SUB, a, b, otherA, otherB);
    }

    /** Low half of ADDSUBPD. */
    public static long addsubpd(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return sum64(ctx, SUB, ADD, a, b, otherA, otherB);
    }

    public static long addsubpdHigh(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return sum64(ctx, ADD, SUB, a, b, otherA, otherB);
    }

    private static long product64(GuestContext ctx, long a, long b, long otherA, long otherB, boolean packed) {
        long[] s = ctx.s;
        int mxcsr = (int) s[X86State.MXCSR];
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double r = x * y;
        long bits = Double.doubleToRawLongBits(r);
        if (isDefault(mxcsr) && ordinary(a) && ordinary(b)) {
            if ((mxcsr & PE) != 0) {
                if (above(bits, 2)) {
                    return bits;
                }
            } else if (above(bits, 110)) {
                if (Math.fma(x, y, -r) != 0) {
                    s[X86State.MXCSR] = mxcsr | PE;
                }
                return bits;
            }
        }
        return SseExact.half(ctx, MUL, FloatRounding.F64, a, b, otherA, otherB, packed);
    }

    public static long mulsd(GuestContext ctx, long a, long b) {
        return product64(ctx, a, b, 0, 0, false);
    }

    public static long mulpd(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return product64(ctx, a, b, otherA, otherB, true);
    }

    private static long quotient64(GuestContext ctx, long a, long b, long otherA, long otherB, boolean packed) {
        long[] s = ctx.s;
        int mxcsr = (int) s[X86State.MXCSR];
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double r = x / y;
        long bits = Double.doubleToRawLongBits(r);
        if (isDefault(mxcsr) && ordinary(a) && ordinary(b) && above(bits, 2)) {
            if ((mxcsr & PE) != 0) {
                return bits;
            }
            if (above(a, 110)) {
                if (Math.fma(r, y, -x) != 0) {
                    s[X86State.MXCSR] = mxcsr | PE;
                }
                return bits;
            }
        }
        return SseExact.half(ctx, DIV, FloatRounding.F64, a, b, otherA, otherB, packed);
    }

    public static long divsd(GuestContext ctx, long a, long b) {
        return quotient64(ctx, a, b, 0, 0, false);
    }

    public static long divpd(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return quotient64(ctx, a, b, otherA, otherB, true);
    }

    private static long root64(GuestContext ctx, long a, long other, boolean packed) {
        long[] s = ctx.s;
        int mxcsr = (int) s[X86State.MXCSR];
        if (isDefault(mxcsr) && above(a, 110) && a >= 0) {
            double x = Double.longBitsToDouble(a);
            double r = Math.sqrt(x);
            if ((mxcsr & PE) == 0 && Math.fma(r, r, -x) != 0) {
                s[X86State.MXCSR] = mxcsr | PE;
            }
            return Double.doubleToRawLongBits(r);
        }
        return SseExact.half(ctx, SQRT, FloatRounding.F64, a, a, other, other, packed);
    }

    public static long sqrtsd(GuestContext ctx, long a) {
        return root64(ctx, a, 0, false);
    }

    public static long sqrtpd(GuestContext ctx, long a, long other) {
        return root64(ctx, a, other, true);
    }

    // ---- binary32 ----

    /** One element, or -1 (no plain result has all bits set) if the fast way is not open. Sets MXCSR.PE. */
    private static long fast32(long[] s, int operation, int a, int b) {
        int mxcsr = (int) s[X86State.MXCSR];
        if (!isDefault(mxcsr)) {
            return -1;
        }
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        float r;
        boolean inexact;
        switch (operation) {
            case ADD, SUB -> {
                float t = operation == SUB ? -y : y;
                r = x + t;
                float z = r - x;
                inexact = x - (r - z) + (t - z) != 0;
                if (!plain(a) || !plain(b) || !above(Float.floatToRawIntBits(r)) && Float.floatToRawIntBits(r) != 0) {
                    return -1;
                }
            }
            case MUL -> {
                r = x * y;
                inexact = (double) x * y != r;
                if (!ordinary(a) || !ordinary(b) || !above(Float.floatToRawIntBits(r))) {
                    return -1;
                }
            }
            case DIV -> {
                r = x / y;
                inexact = (double) r * y != x;
                if (!ordinary(a) || !ordinary(b) || !above(Float.floatToRawIntBits(r))) {
                    return -1;
                }
            }
            default -> {
                if (!above(b) || b < 0) {
                    return -1;
                }
                r = (float) Math.sqrt(y);
                inexact = (double) r * r != y;
            }
        }
        if (inexact) {
            s[X86State.MXCSR] = mxcsr | PE;
        }
        return Float.floatToRawIntBits(r) & 0xffff_ffffL;
    }

    private static long scalar32(GuestContext ctx, int operation, long a, int b) {
        long r = fast32(ctx.s, operation, (int) a, b);
        if (r < 0) {
            r = SseExact.scalar32(ctx, operation, operation == SQRT ? b : (int) a, b) & 0xffff_ffffL;
        }
        return a & HIGH | r;
    }

    private static long packed32(GuestContext ctx, int operation, long a, long b, long otherA, long otherB) {
        long low = fast32(ctx.s, operation, (int) a, (int) b);
        if (low >= 0) {
            long high = fast32(ctx.s, operation, (int) (a >> 32), (int) (b >> 32));
            if (high >= 0) {
                return high << 32 | low;
            }
        }
        return SseExact.half(ctx, operation, FloatRounding.F32, a, b, otherA, otherB, true);
    }

    /** Scalar: the low element of {@code a} op {@code b}; the upper half of {@code a} stays. */
    public static long addss(GuestContext ctx, long a, int b) {
        return scalar32(ctx, ADD, a, b);
    }

    public static long subss(GuestContext ctx, long a, int b) {
        return scalar32(ctx, SUB, a, b);
    }

    public static long mulss(GuestContext ctx, long a, int b) {
        return scalar32(ctx, MUL, a, b);
    }

    public static long divss(GuestContext ctx, long a, int b) {
        return scalar32(ctx, DIV, a, b);
    }

    public static long sqrtss(GuestContext ctx, long a, int b) {
        return scalar32(ctx, SQRT, a, b);
    }

    public static long addps(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return packed32(ctx, ADD, a, b, otherA, otherB);
    }

    public static long subps(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return packed32(ctx, SUB, a, b, otherA, otherB);
    }

    public static long addsubps(GuestContext ctx, long a, long b, long otherA, long otherB) {
        long low = fast32(ctx.s, SUB, (int) a, (int) b);
        if (low >= 0) {
            long high = fast32(ctx.s, ADD, (int) (a >> 32), (int) (b >> 32));
            if (high >= 0) {
                return high << 32 | low;
            }
        }
        return SseExact.half(ctx, ADDSUB, FloatRounding.F32, a, b, otherA, otherB, true);
    }

    public static long mulps(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return packed32(ctx, MUL, a, b, otherA, otherB);
    }

    public static long divps(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return packed32(ctx, DIV, a, b, otherA, otherB);
    }

    public static long sqrtps(GuestContext ctx, long a, long other) {
        return packed32(ctx, SQRT, a, a, other, other);
    }

    // ---- MIN, MAX: no rounding, so always the exact way ----

    public static long minsd(GuestContext ctx, long a, long b) {
        return SseExact.half(ctx, MIN, FloatRounding.F64, a, b, 0, 0, false);
    }

    public static long maxsd(GuestContext ctx, long a, long b) {
        return SseExact.half(ctx, MAX, FloatRounding.F64, a, b, 0, 0, false);
    }

    public static long minpd(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return SseExact.half(ctx, MIN, FloatRounding.F64, a, b, otherA, otherB, true);
    }

    public static long maxpd(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return SseExact.half(ctx, MAX, FloatRounding.F64, a, b, otherA, otherB, true);
    }

    public static long minss(GuestContext ctx, long a, int b) {
        return a & HIGH | SseExact.scalar32(ctx, MIN, (int) a, b) & 0xffff_ffffL;
    }

    public static long maxss(GuestContext ctx, long a, int b) {
        return a & HIGH | SseExact.scalar32(ctx, MAX, (int) a, b) & 0xffff_ffffL;
    }

    public static long minps(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return SseExact.half(ctx, MIN, FloatRounding.F32, a, b, otherA, otherB, true);
    }

    public static long maxps(GuestContext ctx, long a, long b, long otherA, long otherB) {
        return SseExact.half(ctx, MAX, FloatRounding.F32, a, b, otherA, otherB, true);
    }
}
