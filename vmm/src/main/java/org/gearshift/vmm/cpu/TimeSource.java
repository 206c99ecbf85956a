package org.gearshift.vmm.cpu;

/** Where the time-stamp counter comes from. */
@FunctionalInterface
public interface TimeSource {
    /** Cycles since power-on at the machine's nominal TSC frequency; never decreases. */
    long tsc();
}
