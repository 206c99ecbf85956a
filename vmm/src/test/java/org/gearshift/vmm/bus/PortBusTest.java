package org.gearshift.vmm.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class PortBusTest {
    /** Remembers accesses; reads give the low byte of the port in every byte. */
    private static final class Recorder implements PortDevice {
        final StringBuilder log = new StringBuilder();
        private final int width;

        Recorder(int width) {
            this.width = width;
        }

        @Override
        public int widthAt(int port) {
            return width;
        }

        @Override
        public int read(int port, int bits) {
            log.append(String.format("r%d@%x ", bits, port));
            return (port & 0xff) * 0x01010101;
        }

        @Override
        public void write(int port, int value, int bits) {
            log.append(String.format("w%d@%x=%x ", bits, port, value));
        }
    }

    private final PortBus bus = new PortBus();

    @Test
    void unclaimedPortsReadOnesAndSwallowWrites() {
        bus.write(0x3d4, 0x12, 8);
        assertEquals(0xff, bus.read(0x3d4, 8));
        assertEquals(0xffff, bus.read(0x3d4, 16));
        assertEquals(-1, bus.read(0xffff, 32));
        assertEquals(8, bus.unclaimedAccesses());
    }

    @Test
    void wideAccessesToByteDevicesAreSplitInAscendingOrder() {
        Recorder device = new Recorder(8);
        bus.register(0x40, 4, device);
        assertEquals(0x43424140, bus.read(0x40, 32));
        bus.write(0x40, 0x11223344, 32);
        assertEquals("r8@40 r8@41 r8@42 r8@43 w8@40=44 w8@41=33 w8@42=22 w8@43=11 ", device.log.toString());
    }

    @Test
    void wideDevicesSeeWideAccessesAndTheRestOfAnAccessBelongsToTheNeighbour() {
        Recorder wide = new Recorder(32);
        Recorder narrow = new Recorder(8);
        bus.register(0x100, 2, wide);
        bus.register(0x102, 1, narrow);
        assertEquals(0, bus.read(0x100, 32) & 0);
        bus.write(0x101, 0xaabb, 16);
        assertEquals("r32@100 w16@101=aabb ", wide.log.toString());
        assertEquals(0xff02, bus.read(0x102, 16));
    }

    @Test
    void aPortHasOneOwner() {
        Recorder device = new Recorder(8);
        bus.register(0x60, 1, device);
        assertThrows(IllegalArgumentException.class, () -> bus.register(0x5f, 2, new Recorder(8)));
        bus.unregister(0x60, 1, device);
        bus.register(0x5f, 2, new Recorder(8));
        assertThrows(IllegalArgumentException.class, () -> bus.register(0xffff, 2, device));
    }
}
