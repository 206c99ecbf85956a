package org.gearshift.translator.x86.runtime;

/** SSSE3 and SSE4.1 selection and widening of packed integers (SDM vol. 1, 12.7 and 12.10): one 64-bit half of a result. */
public final class PackedShuffle {
    private static final long LOW_OF_WORD = 0x0080_0080_0080_0080L;
    private static final long LOW_OF_DWORD = 0x0000_0080_0000_0080L;
    private static final long WORD_OF_DWORD = 0x0000_8000_0000_8000L;

    private PackedShuffle() {
    }

    /** Eight bytes of the sixteen in {@code low} and {@code high} that the low four bits of {@code control}'s bytes select; zero where its top bit is set. */
    public static long pshufb(long low, long high, long control) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            int n = (int) (control >>> i);
            long half = (n & 8) != 0 ? high : low;
            r |= (half >>> (n << 3) & 0xff & ~(n << 24 >> 31)) << i;
        }
        return r;
    }

    /** Elements of b where the element's top bit in {@code mask} is set, else of a. */
    public static long blendBytes(long a, long b, long mask) {
        return Lanes.select(Lanes.mask(mask & Lanes.TOP8, Lanes.TOP8), b, a);
    }

    public static long blendDoublewords(long a, long b, long mask) {
        return Lanes.select(Lanes.mask(mask & Lanes.TOP32, Lanes.TOP32), b, a);
    }

    /** Four bytes to words. */
    public static long zeroExtendBytes(long v) {
        return PackedInteger.punpcklbw(v, 0);
    }

    public static long signExtendBytes(long v) {
        return Lanes.sub(zeroExtendBytes(v) ^ LOW_OF_WORD, LOW_OF_WORD, Lanes.TOP16);
    }

    /** Two words to doublewords. */
    public static long zeroExtendWords(long v) {
        return PackedInteger.punpcklwd(v, 0);
    }

    public static long signExtendWords(long v) {
        return Lanes.sub(zeroExtendWords(v) ^ WORD_OF_DWORD, WORD_OF_DWORD, Lanes.TOP32);
    }

    /** Two bytes to doublewords. */
    public static long zeroExtendBytesTwice(long v) {
        return v & 0xff | (v & 0xff00) << 24;
    }

    public static long signExtendBytesTwice(long v) {
        return Lanes.sub(zeroExtendBytesTwice(v) ^ LOW_OF_DWORD, LOW_OF_DWORD, Lanes.TOP32);
    }
}
