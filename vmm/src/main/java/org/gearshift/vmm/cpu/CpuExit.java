package org.gearshift.vmm.cpu;

/** Why a vCPU wants attention from the loop that runs it; left in {@code VCpu.exit}. */
public enum CpuExit {
    /** Nothing: run on. */
    NONE,
    /** HLT or MWAIT: nothing to do until an interrupt is taken. The vCPU is left halted. */
    HALT,
    /** A fault while delivering a double fault: a PC resets. */
    TRIPLE_FAULT,
    /** PAUSE: the guest spins. */
    PAUSE
}
