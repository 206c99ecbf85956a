package org.gearshift.tools.conformance;

import static org.gearshift.translator.x86.decode.Mnemonic.*;

import java.util.EnumSet;
import java.util.Set;
import org.gearshift.translator.x86.decode.Mnemonic;

/**
 * Instructions of which the manual gives bounds, not results.
 *
 * <p>RCPPS, RCPSS, RSQRTPS, RSQRTSS: relative error at most 1.5 * 2^-12 (SDM vol. 2); two processors may therefore differ by twice that. Tiny results are zero
 * (SDM vol. 2 under RCPPS), so that at the smallest normal number one processor may have it and another zero. x87
 * transcendental functions: less than 1 ulp in round-to-nearest (SDM vol. 1, 8.3.10); two processors may differ by 1 ulp, and with the
 * direction of rounding in C1.
 */
final class Approximations {
    private static final Set<Mnemonic> ESTIMATES = EnumSet.of(RCPPS, RCPSS, RSQRTPS, RSQRTSS);
    private static final Set<Mnemonic> FUNCTIONS = EnumSet.range(FSIN, FYL2XP1);
    private static final double ESTIMATE = 2 * 1.5 / 4096;

    private Approximations() {
    }

    static boolean isEstimate(Mnemonic m) {
        return ESTIMATES.contains(m) || m.name().startsWith("VRCP") || m.name().startsWith("VRSQRT");
    }

    static boolean isFunction(Mnemonic m) {
        return FUNCTIONS.contains(m);
    }

    /** Whether the source is outside the range for which the manual defines a result: F2XM1 beyond 1, FYL2XP1 beyond 1 - sqrt(2)/2. */
    static boolean isOutOfRange(Mnemonic m, Registers start) {
        int e = start.exponent(0) & 0x7fff;
        boolean number = e != 0x7fff;
        return m == F2XM1 && number && e >= 0x3fff || m == FYL2XP1 && number && e >= 0x3ffd;
    }

    /** Whether two estimates, given as single-precision bits, may stand for the same value. */
    static boolean near(int a, int b) {
        if (a == b) {
            return true;
        }
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        if (x == 0 || y == 0) {
            return (a ^ b) >= 0 && Math.abs(x + y) <= Float.MIN_NORMAL * (1 + ESTIMATE);
        }
        return !Float.isNaN(x) && !Float.isNaN(y) && !Float.isInfinite(x) && !Float.isInfinite(y)
                && Math.abs(x / (double) y - 1) <= ESTIMATE;
    }

    /** Whether one of two double-extended numbers is denormal and the other just not: they have one unit in the last place, and only one underflows. */
    static boolean atUnderflow(int exponentA, int exponentB) {
        return (exponentA ^ exponentB) == 1 && ((exponentA | exponentB) & 0x7fff) == 1;
    }

    /** Whether two double-extended numbers are equal or neighbours. */
    static boolean near(long significandA, int exponentA, long significandB, int exponentB) {
        if (exponentA == exponentB || atUnderflow(exponentA, exponentB)) {
            return Math.abs(significandA - significandB) <= 1;
        }
        if (Math.abs(exponentA - exponentB) != 1) {
            return false;
        }
        // Across a power of two.
        long low = exponentA < exponentB ? significandA : significandB;
        long high = exponentA < exponentB ? significandB : significandA;
        return low == -1L && high == Long.MIN_VALUE;
    }
}
