package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.Helper;
import org.gearshift.translator.x86.X86State;

/**
 * The usual case of {@link SseAttempts}' arithmetic, in as few instructions of the host as it takes: operands are normal numbers, the result is one that is neither close to the smallest nor to
 * the largest, and MXCSR has PE set, all exceptions masked, and rounding to nearest. A method that ends in {@code Fits} says whether that is so, one that ends in {@code FitsOrZero} allows for
 * zeros as well, with which each sum begins, and the one of the same name without computes the result. Where neither is so, {@link SseAttempts} may know more.
 *
 * <p>Methods have the arguments of their namesakes, {@code Fits} those of an attempt and last, a constant, which operands are themselves results of usual cases. None has an effect: compilers inline them.
 */
public final class SseUsual {
    /** Bits of MXCSR that have to be as in {@link #MXCSR}: masks, rounding, and PE. */
    private static final int RELEVANT = 0x7fa0;
    private static final int MXCSR = 0x1fa0;
    private static final long LOW = 0xffff_ffffL;
    /** Of {@code known}: an operand is itself the result of a usual case, and need not be looked at. */
    private static final int FIRST = Helper.Attempt.FIRST_KNOWN;
    private static final int SECOND = Helper.Attempt.SECOND_KNOWN;

    private SseUsual() {
    }

    /** The attempt at a helper of arithmetic that begins here and goes on in {@link SseAttempts}. A method of this class, so that it is initialized when code with calls of it is compiled: C2 has no calls of others. */
    public static Helper.Attempt attempt() {
        return new Helper.Attempt(SseAttempts.class, X86State.MXCSR, SseAttempts.NONE, SseUsual.class);
    }

    private static boolean usual(long mxcsr) {
        return ((int) mxcsr & RELEVANT) == MXCSR;
    }

    /** An exponent is neither 0 nor 7FFh: with one added, bits above the lowest are left. */
    private static boolean normal(long a) {
        return ((int) (a >> 32) + 0x0010_0000 & 0x7fe0_0000) != 0;
    }

    /** An exponent is neither below 2 nor above 7FDh: to the smallest a tiny result may have been rounded. */
    private static boolean large(long a) {
        return ((int) (a >> 32) + 0x0020_0000 & 0x7fc0_0000) != 0;
    }

    private static boolean zero(long a) {
        return a << 1 == 0;
    }

    private static boolean plain(long a) {
        return normal(a) || zero(a);
    }

    /** Zero or normal: in other words than {@link #normal}, which a compiler would otherwise compute once and keep in a register for both. */
    private static boolean finite(long a) {
        int exponent = (int) (a >>> 52) & 0x7ff;
        return exponent != 0 && exponent != 0x7ff || zero(a);
    }

    private static boolean sums(long a, long b, long sum, int known) {
        return ((known & FIRST) != 0 || plain(a)) && ((known & SECOND) != 0 || plain(b)) && (large(sum) || zero(sum));
    }

    private static boolean multiplies(long a, long b, long product, int known) {
        return fits(a, b, product, 0) || zero(a) && finite(b) || zero(b) && finite(a);
    }

    private static boolean fits(long a, long b, long result, int known) {
        return ((known & FIRST) != 0 || normal(a)) && ((known & SECOND) != 0 || normal(b)) && large(result);
    }

    /**
     * That and {@link #usual}, written out: of a region with a hundred operations C2 takes no more into it than make 18,000 nodes of its graph, and each method of its own costs some. A test
     * without jumps would cost the fewest, and is slower.
     */
    private static boolean fits(long mxcsr, long a, long b, long result, int known) {
        return ((int) mxcsr & RELEVANT) == MXCSR && ((known & FIRST) != 0 || ((int) (a >> 32) + 0x0010_0000 & 0x7fe0_0000) != 0)
                && ((known & SECOND) != 0 || ((int) (b >> 32) + 0x0010_0000 & 0x7fe0_0000) != 0) && ((int) (result >> 32) + 0x0020_0000 & 0x7fc0_0000) != 0;
    }

    private static boolean fits(long mxcsr, int a, int b, int result, int known) {
        return ((int) mxcsr & RELEVANT) == MXCSR && ((known & FIRST) != 0 || (a + 0x0080_0000 & 0x7f00_0000) != 0)
                && ((known & SECOND) != 0 || (b + 0x0080_0000 & 0x7f00_0000) != 0) && (result + 0x0100_0000 & 0x7e00_0000) != 0;
    }

    private static boolean normal(int a) {
        return (a + 0x0080_0000 & 0x7f00_0000) != 0;
    }

    private static boolean large(int a) {
        return (a + 0x0100_0000 & 0x7e00_0000) != 0;
    }

    private static boolean zero(int a) {
        return a << 1 == 0;
    }

    private static boolean plain(int a) {
        return normal(a) || zero(a);
    }

    private static boolean fits(int a, int b, int result, int known) {
        return ((known & FIRST) != 0 || normal(a)) && ((known & SECOND) != 0 || normal(b)) && large(result);
    }

    private static boolean finite(int a) {
        int exponent = a >>> 23 & 0xff;
        return exponent != 0 && exponent != 0xff || zero(a);
    }

    private static boolean sums(int a, int b, int sum, int known) {
        return ((known & FIRST) != 0 || plain(a)) && ((known & SECOND) != 0 || plain(b)) && (large(sum) || zero(sum));
    }

    private static boolean multiplies(int a, int b, int product, int known) {
        return fits(a, b, product, 0) || zero(a) && finite(b) || zero(b) && finite(a);
    }

    // ---- add ----

    private static int sum(int a, int b) {
        return Float.floatToRawIntBits(Float.intBitsToFloat(a) + Float.intBitsToFloat(b));
    }

    public static long addsd(long a, long b) {
        return Double.doubleToRawLongBits(Double.longBitsToDouble(a) + Double.longBitsToDouble(b));
    }

    public static boolean addsdFits(long mxcsr, long a, long b, int known) {
        return fits(mxcsr, a, b, addsd(a, b), known);
    }

    public static boolean addsdFitsOrZero(long mxcsr, long a, long b, int known) {
        return usual(mxcsr) && sums(a, b, addsd(a, b), known);
    }

    public static long addpd(long a, long b, long otherA, long otherB) {
        return addsd(a, b);
    }

    public static boolean addpdFits(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return addsdFits(mxcsr, a, b, known);
    }

    public static boolean addpdFitsOrZero(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return addsdFitsOrZero(mxcsr, a, b, known);
    }

    public static long addss(long a, int b) {
        return a & ~LOW | sum((int) a, b) & LOW;
    }

    public static boolean addssFits(long mxcsr, long a, int b, int known) {
        return fits(mxcsr, (int) a, b, sum((int) a, b), known);
    }

    public static boolean addssFitsOrZero(long mxcsr, long a, int b, int known) {
        return usual(mxcsr) && sums((int) a, b, sum((int) a, b), known);
    }

    public static long addps(long a, long b, long otherA, long otherB) {
        return (long) sum((int) (a >> 32), (int) (b >> 32)) << 32 | sum((int) a, (int) b) & LOW;
    }

    public static boolean addpsFits(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return fits(mxcsr, (int) a, (int) b, sum((int) a, (int) b), known) && fits(mxcsr, (int) (a >> 32), (int) (b >> 32), sum((int) (a >> 32), (int) (b >> 32)), known);
    }

    public static boolean addpsFitsOrZero(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return usual(mxcsr) && sums((int) a, (int) b, sum((int) a, (int) b), known) && sums((int) (a >> 32), (int) (b >> 32), sum((int) (a >> 32), (int) (b >> 32)), known);
    }

    // ---- sub ----

    private static int difference(int a, int b) {
        return Float.floatToRawIntBits(Float.intBitsToFloat(a) - Float.intBitsToFloat(b));
    }

    public static long subsd(long a, long b) {
        return Double.doubleToRawLongBits(Double.longBitsToDouble(a) - Double.longBitsToDouble(b));
    }

    public static boolean subsdFits(long mxcsr, long a, long b, int known) {
        return fits(mxcsr, a, b, subsd(a, b), known);
    }

    public static boolean subsdFitsOrZero(long mxcsr, long a, long b, int known) {
        return usual(mxcsr) && sums(a, b, subsd(a, b), known);
    }

    public static long subpd(long a, long b, long otherA, long otherB) {
        return subsd(a, b);
    }

    public static boolean subpdFits(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return subsdFits(mxcsr, a, b, known);
    }

    public static boolean subpdFitsOrZero(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return subsdFitsOrZero(mxcsr, a, b, known);
    }

    public static long subss(long a, int b) {
        return a & ~LOW | difference((int) a, b) & LOW;
    }

    public static boolean subssFits(long mxcsr, long a, int b, int known) {
        return fits(mxcsr, (int) a, b, difference((int) a, b), known);
    }

    public static boolean subssFitsOrZero(long mxcsr, long a, int b, int known) {
        return usual(mxcsr) && sums((int) a, b, difference((int) a, b), known);
    }

    public static long subps(long a, long b, long otherA, long otherB) {
        return (long) difference((int) (a >> 32), (int) (b >> 32)) << 32 | difference((int) a, (int) b) & LOW;
    }

    public static boolean subpsFits(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return fits(mxcsr, (int) a, (int) b, difference((int) a, (int) b), known) && fits(mxcsr, (int) (a >> 32), (int) (b >> 32), difference((int) (a >> 32), (int) (b >> 32)), known);
    }

    public static boolean subpsFitsOrZero(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return usual(mxcsr) && sums((int) a, (int) b, difference((int) a, (int) b), known) && sums((int) (a >> 32), (int) (b >> 32), difference((int) (a >> 32), (int) (b >> 32)), known);
    }

    // ---- mul ----

    private static int product(int a, int b) {
        return Float.floatToRawIntBits(Float.intBitsToFloat(a) * Float.intBitsToFloat(b));
    }

    public static long mulsd(long a, long b) {
        return Double.doubleToRawLongBits(Double.longBitsToDouble(a) * Double.longBitsToDouble(b));
    }

    public static boolean mulsdFits(long mxcsr, long a, long b, int known) {
        return fits(mxcsr, a, b, mulsd(a, b), known);
    }

    public static boolean mulsdFitsOrZero(long mxcsr, long a, long b, int known) {
        return usual(mxcsr) && multiplies(a, b, mulsd(a, b), known);
    }

    public static long mulpd(long a, long b, long otherA, long otherB) {
        return mulsd(a, b);
    }

    public static boolean mulpdFits(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return mulsdFits(mxcsr, a, b, known);
    }

    public static boolean mulpdFitsOrZero(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return mulsdFitsOrZero(mxcsr, a, b, known);
    }

    public static long mulss(long a, int b) {
        return a & ~LOW | product((int) a, b) & LOW;
    }

    public static boolean mulssFits(long mxcsr, long a, int b, int known) {
        return fits(mxcsr, (int) a, b, product((int) a, b), known);
    }

    public static boolean mulssFitsOrZero(long mxcsr, long a, int b, int known) {
        return usual(mxcsr) && multiplies((int) a, b, product((int) a, b), known);
    }

    public static long mulps(long a, long b, long otherA, long otherB) {
        return (long) product((int) (a >> 32), (int) (b >> 32)) << 32 | product((int) a, (int) b) & LOW;
    }

    public static boolean mulpsFits(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return fits(mxcsr, (int) a, (int) b, product((int) a, (int) b), known) && fits(mxcsr, (int) (a >> 32), (int) (b >> 32), product((int) (a >> 32), (int) (b >> 32)), known);
    }

    public static boolean mulpsFitsOrZero(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return usual(mxcsr) && multiplies((int) a, (int) b, product((int) a, (int) b), known) && multiplies((int) (a >> 32), (int) (b >> 32), product((int) (a >> 32), (int) (b >> 32)), known);
    }

    // ---- div ----

    private static int quotient(int a, int b) {
        return Float.floatToRawIntBits(Float.intBitsToFloat(a) / Float.intBitsToFloat(b));
    }

    public static long divsd(long a, long b) {
        return Double.doubleToRawLongBits(Double.longBitsToDouble(a) / Double.longBitsToDouble(b));
    }

    public static boolean divsdFits(long mxcsr, long a, long b, int known) {
        return fits(mxcsr, a, b, divsd(a, b), known);
    }

    public static boolean divsdFitsOrZero(long mxcsr, long a, long b, int known) {
        return usual(mxcsr) && fits(a, b, divsd(a, b), known);
    }

    public static long divpd(long a, long b, long otherA, long otherB) {
        return divsd(a, b);
    }

    public static boolean divpdFits(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return divsdFits(mxcsr, a, b, known);
    }

    public static boolean divpdFitsOrZero(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return divsdFitsOrZero(mxcsr, a, b, known);
    }

    public static long divss(long a, int b) {
        return a & ~LOW | quotient((int) a, b) & LOW;
    }

    public static boolean divssFits(long mxcsr, long a, int b, int known) {
        return fits(mxcsr, (int) a, b, quotient((int) a, b), known);
    }

    public static boolean divssFitsOrZero(long mxcsr, long a, int b, int known) {
        return usual(mxcsr) && fits((int) a, b, quotient((int) a, b), known);
    }

    public static long divps(long a, long b, long otherA, long otherB) {
        return (long) quotient((int) (a >> 32), (int) (b >> 32)) << 32 | quotient((int) a, (int) b) & LOW;
    }

    public static boolean divpsFits(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return fits(mxcsr, (int) a, (int) b, quotient((int) a, (int) b), known) && fits(mxcsr, (int) (a >> 32), (int) (b >> 32), quotient((int) (a >> 32), (int) (b >> 32)), known);
    }

    public static boolean divpsFitsOrZero(long mxcsr, long a, long b, long otherA, long otherB, int known) {
        return usual(mxcsr) && fits((int) a, (int) b, quotient((int) a, (int) b), known) && fits((int) (a >> 32), (int) (b >> 32), quotient((int) (a >> 32), (int) (b >> 32)), known);
    }
}
