package org.gearshift.vmm.pc;

import org.gearshift.vmm.clock.VirtualClock;
import org.gearshift.vmm.cpu.PortSpace;

/** Ports whose ISA part takes time on the virtual clock: the time passes before the device sees the access. */
record SlowPorts(PortSpace ports, VirtualClock clock, int nanos) implements PortSpace {
    /** Ports from here belong to PCI devices, which are fast. */
    private static final int FIRST_FAST = 0x1000;

    @Override
    public int in(int port, int bits) {
        spend(port);
        return ports.in(port, bits);
    }

    @Override
    public void out(int port, int value, int bits) {
        spend(port);
        ports.out(port, value, bits);
    }

    private void spend(int port) {
        if (port < FIRST_FAST) {
            clock.spend(nanos);
        }
    }
}
