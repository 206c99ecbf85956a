package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/** Bits in guest memory that guest and hypervisor change at the same time. */
final class SharedBits {
    private final PhysicalMemory memory;

    SharedBits(PhysicalMemory memory) {
        this.memory = memory;
    }

    /** Sets a bit of the 64 at an address. @return what it was */
    boolean testAndSet(long at, int bit) {
        return (change(at, -1L, 1L << bit) >>> bit & 1) != 0;
    }

    /** Clears a bit of the 64 at an address. @return what it was */
    boolean testAndClear(long at, int bit) {
        return (change(at, ~(1L << bit), 0) >>> bit & 1) != 0;
    }

    private long change(long at, long keep, long set) {
        while (true) {
            long w = memory.read(at, 64);
            long now = w & keep | set;
            if (!memory.isShared()) {
                memory.write(at, now, 64);
                return w;
            }
            if (memory.compareAndSwap(at, w, now, 64, null)) {
                return w;
            }
        }
    }
}
