package org.gearshift.vmm.bus;

/** Takes message-signalled interrupts: memory writes of 32 bits that mean an interrupt (PCI Local Bus Specification 3.0, section 6.8). */
@FunctionalInterface
public interface MessageSink {
    /** A bus that loses every message. */
    MessageSink NONE = (address, data) -> { };

    /** A device writes {@code data} to the physical address {@code address}. */
    void message(long address, int data);
}
