package org.gearshift.paging;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * Guest RAM from physical address 0: little-endian accessors, every access bounds-checked. It is one byte array, of up to {@link #MAX_COMPACT}, or lies outside the Java heap, and beyond {@link #MAX_BELOW_4G}
 * leaves out the PCI hole: {@link #HOLE_START} up to 4 GiB belongs to devices, and what else there is follows at 4 GiB.
 */
public final class GuestRam {
    /** Bytes of a page frame. */
    public static final int FRAME_SIZE = 4096;
    /** Largest RAM in one Java array of whole frames, and whose page maps have offsets: 2 GiB less 4 KiB. */
    public static final long MAX_COMPACT = (1L << 31) - FRAME_SIZE;
    /** Most RAM below 4 GiB: more than that ends at {@link #HOLE_START}. */
    public static final long MAX_BELOW_4G = 0xe000_0000L;
    /** First address behind the RAM below 4 GiB where there is RAM above. */
    public static final long HOLE_START = 0xc000_0000L;
    /** Where RAM goes on above the hole. */
    public static final long HIGH_START = 1L << 32;
    /** Largest RAM: what 36 bits of physical address reach, less the hole. */
    public static final long MAX_SIZE = (1L << 36) - (HIGH_START - HOLE_START);

    /** Largest piece of memory outside the heap that a buffer shows. */
    private static final int PIECE_SHIFT = 30;
    private static final int PIECE = 1 << PIECE_SHIFT;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Null if there are pieces. */
    private final byte[] bytes;
    private final ByteBuffer[] pieces;
    private final HostMemory outside;
    private final long size;
    /** End of the physical addresses that there is RAM at. */
    private final long end;

    /** Memory outside the heap, zeroed, that is there as long as this object is. */
    public interface HostMemory {
        /** Where it begins. */
        long address();

        /** Bytes {@code [offset, offset + length)}, to read and to write. */
        ByteBuffer piece(long offset, int length);
    }

    /**
     * Zeroed RAM in an array.
     *
     * @param bytes size, a multiple of 4096, 4096 to {@link #MAX_COMPACT}
     * @throws IllegalArgumentException for any other size
     */
    public GuestRam(long bytes) {
        requireSize(bytes, MAX_COMPACT);
        this.bytes = new byte[(int) bytes];
        this.pieces = null;
        this.outside = null;
        this.size = bytes;
        this.end = bytes;
    }

    /**
     * RAM in memory outside the heap.
     *
     * @param bytes size, a multiple of 4096, 4096 to {@link #MAX_SIZE}
     * @param memory {@link #span} bytes of it; those in the hole are never touched
     * @throws IllegalArgumentException for any other size
     */
    public GuestRam(long bytes, HostMemory memory) {
        requireSize(bytes, MAX_SIZE);
        this.bytes = null;
        this.outside = memory;
        this.size = bytes;
        this.end = span(bytes);
        this.pieces = new ByteBuffer[(int) (end + PIECE - 1 >>> PIECE_SHIFT)];
        for (int i = 0; i < pieces.length; i++) {
            long from = (long) i << PIECE_SHIFT;
            pieces[i] = memory.piece(from, (int) Math.min(PIECE, end - from)).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    private static void requireSize(long bytes, long most) {
        if (bytes < FRAME_SIZE || bytes > most || bytes % FRAME_SIZE != 0) {
            throw new IllegalArgumentException("RAM size " + bytes + " is not a multiple of 4096 in 4096.." + most);
        }
    }

    /** End of the physical addresses of a RAM: its size, and the hole's where it has one. */
    public static long span(long bytes) {
        return bytes > MAX_BELOW_4G ? bytes + HIGH_START - HOLE_START : bytes;
    }

    /** The array behind: offset = physical address. @throws IllegalStateException if RAM is too large to be one */
    public byte[] bytes() {
        if (bytes == null) {
            throw new IllegalStateException("RAM of " + size + " bytes is not an array");
        }
        return bytes;
    }

    /** The memory that RAM is in which is no array: offset = physical address; else null. */
    public HostMemory outside() {
        return outside;
    }

    /** Whether there is {@link #bytes()}. */
    public boolean isArray() {
        return bytes != null;
    }

    /** Whether page maps have offsets of frames; otherwise they have their numbers. */
    public boolean isCompact() {
        return end <= MAX_COMPACT;
    }

    /** Size in bytes, without the hole. */
    public long size() {
        return size;
    }

    /** End of physical addresses, the hole's included. */
    public long end() {
        return end;
    }

    /** End of the RAM below 4 GiB. */
    public long lowEnd() {
        return end > size ? HOLE_START : size;
    }

    /** Frames of 4 KiB up to {@link #end()}, those of the hole included. */
    public int frames() {
        return (int) (end >>> 12);
    }

    /** Whether a frame lies in the hole. */
    public boolean inHole(long frame) {
        return end > size && frame >= HOLE_START >>> 12 && frame < HIGH_START >>> 12;
    }

    private int index(long p, int length) {
        if (p < 0 || p > bytes.length - length) {
            throw outside(p, length);
        }
        return (int) p;
    }

    private static IndexOutOfBoundsException outside(long p, int length) {
        return new IndexOutOfBoundsException("physical 0x" + Long.toHexString(p) + "+" + length + " is outside RAM");
    }

    private ByteBuffer piece(long p) {
        if (p < 0 || p >= end || inHole(p >>> 12)) {
            throw outside(p, 1);
        }
        return pieces[(int) (p >>> PIECE_SHIFT)];
    }

    private static int inPiece(long p) {
        return (int) p & PIECE - 1;
    }

    /** Whether {@code length} bytes lie in one buffer. */
    private static boolean whole(long p, int length) {
        return inPiece(p) <= PIECE - length;
    }

    /** Byte at physical address {@code p}, zero-extended. */
    public int get8(long p) {
        return (bytes != null ? bytes[index(p, 1)] : piece(p).get(inPiece(p))) & 0xff;
    }

    /** Two bytes at {@code p}, zero-extended. */
    public int get16(long p) {
        if (bytes != null) {
            return (short) SHORT.get(bytes, index(p, 2)) & 0xffff;
        }
        return whole(p, 2) ? piece(p).getShort(inPiece(p)) & 0xffff : get8(p) | get8(p + 1) << 8;
    }

    /** Four bytes at {@code p}. */
    public int get32(long p) {
        if (bytes != null) {
            return (int) INT.get(bytes, index(p, 4));
        }
        return whole(p, 4) ? piece(p).getInt(inPiece(p)) : get16(p) | get16(p + 2) << 16;
    }

    /** Eight bytes at {@code p}. */
    public long get64(long p) {
        if (bytes != null) {
            return (long) LONG.get(bytes, index(p, 8));
        }
        return whole(p, 8) ? piece(p).getLong(inPiece(p)) : get32(p) & 0xffffffffL | (long) get32(p + 4) << 32;
    }

    /** Stores the low 8 bits of {@code v} at {@code p}. */
    public void put8(long p, int v) {
        if (bytes != null) {
            bytes[index(p, 1)] = (byte) v;
        } else {
            piece(p).put(inPiece(p), (byte) v);
        }
    }

    /** Stores the low 16 bits of {@code v} at {@code p}. */
    public void put16(long p, int v) {
        if (bytes != null) {
            SHORT.set(bytes, index(p, 2), (short) v);
        } else if (whole(p, 2)) {
            piece(p).putShort(inPiece(p), (short) v);
        } else {
            put8(p, v);
            put8(p + 1, v >>> 8);
        }
    }

    /** Stores 32 bits at {@code p}. */
    public void put32(long p, int v) {
        if (bytes != null) {
            INT.set(bytes, index(p, 4), v);
        } else if (whole(p, 4)) {
            piece(p).putInt(inPiece(p), v);
        } else {
            put16(p, v);
            put16(p + 2, v >>> 16);
        }
    }

    /** Stores 64 bits at {@code p}. */
    public void put64(long p, long v) {
        if (bytes != null) {
            LONG.set(bytes, index(p, 8), v);
        } else if (whole(p, 8)) {
            piece(p).putLong(inPiece(p), v);
        } else {
            put32(p, (int) v);
            put32(p + 4, (int) (v >>> 32));
        }
    }

    /** What is done with the part of a range that lies in one buffer. */
    private interface Part {
        void at(ByteBuffer piece, int from, int done, int length);
    }

    private void parts(long p, int length, Part action) {
        if (length < 0 || p < 0 || p > end - length) {
            throw outside(p, length);
        }
        for (int done = 0; done < length; ) {
            int n = Math.min(length - done, PIECE - inPiece(p + done));
            // Pieces begin and end where the hole does.
            action.at(piece(p + done), inPiece(p + done), done, n);
            done += n;
        }
    }

    /** Copies {@code len} bytes from {@code src[off]} to physical {@code p}. Neither write traces nor code tracking see it: see {@link PhysicalMemory#copyIn}. */
    public void copyIn(long p, byte[] src, int off, int len) {
        if (bytes != null) {
            System.arraycopy(src, off, bytes, index(p, Objects.checkFromIndexSize(0, len, Integer.MAX_VALUE) + len), len);
        } else {
            Objects.checkFromIndexSize(off, len, src.length);
            parts(p, len, (piece, from, done, n) -> piece.put(from, src, off + done, n));
        }
    }

    /** Copies {@code len} bytes from physical {@code p} to {@code dst[off]}. */
    public void copyOut(long p, byte[] dst, int off, int len) {
        if (bytes != null) {
            System.arraycopy(bytes, index(p, Objects.checkFromIndexSize(0, len, Integer.MAX_VALUE) + len), dst, off, len);
        } else {
            Objects.checkFromIndexSize(off, len, dst.length);
            parts(p, len, (piece, from, done, n) -> piece.get(from, dst, off + done, n));
        }
    }

    /** A copy of all bytes. @throws IllegalStateException if they are too many for an array */
    public byte[] copy() {
        if (!isCompact()) {
            throw new IllegalStateException("RAM of " + size + " bytes does not fit an array");
        }
        byte[] all = new byte[(int) size];
        copyOut(0, all, 0, all.length);
        return all;
    }

    /** Sets {@code len} bytes from physical {@code p} to {@code value}. Write traces do not see it. */
    public void fill(long p, int len, int value) {
        if (bytes != null) {
            int from = index(p, Objects.checkFromIndexSize(0, len, Integer.MAX_VALUE) + len);
            Arrays.fill(bytes, from, from + len, (byte) value);
        } else {
            byte[] page = new byte[FRAME_SIZE];
            Arrays.fill(page, (byte) value);
            parts(p, len, (piece, from, done, n) -> {
                for (int i = 0; i < n; i += FRAME_SIZE) {
                    piece.put(from + i, page, 0, Math.min(FRAME_SIZE, n - i));
                }
            });
        }
    }

    /** Physical address of the first byte in which this RAM differs from another of the same size, or -1. */
    public long mismatch(GuestRam other) {
        if (size != other.size || bytes == null != (other.bytes == null)) {
            throw new IllegalArgumentException("RAM of " + size + " and " + other.size + " bytes");
        }
        if (bytes != null) {
            return Arrays.mismatch(bytes, other.bytes);
        }
        for (int i = 0; i < pieces.length; i++) {
            long from = (long) i << PIECE_SHIFT;
            int at = inHole(from >>> 12) ? -1 : pieces[i].duplicate().clear().mismatch(other.pieces[i].duplicate().clear());
            if (at >= 0) {
                return from + at;
            }
        }
        return -1;
    }
}
