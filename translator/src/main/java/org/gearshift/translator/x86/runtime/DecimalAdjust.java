package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;

/** DAA and DAS (SDM vol. 2A). */
public final class DecimalAdjust {
    /** (AL, CF, AF) -> AL with CF at {@link #CARRY_BIT} and AF at {@link #ADJUST_BIT}. */
    public static final Helper DAA = Helper.pure("daa", DecimalAdjust.class, "daa", Type.I32, Type.I32, Type.I32, Type.I32);
    public static final Helper DAS = Helper.pure("das", DecimalAdjust.class, "das", Type.I32, Type.I32, Type.I32, Type.I32);
    public static final int CARRY_BIT = 8;
    public static final int ADJUST_BIT = 9;

    private DecimalAdjust() {
    }

    public static int daa(int al, int cf, int af) {
        boolean low = (al & 15) > 9 || af != 0;
        boolean high = al > 0x99 || cf != 0;
        int v = al + (low ? 6 : 0) + (high ? 0x60 : 0);
        return v & 0xff | (high ? 1 << CARRY_BIT : 0) | (low ? 1 << ADJUST_BIT : 0);
    }

    public static int das(int al, int cf, int af) {
        boolean low = (al & 15) > 9 || af != 0;
        boolean high = al > 0x99 || cf != 0;
        int v = al - (low ? 6 : 0) - (high ? 0x60 : 0);
        // The first step's borrow counts too: CF = CF or borrow from AL - 6.
        boolean carry = high || low && al < 6;
        return v & 0xff | (carry ? 1 << CARRY_BIT : 0) | (low ? 1 << ADJUST_BIT : 0);
    }
}
