package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Uart16550Test {
    private static final int BASE = 0x3f8;
    private static final int IER = BASE + 1;
    private static final int IIR = BASE + 2;
    private static final int FCR = BASE + 2;
    private static final int LCR = BASE + 3;
    private static final int MCR = BASE + 4;
    private static final int LSR = BASE + 5;
    private static final int MSR = BASE + 6;
    private static final int SCRATCH = BASE + 7;

    private final Machine machine = new Machine();
    private final Machine.Line irq4 = new Machine.Line();
    private final Uart16550 uart = new Uart16550("com1", BASE, machine.clock, machine.events, irq4);
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();

    @BeforeEach
    void attach() {
        uart.attach(machine.ports);
        uart.connect(sent::write);
    }

    private void type(String text) {
        for (byte b : text.getBytes()) {
            uart.receive(b);
        }
        uart.poll();
    }

    @Test
    void linuxAutoconfigurationFindsA16550A() {
        machine.out(IER, 0);
        assertEquals(0, machine.in(IER) & 0x0f);
        machine.out(IER, 0x0f);
        assertEquals(0x0f, machine.in(IER));
        machine.out(IER, 0);
        machine.out(MCR, 0x1a);
        assertEquals(0x90, machine.in(MSR) & 0xf0, "loopback: RTS to CTS, OUT2 to DCD");
        machine.out(MCR, 0);
        machine.out(LCR, 0xbf);
        machine.out(FCR, 0);
        machine.out(LCR, 0);
        machine.out(FCR, 1);
        assertEquals(3, machine.in(IIR) >>> 6);
        machine.out(LCR, 0x80);
        assertTrue(machine.in(IIR) != 0, "no enhanced feature register hides at the interrupt identification");
        machine.out(LCR, 0);
        machine.out(FCR, 0x21);
        assertEquals(0, machine.in(IIR) & 0x20, "no 64-byte FIFO");
        machine.out(IER, 0x40);
        assertEquals(0, machine.in(IER), "no XScale unit enable");
        machine.out(SCRATCH, 0xa5);
        assertEquals(0xa5, machine.in(SCRATCH));
    }

    @Test
    void theTransmitInterruptReassertsAsTheLinuxStartupTestWants() {
        machine.out(IER, 2);
        assertEquals(2, machine.in(IIR) & 0xf);
        machine.out(IER, 0);
        machine.out(IER, 2);
        assertEquals(2, machine.in(IIR) & 0xf);
        assertEquals(1, machine.in(IIR) & 0xf, "reading the identification clears it");
        machine.out(BASE, 'x');
        assertEquals(2, machine.in(IIR) & 0xf);
        assertEquals(0x60, machine.in(LSR));
    }

    @Test
    void polledOutputArrives() {
        for (char c : "hi\n".toCharArray()) {
            while ((machine.in(LSR) & 0x60) != 0x60) {
                throw new AssertionError("transmitter busy");
            }
            machine.out(BASE, c);
        }
        assertEquals("hi\n", sent.toString());
    }

    @Test
    void theDivisorHidesBehindItsLatch() {
        machine.out(LCR, 0x83);
        machine.out(BASE, 0x01);
        machine.out(IER, 0x02);
        assertEquals(0x01, machine.in(BASE));
        assertEquals(0x02, machine.in(IER));
        machine.out(LCR, 0x03);
        assertEquals(0, machine.in(IER));
        assertEquals(0, sent.size());
    }

    @Test
    void interruptsLeaveTheBoardOnlyWithOut2() {
        machine.out(IER, 2);
        assertFalse(irq4.level);
        machine.out(MCR, 0x0b);
        assertTrue(irq4.level);
        machine.in(IIR);
        assertFalse(irq4.level);
    }

    @Test
    void belowTheTriggerLevelReceptionTimesOutAfterFourCharacters() {
        machine.out(LCR, 0x83);
        machine.out(BASE, 1);
        machine.out(IER, 0);
        machine.out(LCR, 0x03);
        machine.out(FCR, 0xc1);
        machine.out(MCR, 0x08);
        machine.out(IER, 1);
        type("ab");
        assertFalse(irq4.level);
        machine.pass(4 * 10 * 1_000_000_000L / 115_200 + 1);
        assertTrue(irq4.level);
        assertEquals(0xcc, machine.in(IIR));
        assertEquals(0x61, machine.in(LSR));
        assertEquals('a', machine.in(BASE));
        assertFalse(irq4.level);
        assertEquals('b', machine.in(BASE));
        assertEquals(0x60, machine.in(LSR));
    }

    @Test
    void atTheTriggerLevelReceptionInterruptsAtOnce() {
        machine.out(FCR, 0x41);
        machine.out(MCR, 0x08);
        machine.out(IER, 1);
        type("abcd");
        assertTrue(irq4.level);
        assertEquals(0xc4, machine.in(IIR));
    }

    @Test
    void whatDoesNotFitWaitsAndNothingIsLost() {
        machine.out(FCR, 0x01);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            text.append((char) ('0' + i % 64));
        }
        type(text.toString());
        StringBuilder read = new StringBuilder();
        while ((machine.in(LSR) & 1) != 0) {
            read.append((char) machine.in(BASE));
        }
        assertEquals(text.toString(), read.toString());
    }

    @Test
    void loopbackFillsTheFifoAndOverruns() {
        machine.out(FCR, 0x07);
        machine.out(MCR, 0x13);
        for (int i = 0; i < 20; i++) {
            machine.out(BASE, i);
        }
        assertEquals(0x63, machine.in(LSR));
        int count = 0;
        while ((machine.in(LSR) & 1) != 0) {
            assertEquals(count++, machine.in(BASE));
        }
        assertEquals(16, count);
        assertEquals(0, sent.size());
    }

    @Test
    void modemStatusChangesInterruptAndClearWhenRead() {
        machine.out(IER, 8);
        machine.out(MCR, 0x10);
        assertEquals(0x0, machine.in(IIR) & 0xf);
        assertEquals(0x0b, machine.in(MSR), "CTS, DSR and DCD fell");
        assertEquals(0x1, machine.in(IIR) & 0xf);
    }

    @Test
    void aSnapshotKeepsUnreadBytes() {
        machine.out(FCR, 1);
        type("x");
        Machine other = new Machine();
        Uart16550 copy = new Uart16550("com1", BASE, other.clock, other.events, irq4);
        copy.attach(other.ports);
        Machine.copy(uart, copy);
        assertEquals('x', other.in(BASE));
    }
}
