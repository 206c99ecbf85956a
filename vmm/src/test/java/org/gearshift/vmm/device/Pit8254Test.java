package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Pit8254Test {
    private static final long TICK = 839;

    private final Machine machine = new Machine();
    private final Machine.Line irq0 = new Machine.Line();
    private final Pit8254 pit = new Pit8254(machine.clock, machine.events, irq0);

    @BeforeEach
    void attach() {
        pit.attach(machine.ports);
    }

    private void program(int channel, int mode, int count) {
        machine.out(0x43, channel << 6 | 0x30 | mode << 1);
        machine.out(0x40 + channel, count & 0xff);
        machine.out(0x40 + channel, count >>> 8);
    }

    private int latched(int channel) {
        machine.out(0x43, channel << 6);
        return machine.in(0x40 + channel) | machine.in(0x40 + channel) << 8;
    }

    @Test
    void rateGeneratorInterruptsAtItsFrequency() {
        program(0, 2, 11932);
        int before = irq0.edges;
        machine.pass(1_000_000_000L);
        assertEquals(99, irq0.edges - before, "1193182 / 11932 periods have ended");
        machine.pass(10_000_000L);
        assertEquals(100, irq0.edges - before);
    }

    @Test
    void squareWaveInterruptsOncePerPeriodAndCountsByTwo() {
        program(0, 3, 1000);
        int before = irq0.edges;
        machine.pass(1000 * TICK * 5 + 10 * TICK);
        assertEquals(5, irq0.edges - before);
        assertEquals(0, latched(0) & 1);
    }

    @Test
    void terminalCountRaisesTheLineOnceAndKeepsIt() {
        program(0, 0, 100);
        assertFalse(irq0.level);
        machine.pass(100 * TICK + TICK);
        assertTrue(irq0.level);
        assertEquals(1, irq0.edges);
        machine.pass(1_000_000);
        assertEquals(1, irq0.edges);
        machine.out(0x43, 0x30);
        assertFalse(irq0.level, "a new mode 0 lowers the line");
    }

    @Test
    void softwareStrobeGivesOneEdgeAsLinuxUsesItForOneShot() {
        machine.out(0x43, 0x38);
        int before = irq0.edges;
        machine.out(0x40, 0xe8);
        machine.out(0x40, 0x03);
        machine.pass(999 * TICK);
        assertEquals(before, irq0.edges);
        machine.pass(5 * TICK);
        assertEquals(before + 1, irq0.edges);
        machine.pass(1_000_000_000);
        assertEquals(before + 1, irq0.edges);
    }

    @Test
    void channel2CountsOnlyWhileItsGateIsOpenAndShowsItsOutputInPort61() {
        machine.out(0x61, 0x00);
        program(2, 0, 1000);
        machine.pass(2000 * TICK);
        assertEquals(0, machine.in(0x61) & 0x20);
        assertEquals(1000, latched(2));
        machine.out(0x61, 0x01);
        machine.pass(500 * TICK);
        int left = latched(2);
        assertTrue(left <= 500 && left >= 498, "left " + left);
        assertEquals(0, machine.in(0x61) & 0x20);
        machine.pass(501 * TICK);
        assertEquals(0x21, machine.in(0x61) & 0x21);
    }

    @Test
    void theMostSignificantByteFallsEvery256TicksAsQuickCalibrationExpects() {
        machine.out(0x61, machine.in(0x61) & ~2 | 1);
        machine.out(0x43, 0xb0);
        machine.out(0x42, 0xff);
        machine.out(0x42, 0xff);
        for (int msb = 0xff; msb > 0xf0; msb--) {
            machine.in(0x42);
            assertEquals(msb, machine.in(0x42));
            machine.pass(256 * 1_000_000_000L / Pit8254.HZ + 1);
        }
    }

    @Test
    void aLatchHoldsUntilBothBytesAreRead() {
        program(2, 2, 0x1234);
        machine.out(0x61, 1);
        machine.out(0x43, 0x80);
        machine.pass(100 * TICK);
        machine.out(0x43, 0x80);
        assertEquals(0x1234, machine.in(0x42) | machine.in(0x42) << 8);
        assertTrue((machine.in(0x42) | machine.in(0x42) << 8) < 0x1234);
    }

    @Test
    void readBackGivesStatusThenCount() {
        program(0, 2, 0x1000);
        machine.out(0x43, 0xc2);
        assertEquals(0x80 | 0x34, machine.in(0x40));
        int count = machine.in(0x40) | machine.in(0x40) << 8;
        assertEquals(0x1000, count);
        machine.out(0x43, 0x34);
        machine.out(0x43, 0xe2);
        assertEquals(0xc0 | 0x34, machine.in(0x40), "no count yet");
    }

    @Test
    void aNewRateTakesOverAtTheEndOfThePeriod() {
        program(0, 2, 1000);
        int before = irq0.edges;
        machine.pass(10 * TICK);
        machine.out(0x40, 0xd0);
        machine.out(0x40, 0x07);
        machine.pass(995 * TICK);
        assertEquals(before + 1, irq0.edges);
        machine.pass(1990 * TICK);
        assertEquals(before + 1, irq0.edges);
        machine.pass(15 * TICK);
        assertEquals(before + 2, irq0.edges);
    }

    @Test
    void hardwareTriggeredModesStartWithTheGate() {
        program(2, 1, 100);
        assertEquals(0x20, machine.in(0x61) & 0x20);
        machine.out(0x61, 1);
        assertEquals(0, machine.in(0x61) & 0x20);
        machine.pass(101 * TICK);
        assertEquals(0x20, machine.in(0x61) & 0x20);
    }

    @Test
    void bcdCountsInDecimal() {
        machine.out(0x61, 1);
        machine.out(0x43, 0xb1);
        machine.out(0x42, 0x00);
        machine.out(0x42, 0x10);
        machine.pass(TICK * 3 / 2);
        assertEquals(0x0999, latched(2));
    }

    @Test
    void theRefreshBitToggles() {
        int first = machine.in(0x61) & 0x10;
        machine.pass(15_085);
        assertEquals(0x10, first ^ machine.in(0x61) & 0x10);
    }

    @Test
    void aRestoredTimerGoesOnTicking() {
        program(0, 2, 1000);
        Machine.Line line = new Machine.Line();
        Pit8254 copy = new Pit8254(machine.clock, machine.events, line);
        Machine.copy(pit, copy);
        machine.pass(1000 * TICK * 3);
        assertEquals(3, line.edges);
    }
}
