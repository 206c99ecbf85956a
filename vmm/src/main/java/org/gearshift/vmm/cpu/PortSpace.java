package org.gearshift.vmm.cpu;

/** The I/O address space as the processor sees it: 65,536 byte ports. Permission has been checked before either method is called. */
public interface PortSpace {
    /**
     * Reads a port.
     *
     * @param port 0..0xffff
     * @param bits 8, 16 or 32
     * @return the value; bits above {@code bits} are ignored. An absent device reads as all ones.
     */
    int in(int port, int bits);

    /**
     * Writes a port.
     *
     * @param port 0..0xffff
     * @param value its low {@code bits} count
     * @param bits 8, 16 or 32
     */
    void out(int port, int value, int bits);
}
