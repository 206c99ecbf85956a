package org.gearshift.ir;

/**
 * Page maps for 32-bit linear addresses: one entry for each of the 2<sup>20</sup> pages. A page's entry is its linear address exclusive-or the offset of its frame in RAM, so
 * that {@code entry ^ va} is the byte's offset in RAM; it is negative where the page is not present.
 *
 * <p>In a RAM that is not {@linkplain Ram#isCompact compact} an entry has the frame's number in place of its offset: {@code entry ^ va} then tells the frame once the offset within
 * the page is taken out. {@link Ram#offset} knows which it is.
 *
 * <p>Interpreter, generated code and helpers all look up by this rule; whoever fills the maps keeps to it.
 */
public final class FlatMap {
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_MASK = 0xfff;
    private static final int PAGE_SIZE = 0x1000;
    private static final int PAGES = 1 << 20;

    private FlatMap() {
    }

    /** A map in which no page is present. */
    public static int[] empty() {
        int[] map = new int[PAGES];
        for (int page = 0; page < PAGES; page++) {
            map[page] = absent(page);
        }
        return map;
    }

    /** The entry of a page that is not present: it differs from the page's addresses in the highest bit. */
    public static int absent(int page) {
        return ~(page << PAGE_SHIFT) & Integer.MIN_VALUE;
    }

    /** Makes a page present in the map of a compact RAM. @param frame number of its frame in RAM */
    public static void put(int[] map, int page, int frame) {
        map[page] = page << PAGE_SHIFT ^ frame << PAGE_SHIFT;
    }

    /** The same for one that is not. */
    public static void putFrame(int[] map, int page, int frame) {
        map[page] = page << PAGE_SHIFT ^ frame;
    }

    /** What {@link Ram#offset} makes the offset in RAM from, if {@code bytes} bytes at an address lie in one page present in the map; else something negative. */
    public static int find(int[] map, int va, int bytes) {
        return (va & PAGE_MASK) <= PAGE_SIZE - bytes ? map[va >>> PAGE_SHIFT] ^ va : -1;
    }
}
