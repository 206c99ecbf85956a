package org.gearshift.translator.x86.runtime;

/** Arithmetic in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, and GFNI (SDM vol. 1, 12.17 and vol. 2 under GF2P8...) on eight bytes at a time. */
public final class GaloisField {
    private static final long LOW_BITS = 0x0101_0101_0101_0101L;
    private static final int POLYNOMIAL = 0x1b;
    private static final byte[] INVERSE = new byte[256];

    static {
        for (int x = 1; x < 256; x++) {
            // The 254th power.
            int square = x;
            int r = 1;
            for (int i = 1; i < 8; i++) {
                square = multiply(square, square);
                r = multiply(r, square);
            }
            INVERSE[x] = (byte) r;
        }
    }

    private GaloisField() {
    }

    /** Multiplicative inverse of a byte; of 0, 0. */
    static int inverse(int x) {
        return INVERSE[x] & 0xff;
    }

    /** Product of two bytes. */
    static int multiply(int a, int b) {
        return (int) gf2p8mulb(a, b);
    }

    public static long gf2p8mulb(long a, long b) {
        long r = 0;
        long x = a;
        for (int i = 0; i < 8; i++) {
            r ^= x & (b >>> i & LOW_BITS) * 0xff;
            x = (x & ~Lanes.TOP8) << 1 ^ (x >>> 7 & LOW_BITS) * POLYNOMIAL;
        }
        return r;
    }

    /** Each byte times an 8 by 8 bit matrix (row 7 first), plus a constant. */
    public static long gf2p8affineqb(long v, long matrix, int constant) {
        long r = (constant & 0xff) * LOW_BITS;
        for (int i = 0; i < 8; i++) {
            long y = v & (matrix >>> 8 * (7 - i) & 0xff) * LOW_BITS;
            y ^= y >>> 4;
            y ^= y >>> 2;
            y ^= y >>> 1;
            r ^= (y & LOW_BITS) << i;
        }
        return r;
    }

    /** The same of the bytes' inverses. */
    public static long gf2p8affineinvqb(long v, long matrix, int constant) {
        long x = 0;
        for (int i = 0; i < 64; i += 8) {
            x |= (INVERSE[(int) (v >>> i) & 0xff] & 0xffL) << i;
        }
        return gf2p8affineqb(x, matrix, constant);
    }
}
