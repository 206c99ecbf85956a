package org.gearshift.ir;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** RAM in a Java array. */
public final class ArrayRam extends Ram {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Bytes of a fill that are stored one by one. */
    private static final int SEED = 64;

    private final byte[] bytes;

    public ArrayRam(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    byte[] array() {
        return bytes;
    }

    @Override
    public long address() {
        return 0;
    }

    @Override
    public long offset(long found, long va) {
        return found;
    }

    /** What does not fit an int is outside every array. */
    private static int index(long at) {
        return at == (int) at ? (int) at : -1;
    }

    @Override
    public int get8(long at) {
        return bytes[index(at)] & 0xff;
    }

    @Override
    public int get16(long at) {
        return (short) SHORT.get(bytes, index(at)) & 0xffff;
    }

    @Override
    public int get32(long at) {
        return (int) INT.get(bytes, index(at));
    }

    @Override
    public long get64(long at) {
        return (long) LONG.get(bytes, index(at));
    }

    @Override
    public void put8(long at, int v) {
        bytes[index(at)] = (byte) v;
    }

    @Override
    public void put16(long at, int v) {
        SHORT.set(bytes, index(at), (short) v);
    }

    @Override
    public void put32(long at, int v) {
        INT.set(bytes, index(at), v);
    }

    @Override
    public void put64(long at, long v) {
        LONG.set(bytes, index(at), v);
    }

    @Override
    public void copy(long from, long to, int length) {
        System.arraycopy(bytes, index(from), bytes, index(to), length);
    }

    @Override
    public void fill(long at, int length, byte value) {
        int from = index(at);
        int filled = Math.min(length, SEED);
        Arrays.fill(bytes, from, from + filled, value);
        // Copies are the JVM's own code, whatever compiles this; a loop over bytes is one until C2 has seen it.
        while (filled < length) {
            int more = Math.min(filled, length - filled);
            System.arraycopy(bytes, from, bytes, from + filled, more);
            filled += more;
        }
    }

    @Override
    public int mismatch(long a, long b, int length) {
        int i = index(a);
        int j = index(b);
        return Arrays.mismatch(bytes, i, i + length, bytes, j, j + length);
    }

    @Override
    public boolean compareAndSwap(long at, long expected, long value, int bits) {
        return RamAtomics.compareAndSwap(bytes, index(at), expected, value, bits);
    }
}
