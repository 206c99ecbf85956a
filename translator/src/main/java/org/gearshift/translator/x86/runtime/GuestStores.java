package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;

/** Loads and stores of helpers at linear addresses, zero-extended where they have 32 bits: the fast path of {@link GuestContext}, written once for this package. */
final class GuestStores {
    private static final long PAGE = 0x1000;

    private GuestStores() {
    }

    static void store8(GuestContext ctx, long address, int value) {
        long i = ctx.ramIndex(address, 1, true);
        if (i >= 0) {
            ctx.hostRam.put8(i, value);
        } else {
            ctx.storeSlow(address, value, 8);
        }
    }

    static void store16(GuestContext ctx, long address, int value) {
        long i = ctx.ramIndex(address, 2, true);
        if (i >= 0) {
            ctx.hostRam.put16(i, value);
        } else {
            ctx.storeSlow(address, value, 16);
        }
    }

    static void store32(GuestContext ctx, long address, int value) {
        long i = ctx.ramIndex(address, 4, true);
        if (i >= 0) {
            ctx.hostRam.put32(i, value);
        } else {
            ctx.storeSlow(address, value, 32);
        }
    }

    static void store64(GuestContext ctx, long address, long value) {
        long i = ctx.ramIndex(address, 8, true);
        if (i >= 0) {
            ctx.hostRam.put64(i, value);
        } else {
            ctx.storeSlow(address, value, 64);
        }
    }

    /**
     * Faults where a store of up to 4 KiB would, and else does nothing: for stores in several parts, of which none may be seen if a later one
     * faults, and for those that are called off only after their operand was found accessible.
     */
    static void probe(GuestContext ctx, long address, int bytes) {
        touch(ctx, address);
        long last = address + bytes - 1;
        if ((address ^ last) >>> 12 != 0) {
            touch(ctx, last & -PAGE);
        }
    }

    /** Faults as a store to a byte would. */
    private static void touch(GuestContext ctx, long address) {
        if (ctx.ramIndex(address, 1, true) < 0) {
            ctx.loadSlow(address, 8, true);
        }
    }

    static int load16(GuestContext ctx, long address) {
        long i = ctx.ramIndex(address, 2, false);
        return i >= 0 ? ctx.hostRam.get16(i) : (int) ctx.loadSlow(address, 16, false) & 0xffff;
    }

    static int load32(GuestContext ctx, long address) {
        long i = ctx.ramIndex(address, 4, false);
        return i >= 0 ? ctx.hostRam.get32(i) : (int) ctx.loadSlow(address, 32, false);
    }

    static long load64(GuestContext ctx, long address) {
        long i = ctx.ramIndex(address, 8, false);
        return i >= 0 ? ctx.hostRam.get64(i) : ctx.loadSlow(address, 64, false);
    }
}
