package org.gearshift.ir;

/**
 * Guest RAM as translated code and its helpers reach it, by offset: little-endian, unaligned, every access bounds-checked. It is a Java array
 * ({@link ArrayRam}), or lies outside the heap ({@link NativeRam}), where it may be larger, and the host gives memory only to pages that are touched.
 *
 * <p>What is too large for an int has page maps of its own kind, see {@link WideMap}. All code of a machine works on one kind, and a process whose machines all have the
 * same never loads the other class, so that calls here are direct ones.
 */
public abstract class Ram {
    /** Largest RAM whose offsets all fit an int, page by page: 2 GiB less 4 KiB. */
    public static final long MAX_COMPACT = (1L << 31) - 4096;

    private static final int GRANULE = Long.BYTES;

    /** Size in bytes. */
    public abstract long size();

    /** What {@link GuestContext#ram} is: the array, or an empty one. */
    abstract byte[] array();

    /** Address of RAM outside the heap, or 0. */
    public abstract long address();

    /** Whether entries of page maps have offsets in this RAM; otherwise they have frame numbers. */
    public final boolean isCompact() {
        return size() <= MAX_COMPACT;
    }

    /** Offset of an access at 64-bit address {@code va}, whose map entry has given {@code found}: {@link WideMap#find}. */
    public abstract long offset(long found, long va);

    /** Byte at {@code at}, zero-extended. */
    public abstract int get8(long at);

    /** Two bytes at {@code at}, zero-extended. */
    public abstract int get16(long at);

    public abstract int get32(long at);

    public abstract long get64(long at);

    /** Stores the low 8 bits of {@code v}. */
    public abstract void put8(long at, int v);

    /** Stores the low 16 bits of {@code v}. */
    public abstract void put16(long at, int v);

    public abstract void put32(long at, int v);

    public abstract void put64(long at, long v);

    /** Moves bytes as if through a copy of them. */
    public abstract void copy(long from, long to, int length);

    public abstract void fill(long at, int length, byte value);

    /** Index of the first byte in which two ranges differ, or -1. */
    public abstract int mismatch(long a, long b, int length);

    /** Writes {@code bits} of {@code value} if they hold {@code expected}, in one step and as a full fence, where {@link #atomic} allows it; returns whether they did. */
    public abstract boolean compareAndSwap(long at, long expected, long value, int bits);

    /** Whether {@link #compareAndSwap} can do it: the bytes lie in one aligned group of eight. */
    public static boolean atomic(long at, int bits) {
        return ((int) at & GRANULE - 1) + (bits >>> 3) <= GRANULE;
    }

    /** Loads 8, 16 (zero-extended), 32 (sign-extended) or 64 bits. */
    public final long get(long at, int bits) {
        return switch (bits) {
            case 8 -> get8(at);
            case 16 -> get16(at);
            case 32 -> get32(at);
            default -> get64(at);
        };
    }

    /** Stores the low 8, 16, 32 or 64 bits. */
    public final void put(long at, long value, int bits) {
        switch (bits) {
            case 8 -> put8(at, (int) value);
            case 16 -> put16(at, (int) value);
            case 32 -> put32(at, (int) value);
            default -> put64(at, value);
        }
    }
}
