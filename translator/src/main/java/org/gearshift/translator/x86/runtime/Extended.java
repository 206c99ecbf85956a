package org.gearshift.translator.x86.runtime;

import org.gearshift.translator.x86.X86State;

/**
 * Arithmetic on double-extended numbers (64-bit significand with explicit integer bit, sign in bit 15 and biased exponent in bits 0..14 of an
 * int) into x87 registers, with the invalid, denormal and zero-divide responses of Intel SDM vol. 1, 8.5. Results are written to a physical
 * register; a method returns false if an unmasked IE, DE or ZE suppressed the operation.
 *
 * <p>{@code de} tells that an operand was a denormal before it was converted from its memory format.
 */
final class Extended {
    static final int MAX = 0x7fff;

    private Extended() {
    }

    /** Finite, with its integer bit set and a biased exponent of at least 1. */
    static boolean isNormal(long m, int e) {
        return m < 0 && (e & MAX) - 1 < 0x7ffe && (e & MAX) != 0;
    }

    /** Encodings no operation since the 387 accepts: a non-zero exponent without integer bit. */
    static boolean isUnsupported(long m, int e) {
        return m >= 0 && (e & MAX) != 0;
    }

    static boolean isNaN(long m, int e) {
        return (e & MAX) == MAX && m << 1 != 0;
    }

    static boolean isSignaling(long m, int e) {
        return (e & MAX) == MAX && (m & 1L << 62) == 0 && m << 1 != 0;
    }

    static boolean isInfinite(long m, int e) {
        return (e & MAX) == MAX && m == Long.MIN_VALUE;
    }

    /** Denormal or pseudo-denormal. */
    static boolean isDenormal(long m, int e) {
        return (e & MAX) == 0 && m != 0;
    }

    /** Exponent of the number once its significand is shifted so that the top bit is set; for finite non-zero numbers. */
    static int normalExponent(long m, int e) {
        int x = e & MAX;
        return x != 0 ? x : 1 - Long.numberOfLeadingZeros(m);
    }

    static long normalSignificand(long m) {
        return m << Long.numberOfLeadingZeros(m);
    }

    /** Invalid operation: false if unmasked, else dst gets the indefinite. */
    static boolean invalid(long[] s, int dst) {
        if (X87Status.raise(s, X87Status.IE) != 0) {
            return false;
        }
        X87Status.setIndefinite(s, dst);
        return true;
    }

    /** Records a denormal operand; false if unmasked. */
    static boolean denormal(long[] s, boolean is) {
        return !is || X87Status.raise(s, X87Status.DE) == 0;
    }

    static boolean infinity(long[] s, int dst, int sign) {
        X87Status.set(s, dst, Long.MIN_VALUE, sign << 15 | MAX);
        return true;
    }

    /** True if one operand is a NaN or unsupported, so that {@link #propagate} gives the result. */
    static boolean isSpecial(long am, int ae, long bm, int be) {
        return isNaN(am, ae) || isNaN(bm, be) || isUnsupported(am, ae) || isUnsupported(bm, be);
    }

    /** Result of an operation with a NaN or an unsupported operand (SDM vol. 1, table 4-7, x87 column). */
    static boolean propagate(long[] s, int dst, long am, int ae, long bm, int be) {
        if (isUnsupported(am, ae) || isUnsupported(bm, be)) {
            return invalid(s, dst);
        }
        boolean signalingA = isSignaling(am, ae);
        boolean signalingB = isSignaling(bm, be);
        if ((signalingA || signalingB) && X87Status.raise(s, X87Status.IE) != 0) {
            return false;
        }
        boolean takeA;
        if (!isNaN(bm, be)) {
            takeA = true;
        } else if (!isNaN(am, ae)) {
            takeA = false;
        } else if (signalingA != signalingB) {
            takeA = signalingB;
        } else {
            int c = Long.compareUnsigned(am | 1L << 62, bm | 1L << 62);
            takeA = c > 0 || c == 0 && ae <= be;
        }
        X87Status.set(s, dst, (takeA ? am : bm) | 1L << 62, takeA ? ae : be);
        return true;
    }

    static boolean add(long[] s, int dst, long am, int ae, long bm, int be, boolean de) {
        if (isNormal(am, ae) && isNormal(bm, be) && !de) {
            FloatArithmetic.add(s, dst, ae >> 15, ae & MAX, am, be >> 15, be & MAX, bm);
            return true;
        }
        return addSpecial(s, dst, am, ae, bm, be, 0, de);
    }

    static boolean subtract(long[] s, int dst, long am, int ae, long bm, int be, boolean de) {
        if (isNormal(am, ae) && isNormal(bm, be) && !de) {
            FloatArithmetic.add(s, dst, ae >> 15, ae & MAX, am, be >> 15 ^ 1, be & MAX, bm);
            return true;
        }
        return addSpecial(s, dst, am, ae, bm, be, 1, de);
    }

    private static boolean addSpecial(long[] s, int dst, long am, int ae, long bm, int be, int flip, boolean de) {
        if (isSpecial(am, ae, bm, be)) {
            return propagate(s, dst, am, ae, bm, be);
        }
        int signA = ae >> 15;
        int signB = be >> 15 ^ flip;
        if (isInfinite(am, ae) && isInfinite(bm, be) && signA != signB) {
            return invalid(s, dst);
        }
        if (!denormal(s, de || isDenormal(am, ae) || isDenormal(bm, be))) {
            return false;
        }
        if (isInfinite(am, ae)) {
            return infinity(s, dst, signA);
        }
        if (isInfinite(bm, be)) {
            return infinity(s, dst, signB);
        }
        if (am == 0 && bm == 0) {
            FloatRounding.zero(s, dst, signA == signB ? signA : FloatRounding.zeroSign(s, dst));
        } else if (am == 0) {
            FloatRounding.round(s, dst, signB, normalExponent(bm, be), normalSignificand(bm), 0);
        } else if (bm == 0) {
            FloatRounding.round(s, dst, signA, normalExponent(am, ae), normalSignificand(am), 0);
        } else {
            FloatArithmetic.add(s, dst, signA, normalExponent(am, ae), normalSignificand(am), signB, normalExponent(bm, be), normalSignificand(bm));
        }
        return true;
    }

    static boolean multiply(long[] s, int dst, long am, int ae, long bm, int be, boolean de) {
        if (isNormal(am, ae) && isNormal(bm, be) && !de) {
            FloatArithmetic.multiply(s, dst, (ae ^ be) >> 15, ae & MAX, am, be & MAX, bm);
            return true;
        }
        if (isSpecial(am, ae, bm, be)) {
            return propagate(s, dst, am, ae, bm, be);
        }
        boolean infinite = isInfinite(am, ae) || isInfinite(bm, be);
        boolean zero = am == 0 || bm == 0;
        if (infinite && zero) {
            return invalid(s, dst);
        }
        if (!denormal(s, de || isDenormal(am, ae) || isDenormal(bm, be))) {
            return false;
        }
        int sign = (ae ^ be) >> 15;
        if (infinite) {
            return infinity(s, dst, sign);
        }
        if (zero) {
            FloatRounding.zero(s, dst, sign);
        } else {
            FloatArithmetic.multiply(s, dst, sign, normalExponent(am, ae), normalSignificand(am), normalExponent(bm, be), normalSignificand(bm));
        }
        return true;
    }

    /** a / b. */
    static boolean divide(long[] s, int dst, long am, int ae, long bm, int be, boolean de) {
        if (isNormal(am, ae) && isNormal(bm, be) && !de) {
            FloatArithmetic.divide(s, dst, (ae ^ be) >> 15, ae & MAX, am, be & MAX, bm);
            return true;
        }
        if (isSpecial(am, ae, bm, be)) {
            return propagate(s, dst, am, ae, bm, be);
        }
        boolean infiniteA = isInfinite(am, ae);
        boolean infiniteB = isInfinite(bm, be);
        if (infiniteA && infiniteB || am == 0 && bm == 0) {
            return invalid(s, dst);
        }
        int sign = (ae ^ be) >> 15;
        if (bm == 0 && !infiniteA) {
            return X87Status.raise(s, X87Status.ZE) == 0 && infinity(s, dst, sign);
        }
        if (!denormal(s, de || isDenormal(am, ae) || isDenormal(bm, be))) {
            return false;
        }
        if (infiniteA) {
            return infinity(s, dst, sign);
        }
        if (am == 0 || infiniteB) {
            FloatRounding.zero(s, dst, sign);
        } else {
            FloatArithmetic.divide(s, dst, sign, normalExponent(am, ae), normalSignificand(am), normalExponent(bm, be), normalSignificand(bm));
        }
        return true;
    }

    static boolean squareRoot(long[] s, int dst, long m, int e) {
        if (isNormal(m, e) && e >> 15 == 0) {
            FloatArithmetic.squareRoot(s, dst, e, m);
            return true;
        }
        if (isSpecial(m, e, m, e)) {
            return propagate(s, dst, m, e, m, e);
        }
        if (m == 0) {
            X87Status.set(s, dst, 0, e);
            return true;
        }
        if (e >> 15 != 0) {
            return invalid(s, dst);
        }
        if (isInfinite(m, e)) {
            return infinity(s, dst, 0);
        }
        if (!denormal(s, true)) {
            return false;
        }
        FloatArithmetic.squareRoot(s, dst, normalExponent(m, e), normalSignificand(m));
        return true;
    }

    /** Outcomes of a comparison as condition codes. */
    static final int GREATER = 0;
    static final int LESS = X87Status.C0;
    static final int EQUAL = X87Status.C3;
    /** Beside an outcome: the result is noted, but nothing is popped. */
    static final int UNMASKED = 1;
    static final int UNORDERED = X87Status.C3 | X87Status.C2 | X87Status.C0;

    /**
     * Compares and records IE and DE.
     *
     * @param quiet quiet NaNs are not invalid (FUCOM)
     * @return condition codes, with {@link #UNMASKED} if an unmasked exception was raised
     */
    static int compare(long[] s, long am, int ae, long bm, int be, boolean quiet, boolean de) {
        if (isSpecial(am, ae, bm, be)) {
            boolean invalid = !quiet || isUnsupported(am, ae) || isUnsupported(bm, be) || isSignaling(am, ae) || isSignaling(bm, be);
            return invalid && X87Status.raise(s, X87Status.IE) != 0 ? UNORDERED | UNMASKED : UNORDERED;
        }
        boolean masked = denormal(s, de || isDenormal(am, ae) || isDenormal(bm, be));
        return order(am, ae, bm, be) | (masked ? 0 : UNMASKED);
    }

    /** Outcome of a comparison of numbers that have an order. */
    static int order(long am, int ae, long bm, int be) {
        if (am == 0 && bm == 0) {
            return EQUAL;
        }
        boolean negativeA = ae >> 15 != 0;
        if (negativeA != (be >> 15 != 0)) {
            return negativeA ? LESS : GREATER;
        }
        int c = Integer.compare(pseudoExponent(am, ae), pseudoExponent(bm, be));
        if (c == 0) {
            c = Long.compareUnsigned(am, bm);
        }
        return c == 0 ? EQUAL : (c < 0) == negativeA ? GREATER : LESS;
    }

    /** Exponent for comparison: denormals and pseudo-denormals have that of the smallest normal number. */
    private static int pseudoExponent(long m, int e) {
        return m == 0 ? 0 : Math.max(e & MAX, 1);
    }

    /** Significand of physical register i. */
    static long significand(long[] s, int i) {
        return s[X86State.X87_MANTISSA + i];
    }

    static int exponent(long[] s, int i) {
        return (int) s[X86State.X87_EXPONENT + i];
    }
}
