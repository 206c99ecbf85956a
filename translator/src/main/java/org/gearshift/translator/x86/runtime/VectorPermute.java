package org.gearshift.translator.x86.runtime;

/** Permutations of AVX and AVX2 by registers (SDM vol. 2): 64 bits of a result. */
public final class VectorPermute {
    private VectorPermute() {
    }

    /** Two of the four doublewords in {@code low} and {@code high}, chosen by the low two bits of {@code control}'s doublewords. */
    public static long vpermilps(long low, long high, long control) {
        return choose(low, high, (int) control) | choose(low, high, (int) (control >>> 32)) << 32;
    }

    private static long choose(long low, long high, int n) {
        return ((n & 2) != 0 ? high : low) >>> (n & 1) * 32 & 0xffff_ffffL;
    }

    /** The low byte eight times. */
    public static long broadcastByte(long v) {
        return (v & 0xff) * 0x0101_0101_0101_0101L;
    }

    /** The low word four times. */
    public static long broadcastWord(long v) {
        return (v & 0xffff) * 0x0001_0001_0001_0001L;
    }
}
