package org.gearshift.translator.x86.runtime;

/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM vol. 2, 4.1): comparison of all elements of {@code a} (the first operand) with those of {@code b} (the
 * second, register or memory). What an instruction makes of the outcome is the lifter's business.
 */
public final class StringCompare {
    /** Bits 16 and 17 of an outcome: b, a is shorter than a register. Below them is IntRes2. */
    public static final int B_ENDS = 16;
    public static final int A_ENDS = 17;

    private static final long LANES8 = 0x0101_0101_0101_0101L;
    private static final long LANES16 = 0x0001_0001_0001_0001L;
    private static final int WORDS = 1;
    private static final int SIGNED = 2;
    private static final int EQUAL_ANY = 0;
    private static final int RANGES = 1;
    private static final int EQUAL_EACH = 2;
    private static final int NEGATE = 0x10;
    private static final int MASKED = 0x20;

    private StringCompare() {
    }

    /** Arguments of an explicit comparison in one: the immediate, and in bits 8..15 and 16..23 the lengths, given by EAX and EDX (or RAX, RDX). */
    public static int lengths(long ax, long dx, int imm) {
        int n = (imm & WORDS) != 0 ? 8 : 16;
        return imm | length(ax, n) << 8 | length(dx, n) << 16;
    }

    private static int length(long v, int most) {
        return v >= most || v <= -most ? most : (int) Math.abs(v);
    }

    /** PCMPESTRx: {@code control} by {@link #lengths}. */
    public static int explicit(long a0, long a1, long b0, long b1, int control) {
        return compare(a0, a1, b0, b1, control & 0xff, control >> 8 & 0xff, control >> 16 & 0xff);
    }

    /** PCMPISTRx: a string ends before its first zero element. */
    public static int implicit(long a0, long a1, long b0, long b1, int imm) {
        int n = (imm & WORDS) != 0 ? 8 : 16;
        int la = Integer.numberOfTrailingZeros(equal(a0, a1, 0, imm) | 1 << n);
        int lb = Integer.numberOfTrailingZeros(equal(b0, b1, 0, imm) | 1 << n);
        return compare(a0, a1, b0, b1, imm, la, lb);
    }

    private static int compare(long a0, long a1, long b0, long b1, int imm, int la, int lb) {
        int n = (imm & WORDS) != 0 ? 8 : 16;
        int all = (1 << n) - 1;
        int validB = (1 << lb) - 1;
        int r = switch (imm >> 2 & 3) {
            case EQUAL_ANY -> any(a0, a1, b0, b1, imm, la) & validB;
            case RANGES -> ranges(a0, a1, b0, b1, imm, la) & validB;
            case EQUAL_EACH -> {
                int validA = (1 << la) - 1;
                yield equal(a0 ^ b0, a1 ^ b1, 0, imm) & validA & validB | all & ~validA & ~validB;
            }
            default -> ordered(a0, a1, b0, b1, imm, la, validB, all);
        };
        if ((imm & NEGATE) != 0) {
            r ^= (imm & MASKED) != 0 ? validB : all;
        }
        return r | (lb < n ? 1 << B_ENDS : 0) | (la < n ? 1 << A_ENDS : 0);
    }

    /** A bit for each element of b that is in the set a. */
    private static int any(long a0, long a1, long b0, long b1, int imm, int la) {
        int r = 0;
        for (int i = 0; i < la; i++) {
            r |= equal(b0, b1, element(a0, a1, i, imm), imm);
        }
        return r;
    }

    /** A bit for each element of b that is in one of the ranges whose bounds are pairs of a. */
    private static int ranges(long a0, long a1, long b0, long b1, int imm, int la) {
        int r = 0;
        for (int i = 0; i + 1 < la; i += 2) {
            long from = element(a0, a1, i, imm);
            long to = element(a0, a1, i + 1, imm);
            r |= ~gather(above(from, b0, imm) | above(b0, to, imm), above(from, b1, imm) | above(b1, to, imm), imm);
        }
        return r;
    }

    /** A bit for each place in b where the string a begins; what would lie behind the register counts as equal. */
    private static int ordered(long a0, long a1, long b0, long b1, int imm, int la, int validB, int all) {
        int r = all;
        for (int i = 0; i < la; i++) {
            int equal = equal(b0, b1, element(a0, a1, i, imm), imm) & validB;
            r &= equal >>> i | ~(all >>> i);
        }
        return r;
    }

    /** Element i in all lanes. */
    private static long element(long low, long high, int i, int imm) {
        if ((imm & WORDS) != 0) {
            return ((i < 4 ? low : high) >>> 16 * (i & 3) & 0xffff) * LANES16;
        }
        return ((i < 8 ? low : high) >>> 8 * (i & 7) & 0xff) * LANES8;
    }

    /** A bit for each element that equals that in {@code lanes}. */
    private static int equal(long low, long high, long lanes, int imm) {
        long top = top(imm);
        return gather(Lanes.zero(low ^ lanes, top), Lanes.zero(high ^ lanes, top), imm);
    }

    private static long above(long a, long b, int imm) {
        return (imm & SIGNED) != 0 ? Lanes.greater(a, b, top(imm)) : Lanes.above(a, b, top(imm));
    }

    private static long top(int imm) {
        return (imm & WORDS) != 0 ? Lanes.TOP16 : Lanes.TOP8;
    }

    /** Top bits of the lanes of two halves side by side. */
    private static int gather(long low, long high, int imm) {
        if ((imm & WORDS) != 0) {
            return topOfWords(low) | topOfWords(high) << 4;
        }
        return PackedInteger.pmovmskb(low) | PackedInteger.pmovmskb(high) << 8;
    }

    private static int topOfWords(long v) {
        return (int) (((v & Lanes.TOP16) >>> 15) * 0x0001_0002_0004_0008L >>> 48);
    }

    /** Eight bits as bytes, or four as words, of all ones or zero. */
    public static long expand(int bits, int imm) {
        if ((imm & WORDS) != 0) {
            return Lanes.mask((bits & 15) * 0x1000_2000_4000_8000L & Lanes.TOP16, Lanes.TOP16);
        }
        long spread = (bits & 0xff) * LANES8 & 0x8040_2010_0804_0201L;
        return Lanes.mask(~Lanes.zero(spread, Lanes.TOP8) & Lanes.TOP8, Lanes.TOP8);
    }
}
