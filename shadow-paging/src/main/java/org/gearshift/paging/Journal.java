package org.gearshift.paging;

import java.util.Arrays;

/** A growing list of page numbers that the active maps may hold, so that clearing costs what was filled. */
final class Journal {
    private static final int SMALL = 256;
    /** A saved journal longer than this is not worth its memory. */
    private static final int KEEP = 16 * 1024;

    int[] pages = new int[SMALL];
    int size;

    void add(int page) {
        if (size == pages.length) {
            pages = Arrays.copyOf(pages, 2 * size);
        }
        pages[size++] = page;
    }

    void clear() {
        size = 0;
        if (pages.length > KEEP) {
            pages = new int[SMALL];
        }
    }
}
