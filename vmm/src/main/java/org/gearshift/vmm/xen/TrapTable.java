package org.gearshift.vmm.xen;

import java.nio.ByteBuffer;

/** Where the guest's kernel takes exceptions and software interrupts: struct trap_info of arch-x86/xen.h, one for each vector. */
final class TrapTable {
    private static final int VECTORS = 256;
    private static final int ENTRY_BYTES = 16;
    private static final int DPL = 3;
    /** The entry masks events. */
    private static final int MASKS_EVENTS = 4;

    private final long[] address = new long[VECTORS];
    private final int[] flags = new int[VECTORS];

    /** set_trap_table: entries up to one with address 0; without a list, all are forgotten. */
    long set(GuestPointer guest, long at) {
        if (at == 0) {
            java.util.Arrays.fill(address, 0);
            java.util.Arrays.fill(flags, 0);
            return 0;
        }
        for (int n = 0; n < VECTORS; n++) {
            long p = at + (long) n * ENTRY_BYTES;
            long handler = guest.read64(p + 8);
            if (handler == 0) {
                return 0;
            }
            int vector = guest.read8(p);
            if (!HypervisorSpace.guestMayUse(handler)) {
                return Errno.EINVAL;
            }
            address[vector] = handler;
            flags[vector] = guest.read8(p + 1);
        }
        return 0;
    }

    /** Sets all vectors, in their order, to the entries at an offset in a buffer. Handlers that cannot be are left out. */
    void set(ByteBuffer entries, int at) {
        for (int n = 0; n < VECTORS; n++) {
            int p = at + n * ENTRY_BYTES;
            long handler = entries.getLong(p + 8);
            address[n] = HypervisorSpace.guestMayUse(handler) ? handler : 0;
            flags[n] = entries.get(p + 1) & 0xff;
        }
    }

    /** 0 if the guest has none. */
    long handler(int vector) {
        return address[vector];
    }

    boolean masksEvents(int vector) {
        return (flags[vector] & MASKS_EVENTS) != 0;
    }

    /** Whether INT n may be used for it: programs need DPL 3, the kernel 1. */
    boolean permits(int vector, boolean kernel) {
        return (flags[vector] & DPL) >= (kernel ? 1 : 3);
    }
}
