package org.gearshift.vmm.xen;

import java.nio.ByteBuffer;

/**
 * Where the guest's kernel takes exceptions and software interrupts: struct trap_info of arch-x86/xen.h, one for each vector: {vector 8, flags 8, code segment 16,
 * address}, the address as a word at its offset.
 */
final class TrapTable {
    private static final int VECTORS = 256;
    private static final int DPL = 3;
    /** The entry masks events. */
    private static final int MASKS_EVENTS = 4;

    private final Abi abi;
    private final long[] address = new long[VECTORS];
    private final int[] selector = new int[VECTORS];
    private final int[] flags = new int[VECTORS];

    TrapTable(Abi abi) {
        this.abi = abi;
    }

    /** set_trap_table: entries up to one with address 0; without a list, all are forgotten. */
    long set(GuestPointer guest, long at) {
        if (at == 0) {
            java.util.Arrays.fill(address, 0);
            java.util.Arrays.fill(flags, 0);
            return 0;
        }
        for (int n = 0; n < VECTORS; n++) {
            long p = at + 2L * n * abi.word();
            long handler = guest.readWord(p + abi.word());
            if (handler == 0) {
                return 0;
            }
            int vector = guest.read8(p);
            int code = guest.read16(p + 2);
            if (!abi.mayBeEntry(handler) || abi.is32() && !Descriptors.isGuestCode(code)) {
                return Errno.EINVAL;
            }
            address[vector] = handler;
            selector[vector] = code;
            flags[vector] = guest.read8(p + 1);
        }
        return 0;
    }

    /** Sets all vectors, in their order, to the entries at an offset in a buffer. Handlers that cannot be are left out. */
    void set(ByteBuffer entries, int at) {
        for (int n = 0; n < VECTORS; n++) {
            int p = at + 2 * n * abi.word();
            long handler = abi.is32() ? entries.getInt(p + 4) & 0xffffffffL : entries.getLong(p + 8);
            int code = entries.getShort(p + 2) & 0xffff;
            boolean possible = abi.mayBeEntry(handler) && (!abi.is32() || Descriptors.isGuestCode(code));
            address[n] = possible ? handler : 0;
            selector[n] = code;
            flags[n] = entries.get(p + 1) & 0xff;
        }
    }

    /** 0 if the guest has none. */
    long handler(int vector) {
        return address[vector];
    }

    /** The code segment of a 32-bit kernel's handler. */
    int selector(int vector) {
        return selector[vector];
    }

    boolean masksEvents(int vector) {
        return (flags[vector] & MASKS_EVENTS) != 0;
    }

    /** Whether INT n may be used for it: programs need DPL 3, the kernel 1. */
    boolean permits(int vector, boolean kernel) {
        return (flags[vector] & DPL) >= (kernel ? 1 : 3);
    }
}
