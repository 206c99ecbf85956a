package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/** MXCSR (Intel SDM vol. 1, 10.2.3). */
public final class SseControl {
    private SseControl() {
    }

    /** LDMXCSR: #GP(0) if a reserved bit is set. */
    public static void ldmxcsr(GuestContext ctx, int value) {
        if ((value & ~X87Environment.MXCSR_MASK) != 0) {
            throw ctx.raise(13, 0);
        }
        ctx.s[X86State.MXCSR] = value;
    }
}
