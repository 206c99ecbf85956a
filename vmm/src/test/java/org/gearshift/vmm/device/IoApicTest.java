package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IoApicTest {
    private static final int LEVEL = 0x8000;
    private static final int MASKED = 0x10000;
    private static final int REMOTE_IRR = 0x4000;

    private final Machine machine = new Machine();
    private final ApicBus bus = new ApicBus();
    private final LocalApic apic = new LocalApic(0, bus, machine.clock, machine.events, () -> 0x30);
    private final IoApic ioApic = new IoApic(bus);

    @BeforeEach
    void enable() {
        apic.write(LocalApic.SPURIOUS, 0x1ff);
    }

    private int get(int index) {
        ioApic.write(0, index);
        return ioApic.read(0x10);
    }

    private void set(int index, int value) {
        ioApic.write(0, index);
        ioApic.write(0x10, value);
    }

    private int entry(int pin) {
        return get(0x10 + 2 * pin);
    }

    private void route(int pin, int low) {
        set(0x11 + 2 * pin, 0);
        set(0x10 + 2 * pin, low);
    }

    private int serve() {
        int vector = apic.acknowledge();
        apic.write(LocalApic.EOI, 0);
        return vector;
    }

    @Test
    void itHas24MaskedInputs() {
        assertEquals(0x00170011, get(1));
        set(0, 0x05000000);
        assertEquals(0x05000000, get(0));
        for (int pin = 0; pin < 24; pin++) {
            assertEquals(MASKED, entry(pin));
        }
    }

    @Test
    void anEdgeSendsOneMessage() {
        route(4, 0x34);
        ioApic.setPin(4, true);
        ioApic.setPin(4, true);
        assertEquals(0x34, serve());
        assertFalse(apic.interruptPending());
        ioApic.setPin(4, false);
        ioApic.setPin(4, true);
        assertEquals(0x34, serve());
    }

    @Test
    void anEdgeAtAMaskedInputIsLost() {
        route(4, 0x34 | MASKED);
        ioApic.setPin(4, true);
        route(4, 0x34);
        assertFalse(apic.interruptPending());
    }

    @Test
    void aLevelRepeatsAfterEachEndWhileAsserted() {
        route(9, 0x39 | LEVEL);
        ioApic.setPin(9, true);
        assertEquals(0x39 | LEVEL | REMOTE_IRR, entry(9));
        assertEquals(0x39, serve());
        assertEquals(0x39, apic.acknowledge());
        ioApic.setPin(9, false);
        apic.write(LocalApic.EOI, 0);
        assertFalse(apic.interruptPending());
        assertEquals(0x39 | LEVEL, entry(9));
    }

    @Test
    void aLevelAtAMaskedInputWaits() {
        route(10, 0x3a | LEVEL | MASKED);
        ioApic.setPin(10, true);
        assertFalse(apic.interruptPending());
        route(10, 0x3a | LEVEL);
        assertTrue(apic.interruptPending());
    }

    @Test
    void switchingToEdgeClearsRemoteIrrAsLinuxReliesOn() {
        route(10, 0x3a | LEVEL);
        ioApic.setPin(10, true);
        set(0x10 + 20, 0x3a | MASKED);
        assertEquals(0x3a | MASKED, entry(10));
    }

    @Test
    void logicalLowestPriorityPicksTheIdlestProcessor() {
        LocalApic second = new LocalApic(1, bus, machine.clock, machine.events, () -> 0x30);
        second.write(LocalApic.SPURIOUS, 0x1ff);
        apic.write(LocalApic.LDR, 0x01000000);
        second.write(LocalApic.LDR, 0x02000000);
        apic.write(LocalApic.TPR, 0x20);
        set(0x11 + 2 * 5, 0x03000000);
        set(0x10 + 2 * 5, 0x900 | 0x45);
        ioApic.setPin(5, true);
        assertFalse(apic.interruptPending());
        assertEquals(0x45, second.acknowledge());
    }

    @Test
    void extIntAsksThe8259ForItsVector() {
        route(0, 0x700);
        apic.write(LocalApic.LVT_LINT0, MASKED);
        apic.lint0().set(true);
        ioApic.setPin(0, true);
        assertTrue(apic.interruptPending());
        assertEquals(0x30, apic.acknowledge());
    }

    @Test
    void aSnapshotKeepsTheTable() {
        route(9, 0x39 | LEVEL);
        ioApic.setPin(9, true);
        IoApic copy = new IoApic(new ApicBus());
        Machine.copy(ioApic, copy);
        copy.write(0, 0x10 + 18);
        assertEquals(0x39 | LEVEL | REMOTE_IRR, copy.read(0x10));
    }
}
