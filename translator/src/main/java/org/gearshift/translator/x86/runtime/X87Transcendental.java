package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/**
 * FSIN FCOS FSINCOS FPTAN FPATAN F2XM1 FYL2X FYL2XP1 (Intel SDM vol. 1, 8.3.7 to 8.3.10), within one unit of the last place of the 64-bit significand.
 * Angles are reduced exactly by the 66-bit value of pi that the manual names. Results are inexact unless the manual gives an exact case.
 * Operands outside the documented ranges of F2XM1 and FYL2XP1 give no error.
 */
public final class X87Transcendental {
    private static final int BIAS = 16383;
    /** pi * 2^66 is 0xc90f_daa2_2168_c234_c. */
    private static final long PI_HIGH = 0xc;
    private static final long PI_LOW = 0x90fd_aa22_168c_234cL;
    /** Below 2^-34 sine and tangent are the angle but for less than half a unit. */
    private static final int TINY = BIAS - 34;

    private X87Transcendental() {
    }

    // ---- rounding of results ----

    /** Rounds v * 2^k into a register; the value counts as inexact. */
    private static void store(long[] s, int dst, DoubleDouble v, int k) {
        boolean negative = v.hi() < 0;
        DoubleDouble a = negative ? v.negate() : v;
        int e = Math.getExponent(a.hi());
        double power = Math.scalb(1.0, 62 - e);
        // The high part is a whole number of units; the low one, below 2^10 of them, has 52 places behind the point.
        long low = (long) Math.floor(a.lo() * power * 0x1p52);
        long hi = (long) (a.hi() * power) + (low >> 52);
        long lo = low << 12 | 1;
        int shift = Long.numberOfLeadingZeros(hi);
        hi = hi << shift | (shift == 0 ? 0 : lo >>> 64 - shift);
        lo <<= shift;
        FloatRounding.register(s, dst, negative ? 1 : 0, BIAS + e + 1 - shift + k, hi, lo | 1, 64);
    }

    /** Rounds a number just below (or, {@code above}, just over) sign m * 2^(e - BIAS). */
    private static void storeNear(long[] s, int dst, int sign, int e, long m, boolean above) {
        if (above) {
            FloatRounding.register(s, dst, sign, e, m, 1, 64);
        } else if (m == Long.MIN_VALUE) {
            FloatRounding.register(s, dst, sign, e - 1, -1L, -1L, 64);
        } else {
            FloatRounding.register(s, dst, sign, e, m - 1, -1L, 64);
        }
    }

    // ---- trigonometric functions ----

    /** Quadrant and reduced angle. */
    private record Angle(int quadrant, DoubleDouble rest) {
    }

    /** The magnitude m * 2^(e - BIAS - 63), e from TINY to BIAS + 62, less the nearest multiple of pi/2. */
    private static Angle reduce(long m, int e) {
        int n = e - BIAS + 4;
        if (e < BIAS - 1) {
            return new Angle(0, DoubleDouble.ofSignificand(m).scale(Math.scalb(1.0, e - BIAS)));
        }
        long hi = 0;
        long lo = m;
        int q = 0;
        for (int i = 0; i < n; i++) {
            hi = hi << 1 | lo >>> 63;
            lo <<= 1;
            q <<= 1;
            if (hi > PI_HIGH || hi == PI_HIGH && Long.compareUnsigned(lo, PI_LOW) >= 0) {
                hi -= PI_HIGH + (Long.compareUnsigned(lo, PI_LOW) < 0 ? 1 : 0);
                lo -= PI_LOW;
                q++;
            }
        }
        long halfHigh = PI_HIGH >>> 1;
        long halfLow = PI_LOW >>> 1;
        boolean over = hi > halfHigh || hi == halfHigh && Long.compareUnsigned(lo, halfLow) > 0;
        if (over) {
            hi = PI_HIGH - hi - (Long.compareUnsigned(PI_LOW, lo) < 0 ? 1 : 0);
            lo = PI_LOW - lo;
            q++;
        }
        DoubleDouble r = DoubleDouble.of(hi * 0x1p64).add((lo >>> 32) * 0x1p32).add(lo & 0xffff_ffffL).scale(0x1p-67);
        return new Angle(q & 3, over ? r.negate() : r);
    }

    private enum Outcome { VALUE, DONE, SUPPRESSED, OUT_OF_RANGE }

    /** Looks at an angle: VALUE if it is finite, not zero and in range. Other results are in dst. */
    private static Outcome examine(long[] s, int dst, long m, int e) {
        if (Extended.isSpecial(m, e, m, e)) {
            return Extended.propagate(s, dst, m, e, m, e) ? Outcome.DONE : Outcome.SUPPRESSED;
        }
        if (Extended.isInfinite(m, e)) {
            return Extended.invalid(s, dst) ? Outcome.DONE : Outcome.SUPPRESSED;
        }
        if ((e & Extended.MAX) >= BIAS + 63) {
            s[X86State.X87_STATUS] |= X87Status.C2;
            return Outcome.OUT_OF_RANGE;
        }
        return Extended.denormal(s, Extended.isDenormal(m, e)) ? Outcome.VALUE : Outcome.SUPPRESSED;
    }

    private static void sine(long[] s, int dst, long m, int e) {
        int sign = e >> 15;
        if (m == 0) {
            X87Status.set(s, dst, 0, e);
            return;
        }
        int x = Extended.normalExponent(m, e);
        if (x < TINY) {
            storeNear(s, dst, sign, x, Extended.normalSignificand(m), false);
            return;
        }
        Angle a = reduce(m, x);
        DoubleDouble v = (a.quadrant & 1) == 0 ? Elementary.sine(a.rest) : Elementary.cosine(a.rest);
        store(s, dst, a.quadrant >> 1 != sign ? v.negate() : v, 0);
    }

    private static void cosine(long[] s, int dst, long m, int e) {
        if (m == 0) {
            X87Status.set(s, dst, Long.MIN_VALUE, BIAS);
            return;
        }
        int x = Extended.normalExponent(m, e);
        if (x < TINY) {
            storeNear(s, dst, 0, BIAS, Long.MIN_VALUE, false);
            return;
        }
        Angle a = reduce(m, x);
        DoubleDouble v = (a.quadrant & 1) == 0 ? Elementary.cosine(a.rest) : Elementary.sine(a.rest);
        store(s, dst, a.quadrant == 1 || a.quadrant == 2 ? v.negate() : v, 0);
    }

    private static void tangent(long[] s, int dst, long m, int e) {
        int x = Extended.normalExponent(m, e);
        if (m == 0 || x < TINY) {
            if (m == 0) {
                X87Status.set(s, dst, 0, e);
            } else {
                storeNear(s, dst, e >> 15, x, Extended.normalSignificand(m), true);
            }
            return;
        }
        Angle a = reduce(m, x);
        DoubleDouble sin = Elementary.sine(a.rest);
        DoubleDouble cos = Elementary.cosine(a.rest);
        DoubleDouble v = (a.quadrant & 1) == 0 ? sin.divide(cos) : cos.divide(sin).negate();
        store(s, dst, e >> 15 != 0 ? v.negate() : v, 0);
    }

    /** Register at the top, its C2 cleared; -1 if empty (then answered). */
    private static int top(GuestContext ctx) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int a = (int) s[X86State.X87_TOP];
        s[X86State.X87_STATUS] &= ~(long) X87Status.C2;
        if (X87Status.isEmpty(s, a)) {
            X87Status.underflow(s, a);
            return -1;
        }
        return a;
    }

    public static void fsin(GuestContext ctx) {
        int a = top(ctx);
        if (a >= 0 && examine(ctx.s, a, Extended.significand(ctx.s, a), Extended.exponent(ctx.s, a)) == Outcome.VALUE) {
            sine(ctx.s, a, Extended.significand(ctx.s, a), Extended.exponent(ctx.s, a));
        }
    }

    public static void fcos(GuestContext ctx) {
        int a = top(ctx);
        if (a >= 0 && examine(ctx.s, a, Extended.significand(ctx.s, a), Extended.exponent(ctx.s, a)) == Outcome.VALUE) {
            cosine(ctx.s, a, Extended.significand(ctx.s, a), Extended.exponent(ctx.s, a));
        }
    }

    /** FSINCOS: the sine replaces ST(0), the cosine is pushed. */
    public static void fsincos(GuestContext ctx) {
        int a = topWithRoom(ctx);
        if (a < 0) {
            return;
        }
        long[] s = ctx.s;
        long m = Extended.significand(s, a);
        int e = Extended.exponent(s, a);
        switch (examine(s, a, m, e)) {
            case DONE -> X87Arithmetic.pushPlain(s, Extended.significand(s, a), Extended.exponent(s, a));
            case VALUE -> {
                X87Arithmetic.pushPlain(s, 0, 0);
                cosine(s, a - 1 & 7, m, e);
                s[X86State.X87_STATUS] &= ~(long) X87Status.C1;
                sine(s, a, m, e);
            }
            default -> {
            }
        }
    }

    /** FPTAN: the tangent replaces ST(0), 1.0 is pushed. */
    public static void fptan(GuestContext ctx) {
        int a = topWithRoom(ctx);
        if (a < 0) {
            return;
        }
        long[] s = ctx.s;
        long m = Extended.significand(s, a);
        int e = Extended.exponent(s, a);
        switch (examine(s, a, m, e)) {
            case DONE -> X87Arithmetic.pushPlain(s, Extended.significand(s, a), Extended.exponent(s, a));
            case VALUE -> {
                tangent(s, a, m, e);
                X87Arithmetic.pushPlain(s, Long.MIN_VALUE, BIAS);
            }
            default -> {
            }
        }
    }

    /** For instructions that also push: -1 after a stack fault. */
    private static int topWithRoom(GuestContext ctx) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int a = (int) s[X86State.X87_TOP];
        s[X86State.X87_STATUS] &= ~(long) X87Status.C2;
        boolean over = !X87Status.isEmpty(s, a);
        if (over && X87Status.isEmpty(s, a - 1 & 7)) {
            return a;
        }
        if (X87Status.raise(s, X87Status.IE | X87Status.SF | (over ? X87Status.C1 : 0)) == 0) {
            X87Status.setIndefinite(s, a);
            X87Status.markFull(s, a);
            X87Arithmetic.pushPlain(s, X87Status.INDEFINITE, X87Status.INDEFINITE_EXPONENT);
        }
        return -1;
    }

    // ---- functions of two operands: the result replaces ST(1), then pop ----

    /** What a function of ST(1) and ST(0) does; false if suppressed. */
    private interface Binary {
        boolean apply(long[] s, int dst, long ym, int ye, long xm, int xe);
    }

    private static void binary(GuestContext ctx, Binary f) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int x = X87Status.physical(s, 0);
        int y = X87Status.physical(s, 1);
        boolean done;
        if (X87Status.isEmpty(s, x) || X87Status.isEmpty(s, y)) {
            done = X87Status.underflow(s, y);
        } else {
            long ym = Extended.significand(s, y);
            int ye = Extended.exponent(s, y);
            long xm = Extended.significand(s, x);
            int xe = Extended.exponent(s, x);
            done = Extended.isSpecial(ym, ye, xm, xe) ? Extended.propagate(s, y, ym, ye, xm, xe) : f.apply(s, y, ym, ye, xm, xe);
        }
        if (done) {
            X87Status.pop(s);
        }
    }

    private static boolean isDenormal(long ym, int ye, long xm, int xe) {
        return Extended.isDenormal(ym, ye) || Extended.isDenormal(xm, xe);
    }

    /** FPATAN: arc tangent of ST(1) / ST(0) in the quadrant of their signs. */
    public static void fpatan(GuestContext ctx) {
        binary(ctx, X87Transcendental::arcTangent);
    }

    private static boolean arcTangent(long[] s, int dst, long ym, int ye, long xm, int xe) {
        if (!Extended.denormal(s, isDenormal(ym, ye, xm, xe))) {
            return false;
        }
        int sign = ye >> 15;
        boolean left = xe >> 15 != 0;
        boolean yInf = Extended.isInfinite(ym, ye);
        boolean xInf = Extended.isInfinite(xm, xe);
        if (ym == 0 || xInf && !yInf) {
            if (left) {
                store(s, dst, sign != 0 ? DoubleDouble.PI.negate() : DoubleDouble.PI, 0);
            } else {
                X87Status.set(s, dst, 0, sign << 15);
            }
            return true;
        }
        DoubleDouble v;
        if (yInf || xm == 0) {
            v = yInf && xInf ? DoubleDouble.PI.scale(left ? 0.75 : 0.25) : DoubleDouble.PI.scale(0.5);
            if (yInf && xInf && left) {
                v = DoubleDouble.PI.scale(0.5).add(DoubleDouble.PI.scale(0.25));
            }
        } else {
            int ey = Extended.normalExponent(ym, ye);
            int ex = Extended.normalExponent(xm, xe);
            DoubleDouble y = DoubleDouble.ofSignificand(Extended.normalSignificand(ym));
            DoubleDouble x = DoubleDouble.ofSignificand(Extended.normalSignificand(xm));
            int d = ey - ex;
            if (d < -70 && !left) {
                smallQuotient(s, dst, sign, d, Extended.normalSignificand(ym), Extended.normalSignificand(xm));
                return true;
            }
            v = firstQuadrant(y, x, d);
            v = left ? DoubleDouble.PI.subtract(v) : v;
        }
        store(s, dst, sign != 0 ? v.negate() : v, 0);
        return true;
    }

    /** y / x far below 1: its arc tangent is just below it. */
    private static void smallQuotient(long[] s, int dst, int sign, int d, long y, long x) {
        boolean less = Long.compareUnsigned(y, x) < 0;
        long hi = less ? y : y >>> 1;
        long lo = less ? 0 : y << 63;
        long q = FloatArithmetic.divide(hi, lo, x);
        long r = lo - q * x;
        int e = BIAS + d - (less ? 1 : 0);
        if (r == 0) {
            storeNear(s, dst, sign, e, q, false);
        } else {
            int c = Long.compareUnsigned(r, x - r);
            FloatRounding.register(s, dst, sign, e, q, c >= 0 ? Long.MIN_VALUE | (c > 0 ? 1 : 0) : 1, 64);
        }
    }

    /** Arc tangent of y * 2^d / x for positive numbers. */
    private static DoubleDouble firstQuadrant(DoubleDouble y, DoubleDouble x, int d) {
        if (d < -120) {
            return new DoubleDouble(0x1p-120, 0);
        }
        if (d > 120) {
            return DoubleDouble.PI.scale(0.5).add(-0x1p-120);
        }
        DoubleDouble ys = y.scale(Math.scalb(1.0, d));
        if (ys.hi() < x.hi() || ys.hi() == x.hi() && ys.lo() <= x.lo()) {
            return Elementary.arcTangent(ys.divide(x));
        }
        return DoubleDouble.PI.scale(0.5).subtract(Elementary.arcTangent(x.divide(ys)));
    }

    /** FYL2X: ST(1) * log2 ST(0). */
    public static void fyl2x(GuestContext ctx) {
        binary(ctx, X87Transcendental::logarithm);
    }

    private static boolean logarithm(long[] s, int dst, long ym, int ye, long xm, int xe) {
        boolean yInf = Extended.isInfinite(ym, ye);
        boolean xInf = Extended.isInfinite(xm, xe);
        int ySign = ye >> 15;
        boolean one = xm == Long.MIN_VALUE && xe == BIAS;
        if (xm != 0 && xe >> 15 != 0 || xm == 0 && ym == 0 || xInf && ym == 0 || yInf && one) {
            return Extended.invalid(s, dst);
        }
        if (xm == 0 && !yInf) {
            return X87Status.raise(s, X87Status.ZE) == 0 && Extended.infinity(s, dst, ySign ^ 1);
        }
        if (!Extended.denormal(s, isDenormal(ym, ye, xm, xe))) {
            return false;
        }
        boolean below = xm == 0 || Extended.normalExponent(xm, xe) < BIAS;
        if (xInf || yInf) {
            return Extended.infinity(s, dst, ySign ^ (below ? 1 : 0));
        }
        if (ym == 0 || one) {
            X87Status.set(s, dst, 0, (ySign ^ (below ? 1 : 0)) << 15);
            return true;
        }
        int e = Extended.normalExponent(xm, xe) - BIAS;
        long m = Extended.normalSignificand(xm);
        if (m == Long.MIN_VALUE) {
            powerOfTwo(s, dst, ym, ye, e);
        } else {
            product(s, dst, ym, ye, logarithm(DoubleDouble.ofSignificand(m), e), 0);
        }
        return true;
    }

    /** Binary logarithm of f * 2^e for f from 1 to 2. */
    private static DoubleDouble logarithm(DoubleDouble f, int e) {
        boolean upper = f.hi() > Math.sqrt(2);
        DoubleDouble g = upper ? f.scale(0.5) : f;
        DoubleDouble t = g.add(-1).divide(g.add(1));
        return Elementary.logarithmByS(t).multiply(t).add(upper ? e + 1 : e);
    }

    /** The logarithm is a whole number, and so the product perhaps exact; it is reported as inexact even then. */
    private static void powerOfTwo(long[] s, int dst, long ym, int ye, int log) {
        long a = Extended.normalSignificand(ym);
        long b = ExtendedConversion.significandOfInteger(log);
        int e = Extended.normalExponent(ym, ye) + (ExtendedConversion.exponentOfInteger(log) & Extended.MAX) - BIAS + 1;
        long hi = Math.multiplyHigh(a, b) + a + b;
        long lo = a * b;
        if (hi >= 0) {
            hi = hi << 1 | lo >>> 63;
            lo <<= 1;
            e--;
        }
        FloatRounding.register(s, dst, ye >> 15 ^ (log < 0 ? 1 : 0), e, hi, lo, 64);
        boolean tiny = Extended.isDenormal(Extended.significand(s, dst), Extended.exponent(s, dst));
        X87Status.raise(s, X87Status.PE | (tiny ? X87Status.UE : 0));
    }

    /** y * v * 2^k. */
    private static void product(long[] s, int dst, long ym, int ye, DoubleDouble v, int k) {
        DoubleDouble y = DoubleDouble.ofSignificand(Extended.normalSignificand(ym));
        DoubleDouble p = y.multiply(v);
        store(s, dst, ye >> 15 != 0 ? p.negate() : p, Extended.normalExponent(ym, ye) - BIAS + k);
    }

    /** FYL2XP1: ST(1) * log2(ST(0) + 1). */
    public static void fyl2xp1(GuestContext ctx) {
        binary(ctx, X87Transcendental::logarithmPlusOne);
    }

    private static boolean logarithmPlusOne(long[] s, int dst, long ym, int ye, long xm, int xe) {
        boolean yInf = Extended.isInfinite(ym, ye);
        boolean xInf = Extended.isInfinite(xm, xe);
        int sign = (ye ^ xe) >> 15;
        if (yInf && xm == 0 || xInf && ym == 0 || xInf && xe >> 15 != 0) {
            return Extended.invalid(s, dst);
        }
        if (!Extended.denormal(s, isDenormal(ym, ye, xm, xe))) {
            return false;
        }
        if (yInf || xInf) {
            return Extended.infinity(s, dst, sign);
        }
        if (ym == 0 || xm == 0) {
            X87Status.set(s, dst, 0, sign << 15);
            return true;
        }
        int e = Extended.normalExponent(xm, xe) - BIAS;
        DoubleDouble x = DoubleDouble.ofSignificand(Extended.normalSignificand(xm));
        x = xe >> 15 != 0 ? x.negate() : x;
        if (e < -120) {
            product(s, dst, ym, ye, x.multiply(DoubleDouble.LOG2_E), e);
        } else if (e < -1) {
            x = x.scale(Math.scalb(1.0, e));
            DoubleDouble t = x.divide(x.add(2));
            product(s, dst, ym, ye, Elementary.logarithmByS(t).multiply(t), 0);
        } else {
            DoubleDouble sum = e > 110 ? x : x.add(Math.scalb(1.0, -e));
            if (sum.hi() <= 0) {
                X87Status.raise(s, X87Status.PE);
                X87Status.set(s, dst, xm, xe);
                return true;
            }
            int k = Math.getExponent(sum.hi());
            product(s, dst, ym, ye, logarithm(sum.scale(Math.scalb(1.0, -k)), e + k), 0);
        }
        return true;
    }

    /** F2XM1: 2^ST(0) - 1 for -1 to 1. */
    public static void f2xm1(GuestContext ctx) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int a = (int) s[X86State.X87_TOP];
        if (X87Status.isEmpty(s, a)) {
            X87Status.underflow(s, a);
            return;
        }
        long m = Extended.significand(s, a);
        int e = Extended.exponent(s, a);
        if (Extended.isSpecial(m, e, m, e)) {
            Extended.propagate(s, a, m, e, m, e);
        } else if (Extended.isInfinite(m, e)) {
            if (e >> 15 != 0) {
                X87Status.set(s, a, Long.MIN_VALUE, 0x8000 | BIAS);
            }
        } else if (m != 0 && Extended.denormal(s, Extended.isDenormal(m, e))) {
            powerMinusOne(s, a, m, e);
        }
    }

    private static void powerMinusOne(long[] s, int dst, long m, int e) {
        int x = Extended.normalExponent(m, e) - BIAS;
        boolean negative = e >> 15 != 0;
        if (x >= 0) {
            X87Status.raise(s, X87Status.PE);
            if (x == 0 && m == Long.MIN_VALUE && negative) {
                X87Status.set(s, dst, Long.MIN_VALUE, 0x8000 | BIAS - 1);
            }
            return;
        }
        DoubleDouble f = DoubleDouble.ofSignificand(Extended.normalSignificand(m));
        f = negative ? f.negate() : f;
        if (x < -120) {
            store(s, dst, f.multiply(DoubleDouble.LN2), x);
        } else {
            DoubleDouble v = f.scale(Math.scalb(1.0, x));
            store(s, dst, Elementary.powerMinusOneByX(v).multiply(f), x);
        }
    }
}
