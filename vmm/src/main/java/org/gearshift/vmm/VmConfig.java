package org.gearshift.vmm;

import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.replay.Timeline;

/**
 * What a machine is made of.
 *
 * @param ramBytes guest RAM from address 0; a multiple of 4096, 8 MiB to 63 GiB, for paravirtual domains to 2040 MiB
 * @param clock where time comes from
 * @param engine how guest code is executed
 * @param cpus processors, 1 to {@link #MAX_CPUS}
 * @param timeline by which all that comes from outside goes, with the virtual clock only; null: nothing is in between
 */
public record VmConfig(long ramBytes, Clock clock, EngineOptions engine, int cpus, Timeline timeline) {
    /** Most processors a machine has. */
    public static final int MAX_CPUS = 32;

    /** Checks the number of processors. */
    public VmConfig {
        if (cpus < 1 || cpus > MAX_CPUS) {
            throw new IllegalArgumentException("processors: " + cpus);
        }
        if (timeline != null && clock != Clock.VIRTUAL) {
            throw new IllegalArgumentException("a timeline needs the virtual clock");
        }
    }

    /** A machine that talks to the outside directly. */
    public VmConfig(long ramBytes, Clock clock, EngineOptions engine, int cpus) {
        this(ramBytes, clock, engine, cpus, null);
    }

    /** The same with a timeline, or, with null, without. */
    public VmConfig with(Timeline by) {
        return new VmConfig(ramBytes, clock, engine, cpus, by);
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
