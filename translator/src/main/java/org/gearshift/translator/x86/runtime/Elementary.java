package org.gearshift.translator.x86.runtime;

/** Sine, cosine, arc tangent, 2^x - 1 and logarithm in {@link DoubleDouble}, with a relative error well below 2^-80 on the reduced ranges. */
final class Elementary {
    private static final int TERMS = 14;
    /** (-1)^n / (2n+1)! and (-1)^n / (2n)!. */
    private static final DoubleDouble[] SINE = new DoubleDouble[TERMS];
    private static final DoubleDouble[] COSINE = new DoubleDouble[TERMS];
    /** 1 / (n+1)!. */
    private static final DoubleDouble[] EXPONENTIAL = new DoubleDouble[25];
    /** 1 / (2n+1), and with alternating signs. */
    private static final DoubleDouble[] AREA_TANGENT = new DoubleDouble[20];
    private static final DoubleDouble[] ARC_TANGENT = new DoubleDouble[20];
    /** Arc tangents of k/8. */
    private static final DoubleDouble[] ARC_TANGENT_OF_EIGHTHS = new DoubleDouble[9];

    static {
        DoubleDouble f = DoubleDouble.ONE;
        for (int n = 0; n < TERMS; n++) {
            COSINE[n] = n % 2 == 0 ? f : f.negate();
            f = f.divide(DoubleDouble.of(2 * n + 1));
            SINE[n] = n % 2 == 0 ? f : f.negate();
            f = f.divide(DoubleDouble.of(2 * n + 2));
        }
        f = DoubleDouble.ONE;
        for (int n = 0; n < EXPONENTIAL.length; n++) {
            EXPONENTIAL[n] = f;
            f = f.divide(DoubleDouble.of(n + 2));
        }
        for (int n = 0; n < AREA_TANGENT.length; n++) {
            AREA_TANGENT[n] = DoubleDouble.ONE.divide(DoubleDouble.of(2 * n + 1));
            ARC_TANGENT[n] = n % 2 == 0 ? AREA_TANGENT[n] : AREA_TANGENT[n].negate();
        }
        for (int k = 0; k < ARC_TANGENT_OF_EIGHTHS.length; k++) {
            ARC_TANGENT_OF_EIGHTHS[k] = byHalving(DoubleDouble.of(k / 8.0));
        }
    }

    private Elementary() {
    }

    /** Arc tangent by three times halving the angle: atan a = 2 atan(a / (1 + sqrt(1 + a^2))). */
    private static DoubleDouble byHalving(DoubleDouble a) {
        DoubleDouble x = a;
        for (int i = 0; i < 3; i++) {
            x = x.divide(x.multiply(x).add(1).squareRoot().add(1));
        }
        return smallArcTangent(x).scale(8);
    }

    private static DoubleDouble smallArcTangent(DoubleDouble x) {
        return x.multiply(x).polynomial(ARC_TANGENT).multiply(x);
    }

    /** |x| up to pi/4. */
    static DoubleDouble sine(DoubleDouble x) {
        return x.multiply(x).polynomial(SINE).multiply(x);
    }

    /** |x| up to pi/4. */
    static DoubleDouble cosine(DoubleDouble x) {
        return x.multiply(x).polynomial(COSINE);
    }

    /** 0 up to 1. */
    static DoubleDouble arcTangent(DoubleDouble x) {
        int k = (int) Math.rint(x.hi() * 8);
        if (k == 0) {
            return smallArcTangent(x);
        }
        double c = k / 8.0;
        DoubleDouble t = x.add(-c).divide(x.multiply(DoubleDouble.of(c)).add(1));
        return smallArcTangent(t).add(ARC_TANGENT_OF_EIGHTHS[k]);
    }

    /** (2^x - 1) / x for |x| up to 1. */
    static DoubleDouble powerMinusOneByX(DoubleDouble x) {
        return x.multiply(DoubleDouble.LN2).polynomial(EXPONENTIAL).multiply(DoubleDouble.LN2);
    }

    /** log2((1 + s) / (1 - s)) / s for |s| below 0.18. */
    static DoubleDouble logarithmByS(DoubleDouble s) {
        return s.multiply(s).polynomial(AREA_TANGENT).multiply(DoubleDouble.LOG2_E).scale(2);
    }
}
