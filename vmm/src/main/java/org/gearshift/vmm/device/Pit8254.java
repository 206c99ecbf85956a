package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/**
 * The 8254 programmable interval timer (Intel 231164) and the system control port B at 61h (IBM PC/AT Technical Reference; Intel 290550
 * "NMI status and control") that gates its counter 2.
 *
 * <p>Counter 0 drives IRQ 0, counter 1 is free, counter 2 the speaker. A change of a counter's output is seen only where it matters: as an
 * edge of IRQ 0, or when port 61h is read.
 */
public final class Pit8254 implements Device, PortDevice {
    /** Input clock in Hz: 14.31818 MHz / 12. */
    public static final int HZ = 1_193_182;
    /** Counter 0; counters 1 and 2 and the control word follow. */
    public static final int BASE = 0x40;
    /** System control port B. */
    public static final int PORT_B = 0x61;

    private static final int CONTROL = BASE + 3;
    private static final int READ_BACK = 3;
    private static final int READ_BACK_NO_COUNT = 0x20;
    private static final int READ_BACK_NO_STATUS = 0x10;
    private static final int PORT_B_GATE2 = 0x01;
    private static final int PORT_B_WRITABLE = 0x0f;
    private static final int PORT_B_REFRESH = 0x10;
    private static final int PORT_B_OUT2 = 0x20;
    /** DRAM refresh requests flip bit 4 of port B this often. */
    private static final long REFRESH_NANOS = 15_085;
    private static final long NANOS = 1_000_000_000L;

    private final GuestClock clock;
    private final InterruptLine irq0;
    private final EventQueue.Event edge;
    private final PitChannel[] channels = new PitChannel[3];
    private int portB;
    private long interrupts;

    /** @param irq0 driven by counter 0 */
    public Pit8254(GuestClock clock, EventQueue events, InterruptLine irq0) {
        this.clock = clock;
        this.irq0 = irq0;
        edge = events.event(this::risingEdge);
        reset();
    }

    /** Claims 40h-43h and 61h. */
    public void attach(PortBus ports) {
        ports.register(BASE, 4, this);
        ports.register(PORT_B, 1, this);
    }

    @Override
    public int read(int port, int bits) {
        long tick = tick();
        if (port == PORT_B) {
            long refresh = clock.nanos() / REFRESH_NANOS & 1;
            return portB | (refresh != 0 ? PORT_B_REFRESH : 0) | (channels[2].output(tick) ? PORT_B_OUT2 : 0);
        }
        // The control word register cannot be read.
        return port == CONTROL ? 0xff : channels[port - BASE].read(tick);
    }

    @Override
    public void write(int port, int value, int bits) {
        long tick = tick();
        if (port == PORT_B) {
            portB = value & PORT_B_WRITABLE;
            channels[2].setGate((value & PORT_B_GATE2) != 0, tick);
        } else if (port == CONTROL) {
            writeControl(value, tick);
        } else {
            channels[port - BASE].write(value, tick);
            if (port == BASE) {
                driveIrq(tick);
            }
        }
    }

    private void writeControl(int value, long tick) {
        int select = value >>> 6;
        if (select == READ_BACK) {
            for (int i = 0; i < 3; i++) {
                if ((value >>> i + 1 & 1) != 0) {
                    if ((value & READ_BACK_NO_COUNT) == 0) {
                        channels[i].latchCount(tick);
                    }
                    if ((value & READ_BACK_NO_STATUS) == 0) {
                        channels[i].latchStatus(tick);
                    }
                }
            }
        } else if ((value >>> 4 & 3) == 0) {
            channels[select].latchCount(tick);
        } else {
            channels[select].writeControl(value, tick);
            if (select == 0) {
                driveIrq(tick);
            }
        }
    }

    private void risingEdge() {
        interrupts++;
        irq0.set(false);
        irq0.set(true);
        armEdge(Math.max(tick(), ticks(edge.deadline())));
    }

    private void driveIrq(long tick) {
        irq0.set(channels[0].output(tick));
        armEdge(tick);
    }

    private void armEdge(long tick) {
        long next = channels[0].nextRisingEdge(tick);
        if (next == PitChannel.NO_EDGE) {
            edge.cancel();
        } else {
            edge.arm(nanosOf(next));
        }
    }

    private long tick() {
        return ticks(clock.nanos());
    }

    private static long ticks(long nanos) {
        return nanos / NANOS * HZ + nanos % NANOS * HZ / NANOS;
    }

    /** The first nanosecond that belongs to {@code tick}. */
    private static long nanosOf(long tick) {
        return tick / HZ * NANOS + (tick % HZ * NANOS + HZ - 1) / HZ;
    }

    @Override
    public String name() {
        return "pit";
    }

    @Override
    public void reset() {
        edge.cancel();
        portB = 0;
        channels[0] = new PitChannel(true);
        channels[1] = new PitChannel(true);
        channels[2] = new PitChannel(false);
        irq0.set(false);
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.writeByte(portB);
        for (PitChannel channel : channels) {
            channel.save(out);
        }
        edge.save(out);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        portB = in.readUnsignedByte();
        for (PitChannel channel : channels) {
            channel.restore(in);
        }
        edge.restore(in);
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("interrupts", interrupts);
    }

    @Override
    public String toString() {
        return "pit";
    }
}
