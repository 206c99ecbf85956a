package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;

/** Targets of 64-bit branches. */
public final class CanonicalCheck {
    /** (target): #GP(0) unless canonical, 48 bits sign-extended; SDM vol. 2 under JMP, CALL and RET. */
    public static final Helper CHECK = Helper.signExtensionCheck("canonical_check", CanonicalCheck.class, "check", 48);

    private static final int UNUSED_BITS = 16;

    private CanonicalCheck() {
    }

    public static void check(GuestContext ctx, long target) {
        if (target << UNUSED_BITS >> UNUSED_BITS != target) {
            throw ctx.raise(13, 0);
        }
    }
}
