package org.gearshift.translator.x86.runtime;

/**
 * One round of the AES (FIPS 197; SDM vol. 1, 12.13), without the round key, which the lifter adds. A state is two longs of two columns each; the methods
 * compute two columns of the result, {@code f(a, b)} the first two and {@code f(b, a)} the last two, since every step treats the columns alike.
 */
public final class Aes {
    private static final int[] SBOX = new int[256];
    private static final int[] INVERSE_SBOX = new int[256];
    /** A row-0 byte's share of its column after SubBytes and MixColumns, and after the inverses of both; other rows' are this, rotated. */
    private static final int[] ENCRYPT = new int[256];
    private static final int[] DECRYPT = new int[256];

    static {
        for (int x = 0; x < 256; x++) {
            int i = GaloisField.inverse(x);
            int s = (i ^ rotate(i, 1) ^ rotate(i, 2) ^ rotate(i, 3) ^ rotate(i, 4) ^ 0x63) & 0xff;
            SBOX[x] = s;
            INVERSE_SBOX[s] = x;
        }
        for (int x = 0; x < 256; x++) {
            int s = SBOX[x];
            ENCRYPT[x] = GaloisField.multiply(s, 2) | s << 8 | s << 16 | GaloisField.multiply(s, 3) << 24;
            int r = INVERSE_SBOX[x];
            DECRYPT[x] = GaloisField.multiply(r, 14) | GaloisField.multiply(r, 9) << 8 | GaloisField.multiply(r, 13) << 16
                    | GaloisField.multiply(r, 11) << 24;
        }
    }

    private Aes() {
    }

    private static int rotate(int v, int n) {
        return v << n | v >>> 8 - n;
    }

    private static int at(long columns, int index) {
        return (int) (columns >>> 8 * index) & 0xff;
    }

    private static int mixed(int[] table, int r0, int r1, int r2, int r3) {
        return table[r0] ^ Integer.rotateLeft(table[r1], 8) ^ Integer.rotateLeft(table[r2], 16) ^ Integer.rotateLeft(table[r3], 24);
    }

    private static int substituted(int[] box, int r0, int r1, int r2, int r3) {
        return box[r0] | box[r1] << 8 | box[r2] << 16 | box[r3] << 24;
    }

    private static long pair(int low, int high) {
        return (long) high << 32 | low & 0xffff_ffffL;
    }

    /** ShiftRows, SubBytes, MixColumns. */
    public static long aesenc(long a, long b) {
        return pair(mixed(ENCRYPT, at(a, 0), at(a, 5), at(b, 2), at(b, 7)), mixed(ENCRYPT, at(a, 4), at(b, 1), at(b, 6), at(a, 3)));
    }

    /** ShiftRows, SubBytes. */
    public static long aesenclast(long a, long b) {
        return pair(substituted(SBOX, at(a, 0), at(a, 5), at(b, 2), at(b, 7)), substituted(SBOX, at(a, 4), at(b, 1), at(b, 6), at(a, 3)));
    }

    /** InvShiftRows, InvSubBytes, InvMixColumns. */
    public static long aesdec(long a, long b) {
        return pair(mixed(DECRYPT, at(a, 0), at(b, 5), at(b, 2), at(a, 7)), mixed(DECRYPT, at(a, 4), at(a, 1), at(b, 6), at(b, 3)));
    }

    /** InvShiftRows, InvSubBytes. */
    public static long aesdeclast(long a, long b) {
        return pair(substituted(INVERSE_SBOX, at(a, 0), at(b, 5), at(b, 2), at(a, 7)),
                substituted(INVERSE_SBOX, at(a, 4), at(a, 1), at(b, 6), at(b, 3)));
    }

    /** InvMixColumns of two columns. */
    public static long aesimc(long v) {
        return pair(mixed(DECRYPT, SBOX[at(v, 0)], SBOX[at(v, 1)], SBOX[at(v, 2)], SBOX[at(v, 3)]),
                mixed(DECRYPT, SBOX[at(v, 4)], SBOX[at(v, 5)], SBOX[at(v, 6)], SBOX[at(v, 7)]));
    }

    /** AESKEYGENASSIST on the second column of a half: SubWord, and that rotated, with the round constant. */
    public static long aeskeygenassist(long v, int constant) {
        int word = substituted(SBOX, at(v, 4), at(v, 5), at(v, 6), at(v, 7));
        return pair(word, Integer.rotateRight(word, 8) ^ constant);
    }
}
