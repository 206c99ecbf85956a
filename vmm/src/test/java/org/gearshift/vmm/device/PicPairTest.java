package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PicPairTest {
    private final Machine machine = new Machine();
    private final Machine.Line intr = new Machine.Line();
    private final PicPair pic = new PicPair(intr);

    @BeforeEach
    void initializeAsLinuxDoes() {
        pic.attach(machine.ports);
        initialize(0x01);
    }

    private void initialize(int icw4) {
        machine.out(0x21, 0xff);
        machine.out(0x20, 0x11);
        machine.out(0x21, 0x30);
        machine.out(0x21, 0x04);
        machine.out(0x21, icw4);
        machine.out(0xa0, 0x11);
        machine.out(0xa1, 0x38);
        machine.out(0xa1, 0x02);
        machine.out(0xa1, icw4);
        machine.out(0x21, 0x00);
        machine.out(0xa1, 0x00);
    }

    private void pulse(int irq) {
        pic.setIrq(irq, true);
        pic.setIrq(irq, false);
    }

    @Test
    void theMaskRegisterReadsBackWhichIsHowLinuxProbesForTheChip() {
        machine.out(0xa1, 0xff);
        machine.out(0x21, 0xfb);
        assertEquals(0xfb, machine.in(0x21));
    }

    @Test
    void anEdgeIsServedOnceAndBlocksEqualAndLowerUntilEoi() {
        pic.setIrq(0, true);
        assertTrue(intr.level);
        assertEquals(0x30, pic.acknowledge());
        assertFalse(intr.level);
        pulse(1);
        assertFalse(intr.level);
        machine.out(0x20, 0x60);
        assertTrue(intr.level);
        assertEquals(0x31, pic.acknowledge());
        machine.out(0x20, 0x20);
        assertFalse(intr.level, "the line of IRQ 0 is still high but made no new edge");
    }

    @Test
    void theSlaveAnswersThroughTheMaster() {
        pulse(12);
        pulse(8);
        assertEquals(0x38, pic.acknowledge());
        assertFalse(intr.level);
        machine.out(0xa0, 0x60);
        assertFalse(intr.level, "the master still serves the cascade");
        machine.out(0x20, 0x62);
        assertEquals(0x3c, pic.acknowledge());
        machine.out(0xa0, 0x64);
        machine.out(0x20, 0x62);
        assertFalse(intr.level);
    }

    @Test
    void aLevelInputAsksAgainAfterEoiWhileItsLineIsHigh() {
        machine.out(0x4d1, 0x0e);
        assertEquals(0x0e, machine.in(0x4d1));
        pic.setIrq(10, true);
        assertEquals(0x3a, pic.acknowledge());
        machine.out(0xa0, 0x62);
        machine.out(0x20, 0x62);
        assertEquals(0x3a, pic.acknowledge());
        pic.setIrq(10, false);
        machine.out(0xa0, 0x62);
        machine.out(0x20, 0x62);
        assertFalse(intr.level);
    }

    @Test
    void timerAndCascadeCannotBeMadeLevelTriggered() {
        machine.out(0x4d0, 0xff);
        machine.out(0x4d1, 0xff);
        assertEquals(0xf8, machine.in(0x4d0));
        assertEquals(0xde, machine.in(0x4d1));
    }

    @Test
    void aMaskedRequestWaits() {
        machine.out(0x21, 0x10);
        pulse(4);
        assertFalse(intr.level);
        machine.out(0x20, 0x0a);
        assertEquals(0x10, machine.in(0x20));
        machine.out(0x21, 0x00);
        assertEquals(0x34, pic.acknowledge());
        machine.out(0x20, 0x0b);
        assertEquals(0x10, machine.in(0x20));
    }

    @Test
    void aRequestThatHasGoneIsASpuriousInterrupt7() {
        assertEquals(0x37, pic.acknowledge());
        machine.out(0x20, 0x0b);
        assertEquals(0, machine.in(0x20), "and sets no in-service bit");
    }

    @Test
    void automaticEoiLeavesNothingInService() {
        initialize(0x03);
        pulse(3);
        pulse(4);
        assertEquals(0x33, pic.acknowledge());
        assertEquals(0x34, pic.acknowledge());
        pulse(9);
        pulse(10);
        assertEquals(0x39, pic.acknowledge());
        assertEquals(0x3a, pic.acknowledge());
    }

    @Test
    void specialMaskModeLetsLowerPrioritiesThrough() {
        pulse(2 + 1);
        pic.acknowledge();
        machine.out(0x21, 0x08);
        pulse(6);
        assertFalse(intr.level);
        machine.out(0x20, 0x68);
        assertTrue(intr.level);
        assertEquals(0x36, pic.acknowledge());
    }

    @Test
    void rotationMakesTheServedInputTheLowest() {
        pulse(3);
        pic.acknowledge();
        machine.out(0x20, 0xa0);
        pulse(3);
        pulse(4);
        assertEquals(0x34, pic.acknowledge());
        machine.out(0x20, 0x64);
        machine.out(0x20, 0xc0 | 2);
        assertEquals(0x33, pic.acknowledge());
    }

    @Test
    void aPollReadsAndAcknowledges() {
        machine.out(0x20, 0x0c);
        assertEquals(0, machine.in(0x20));
        pulse(5);
        machine.out(0x20, 0x0c);
        assertEquals(0x85, machine.in(0x20));
        assertFalse(intr.level);
        machine.out(0x20, 0x0b);
        assertEquals(0x20, machine.in(0x20));
    }

    @Test
    void stateSurvivesASnapshot() {
        pulse(4);
        Machine.Line other = new Machine.Line();
        PicPair copy = new PicPair(other);
        Machine.copy(pic, copy);
        assertTrue(other.level);
        assertEquals(0x34, copy.acknowledge());
    }
}
