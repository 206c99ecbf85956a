package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/**
 * The domain's descriptors. Their frames are read-only to the guest while they are in a table; each descriptor is checked before it gets there: code and data segments become those of
 * CPL 3, at which kernel and programs run, and nothing else may be present (Xen's check_descriptor).
 */
final class Descriptors {
    private static final int PER_PAGE = 512;
    private static final long PRESENT = 1L << 47;
    private static final long SEGMENT = 1L << 44;
    private static final int DPL = 45;
    private static final long ACCESSED = 1L << 40;

    private final PhysicalMemory memory;

    Descriptors(PhysicalMemory memory) {
        this.memory = memory;
    }

    /** The descriptor as it may be put into a table; 0 if it may not: then it is another one than that asked for. */
    static long checked(long d) {
        if ((d & PRESENT) == 0) {
            return d;
        }
        if ((d & SEGMENT) == 0) {
            return 0;
        }
        return d | 3L << DPL | ACCESSED;
    }

    /** Checks all descriptors of a frame. @return 0, or EINVAL */
    int validate(int frame) {
        long at = (long) frame << 12;
        for (int i = 0; i < PER_PAGE; i++) {
            long d = memory.ram().get64(at + 8L * i);
            if (d != 0 && checked(d) == 0) {
                return Errno.EINVAL;
            }
        }
        for (int i = 0; i < PER_PAGE; i++) {
            long d = memory.ram().get64(at + 8L * i);
            if (checked(d) != d) {
                memory.write(at + 8L * i, checked(d), 64);
            }
        }
        return 0;
    }
}
