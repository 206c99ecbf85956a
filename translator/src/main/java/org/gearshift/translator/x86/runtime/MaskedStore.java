package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;

/** MASKMOVQ and one half of MASKMOVDQU. */
public final class MaskedStore {
    private MaskedStore() {
    }

    /** Stores those bytes of {@code value} whose mask byte has its top bit set. */
    public static void store(GuestContext ctx, long address, long value, long mask) {
        for (int i = 0; i < 8; i++) {
            if ((mask >>> 8 * i & 0x80) != 0) {
                GuestStores.store8(ctx, address + i, (int) (value >>> 8 * i));
            }
        }
    }
}
