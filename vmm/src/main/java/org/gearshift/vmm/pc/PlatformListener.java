package org.gearshift.vmm.pc;

/**
 * What the guest asks of the machine as a whole. Called on the vCPU thread from inside a device access: note the wish and act when the
 * access has ended.
 */
public interface PlatformListener {
    /** The guest entered ACPI S5, soft off. */
    void powerOff();

    /** The guest pulled a reset line; the platform expects {@link PcPlatform#reset} and the processor's reset. */
    void reset();

    /** The guest ended its run through the debug port with exit code {@code code}, which is odd. */
    void debugExit(int code);
}
