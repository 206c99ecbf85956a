package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;

/** Bit instructions too long for IR operations. */
public final class BitFunctions {
    /** (crc, data, bits 8..64) -> crc: the CRC32 instruction's Castagnoli polynomial, bit-reflected, without inversions. */
    public static final Helper CRC32C = Helper.pure("crc32c", BitFunctions.class, "crc32c", Type.I32, Type.I32, Type.I64, Type.I32);
    /** (value, mask): PDEP and PEXT. */
    public static final Helper PDEP = Helper.pure("pdep", BitFunctions.class, "pdep", Type.I64, Type.I64, Type.I64);
    public static final Helper PEXT = Helper.pure("pext", BitFunctions.class, "pext", Type.I64, Type.I64, Type.I64);

    /** 0x11EDC6F41 reflected. */
    private static final int CASTAGNOLI = 0x82f6_3b78;
    private static final int[] CRC_TABLE = crcTable();

    private BitFunctions() {
    }

    private static int[] crcTable() {
        int[] t = new int[256];
        for (int i = 0; i < 256; i++) {
            int v = i;
            for (int k = 0; k < 8; k++) {
                v = (v & 1) != 0 ? v >>> 1 ^ CASTAGNOLI : v >>> 1;
            }
            t[i] = v;
        }
        return t;
    }

    public static int crc32c(int crc, long data, int bits) {
        int v = crc;
        for (int shift = 0; shift < bits; shift += 8) {
            v = CRC_TABLE[(v ^ (int) (data >>> shift)) & 0xff] ^ v >>> 8;
        }
        return v;
    }

    /** Low bits of {@code value} to the places of the ones of {@code mask}. */
    public static long pdep(long value, long mask) {
        long result = 0;
        long v = value;
        for (long m = mask; m != 0; m &= m - 1) {
            result |= (v & 1) != 0 ? m & -m : 0;
            v >>>= 1;
        }
        return result;
    }

    /** Bits of {@code value} at the ones of {@code mask}, gathered low. */
    public static long pext(long value, long mask) {
        long result = 0;
        int n = 0;
        for (long m = mask; m != 0; m &= m - 1) {
            result |= (value & m & -m) != 0 ? 1L << n : 0;
            n++;
        }
        return result;
    }
}
