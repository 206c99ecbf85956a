package org.gearshift.vmm.engine;

/** Where a debugger wants a processor's loop to stop. Called on the vCPU's thread. */
public interface Breakpoints {
    /**
     * Whether there is one at an instruction. A block that is translated ends before it, and one that begins with it is not kept, so that the loop comes back each time.
     *
     * @param linear address of the first byte, zero-extended if it has 32 bits
     * @param physical where that is
     */
    boolean at(long linear, long physical);

    /** The instruction would be executed next: whether the loop is to return instead. */
    boolean reached(long linear, long physical);
}
