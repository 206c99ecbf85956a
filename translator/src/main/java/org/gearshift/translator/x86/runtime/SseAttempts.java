package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.Helper;
import org.gearshift.translator.x86.X86State;

/**
 * SSE arithmetic, comparison and conversion where nothing but a result can come of it: operands and result are zero or well inside the normal range, rounding is to
 * nearest, all exceptions are masked, and the result is exact, or MXCSR.PE is set already. Otherwise the answer is {@link #NONE}, and
 * the method of the same name in {@link SseFloat}, {@link SseCompare} or {@link SseConvert} has to be asked. No method here has an effect or calls another outside this class:
 * compilers inline them.
 *
 * <p>Each takes MXCSR before the arguments of its namesake. Results of 32 bits are zero-extended.
 */
public final class SseAttempts {
    /** No result: a NaN as binary64 and in both binary32 halves, which never comes of these methods, and no zero-extended number of 32 bits. */
    public static final long NONE = -1;
    /** No result, of comparisons whose results are masks: these have all bits alike in each element. */
    public static final long NO_MASK = 1;
    /** No result, of conversions to integers of 64 bits: the number that has no opposite. */
    public static final long NO_INTEGER = Long.MIN_VALUE;

    private static final int CONTROL = 0x7f80;
    private static final int DEFAULT = 0x1f80;
    private static final int PE = 0x20;
    /** Least exponent of an operand or product from which a residual is exact, too. */
    private static final int RESIDUAL = 110;
    private static final long SIGN = Long.MIN_VALUE;
    private static final long HIGH = 0xffff_ffff_0000_0000L;
    private static final long LOW = 0xffff_ffffL;
    private static final int CHOP = 3;

    private SseAttempts() {
    }

    /** The attempt at a helper's result that its namesake here makes. @param none what it says if it has none */
    public static Helper.Attempt answering(long none) {
        return new Helper.Attempt(SseAttempts.class, X86State.MXCSR, none, null);
    }

    private static boolean standard(long mxcsr) {
        return ((int) mxcsr & CONTROL) == DEFAULT;
    }

    /** Whether it is known already that something was inexact. */
    private static boolean inexact(long mxcsr) {
        return (mxcsr & PE) != 0;
    }

    private static boolean normal(long a) {
        return ((int) (a >>> 52) & 0x7ff) - 1 + Integer.MIN_VALUE < 0x7fe + Integer.MIN_VALUE;
    }

    private static boolean plain(long a) {
        return normal(a) || a << 1 == 0;
    }

    /** Normal, and not the smallest exponent, to which a tiny result may have been rounded. */
    private static boolean large(long a) {
        return ((int) (a >>> 52) & 0x7ff) - 2 + Integer.MIN_VALUE < 0x7fd + Integer.MIN_VALUE;
    }

    private static boolean above(long a, int least) {
        return ((int) (a >>> 52) & 0x7ff) - least + Integer.MIN_VALUE < 0x7ff - least + Integer.MIN_VALUE;
    }

    private static boolean normal(int a) {
        return (a >>> 23 & 0xff) - 1 + Integer.MIN_VALUE < 0xfe + Integer.MIN_VALUE;
    }

    private static boolean plain(int a) {
        return normal(a) || a << 1 == 0;
    }

    private static boolean large(int a) {
        return (a >>> 23 & 0xff) - 2 + Integer.MIN_VALUE < 0xfd + Integer.MIN_VALUE;
    }

    // ---- binary64 ----

    public static long addsd(long mxcsr, long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double r = x + y;
        long bits = Double.doubleToRawLongBits(r);
        return standard(mxcsr) && plain(a) && plain(b) && (large(bits) || bits == 0) && (inexact(mxcsr) || x - (r - (r - x)) + (y - (r - x)) == 0) ? bits : NONE;
    }

    public static long subsd(long mxcsr, long a, long b) {
        return addsd(mxcsr, a, b ^ SIGN);
    }

    public static long mulsd(long mxcsr, long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        long r = Double.doubleToRawLongBits(x * y);
        boolean zero = a << 1 == 0 || b << 1 == 0;
        return standard(mxcsr) && plain(a) && plain(b) && (zero || (inexact(mxcsr) ? large(r) : above(r, RESIDUAL) && Math.fma(x, y, -(x * y)) == 0)) ? r : NONE;
    }

    public static long divsd(long mxcsr, long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        long r = Double.doubleToRawLongBits(x / y);
        return standard(mxcsr) && normal(b)
                && (a << 1 == 0 || normal(a) && large(r) && (inexact(mxcsr) || above(a, RESIDUAL) && Math.fma(x / y, y, -x) == 0)) ? r : NONE;
    }

    public static long sqrtsd(long mxcsr, long a) {
        double r = Math.sqrt(Double.longBitsToDouble(a));
        return standard(mxcsr) && a >= 0 && (a == 0 || normal(a) && (inexact(mxcsr) || above(a, RESIDUAL) && Math.fma(r, r, -Double.longBitsToDouble(a)) == 0))
                ? Double.doubleToRawLongBits(r) : NONE;
    }

    public static long minsd(long mxcsr, long a, long b) {
        return plain(a) && plain(b) ? Double.longBitsToDouble(a) < Double.longBitsToDouble(b) ? a : b : NONE;
    }

    public static long maxsd(long mxcsr, long a, long b) {
        return plain(a) && plain(b) ? Double.longBitsToDouble(a) > Double.longBitsToDouble(b) ? a : b : NONE;
    }

    public static long addpd(long mxcsr, long a, long b, long otherA, long otherB) {
        return addsd(mxcsr, a, b);
    }

    public static long subpd(long mxcsr, long a, long b, long otherA, long otherB) {
        return subsd(mxcsr, a, b);
    }

    public static long mulpd(long mxcsr, long a, long b, long otherA, long otherB) {
        return mulsd(mxcsr, a, b);
    }

    public static long divpd(long mxcsr, long a, long b, long otherA, long otherB) {
        return divsd(mxcsr, a, b);
    }

    public static long minpd(long mxcsr, long a, long b, long otherA, long otherB) {
        return minsd(mxcsr, a, b);
    }

    public static long maxpd(long mxcsr, long a, long b, long otherA, long otherB) {
        return maxsd(mxcsr, a, b);
    }

    public static long sqrtpd(long mxcsr, long a, long other) {
        return sqrtsd(mxcsr, a);
    }

    // ---- binary32: elements are zero-extended, or NONE ----

    private static long sum(long mxcsr, int a, int b) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        float r = x + y;
        int bits = Float.floatToRawIntBits(r);
        return plain(a) && plain(b) && (large(bits) || bits == 0) && (inexact(mxcsr) || x - (r - (r - x)) + (y - (r - x)) == 0) ? bits & LOW : NONE;
    }

    private static long difference(long mxcsr, int a, int b) {
        return sum(mxcsr, a, b ^ Integer.MIN_VALUE);
    }

    private static long product(long mxcsr, int a, int b) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        int r = Float.floatToRawIntBits(x * y);
        boolean zero = a << 1 == 0 || b << 1 == 0;
        return plain(a) && plain(b) && (zero || large(r) && (inexact(mxcsr) || (double) x * y == x * y)) ? r & LOW : NONE;
    }

    private static long quotient(long mxcsr, int a, int b) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        int r = Float.floatToRawIntBits(x / y);
        return normal(b) && (a << 1 == 0 || normal(a) && large(r) && (inexact(mxcsr) || (double) (x / y) * y == x)) ? r & LOW : NONE;
    }

    private static long root(long mxcsr, int a) {
        double x = Float.intBitsToFloat(a);
        float r = (float) Math.sqrt(x);
        return a >= 0 && plain(a) && (inexact(mxcsr) || (double) r * r == x) ? Float.floatToRawIntBits(r) & LOW : NONE;
    }

    private static long smaller(int a, int b) {
        return plain(a) && plain(b) ? (Float.intBitsToFloat(a) < Float.intBitsToFloat(b) ? a : b) & LOW : NONE;
    }

    private static long larger(int a, int b) {
        return plain(a) && plain(b) ? (Float.intBitsToFloat(a) > Float.intBitsToFloat(b) ? a : b) & LOW : NONE;
    }

    private static long scalar(boolean possible, long a, long r) {
        return possible && r >= 0 ? a & HIGH | r : NONE;
    }

    private static long pair(boolean possible, long low, long high) {
        return possible && (low | high) >= 0 ? high << 32 | low : NONE;
    }

    public static long addss(long mxcsr, long a, int b) {
        return scalar(standard(mxcsr), a, sum(mxcsr, (int) a, b));
    }

    public static long subss(long mxcsr, long a, int b) {
        return scalar(standard(mxcsr), a, difference(mxcsr, (int) a, b));
    }

    public static long mulss(long mxcsr, long a, int b) {
        return scalar(standard(mxcsr), a, product(mxcsr, (int) a, b));
    }

    public static long divss(long mxcsr, long a, int b) {
        return scalar(standard(mxcsr), a, quotient(mxcsr, (int) a, b));
    }

    public static long sqrtss(long mxcsr, long a, int b) {
        return scalar(standard(mxcsr), a, root(mxcsr, b));
    }

    public static long minss(long mxcsr, long a, int b) {
        return scalar(true, a, smaller((int) a, b));
    }

    public static long maxss(long mxcsr, long a, int b) {
        return scalar(true, a, larger((int) a, b));
    }

    public static long addps(long mxcsr, long a, long b, long otherA, long otherB) {
        return pair(standard(mxcsr), sum(mxcsr, (int) a, (int) b), sum(mxcsr, (int) (a >> 32), (int) (b >> 32)));
    }

    public static long subps(long mxcsr, long a, long b, long otherA, long otherB) {
        return pair(standard(mxcsr), difference(mxcsr, (int) a, (int) b), difference(mxcsr, (int) (a >> 32), (int) (b >> 32)));
    }

    public static long mulps(long mxcsr, long a, long b, long otherA, long otherB) {
        return pair(standard(mxcsr), product(mxcsr, (int) a, (int) b), product(mxcsr, (int) (a >> 32), (int) (b >> 32)));
    }

    public static long divps(long mxcsr, long a, long b, long otherA, long otherB) {
        return pair(standard(mxcsr), quotient(mxcsr, (int) a, (int) b), quotient(mxcsr, (int) (a >> 32), (int) (b >> 32)));
    }

    public static long minps(long mxcsr, long a, long b, long otherA, long otherB) {
        return pair(true, smaller((int) a, (int) b), smaller((int) (a >> 32), (int) (b >> 32)));
    }

    public static long maxps(long mxcsr, long a, long b, long otherA, long otherB) {
        return pair(true, larger((int) a, (int) b), larger((int) (a >> 32), (int) (b >> 32)));
    }

    public static long sqrtps(long mxcsr, long a, long other) {
        return pair(standard(mxcsr), root(mxcsr, (int) a), root(mxcsr, (int) (a >> 32)));
    }

    // ---- comparison: of plain numbers no exception comes, whatever MXCSR says, and there is an order ----

    public static long comisd(long mxcsr, long a, long b, int quiet) {
        return plain(a) && plain(b) ? flags(Double.longBitsToDouble(a), Double.longBitsToDouble(b)) : NONE;
    }

    public static long comiss(long mxcsr, int a, int b, int quiet) {
        return plain(a) && plain(b) ? flags(Float.intBitsToFloat(a), Float.intBitsToFloat(b)) : NONE;
    }

    private static final long LESS = flags(Extended.LESS);
    private static final long EQUAL = flags(Extended.EQUAL);
    private static final long GREATER = flags(Extended.GREATER);

    private static long flags(int codes) {
        return (long) X87Comparison.flagResult(codes) << 32 | X87Comparison.flagAux(codes) & LOW;
    }

    private static long flags(double x, double y) {
        return x < y ? LESS : x == y ? EQUAL : GREATER;
    }

    public static long cmpsd(long mxcsr, long a, long b, int predicate) {
        return plain(a) && plain(b) ? holds(Double.longBitsToDouble(a), Double.longBitsToDouble(b), predicate) : NO_MASK;
    }

    public static long cmppd(long mxcsr, long a, long b, long otherA, long otherB, int predicate) {
        return cmpsd(mxcsr, a, b, predicate);
    }

    public static long cmpps(long mxcsr, long a, long b, long otherA, long otherB, int predicate) {
        int ah = (int) (a >> 32);
        int bh = (int) (b >> 32);
        return plain((int) a) && plain((int) b) && plain(ah) && plain(bh)
                ? holds(Float.intBitsToFloat(ah), Float.intBitsToFloat(bh), predicate) & HIGH | holds(Float.intBitsToFloat((int) a), Float.intBitsToFloat((int) b), predicate) & LOW
                : NO_MASK;
    }

    /** The lower eight predicates of numbers that have an order; those above differ in what they say of NaNs, but for some. */
    private static long holds(double x, double y, int predicate) {
        boolean b = switch (predicate & 15) {
            case 0, 8 -> x == y;
            case 1, 9 -> x < y;
            case 2, 10 -> x <= y;
            case 3, 11 -> false;
            case 4, 12 -> x != y;
            case 5, 13 -> x >= y;
            case 6, 14 -> x > y;
            default -> true;
        };
        return b ? -1 : 0;
    }

    // ---- conversion ----

    public static long sdToInt(long mxcsr, long v, int mode) {
        return small(mxcsr, Double.longBitsToDouble(v), mode);
    }

    public static long ssToInt(long mxcsr, int v, int mode) {
        return small(mxcsr, Float.intBitsToFloat(v), mode);
    }

    public static long sdToLong(long mxcsr, long v, int mode) {
        return whole(mxcsr, Double.longBitsToDouble(v), mode);
    }

    public static long ssToLong(long mxcsr, int v, int mode) {
        return whole(mxcsr, Float.intBitsToFloat(v), mode);
    }

    private static long small(long mxcsr, double v, int mode) {
        double d = mode == CHOP ? (int) v : Math.rint(v);
        return standard(mxcsr) && d > -0x1p31 && d < 0x1p31 && v > -0x1p31 && v < 0x1p31 && (inexact(mxcsr) || d == v) ? (int) d & LOW : NONE;
    }

    private static long whole(long mxcsr, double v, int mode) {
        double d = mode == CHOP ? (long) v : Math.rint(v);
        return standard(mxcsr) && v > -0x1p63 && v < 0x1p63 && (inexact(mxcsr) || d == v) ? (long) d : NO_INTEGER;
    }

    public static long longToSd(long mxcsr, long v) {
        return standard(mxcsr) && (inexact(mxcsr) || Math.abs(v) <= 1L << 53) ? Double.doubleToRawLongBits(v) : NONE;
    }

    public static long longToSs(long mxcsr, long v) {
        return standard(mxcsr) && (inexact(mxcsr) || Math.abs(v) <= 1 << 24) ? Float.floatToRawIntBits(v) & LOW : NONE;
    }

    public static long intsToPs(long mxcsr, long v, long other) {
        boolean exact = inexact(mxcsr) || (float) (int) v == (double) (int) v && (float) (int) (v >> 32) == (double) (int) (v >> 32);
        return standard(mxcsr) && exact ? (long) Float.floatToRawIntBits((int) (v >> 32)) << 32 | Float.floatToRawIntBits((int) v) & LOW : NONE;
    }

    public static long sdToSs(long mxcsr, long v) {
        double d = Double.longBitsToDouble(v);
        int r = Float.floatToRawIntBits((float) d);
        return standard(mxcsr) && (v << 1 == 0 || normal(v) && large(r) && (inexact(mxcsr) || (float) d == d)) ? r & LOW : NONE;
    }

    public static long ssToSd(long mxcsr, int v, int other) {
        return plain(v) ? Double.doubleToRawLongBits(Float.intBitsToFloat(v)) : NONE;
    }
}
