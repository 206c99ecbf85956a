package org.gearshift.translator.x86.runtime;

/** Shifts of AVX2 by a count for each element (SDM vol. 2 under VPSLLV, VPSRLV, VPSRAV): 64 bits of a result, methods named after the instruction. */
public final class VariableShift {
    private static final long LOW = 0xffff_ffffL;

    private VariableShift() {
    }

    public static long vpsllvd(long v, long counts) {
        return left((int) v, (int) counts) & LOW | (long) left((int) (v >>> 32), (int) (counts >>> 32)) << 32;
    }

    private static int left(int v, int count) {
        return Integer.compareUnsigned(count, 32) < 0 ? v << count : 0;
    }

    public static long vpsrlvd(long v, long counts) {
        return right((int) v, (int) counts) & LOW | (long) right((int) (v >>> 32), (int) (counts >>> 32)) << 32;
    }

    private static int right(int v, int count) {
        return Integer.compareUnsigned(count, 32) < 0 ? v >>> count : 0;
    }

    public static long vpsravd(long v, long counts) {
        return arithmetic((int) v, (int) counts) & LOW | (long) arithmetic((int) (v >>> 32), (int) (counts >>> 32)) << 32;
    }

    private static int arithmetic(int v, int count) {
        return v >> (Integer.compareUnsigned(count, 32) < 0 ? count : 31);
    }

    public static long vpsllvq(long v, long count) {
        return Long.compareUnsigned(count, 64) < 0 ? v << count : 0;
    }

    public static long vpsrlvq(long v, long count) {
        return Long.compareUnsigned(count, 64) < 0 ? v >>> count : 0;
    }
}
