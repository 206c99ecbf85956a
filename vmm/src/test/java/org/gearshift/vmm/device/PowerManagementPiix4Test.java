package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PowerManagementPiix4Test {
    private final Machine machine = new Machine();
    private final Machine.Line sci = new Machine.Line();
    private int powerOffs;
    private final PowerManagementPiix4 power = new PowerManagementPiix4(machine.clock, machine.events, sci, () -> powerOffs++);

    @BeforeEach
    void attach() {
        power.attach(machine.ports);
        power.reset();
    }

    private int in16(int port) {
        return machine.ports.read(port, 16);
    }

    private void out16(int port, int value) {
        machine.ports.write(port, value, 16);
    }

    @Test
    void theTimerCounts24BitsAtItsFrequency() {
        machine.pass(1_000_000_000L);
        assertEquals(3_579_545, machine.in32(0x608));
        machine.pass(4_000_000_000L);
        assertEquals(5 * 3_579_545 - (1 << 24), machine.in32(0x608));
    }

    @Test
    void acpiModeIsSwitchedThroughTheSmiCommandPort() {
        assertEquals(0, in16(0x604) & 1);
        machine.out(0xb2, 0xf1);
        assertEquals(1, in16(0x604) & 1);
        out16(0x604, 0);
        assertEquals(1, in16(0x604) & 1, "the control register cannot switch it off");
        machine.out(0xb2, 0xf0);
        assertEquals(0, in16(0x604) & 1);
    }

    @Test
    void thePowerButtonRaisesTheSystemControlInterrupt() {
        machine.out(0xb2, 0xf1);
        out16(0x602, 0x100);
        power.pressPowerButton();
        assertFalse(sci.level);
        power.poll();
        assertTrue(sci.level);
        assertEquals(0x100, in16(0x600) & 0x100);
        out16(0x600, 0x100);
        assertFalse(sci.level);
        assertEquals(0x100, in16(0x602));
    }

    @Test
    void theTimerCarryInterrupts() {
        machine.out(0xb2, 0xf1);
        out16(0x602, 1);
        machine.pass((1L << 23) * 1_000_000_000L / 3_579_545 + 2);
        assertTrue(sci.level);
        out16(0x600, 1);
        assertFalse(sci.level);
        machine.pass((1L << 23) * 1_000_000_000L / 3_579_545 + 2);
        assertEquals(2, sci.edges);
    }

    @Test
    void softOffIsSleepTypeZeroWithSleepEnable() {
        out16(0x604, 0x0001);
        assertEquals(0, powerOffs);
        out16(0x604, 0x2001);
        assertEquals(1, powerOffs);
        out16(0x604, 0x2401);
        assertEquals(1, powerOffs, "another sleep type is not supported");
    }

    @Test
    void aSnapshotKeepsStatusAndEnable() {
        machine.out(0xb2, 0xf1);
        out16(0x602, 0x100);
        power.pressPowerButton();
        power.poll();
        Machine.Line line = new Machine.Line();
        PowerManagementPiix4 copy = new PowerManagementPiix4(machine.clock, machine.events, line, () -> { });
        Machine.copy(power, copy);
        assertTrue(line.level);
    }
}
