package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.gearshift.vmm.bus.InterruptLine;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PciHostTest {
    private final Machine machine = new Machine();
    private final PciHost pci = new PciHost();
    private final Machine.Line[] irqs = new Machine.Line[16];
    private final Card card = new Card();
    private String mapped = "";
    private IsaBridgePiix3 bridge;

    private final class Card extends PciFunction {
        Card() {
            super(0x1af4, 0x1000, 0x020000, 0);
            usesInterruptPin();
            bar(0, 32, true, listener("io"));
            bar(1, 4096, false, listener("mem"));
        }

        private BarListener listener(String kind) {
            return new BarListener() {
                @Override
                public void map(long base) {
                    mapped += kind + "@" + Long.toHexString(base) + " ";
                }

                @Override
                public void unmap() {
                    mapped += kind + " off ";
                }
            };
        }

        void interrupt(boolean asserted) {
            setInterrupt(asserted);
        }

        @Override
        public String name() {
            return "card";
        }
    }

    @BeforeEach
    void build() {
        InterruptLine[] lines = new InterruptLine[16];
        for (int i = 0; i < 16; i++) {
            irqs[i] = new Machine.Line();
            lines[i] = irqs[i];
        }
        bridge = new IsaBridgePiix3(lines);
        pci.attach(machine.ports);
        pci.plug(0, 0, new HostBridge440Fx());
        pci.plug(1, 0, bridge);
        pci.plug(3, 0, card);
        for (int i = 0; i < 4; i++) {
            pci.connectPirq(i, bridge.pirq(i));
        }
    }

    private void select(int device, int function, int offset) {
        machine.out32(0xcf8, 0x80000000 | device << 11 | function << 8 | offset);
    }

    @Test
    void mechanismOneIsProbedAndFindsTheChipset() {
        machine.out32(0xcf8, 0x80000000);
        assertEquals(0x80000000, machine.in32(0xcf8));
        assertEquals(0x12378086, machine.in32(0xcfc));
        select(0, 0, 8);
        assertEquals(0x06000002, machine.in32(0xcfc));
        select(1, 0, 0);
        assertEquals(0x70008086, machine.in32(0xcfc));
        select(1, 0, 0xc);
        assertEquals(0x80, machine.in(0xcfe), "multi-function");
        select(1, 0, 8);
        assertEquals(0x0601, machine.ports.read(0xcfe, 16));
        select(2, 0, 0);
        assertEquals(-1, machine.in32(0xcfc));
        machine.out32(0xcf8, 0x80010000);
        assertEquals(-1, machine.in32(0xcfc), "bus 1 is empty");
        machine.out32(0xcf8, 0);
        assertEquals(-1, machine.in32(0xcfc));
    }

    @Test
    void byteAccessesToTheAddressPortAreNotConfigurationCycles() {
        select(0, 0, 0);
        machine.out(0xcf8, 0x12);
        assertEquals(0x80000000, machine.in32(0xcf8));
        assertEquals(0xff, machine.in(0xcf8));
    }

    @Test
    void baseAddressesAreSizedPlacedAndSwitched() {
        select(3, 0, 0x10);
        machine.out32(0xcfc, -1);
        assertEquals(0xffffffe1, machine.in32(0xcfc));
        machine.out32(0xcfc, 0xc000);
        select(3, 0, 0x14);
        machine.out32(0xcfc, -1);
        assertEquals(0xfffff000, machine.in32(0xcfc));
        machine.out32(0xcfc, 0xe0001234);
        assertEquals(0xe0001000, machine.in32(0xcfc));
        assertEquals("", mapped);
        select(3, 0, 4);
        machine.ports.write(0xcfc, 3, 16);
        assertEquals("io@c000 mem@e0001000 ", mapped);
        machine.ports.write(0xcfc, 1, 16);
        assertEquals("io@c000 mem@e0001000 mem off ", mapped);
        select(3, 0, 0x10);
        machine.out32(0xcfc, 0xc100);
        assertEquals("io@c000 mem@e0001000 mem off io off io@c100 ", mapped);
    }

    @Test
    void readOnlyRegistersStay() {
        select(3, 0, 0);
        machine.out32(0xcfc, 0);
        assertEquals(0x10001af4, machine.in32(0xcfc));
        select(3, 0, 0x3c);
        machine.out(0xcfc, 11);
        assertEquals(0x010b, machine.ports.read(0xcfc, 16));
    }

    @Test
    void interruptsGoThroughTheRouter() {
        card.interrupt(true);
        assertEquals(true, irqs[11].level, "slot 3 INTA# is PIRQD, which goes to IRQ 11");
        select(1, 0, 0x60);
        machine.out(0xcff, 0x05);
        assertEquals(false, irqs[11].level);
        assertEquals(true, irqs[5].level);
        machine.out(0xcff, 0x80);
        assertEquals(false, irqs[5].level);
        machine.out(0xcff, 0x0a);
        select(3, 0, 4);
        machine.ports.write(0xcfc, 0x400, 16);
        assertEquals(false, irqs[10].level, "INTx disabled");
    }
}
