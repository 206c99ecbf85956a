package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/** Bits in guest memory that guest and hypervisor change at the same time. */
final class SharedBits {
    private final PhysicalMemory memory;

    SharedBits(PhysicalMemory memory) {
        this.memory = memory;
    }

    /** Sets a bit of the word of so many bytes, its size, at an address. @return what it was */
    boolean testAndSet(long at, int bit, int bytes) {
        return (change(at, -1L, 1L << bit, 8 * bytes) >>> bit & 1) != 0;
    }

    /** Clears such a bit. @return what it was */
    boolean testAndClear(long at, int bit, int bytes) {
        return (change(at, ~(1L << bit), 0, 8 * bytes) >>> bit & 1) != 0;
    }

    private long change(long at, long keep, long set, int bits) {
        while (true) {
            long w = memory.read(at, bits);
            long now = w & keep | set;
            if (!memory.isShared()) {
                memory.write(at, now, bits);
                return w;
            }
            if (memory.compareAndSwap(at, w, now, bits, null)) {
                return w;
            }
        }
    }
}
