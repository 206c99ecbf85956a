package org.gearshift.vmm.device;

/** The other end of a serial cable: gets what the guest sends, on the vCPU thread. */
@FunctionalInterface
public interface SerialBackend {
    /** A cable that ends nowhere. */
    SerialBackend NONE = b -> { };

    /** Takes one byte; must not block for long. */
    void transmit(byte b);
}
