package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BoardRegistersTest {
    private final Machine machine = new Machine();
    private int exitCode;

    @Test
    void dmaAddressesAreWrittenAndReadLowByteFirst() {
        Dma8237 dma = new Dma8237();
        dma.attach(machine.ports);
        machine.out(0x0c, 0);
        machine.out(0x04, 0x34);
        machine.out(0x04, 0x12);
        assertEquals(0x34, machine.in(0x04));
        assertEquals(0x12, machine.in(0x04));
        machine.out(0x83, 0x5a);
        assertEquals(0x5a, machine.in(0x83));
        machine.out(0xd8, 0);
        machine.out(0xc4, 0x78);
        machine.out(0xc4, 0x56);
        assertEquals(0x78, machine.in(0xc4));
        assertEquals(0, machine.in(0x08));
        machine.out(0x0d, 0);
        assertEquals(0xff, machine.in(0x0f));
        machine.out(0x0a, 0x02);
        assertEquals(0xfb, machine.in(0x0f));
        Dma8237 copy = new Dma8237();
        Machine.copy(dma, copy);
        assertEquals(0xfb, copy.read(0x0f, 8));
    }

    @Test
    void postCodesAreKept() {
        PostPort post = new PostPort();
        post.attach(machine.ports);
        machine.out(0x80, 0x42);
        assertEquals(0x42, post.code());
        assertEquals(0x42, machine.in(0x80));
    }

    @Test
    void theDebugPortMakesOddExitCodes() {
        new DebugExit(code -> exitCode = code).attach(machine.ports);
        machine.out32(0xf4, 0x10);
        assertEquals(0x21, exitCode);
        machine.out(0xf4, 0);
        assertEquals(1, exitCode);
    }

    @Test
    void theCoprocessorErrorIsLatchedUntilCleared() {
        Machine.Line irq13 = new Machine.Line();
        SystemPorts ports = new SystemPorts(new A20Gate(on -> { }), irq13, () -> { });
        ports.attach(machine.ports);
        ports.coprocessorError(true);
        assertEquals(true, irq13.level);
        assertEquals(false, ports.coprocessorErrorIgnored());
        machine.out(0xf0, 0);
        assertEquals(false, irq13.level);
        assertEquals(true, ports.coprocessorErrorIgnored());
        ports.coprocessorError(true);
        assertEquals(false, irq13.level);
        ports.coprocessorError(false);
        assertEquals(false, ports.coprocessorErrorIgnored());
        machine.out(0xf0, 0);
        assertEquals(false, ports.coprocessorErrorIgnored());
    }
}
