package org.gearshift.translator.x86.runtime;

/**
 * SSSE3 and SSE4.1 integer operations among the elements of one operand (SDM vol. 1, 12.7 and 12.10): methods are named after the instruction. Those of two
 * operands take neighbours of {@code a} for the low half of the result and of {@code b} for the high one; XMM instructions apply them to the two
 * halves of each operand.
 */
public final class PackedHorizontal {
    private static final long EVEN_WORDS = 0x0000_ffff_0000_ffffL;
    private static final long LOW = 0xffff_ffffL;

    private PackedHorizontal() {
    }

    public static long phaddw(long a, long b) {
        return PackedInteger.paddw(evenWords(a, b), evenWords(a >>> 16, b >>> 16));
    }

    public static long phaddsw(long a, long b) {
        return PackedInteger.paddsw(evenWords(a, b), evenWords(a >>> 16, b >>> 16));
    }

    public static long phaddd(long a, long b) {
        return PackedInteger.paddd(PackedInteger.punpckldq(a, b), PackedInteger.punpckhdq(a, b));
    }

    public static long phsubw(long a, long b) {
        return PackedInteger.psubw(evenWords(a, b), evenWords(a >>> 16, b >>> 16));
    }

    public static long phsubsw(long a, long b) {
        return PackedInteger.psubsw(evenWords(a, b), evenWords(a >>> 16, b >>> 16));
    }

    public static long phsubd(long a, long b) {
        return PackedInteger.psubd(PackedInteger.punpckldq(a, b), PackedInteger.punpckhdq(a, b));
    }

    /** Words 0 and 2 of a, then of b. */
    private static long evenWords(long a, long b) {
        long x = a & EVEN_WORDS;
        long y = b & EVEN_WORDS;
        return (x | x >>> 16) & LOW | (y | y >>> 16) << 32;
    }

    /** One half of MPSADBW: four sums of absolute differences of the four bytes in {@code block} and the four bytes of {@code window} from 0, 1, 2, 3 on. */
    public static long mpsadbw(long window, long block) {
        long b = block & LOW;
        long r = PackedInteger.psadbw(window & LOW, b);
        for (int i = 1; i < 4; i++) {
            r |= PackedInteger.psadbw(window >>> 8 * i & LOW, b) << 16 * i;
        }
        return r;
    }

    /** Smallest of eight unsigned words in bits 0..15, its lowest index in bits 16..18. */
    public static long phminposuw(long low, long high) {
        long best = word(low, 0);
        for (int i = 1; i < 8; i++) {
            best = Math.min(best, word(i < 4 ? low : high, i));
        }
        return best >>> 3 | (best & 7) << 16;
    }

    /** Word i & 3 with i below it, so that the smaller one is the earlier of equals. */
    private static long word(long half, int i) {
        return (half >>> 16 * (i & 3) & 0xffff) << 3 | i;
    }
}
