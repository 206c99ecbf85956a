package org.gearshift.translator.x86.runtime;

import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;

/** ARPL on memory. */
public final class RequestedPrivilege {
    /** (linear address, RPL 0..3): raises the RPL of the selector there to at least that; 1 if it was lower, else 0, and then nothing is written. */
    public static final Helper ADJUST = Helper.stateful("adjust_rpl", RequestedPrivilege.class, "adjust", true, new BitSet(), new BitSet(),
            Type.I32, Type.I64, Type.I32);

    private RequestedPrivilege() {
    }

    public static int adjust(GuestContext ctx, long address, int rpl) {
        int selector = GuestStores.load16(ctx, address);
        if ((selector & 3) >= rpl) {
            return 0;
        }
        GuestStores.store16(ctx, address, selector & ~3 | rpl);
        return 1;
    }
}
