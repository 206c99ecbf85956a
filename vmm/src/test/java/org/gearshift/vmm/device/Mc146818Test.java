package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.vmm.clock.WallClock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Mc146818Test {
    private static final long SECOND = 1_000_000_000L;

    private final Machine machine = new Machine();
    private final Machine.Line irq8 = new Machine.Line();
    private final Mc146818 rtc = new Mc146818(machine.clock, WallClock.from(WallClock.VIRTUAL_EPOCH, machine.clock), machine.events, irq8);

    @BeforeEach
    void attach() {
        rtc.attach(machine.ports);
    }

    private int get(int register) {
        machine.out(0x70, register);
        return machine.in(0x71);
    }

    private void set(int register, int value) {
        machine.out(0x70, register);
        machine.out(0x71, value);
    }

    private String time() {
        return String.format("%02x%02x-%02x-%02x %02x:%02x:%02x", get(0x32), get(9), get(8), get(7), get(4), get(2), get(0));
    }

    @Test
    void aVirtualMachineStartsAtItsFixedDate() {
        assertEquals("2026-01-01 00:00:00", time());
        assertEquals(5, get(6), "a Thursday");
        machine.pass(90_061 * SECOND);
        assertEquals("2026-01-02 01:01:01", time());
        assertEquals(0x80, get(0x0d));
    }

    @Test
    void updateInProgressWarnsBeforeTheSecondEnds() {
        assertEquals(0, get(0x0a) & 0x80);
        machine.pass(SECOND - 200_000);
        assertEquals(0x80, get(0x0a) & 0x80);
        machine.pass(200_000);
        assertEquals(0x26, get(0x0a));
        assertEquals(1, get(0));
    }

    @Test
    void theClockIsSetWhileStopped() {
        set(0x0b, 0x82);
        set(9, 0x31);
        set(8, 0x12);
        set(7, 0x31);
        set(4, 0x23);
        set(2, 0x59);
        set(0, 0x58);
        machine.pass(5 * SECOND);
        assertEquals("2031-12-31 23:59:58", time());
        set(0x0b, 0x02);
        machine.pass(3 * SECOND);
        assertEquals("2032-01-01 00:00:01", time());
    }

    @Test
    void twelveHourAndBinaryModesTranslate() {
        machine.pass(13 * 3600 * SECOND + 45 * 60 * SECOND);
        set(0x0b, 0x00);
        assertEquals(0x81, get(4));
        set(0x0b, 0x06);
        assertEquals(13, get(4));
        assertEquals(45, get(2));
        assertEquals(26, get(9));
        assertEquals(20, get(0x32));
    }

    @Test
    void thePeriodicInterruptRunsAtItsRate() {
        set(0x0b, 0x42);
        for (int i = 0; i < 1024; i++) {
            machine.pass(SECOND / 1024 + 1);
            assertTrue(irq8.level);
            assertEquals(0xc0, get(0x0c) & 0xc0);
            assertFalse(irq8.level);
        }
        assertEquals(1024, irq8.edges);
    }

    @Test
    void theUpdateInterruptComesEachSecond() {
        set(0x0b, 0x12);
        machine.pass(SECOND / 2);
        assertFalse(irq8.level);
        machine.pass(SECOND / 2);
        assertEquals(0x90, get(0x0c) & 0x90);
        machine.pass(SECOND);
        assertEquals(2, irq8.edges);
    }

    @Test
    void theAlarmMatchesWithDoNotCareBytes() {
        set(1, 0x30);
        set(3, 0xff);
        set(5, 0xff);
        set(0x0b, 0x22);
        machine.pass(29 * SECOND);
        assertFalse(irq8.level);
        machine.pass(SECOND);
        assertEquals(0xa0, get(0x0c) & 0xa0);
        machine.pass(60 * SECOND);
        assertTrue(irq8.level);
    }

    @Test
    void flagsRiseWithoutTheirInterruptForDriversThatPoll() {
        get(0x0c);
        machine.pass(SECOND);
        assertEquals(0x50, get(0x0c), "update and periodic, but no interrupt request");
        assertEquals(0, irq8.edges);
    }

    @Test
    void otherBytesAreBatteryBackedRam() {
        set(0x0f, 0x0a);
        set(0x70, 0x55);
        rtc.reset();
        assertEquals(0x0a, get(0x0f));
        assertEquals(0x55, get(0x70));
        assertEquals(0xff, machine.in(0x70));
        machine.out(0x70, 0x8f);
        assertTrue(rtc.nmiMasked());
        assertEquals(0x0a, machine.in(0x71));
    }

    @Test
    void aSnapshotKeepsTheDate() {
        set(9, 0x40);
        Machine other = new Machine();
        Mc146818 copy = new Mc146818(other.clock, WallClock.from(WallClock.VIRTUAL_EPOCH, other.clock), other.events, irq8);
        copy.attach(other.ports);
        Machine.copy(rtc, copy);
        other.out(0x70, 9);
        assertEquals(0x40, other.in(0x71));
    }
}
