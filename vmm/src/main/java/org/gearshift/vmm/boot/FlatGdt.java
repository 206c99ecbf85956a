package org.gearshift.vmm.boot;

import org.gearshift.paging.GuestRam;

/** The GDT a loader leaves behind: flat 4 GiB code at 10h and data at 18h, as the Linux boot protocol wants; multiboot takes any. */
final class FlatGdt {
    static final int CODE = 0x10;
    static final int DATA = 0x18;
    static final int LIMIT = 31;
    /** Below the real-mode interrupt vectors' neighbours, in memory no loader hands out. */
    static final int ADDRESS = 0x500;

    private FlatGdt() {
    }

    static void write(GuestRam ram) {
        write(ram, 0x00cf9b000000ffffL);
    }

    /** The same with 64-bit code. */
    static void write64(GuestRam ram) {
        write(ram, 0x00af9b000000ffffL);
    }

    private static void write(GuestRam ram, long code) {
        ram.put64(ADDRESS, 0);
        ram.put64(ADDRESS + 8, 0);
        ram.put64(ADDRESS + CODE, code);
        ram.put64(ADDRESS + DATA, 0x00cf93000000ffffL);
    }
}
