package org.gearshift.vmm.virtio;

/** Access to the modern registers by way of configuration space, for firmware that maps no BARs (VIRTIO 1.2, 4.1.4.9). */
final class ConfigurationWindow {
    /** Type of the capability. */
    static final int TYPE = 5;
    /** Length of the capability in bytes. */
    static final int LENGTH = 20;

    private static final int OFFSET = 8;
    private static final int BYTES = 12;
    private static final int DATA = 16;

    private final ModernRegisters registers;
    private int capability;

    ConfigurationWindow(ModernRegisters registers) {
        this.registers = registers;
    }

    /** Says where in the configuration space the capability is. */
    void at(int offset) {
        capability = offset;
    }

    boolean covers(int offset) {
        return capability != 0 && offset >= capability + DATA && offset < capability + DATA + 4;
    }

    int offsetField() {
        return capability + OFFSET;
    }

    int lengthField() {
        return capability + BYTES;
    }

    private static boolean valid(int offset, int length) {
        return (length == 1 || length == 2 || length == 4) && offset >= 0 && offset <= ModernRegisters.WINDOW - length && offset % length == 0;
    }

    /** Reads what the capability's offset and length fields name; ones if they name nothing. */
    int read(int offset, int length) {
        return valid(offset, length) ? (int) registers.read(offset, 8 * length) : -1;
    }

    /** Writes to what the capability's offset and length fields name. */
    void write(int offset, int length, int value) {
        if (valid(offset, length)) {
            registers.write(offset, value & 0xffffffffL, 8 * length);
        }
    }
}
