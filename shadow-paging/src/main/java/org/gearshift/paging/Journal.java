package org.gearshift.paging;

import java.util.Arrays;

/** A growing list of page numbers (or of places) that the active maps may hold, so that clearing costs what was filled. */
final class Journal {
    private static final int SMALL = 256;
    /** A saved journal longer than this is not worth its memory. */
    private static final int KEEP = 16 * 1024;

    long[] items = new long[SMALL];
    int size;

    void add(long item) {
        if (size == items.length) {
            items = Arrays.copyOf(items, 2 * size);
        }
        items[size++] = item;
    }

    void clear() {
        keep(0);
    }

    /** Forgets all but the first items. */
    void keep(int first) {
        size = first;
        if (first == 0 && items.length > KEEP) {
            items = new long[SMALL];
        }
    }
}
