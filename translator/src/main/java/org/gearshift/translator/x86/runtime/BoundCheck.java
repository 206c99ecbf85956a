package org.gearshift.translator.x86.runtime;

import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;

/** BOUND. */
public final class BoundCheck {
    /** (index, lower, upper), signed: #BR unless lower &lt;= index &lt;= upper. */
    public static final Helper CHECK = Helper.stateful("bound_check", BoundCheck.class, "check", true, new BitSet(), new BitSet(),
            Type.VOID, Type.I32, Type.I32, Type.I32);

    private static final int BOUND_RANGE_EXCEEDED = 5;

    private BoundCheck() {
    }

    public static void check(GuestContext ctx, int index, int lower, int upper) {
        if (index < lower || index > upper) {
            throw ctx.raise(BOUND_RANGE_EXCEEDED, -1);
        }
    }
}
