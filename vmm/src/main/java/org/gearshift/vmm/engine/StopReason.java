package org.gearshift.vmm.engine;

/** Why a vCPU's run loop returned. */
public enum StopReason {
    /** The requested number of instructions has been retired. */
    LIMIT,
    /** Triple fault. */
    TRIPLE_FAULT,
    /** The machine asked to stop: power-off, reset, debug exit, user. */
    REQUESTED,
    /** Halted with interrupts off, or nothing left that could wake it. */
    DEAD
}
