package org.gearshift.vmm.cpu;

import java.util.function.BooleanSupplier;

/** Does something while no other processor runs guest code: what a bus lock is for. */
@FunctionalInterface
public interface StandStill {
    /** Runs {@code action} alone, and returns what it returns. */
    boolean run(BooleanSupplier action);
}
