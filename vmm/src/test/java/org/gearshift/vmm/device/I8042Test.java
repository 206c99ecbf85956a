package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class I8042Test {
    private final Machine machine = new Machine();
    private final Machine.Line irq1 = new Machine.Line();
    private final Machine.Line irq12 = new Machine.Line();
    private boolean addressLine = true;
    private int resets;
    private final A20Gate a20 = new A20Gate(on -> addressLine = on);
    private final I8042 controller = new I8042(irq1, irq12, a20, () -> resets++);

    @BeforeEach
    void attach() {
        controller.attach(machine.ports);
    }

    private int command(int command) {
        machine.out(0x64, command);
        return read();
    }

    private int read() {
        assertEquals(1, machine.in(0x64) & 1, "output buffer full");
        return machine.in(0x60);
    }

    private void command(int command, int parameter) {
        machine.out(0x64, command);
        machine.out(0x60, parameter);
    }

    private void empty() {
        assertEquals(0, machine.in(0x64) & 1);
    }

    @Test
    void selfTestsPass() {
        assertEquals(0x55, command(0xaa));
        assertEquals(0, command(0xab));
        assertEquals(0, command(0xa9));
        assertEquals(0x04, machine.in(0x64) & 0x04);
        empty();
    }

    @Test
    void linuxFindsTheAuxPort() {
        command(0x60, 0x74);
        assertEquals(0x74, command(0x20));
        command(0xd3, 0x5a);
        assertEquals(0x21, machine.in(0x64) & 0x21);
        assertEquals(0x5a, machine.in(0x60));
        machine.out(0x64, 0xa7);
        assertEquals(0x20, command(0x20) & 0x20);
        machine.out(0x64, 0xa8);
        assertEquals(0, command(0x20) & 0x20);
        command(0x60, 0x56);
        command(0xd3, 0xa5);
        assertEquals(1, irq12.edges);
        assertEquals(0xa5, machine.in(0x60));
        assertFalse(irq12.level);
        command(0xd3, 0xf0);
        assertEquals(0xf0, machine.in(0x60), "no multiplexer");
    }

    @Test
    void theKeyboardAnswersThroughTheTranslation() {
        command(0x60, 0x65);
        machine.out(0x60, 0xff);
        assertEquals(0xfa, read());
        assertEquals(0xaa, read());
        machine.out(0x60, 0xf2);
        assertEquals(0xfa, read());
        assertEquals(0xab, read());
        assertEquals(0x41, read());
        assertEquals(5, irq1.edges);
        machine.out(0x60, 0xed);
        assertEquals(0xfa, read());
        machine.out(0x60, 0x05);
        assertEquals(0xfa, read());
        assertEquals(5, controller.leds());
        machine.out(0x60, 0xee);
        assertEquals(0xee, read());
        empty();
    }

    @Test
    void keysArriveAsSet1OrAsTheyAre() {
        command(0x60, 0x45);
        controller.key((byte) 0x1c, (byte) 0xf0, (byte) 0x1c);
        empty();
        controller.poll();
        assertEquals(0x1e, read());
        assertEquals(0x9e, read());
        empty();
        command(0x60, 0x05);
        controller.key((byte) 0xe0, (byte) 0xf0, (byte) 0x75);
        controller.poll();
        assertEquals(0xe0, read());
        assertEquals(0xf0, read());
        assertEquals(0x75, read());
    }

    @Test
    void aDisabledKeyboardHoldsItsBytes() {
        machine.out(0x64, 0xad);
        controller.key((byte) 0x1c);
        controller.poll();
        empty();
        machine.out(0x64, 0xae);
        assertEquals(0x1e, read());
    }

    @Test
    void theMouseAnswersOnTheAuxPort() {
        command(0x60, 0x47);
        command(0xd4, 0xff);
        int[] expected = {0xfa, 0xaa, 0x00};
        for (int value : expected) {
            assertEquals(0x21, machine.in(0x64) & 0x21);
            assertEquals(value, machine.in(0x60));
        }
        command(0xd4, 0xf4);
        assertEquals(0xfa, read());
        controller.mouse((byte) 0x08, (byte) 1, (byte) 2);
        controller.poll();
        assertEquals(8, read());
        assertEquals(1, read());
        assertEquals(2, read());
        assertEquals(7, irq12.edges);
    }

    @Test
    void theOutputPortHoldsA20AndReset() {
        assertEquals(0x03, command(0xd0) & 0x03);
        command(0xd1, 0xdd);
        assertFalse(addressLine);
        command(0xd1, 0xdf);
        assertTrue(addressLine);
        machine.out(0x64, 0xfe);
        assertEquals(1, resets);
        machine.out(0x64, 0xff);
        assertEquals(1, resets, "pulsing no line does nothing");
    }

    @Test
    void port92SharesTheGateAndResetsOnARisingEdge() {
        SystemPorts ports = new SystemPorts(a20, irq1, () -> resets++);
        ports.attach(machine.ports);
        assertEquals(2, machine.in(0x92));
        machine.out(0x92, 0);
        assertFalse(addressLine);
        machine.out(0x92, 3);
        machine.out(0x92, 3);
        assertTrue(addressLine);
        assertEquals(1, resets);
        machine.out(0xcf9, 0x02);
        machine.out(0xcf9, 0x06);
        assertEquals(2, resets);
    }

    @Test
    void aSnapshotKeepsWhatIsUnread() {
        command(0x60, 0x45);
        machine.out(0x60, 0xf2);
        Machine other = new Machine();
        I8042 copy = new I8042(irq1, irq12, a20, () -> { });
        copy.attach(other.ports);
        Machine.copy(controller, copy);
        assertEquals(0xfa, other.in(0x60));
        assertEquals(0xab, other.in(0x60));
    }
}
