package org.gearshift.translator.x86.runtime;

import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;

/** ARPL on memory. */
public final class RequestedPrivilege {
    /**
     * (linear address, RPL 0..3, segment, offset): raises the RPL of the selector there to at least that; 1 if it was lower, else 0, and then nothing is
     * written. Whether the segment may be written is looked at only then; segment -1: it may.
     */
    public static final Helper ADJUST = Helper.stateful("adjust_rpl", RequestedPrivilege.class, "adjust", true, new BitSet(), new BitSet(),
            Type.I32, Type.I64, Type.I32, Type.I32, Type.I32);

    private static final int SELECTOR_BYTES = 2;

    private RequestedPrivilege() {
    }

    public static int adjust(GuestContext ctx, long address, int rpl, int segment, int offset) {
        int selector = GuestStores.load16(ctx, address);
        if ((selector & 3) >= rpl) {
            return 0;
        }
        if (segment >= 0 && (offset & 0xffff_ffffL) + SELECTOR_BYTES - 1 > ctx.s[X86State.SEG_WRITE_LIMIT + segment]) {
            ctx.segmentCheckSlow(segment, offset & 0xffff_ffffL, SELECTOR_BYTES, true);
        }
        GuestStores.store16(ctx, address, selector & ~3 | rpl);
        return 1;
    }
}
