package org.gearshift.translator.x86.runtime;

/**
 * An unevaluated sum of two doubles, |lo| at most half a unit of hi: about 106 bits (Dekker 1971; Hida, Li, Bailey 2001). Serves the transcendental
 * functions; operands stay far from the limits of the double range.
 */
record DoubleDouble(double hi, double lo) {
    static final DoubleDouble ZERO = new DoubleDouble(0, 0);
    static final DoubleDouble ONE = new DoubleDouble(1, 0);
    static final DoubleDouble LN2 = new DoubleDouble(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56);
    static final DoubleDouble LOG2_E = ONE.divide(LN2);
    static final DoubleDouble PI = new DoubleDouble(0x1.921fb54442d18p1, 0x1.1a62633145c07p-53);

    private static final double TWO_32 = 0x1p32;

    static DoubleDouble of(double v) {
        return new DoubleDouble(v, 0);
    }

    /** A significand with its top bit set as a number from 1 to 2, exactly. */
    static DoubleDouble ofSignificand(long m) {
        double high = (m >>> 32) * TWO_32;
        double low = m & 0xffff_ffffL;
        return fast(high, low).scale(0x1p-63);
    }

    /** a + b where |a| is at least |b|. */
    private static DoubleDouble fast(double a, double b) {
        double s = a + b;
        return new DoubleDouble(s, b - (s - a));
    }

    private static DoubleDouble sum(double a, double b) {
        double s = a + b;
        double z = s - a;
        return new DoubleDouble(s, a - (s - z) + (b - z));
    }

    DoubleDouble add(DoubleDouble b) {
        DoubleDouble s = sum(hi, b.hi);
        DoubleDouble t = sum(lo, b.lo);
        DoubleDouble u = fast(s.hi, s.lo + t.hi);
        return fast(u.hi, u.lo + t.lo);
    }

    DoubleDouble add(double b) {
        DoubleDouble s = sum(hi, b);
        return fast(s.hi, s.lo + lo);
    }

    DoubleDouble subtract(DoubleDouble b) {
        return add(b.negate());
    }

    DoubleDouble negate() {
        return new DoubleDouble(-hi, -lo);
    }

    DoubleDouble multiply(DoubleDouble b) {
        double p = hi * b.hi;
        double e = Math.fma(hi, b.hi, -p);
        return fast(p, e + (hi * b.lo + lo * b.hi));
    }

    /** Times a power of two. */
    DoubleDouble scale(double power) {
        return new DoubleDouble(hi * power, lo * power);
    }

    DoubleDouble divide(DoubleDouble b) {
        double q = hi / b.hi;
        DoubleDouble r = subtract(b.multiply(of(q)));
        double q2 = r.hi / b.hi;
        r = r.subtract(b.multiply(of(q2)));
        return fast(q, q2).add(r.hi / b.hi);
    }

    DoubleDouble squareRoot() {
        double r = Math.sqrt(hi);
        DoubleDouble rest = subtract(of(r).multiply(of(r)));
        return fast(r, rest.hi / (2 * r));
    }

    /** c[0] + x (c[1] + x (c[2] + ...)). */
    DoubleDouble polynomial(DoubleDouble[] c) {
        DoubleDouble r = c[c.length - 1];
        for (int i = c.length - 2; i >= 0; i--) {
            r = r.multiply(this).add(c[i]);
        }
        return r;
    }
}
