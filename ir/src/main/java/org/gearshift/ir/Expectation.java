package org.gearshift.ir;

/**
 * What code takes for granted that was made for the most likely case only: where it does not hold, the current instruction, of which nothing has happened yet, is
 * abandoned as a {@link GuestFault.Kind#MISS}, and whoever runs the code executes it in another way.
 */
public final class Expectation {
    /** (condition, I32): a miss if it is 0. */
    public static final Helper HELPER = Helper.expectation("expect", Expectation.class, "expect");

    private Expectation() {
    }

    public static void expect(GuestContext ctx, int condition) {
        if (condition == 0) {
            throw ctx.miss();
        }
    }
}
