package org.gearshift.vmm.boot;

import org.gearshift.paging.GuestRam;

/** The page tables a loader leaves behind for 64-bit code: the lowest 4 GiB mapped to themselves with pages of 2 MiB, as the Linux boot protocol wants. */
final class IdentityMap {
    /** Page-map level 4, page-directory-pointer table, four page directories, in memory no loader hands out. */
    static final int ADDRESS = 0x1000;
    /** First address behind them. */
    static final int END = ADDRESS + 6 * 0x1000;
    private static final int POINTERS = ADDRESS + 0x1000;
    private static final int DIRECTORIES = ADDRESS + 0x2000;
    private static final int PRESENT_WRITABLE = 3;
    private static final int LARGE = 0x80;

    private IdentityMap() {
    }

    static void write(GuestRam ram) {
        ram.fill(ADDRESS, END - ADDRESS, 0);
        ram.put64(ADDRESS, POINTERS | PRESENT_WRITABLE);
        for (int i = 0; i < 4; i++) {
            ram.put64(POINTERS + 8 * i, DIRECTORIES + i * 0x1000 | PRESENT_WRITABLE);
        }
        for (int i = 0; i < 4 * 512; i++) {
            ram.put64(DIRECTORIES + 8 * i, (long) i << 21 | LARGE | PRESENT_WRITABLE);
        }
    }
}
