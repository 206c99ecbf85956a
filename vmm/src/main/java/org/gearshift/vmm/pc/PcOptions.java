package org.gearshift.vmm.pc;

import java.time.Instant;

/**
 * Choices for one machine.
 *
 * @param cpus processors, 1..255
 * @param powerOnDate what the battery-backed clock says at power-on; null: the host's date with a host clock,
 *     {@link org.gearshift.vmm.clock.WallClock#VIRTUAL_EPOCH} with a virtual one
 * @param portNanos what an access to a legacy port (below 1000h) costs on the virtual clock, in nanoseconds, at least 0. An ISA cycle takes
 *     about a microsecond; drivers poll timers through such ports, so that the cost also bounds how often they do. No effect with a host clock
 */
public record PcOptions(int cpus, Instant powerOnDate, int portNanos) {
    /** Duration of an ISA bus cycle at 8.33 MHz, with the bridge's share. */
    public static final int ISA_CYCLE_NANOS = 1000;

    /** Checks the ranges. */
    public PcOptions {
        if (cpus < 1 || cpus > 255) {
            throw new IllegalArgumentException("processors: " + cpus);
        }
        if (portNanos < 0) {
            throw new IllegalArgumentException("port access time: " + portNanos);
        }
    }

    /** The same with another number of processors. */
    public PcOptions withCpus(int count) {
        return new PcOptions(count, powerOnDate, portNanos);
    }

    /** The same with another date at power-on; null: the usual one. */
    public PcOptions withPowerOnDate(Instant date) {
        return new PcOptions(cpus, date, portNanos);
    }

    /** One processor, the usual date, ports as slow as they were. */
    public static PcOptions defaults() {
        return new PcOptions(1, null, ISA_CYCLE_NANOS);
    }
}
