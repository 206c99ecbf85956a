package org.gearshift.ir;

import java.util.Arrays;

/**
 * Page maps for 64-bit linear addresses: an array of 2<sup>shift - 11</sup> entries, one place ({@link #slot}) for each address. A page's entry is its
 * linear address exclusive-or the offset of its frame in RAM, so that {@code entry ^ va} is the byte's offset in RAM if the entry is this page's;
 * otherwise it is at least {@code 1L << shift}, since pages of one place differ in an address bit from {@code shift} on, and RAM ends below.
 *
 * <p>RAM that is not {@linkplain Ram#isCompact compact} may be far larger than a map should be. There an entry has the frame's number in place of its offset: {@code entry ^ va} then tells the frame
 * once the offset within the page is taken out, and {@code shift} is above all frame numbers. {@link Ram#offset} knows which it is.
 *
 * <p>Interpreter, generated code and helpers all look up by this rule; whoever fills the maps keeps to it.
 */
public final class WideMap {
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_MASK = 0xfff;
    private static final int PAGE_SIZE = 0x1000;

    private WideMap() {
    }

    /** A map in which no address is present: every entry's page belongs to another place, which bit {@code shift} of it decides. */
    public static long[] empty(int shift) {
        long[] map = new long[2 << shift - PAGE_SHIFT];
        Arrays.fill(map, 0, map.length / 2, 1L << shift);
        return map;
    }

    /** Place of an address: its page number with bits 43:shift folded in. */
    public static int slot(long va, int shift) {
        int page = (int) (va >>> PAGE_SHIFT);
        return (page ^ page >>> shift - PAGE_SHIFT) & (2 << shift - PAGE_SHIFT) - 1;
    }

    /** Makes a page present in the map of a compact RAM. @param frame number of its frame in RAM */
    public static void put(long[] map, int shift, long va, int frame) {
        map[slot(va, shift)] = va & ~(long) PAGE_MASK ^ (long) frame << PAGE_SHIFT;
    }

    /** The same for one that is not. */
    public static void putFrame(long[] map, int shift, long va, int frame) {
        map[slot(va, shift)] = va & ~(long) PAGE_MASK ^ frame;
    }

    /** What {@link Ram#offset} makes the offset in RAM from, if {@code bytes} bytes at an address lie in one page present in the map; else -1. */
    public static long find(long[] map, int shift, long va, int bytes) {
        int page = (int) (va >>> PAGE_SHIFT);
        long found = map[(page ^ page >>> shift - PAGE_SHIFT) & map.length - 1] ^ va;
        return found >>> shift == 0 && ((int) va & PAGE_MASK) <= PAGE_SIZE - bytes ? found : -1;
    }
}
