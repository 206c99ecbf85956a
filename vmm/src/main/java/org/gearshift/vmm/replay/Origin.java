package org.gearshift.vmm.replay;

import java.time.Instant;

/**
 * What a machine begins with that is otherwise left to chance.
 *
 * @param seed of everything random
 * @param powerOn what its battery-backed clock says first
 */
public record Origin(long seed, Instant powerOn) {
}
