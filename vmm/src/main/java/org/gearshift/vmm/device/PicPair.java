package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;

/** The PC/AT's two cascaded 8259A: master at 20h, slave at A0h on the master's IR2, edge/level control at 4D0h (Intel 290550, PIIX). */
public final class PicPair implements Device, PortDevice {
    /** Master command port; data is the next. */
    public static final int MASTER = 0x20;
    /** Slave command port; data is the next. */
    public static final int SLAVE = 0xa0;
    /** ELCR of the master; the slave's is the next. */
    public static final int ELCR = 0x4d0;
    /** The master's input that carries the slave. */
    static final int CASCADE_INPUT = 2;
    /** IRQ 0, 1, 2 are edge-triggered for good. */
    private static final int MASTER_LEVEL_CAPABLE = 0xf8;
    /** IRQ 8 and 13 are edge-triggered for good. */
    private static final int SLAVE_LEVEL_CAPABLE = 0xde;

    private final InterruptLine output;
    private final Pic8259 master;
    private final Pic8259 slave;

    /** @param output the master's INT pin, towards the processor */
    public PicPair(InterruptLine output) {
        this.output = output;
        master = new Pic8259(true, MASTER_LEVEL_CAPABLE, output);
        slave = new Pic8259(false, SLAVE_LEVEL_CAPABLE, asserted -> master.setLine(CASCADE_INPUT, asserted));
    }

    /** Claims the ports. */
    public void attach(PortBus ports) {
        ports.register(MASTER, 2, this);
        ports.register(SLAVE, 2, this);
        ports.register(ELCR, 2, this);
    }

    /** Drives ISA interrupt {@code irq} (0..15; 2 is the cascade and ignored). */
    public void setIrq(int irq, boolean asserted) {
        if (irq >= 8) {
            slave.setLine(irq - 8, asserted);
        } else if (irq != CASCADE_INPUT) {
            master.setLine(irq, asserted);
        }
    }

    /** The wire of one ISA interrupt. */
    public InterruptLine irq(int irq) {
        return asserted -> setIrq(irq, asserted);
    }

    /** True if the processor's INTR input is driven. */
    public boolean requesting() {
        return master.requesting();
    }

    /** The processor's interrupt acknowledge cycle. @return the vector, IR7's if the request has gone */
    public int acknowledge() {
        if (master.highestRequest() == CASCADE_INPUT) {
            // Master first: its request disappears with the slave's.
            master.acknowledge();
            return slave.acknowledge();
        }
        return master.acknowledge();
    }

    @Override
    public int read(int port, int bits) {
        return switch (port) {
            case MASTER -> master.readCommand();
            case MASTER + 1 -> master.readData();
            case SLAVE -> slave.readCommand();
            case SLAVE + 1 -> slave.readData();
            case ELCR -> master.elcr();
            default -> slave.elcr();
        };
    }

    @Override
    public void write(int port, int value, int bits) {
        switch (port) {
            case MASTER -> master.writeCommand(value);
            case MASTER + 1 -> master.writeData(value);
            case SLAVE -> slave.writeCommand(value);
            case SLAVE + 1 -> slave.writeData(value);
            case ELCR -> master.setElcr(value);
            default -> slave.setElcr(value);
        }
    }

    @Override
    public String name() {
        return "pic";
    }

    @Override
    public void reset() {
        slave.reset();
        master.reset();
    }

    @Override
    public void save(DataOutput out) throws IOException {
        master.save(out);
        slave.save(out);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        master.restore(in);
        slave.restore(in);
        output.set(master.requesting());
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("master.acknowledged", master.acknowledged);
        sink.count("slave.acknowledged", slave.acknowledged);
        sink.count("spurious", master.spurious + slave.spurious);
    }

    @Override
    public String toString() {
        return "pic";
    }
}
