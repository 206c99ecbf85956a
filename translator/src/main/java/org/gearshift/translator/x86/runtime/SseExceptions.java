package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/** Brackets around helpers that compute elements of one instruction: exceptions are raised at the end, for all elements together. */
public final class SseExceptions {
    private static final int MASKS = 0x1f80;
    private static final long NOTHING_TO_RAISE = -1;

    private SseExceptions() {
    }

    /** Makes helpers record exceptions only, unless all are masked anyway. Gives what {@link #end} needs. */
    public static long begin(GuestContext ctx) {
        long mxcsr = ctx.s[X86State.MXCSR];
        if ((mxcsr & MASKS) == MASKS) {
            return NOTHING_TO_RAISE;
        }
        ctx.s[X86State.MXCSR] = mxcsr & ~SseExact.FLAGS | SseExact.RECORD_ONLY;
        return mxcsr;
    }

    public static void end(GuestContext ctx, long before) {
        if (before != NOTHING_TO_RAISE) {
            SseExact.finish(ctx, before, 0);
        }
    }
}
