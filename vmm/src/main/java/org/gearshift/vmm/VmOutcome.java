package org.gearshift.vmm;

/**
 * How a run ended.
 *
 * @param exitCode the process exit code that stands for it
 * @param message one line for the user, or null after a clean power-off
 */
public record VmOutcome(int exitCode, String message) {
    public static final int POWER_OFF = 0;
    /** A replay that did not repeat its recording. */
    public static final int DIVERGED = 1;
    public static final int TRIPLE_FAULT = 3;
    public static final int RESET = 4;
    public static final int LIMIT = 5;
    public static final int DEAD = 6;
}
