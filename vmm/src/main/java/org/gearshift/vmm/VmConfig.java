package org.gearshift.vmm;

import org.gearshift.vmm.engine.EngineOptions;

/**
 * What a machine is made of.
 *
 * @param ramBytes guest RAM from address 0; a multiple of 4096, 8 MiB to 63 GiB, for paravirtual domains to 2040 MiB
 * @param clock where time comes from
 * @param engine how guest code is executed
 * @param cpus processors, 1 to {@link #MAX_CPUS}
 */
public record VmConfig(long ramBytes, Clock clock, EngineOptions engine, int cpus) {
    /** Most processors a machine has. */
    public static final int MAX_CPUS = 32;

    /** Checks the number of processors. */
    public VmConfig {
        if (cpus < 1 || cpus > MAX_CPUS) {
            throw new IllegalArgumentException("processors: " + cpus);
        }
    }

    /** A machine with one processor. */
    public VmConfig(long ramBytes, Clock clock, EngineOptions engine) {
        this(ramBytes, clock, engine, 1);
    }

    /** Where the machine's time comes from. */
    public enum Clock {
        /** The host's clock. */
        HOST,
        /** The count of retired instructions: a run repeats bit for bit. */
        VIRTUAL
    }
}
