package org.gearshift.paging;

/** A device's window in physical address space. Accesses are naturally sized, never cross a 4 KiB page, and may be unaligned. */
public interface MmioHandler {
    /**
     * Reads a register.
     *
     * @param physical absolute physical address
     * @param bits 8, 16, 32 or 64
     * @return the value; bits above {@code bits} are ignored
     */
    long read(long physical, int bits);

    /** Writes the low {@code bits} of {@code value} to the register at absolute physical address {@code physical}. */
    void write(long physical, long value, int bits);
}
