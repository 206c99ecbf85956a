package org.gearshift.vmm.replay;

import java.time.Instant;

/**
 * What a machine begins with that is otherwise left to chance.
 *
 * @param seed of everything random
 * @param powerOn what its battery-backed clock says first; null: {@link org.gearshift.vmm.clock.WallClock#VIRTUAL_EPOCH}
 */
public record Origin(long seed, Instant powerOn) {
    /** What a machine with the virtual clock begins with. */
    public static final Origin USUAL = new Origin(0, null);
}
