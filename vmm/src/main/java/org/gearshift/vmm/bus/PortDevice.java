package org.gearshift.vmm.bus;

/**
 * Something in the I/O port space. Ports are absolute (0..FFFFh). Byte-wide devices see only 8-bit accesses; the bus splits wider ones into
 * ascending bytes, as the ISA bus does.
 */
public interface PortDevice {
    /**
     * Reads a register.
     *
     * @param bits 8, 16 or 32, never more than {@link #widthAt}
     * @return the value, zero-extended (32 bits fill the int)
     */
    int read(int port, int bits);

    /** Writes the low {@code bits} of {@code value}; the bits above are zero except for 32. */
    void write(int port, int value, int bits);

    /** The widest access this device takes whole at {@code port}: 8, 16 or 32 bits. */
    default int widthAt(int port) {
        return 8;
    }
}
