package org.gearshift.paging;

/**
 * Shadow of one guest table at one place in linear address space. Spaces whose tables refer to the same guest table at the same place share
 * it. While it lives, stores to its guest frame are traced.
 */
final class ShadowTable {
    static final int LEVEL_4 = 4;

    /** Frame of the guest table, or -1 for the four PDPTEs of PAE, which are registers. */
    final int frame;
    /** 1 for leaf tables. */
    final int level;
    /** First page number it spans. */
    final long firstPage;
    /** Log2 of pages spanned by an entry. */
    final int shift;
    /** {@link ShadowEntry} bits; 0 where nothing is known. */
    final int[] entries;
    /** Tables below, where {@link #entries} is not 0 and not large; null on level 1. */
    final ShadowTable[] children;
    /** A bit for each entry of a table of level 4 that has been set; null on other levels. */
    final long[] used;
    /** Next table on the same frame in another role. */
    ShadowTable nextOnFrame;
    /** Entries of live tables and address spaces that refer to it. */
    int references;
    /** Traced stores since an entry was last derived. */
    int idleHits;
    /** Retired: empty for ever, to be replaced by whoever still refers to it. */
    boolean dead;
    /** How many tables had been made, with this one. */
    long number;
    /** Position in the list of all tables. */
    int slot;

    ShadowTable(int frame, int level, long firstPage, PageWalker format) {
        int n = format.entries(level);
        this.frame = frame;
        this.level = level;
        this.firstPage = firstPage;
        this.shift = format.shift(level);
        this.entries = new int[n];
        this.children = level > 1 ? new ShadowTable[n] : null;
        this.used = level == LEVEL_4 ? new long[n / Long.SIZE] : null;
    }

    /** Sets an entry that leads to another table, whose place among the children is the caller's. */
    void set(int i, int e) {
        entries[i] = e;
        if (used != null) {
            used[i / Long.SIZE] |= 1L << i;
        }
    }

    /** Index of the entry for page number {@code page}. */
    int index(long page) {
        return (int) (page >>> shift) & (entries.length - 1);
    }

    /** Pages that the table spans. */
    long span() {
        return (long) entries.length << shift;
    }

    /** Approximate heap bytes. */
    int bytes() {
        return entries.length * (children == null ? 4 : 8) + 64;
    }

    /** The shadow entry for {@code page} with the permissions of all levels and the page's own frame, or 0 if not known or not below {@code frames}. */
    int lookup(long page, int frames) {
        ShadowTable t = this;
        int mask = -1;
        for (;;) {
            int i = (int) (page >>> t.shift) & (t.entries.length - 1);
            int e = t.entries[i];
            if (e == 0) {
                return 0;
            }
            mask &= e | ~ShadowEntry.PERMISSIONS;
            if (t.children == null) {
                return e & mask;
            }
            if ((e & ShadowEntry.LARGE) != 0) {
                int frame = (e & ShadowEntry.FRAME) + ((int) page & ((1 << t.shift) - 1));
                return frame < frames ? (e & ~ShadowEntry.FRAME | frame) & mask : 0;
            }
            t = t.children[i];
        }
    }
}
