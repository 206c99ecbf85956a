package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.IOException;
import org.gearshift.vmm.bus.InterruptLine;

/**
 * The PCI-to-ISA bridge of the 82371SB, PIIX3 (Intel 290550): above all the four registers that route PIRQA-PIRQD to ISA interrupts.
 *
 * <p>Firmware's routing is the state after reset: A and C to IRQ 10, B and D to IRQ 11.
 */
public final class IsaBridgePiix3 extends PciFunction {
    /** PIRQ route control A; B, C and D follow. */
    public static final int PIRQ_ROUTE = 0x60;
    /** Default routing by PIRQ. */
    static final int[] ROUTES = {10, 11, 10, 11};

    private static final int INTEL = 0x8086;
    private static final int DEVICE = 0x7000;
    private static final int CLASS_ISA_BRIDGE = 0x060100;
    private static final int ROUTE_OFF = 0x80;

    private final InterruptLine[] irqs;
    private final boolean[] pirq = new boolean[PciHost.PIRQS];
    private int driven;

    /** @param irqs wires of ISA interrupts 0..15, to be shared with no ISA device where PIRQs are routed */
    public IsaBridgePiix3(InterruptLine[] irqs) {
        super(INTEL, DEVICE, CLASS_ISA_BRIDGE, 0);
        this.irqs = irqs.clone();
        multiFunction();
        set(COMMAND, COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER, 2);
        allow(COMMAND, 0x100, 2);
        for (int i = 0; i < PciHost.PIRQS; i++) {
            set(PIRQ_ROUTE + i, ROUTES[i], 1);
            allow(PIRQ_ROUTE + i, 0x8f, 1);
        }
    }

    /** The input of PIRQ {@code index} (0 = A). */
    public InterruptLine pirq(int index) {
        return asserted -> {
            pirq[index] = asserted;
            route();
        };
    }

    /** ISA interrupt that PIRQ {@code index} reaches, or -1. */
    public int irqOf(int index) {
        int route = readConfig(PIRQ_ROUTE + index, 8);
        return (route & ROUTE_OFF) != 0 ? -1 : route & 0xf;
    }

    @Override
    public void writeConfig(int offset, int value, int bits) {
        super.writeConfig(offset, value, bits);
        route();
    }

    private void route() {
        int wanted = 0;
        for (int i = 0; i < pirq.length; i++) {
            int irq = irqOf(i);
            if (pirq[i] && irq >= 0) {
                wanted |= 1 << irq;
            }
        }
        int changed = wanted ^ driven;
        driven = wanted;
        for (int irq = 0; irq < 16; irq++) {
            if ((changed >>> irq & 1) != 0) {
                irqs[irq].set((wanted >>> irq & 1) != 0);
            }
        }
    }

    @Override
    public void reset() {
        super.reset();
        route();
    }

    /** PIRQ inputs are driven again by the functions restored after this one. */
    @Override
    public void restore(DataInput in) throws IOException {
        super.restore(in);
        route();
    }

    @Override
    public String name() {
        return "piix3";
    }
}
