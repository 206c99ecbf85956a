package org.gearshift.vmm;

import org.gearshift.vmm.engine.EngineOptions;

/**
 * What a machine is made of.
 *
 * @param ramBytes guest RAM from address 0; a multiple of 4096, 8 MiB to 2047 MiB
 * @param clock where time comes from
 * @param engine how guest code is executed
 */
public record VmConfig(long ramBytes, Clock clock, EngineOptions engine) {
    /** Where the machine's time comes from. */
    public enum Clock {
        /** The host's clock. */
        HOST,
        /** The count of retired instructions: a run repeats bit for bit. */
        VIRTUAL
    }
}
