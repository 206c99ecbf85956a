package org.gearshift.paging;

/** Reads the maps for 32-bit addresses by the rule that {@link FlatMaps} gives. */
final class FlatMapRule {
    private FlatMapRule() {
    }

    /** Frame that a page has in a map of a RAM that is an array, or -1. */
    static int frame(int[] map, long page) {
        return frame(map, page, true);
    }

    /** The same of any RAM. */
    static int frame(int[] map, long page, boolean array) {
        int found = map[(int) page] ^ (int) page << 12;
        return found < 0 ? -1 : found >>> (array ? 12 : 0);
    }
}
