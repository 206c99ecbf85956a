package org.gearshift.translator.x86.runtime;

/**
 * Arithmetic on the 8-, 16- or 32-bit lanes of a long without taking it apart: carries are kept from crossing lanes. A set of lanes is given by its
 * top bits {@link #TOP8}, {@link #TOP16} or {@link #TOP32}; comparisons give their outcome in these bits, and {@link #mask} spreads it.
 */
final class Lanes {
    static final long TOP8 = 0x8080_8080_8080_8080L;
    static final long TOP16 = 0x8000_8000_8000_8000L;
    static final long TOP32 = 0x8000_0000_8000_0000L;

    private Lanes() {
    }

    static int width(long top) {
        return top == TOP8 ? 8 : top == TOP16 ? 16 : 32;
    }

    static long add(long a, long b, long top) {
        return (a & ~top) + (b & ~top) ^ (a ^ b) & top;
    }

    static long sub(long a, long b, long top) {
        return (a | top) - (b & ~top) ^ (a ^ ~b) & top;
    }

    /** All ones in lanes whose top bit is set in {@code bits}; other bits of it must be 0. */
    static long mask(long bits, long top) {
        int w = width(top);
        return (bits >>> w - 1) * ((1L << w) - 1);
    }

    /** Lanes that are zero. */
    static long zero(long x, long top) {
        return ~((x & ~top) + ~top | x) & top;
    }

    /** Lanes where a &gt; b, unsigned. */
    static long above(long a, long b, long top) {
        return (a & ~b | ~(a ^ b) & sub(b, a, top)) & top;
    }

    /** Lanes where a &gt; b, signed. */
    static long greater(long a, long b, long top) {
        return above(a ^ top, b ^ top, top);
    }

    static long select(long mask, long a, long b) {
        return a & mask | b & ~mask;
    }

    static long addUnsignedSaturating(long a, long b, long top) {
        long sum = add(a, b, top);
        return sum | mask((a & b | (a | b) & ~sum) & top, top);
    }

    static long subUnsignedSaturating(long a, long b, long top) {
        return sub(a, b, top) & ~mask(above(b, a, top), top);
    }

    static long addSaturating(long a, long b, long top) {
        long sum = add(a, b, top);
        return select(mask(~(a ^ b) & (a ^ sum) & top, top), limit(a, top), sum);
    }

    static long subSaturating(long a, long b, long top) {
        long d = sub(a, b, top);
        return select(mask((a ^ b) & (a ^ d) & top, top), limit(a, top), d);
    }

    /** Largest positive value, or smallest negative one in lanes where a is negative. */
    private static long limit(long a, long top) {
        return ~top + ((a & top) >>> width(top) - 1);
    }

    static long average(long a, long b, long top) {
        long low = top >>> width(top) - 1;
        return sub(a | b, ((a ^ b) & ~low) >>> 1, top);
    }

    /** A value in every lane of a width. */
    private static long repeat(long v, long top) {
        return (top >>> width(top) - 1) * v;
    }

    static long shiftLeft(long v, long count, long top) {
        int w = width(top);
        return Long.compareUnsigned(count, w) >= 0 ? 0 : v << count & repeat((1L << w) - 1 << count & (1L << w) - 1, top);
    }

    static long shiftRight(long v, long count, long top) {
        int w = width(top);
        return Long.compareUnsigned(count, w) >= 0 ? 0 : v >>> count & repeat((1L << w) - 1 >>> count, top);
    }

    static long shiftArithmetic(long v, long count, long top) {
        int w = width(top);
        long n = Long.compareUnsigned(count, w) >= 0 ? w - 1 : count;
        long kept = repeat((1L << w) - 1 >>> n, top);
        return v >>> n & kept | mask(v & top, top) & ~kept;
    }
}
