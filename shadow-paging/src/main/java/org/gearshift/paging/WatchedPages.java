package org.gearshift.paging;

import java.util.Arrays;

/** Linear pages in which a debugger watches something: no store to them, or no access at all, is made inline. Immutable. */
public final class WatchedPages {
    private static final int LOADS = ActiveMaps.READ_USER | ActiveMaps.READ_SUPERVISOR;
    static final int ALL = LOADS | ActiveMaps.WRITE_USER | ActiveMaps.WRITE_SUPERVISOR;
    private static final long FLAT_PAGES = 1L << 20;
    private static final long FLAT_MASK = FLAT_PAGES - 1;
    private static final long WIDE_MASK = 0xf_ffff_ffffL;
    /** None. */
    public static final WatchedPages NONE = new WatchedPages(new long[0], new boolean[0]);

    private final long[] pages;
    private final boolean[] loads;

    private WatchedPages(long[] pages, boolean[] loads) {
        this.pages = pages;
        this.loads = loads;
    }

    /**
     * These and the pages of a range.
     *
     * @param linear first address
     * @param bytes length, positive
     * @param alsoLoads whether loads take the slow path, too
     */
    public WatchedPages with(long linear, long bytes, boolean alsoLoads) {
        long first = linear >>> 12 & WIDE_MASK;
        int count = (int) ((linear & 0xfff) + bytes + 0xfff >>> 12);
        long[] p = Arrays.copyOf(pages, pages.length + count);
        boolean[] l = Arrays.copyOf(loads, pages.length + count);
        for (int i = 0; i < count; i++) {
            p[pages.length + i] = first + i & WIDE_MASK;
            l[pages.length + i] = alsoLoads;
        }
        return new WatchedPages(p, l);
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return pages.length == 0;
    }

    /**
     * Kinds of access to a page, of {@link ActiveMaps#grants}, that may be inline. 32-bit code knows a page by the lower bits of its number: what is alike there is watched
     * too.
     */
    int unwatched(long page) {
        int may = ALL;
        for (int i = 0; i < pages.length; i++) {
            if (page < FLAT_PAGES ? (pages[i] & FLAT_MASK) == page : pages[i] == page) {
                may &= loads[i] ? 0 : LOADS;
            }
        }
        return may;
    }
}
