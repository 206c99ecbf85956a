package org.gearshift.paging;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/** Guest RAM from physical address 0: one byte array, little-endian accessors, every access bounds-checked. */
public final class GuestRam {
    /** Bytes of a page frame. */
    public static final int FRAME_SIZE = 4096;
    /** Largest RAM: what one Java array holds in whole frames, 2 GiB less 4 KiB. */
    public static final long MAX_SIZE = (1L << 31) - FRAME_SIZE;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;

    /**
     * Zeroed RAM.
     *
     * @param bytes size, a multiple of 4096, 4096 to {@link #MAX_SIZE}
     * @throws IllegalArgumentException for any other size
     */
    public GuestRam(long bytes) {
        if (bytes < FRAME_SIZE || bytes > MAX_SIZE || bytes % FRAME_SIZE != 0) {
            throw new IllegalArgumentException("RAM size " + bytes + " is not a multiple of 4096 in 4096.." + MAX_SIZE);
        }
        this.bytes = new byte[(int) bytes];
    }

    /** The array behind: offset = physical address. */
    public byte[] bytes() {
        return bytes;
    }

    /** Size in bytes. */
    public long size() {
        return bytes.length;
    }

    /** Size in 4 KiB frames. */
    public int frames() {
        return bytes.length >>> 12;
    }

    private int index(long p, int length) {
        if (p < 0 || p > bytes.length - length) {
            throw new IndexOutOfBoundsException("physical 0x" + Long.toHexString(p) + "+" + length + " is outside RAM");
        }
        return (int) p;
    }

    /** Byte at physical address {@code p}, zero-extended. */
    public int get8(long p) {
        return bytes[index(p, 1)] & 0xff;
    }

    /** Two bytes at {@code p}, zero-extended. */
    public int get16(long p) {
        return (short) SHORT.get(bytes, index(p, 2)) & 0xffff;
    }

    /** Four bytes at {@code p}. */
    public int get32(long p) {
        return (int) INT.get(bytes, index(p, 4));
    }

    /** Eight bytes at {@code p}. */
    public long get64(long p) {
        return (long) LONG.get(bytes, index(p, 8));
    }

    /** Stores the low 8 bits of {@code v} at {@code p}. */
    public void put8(long p, int v) {
        bytes[index(p, 1)] = (byte) v;
    }

    /** Stores the low 16 bits of {@code v} at {@code p}. */
    public void put16(long p, int v) {
        SHORT.set(bytes, index(p, 2), (short) v);
    }

    /** Stores 32 bits at {@code p}. */
    public void put32(long p, int v) {
        INT.set(bytes, index(p, 4), v);
    }

    /** Stores 64 bits at {@code p}. */
    public void put64(long p, long v) {
        LONG.set(bytes, index(p, 8), v);
    }

    /** Copies {@code len} bytes from {@code src[off]} to physical {@code p}. Neither write traces nor code tracking see it: see {@link PhysicalMemory#copyIn}. */
    public void copyIn(long p, byte[] src, int off, int len) {
        System.arraycopy(src, off, bytes, index(p, Objects.checkFromIndexSize(0, len, Integer.MAX_VALUE) + len), len);
    }

    /** Copies {@code len} bytes from physical {@code p} to {@code dst[off]}. */
    public void copyOut(long p, byte[] dst, int off, int len) {
        System.arraycopy(bytes, index(p, Objects.checkFromIndexSize(0, len, Integer.MAX_VALUE) + len), dst, off, len);
    }

    /** Sets {@code len} bytes from physical {@code p} to {@code value}. Write traces do not see it. */
    public void fill(long p, int len, int value) {
        int from = index(p, Objects.checkFromIndexSize(0, len, Integer.MAX_VALUE) + len);
        Arrays.fill(bytes, from, from + len, (byte) value);
    }
}
