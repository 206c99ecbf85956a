package org.gearshift.vmm.pc;

import java.time.Instant;

/**
 * Choices for one machine.
 *
 * @param cpus processors, 1..255
 * @param powerOnDate what the battery-backed clock says at power-on; null: the host's date with a host clock,
 *     {@link org.gearshift.vmm.clock.WallClock#VIRTUAL_EPOCH} with a virtual one
 */
public record PcOptions(int cpus, Instant powerOnDate) {
    /** Checks the ranges. */
    public PcOptions {
        if (cpus < 1 || cpus > 255) {
            throw new IllegalArgumentException("processors: " + cpus);
        }
    }

    /** One processor and the usual date. */
    public static PcOptions defaults() {
        return new PcOptions(1, null);
    }
}
