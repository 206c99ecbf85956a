package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.Helper;
import org.gearshift.translator.x86.X86State;

/**
 * The usual case of {@link SseAttempts}' arithmetic, in as few instructions of the host as it takes: operands are normal numbers, the result is one that is neither close to the smallest nor to
 * the largest, and MXCSR has PE set, all exceptions masked, and rounding to nearest. A method that ends in {@code Fits} says whether that is so, the one of the same name without computes the
 * result. Where it is not, {@link SseAttempts} may know more.
 *
 * <p>Methods have the arguments of their namesakes, {@code Fits} those of an attempt. None has an effect: compilers inline them.
 */
public final class SseUsual {
    /** Bits of MXCSR that have to be as in {@link #MXCSR}: masks, rounding, and PE. */
    private static final int RELEVANT = 0x7fa0;
    private static final int MXCSR = 0x1fa0;
    private static final long LOW = 0xffff_ffffL;

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
        return (a + 0x0010_0000_0000_0000L & 0x7fe0_0000_0000_0000L) != 0;
    }

    /** An exponent is neither below 2 nor above 7FDh: to the smallest a tiny result may have been rounded. */
    private static boolean large(long a) {
        return (a + 0x0020_0000_0000_0000L & 0x7fc0_0000_0000_0000L) != 0;
    }

    private static boolean normal(int a) {
        return (a + 0x0080_0000 & 0x7f00_0000) != 0;
    }

    private static boolean large(int a) {
        return (a + 0x0100_0000 & 0x7e00_0000) != 0;
    }

    private static boolean normal(int a, int b) {
        return normal(a) && normal(b);
    }

    // ---- add ----

    private static int sum(int a, int b) {
        return Float.floatToRawIntBits(Float.intBitsToFloat(a) + Float.intBitsToFloat(b));
    }

    public static long addsd(long a, long b) {
        return Double.doubleToRawLongBits(Double.longBitsToDouble(a) + Double.longBitsToDouble(b));
    }

    public static boolean addsdFits(long mxcsr, long a, long b) {
        return usual(mxcsr) && normal(a) && normal(b) && large(addsd(a, b));
    }

    public static long addpd(long a, long b, long otherA, long otherB) {
        return addsd(a, b);
    }

    public static boolean addpdFits(long mxcsr, long a, long b, long otherA, long otherB) {
        return addsdFits(mxcsr, a, b);
    }

    public static long addss(long a, int b) {
        return a & ~LOW | sum((int) a, b) & LOW;
    }

    public static boolean addssFits(long mxcsr, long a, int b) {
        return usual(mxcsr) && normal((int) a, b) && large(sum((int) a, b));
    }

    public static long addps(long a, long b, long otherA, long otherB) {
        return (long) sum((int) (a >> 32), (int) (b >> 32)) << 32 | sum((int) a, (int) b) & LOW;
    }

    public static boolean addpsFits(long mxcsr, long a, long b, long otherA, long otherB) {
        return usual(mxcsr) && normal((int) a, (int) b) && large(sum((int) a, (int) b)) && normal((int) (a >> 32), (int) (b >> 32))
                && large(sum((int) (a >> 32), (int) (b >> 32)));
    }

    // ---- sub ----

    private static int difference(int a, int b) {
        return Float.floatToRawIntBits(Float.intBitsToFloat(a) - Float.intBitsToFloat(b));
    }

    public static long subsd(long a, long b) {
        return Double.doubleToRawLongBits(Double.longBitsToDouble(a) - Double.longBitsToDouble(b));
    }

    public static boolean subsdFits(long mxcsr, long a, long b) {
        return usual(mxcsr) && normal(a) && normal(b) && large(subsd(a, b));
    }

    public static long subpd(long a, long b, long otherA, long otherB) {
        return subsd(a, b);
    }

    public static boolean subpdFits(long mxcsr, long a, long b, long otherA, long otherB) {
        return subsdFits(mxcsr, a, b);
    }

    public static long subss(long a, int b) {
        return a & ~LOW | difference((int) a, b) & LOW;
    }

    public static boolean subssFits(long mxcsr, long a, int b) {
        return usual(mxcsr) && normal((int) a, b) && large(difference((int) a, b));
    }

    public static long subps(long a, long b, long otherA, long otherB) {
        return (long) difference((int) (a >> 32), (int) (b >> 32)) << 32 | difference((int) a, (int) b) & LOW;
    }

    public static boolean subpsFits(long mxcsr, long a, long b, long otherA, long otherB) {
        return usual(mxcsr) && normal((int) a, (int) b) && large(difference((int) a, (int) b)) && normal((int) (a >> 32), (int) (b >> 32))
                && large(difference((int) (a >> 32), (int) (b >> 32)));
    }

    // ---- mul ----

    private static int product(int a, int b) {
        return Float.floatToRawIntBits(Float.intBitsToFloat(a) * Float.intBitsToFloat(b));
    }

    public static long mulsd(long a, long b) {
        return Double.doubleToRawLongBits(Double.longBitsToDouble(a) * Double.longBitsToDouble(b));
    }

    public static boolean mulsdFits(long mxcsr, long a, long b) {
        return usual(mxcsr) && normal(a) && normal(b) && large(mulsd(a, b));
    }

    public static long mulpd(long a, long b, long otherA, long otherB) {
        return mulsd(a, b);
    }

    public static boolean mulpdFits(long mxcsr, long a, long b, long otherA, long otherB) {
        return mulsdFits(mxcsr, a, b);
    }

    public static long mulss(long a, int b) {
        return a & ~LOW | product((int) a, b) & LOW;
    }

    public static boolean mulssFits(long mxcsr, long a, int b) {
        return usual(mxcsr) && normal((int) a, b) && large(product((int) a, b));
    }

    public static long mulps(long a, long b, long otherA, long otherB) {
        return (long) product((int) (a >> 32), (int) (b >> 32)) << 32 | product((int) a, (int) b) & LOW;
    }

    public static boolean mulpsFits(long mxcsr, long a, long b, long otherA, long otherB) {
        return usual(mxcsr) && normal((int) a, (int) b) && large(product((int) a, (int) b)) && normal((int) (a >> 32), (int) (b >> 32))
                && large(product((int) (a >> 32), (int) (b >> 32)));
    }

    // ---- div ----

    private static int quotient(int a, int b) {
        return Float.floatToRawIntBits(Float.intBitsToFloat(a) / Float.intBitsToFloat(b));
    }

    public static long divsd(long a, long b) {
        return Double.doubleToRawLongBits(Double.longBitsToDouble(a) / Double.longBitsToDouble(b));
    }

    public static boolean divsdFits(long mxcsr, long a, long b) {
        return usual(mxcsr) && normal(a) && normal(b) && large(divsd(a, b));
    }

    public static long divpd(long a, long b, long otherA, long otherB) {
        return divsd(a, b);
    }

    public static boolean divpdFits(long mxcsr, long a, long b, long otherA, long otherB) {
        return divsdFits(mxcsr, a, b);
    }

    public static long divss(long a, int b) {
        return a & ~LOW | quotient((int) a, b) & LOW;
    }

    public static boolean divssFits(long mxcsr, long a, int b) {
        return usual(mxcsr) && normal((int) a, b) && large(quotient((int) a, b));
    }

    public static long divps(long a, long b, long otherA, long otherB) {
        return (long) quotient((int) (a >> 32), (int) (b >> 32)) << 32 | quotient((int) a, (int) b) & LOW;
    }

    public static boolean divpsFits(long mxcsr, long a, long b, long otherA, long otherB) {
        return usual(mxcsr) && normal((int) a, (int) b) && large(quotient((int) a, (int) b)) && normal((int) (a >> 32), (int) (b >> 32))
                && large(quotient((int) (a >> 32), (int) (b >> 32)));
    }
}
