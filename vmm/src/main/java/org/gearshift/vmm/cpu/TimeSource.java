package org.gearshift.vmm.cpu;

/** Where the time-stamp counter comes from. */
@FunctionalInterface
public interface TimeSource {
    /** Ticks of the time-stamp counter in a second: one a nanosecond, so that TSC and the machine's time are the same number. The local APIC's timer is fed by the same clock. */
    long TSC_HZ = 1_000_000_000L;

    /** Cycles since power-on at the machine's nominal TSC frequency; never decreases. */
    long tsc();
}
