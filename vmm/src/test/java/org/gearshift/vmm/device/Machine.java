package org.gearshift.vmm.device;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.VirtualClock;

/** A bench to plug devices into: ports, a clock that tests turn by hand, and interrupt lines that count. */
final class Machine {
    final PortBus ports = new PortBus();
    final EventQueue events = new EventQueue();
    final VirtualClock clock = new VirtualClock(() -> 0);

    /** An interrupt input that counts rising edges. */
    static final class Line implements InterruptLine {
        boolean level;
        int edges;

        @Override
        public void set(boolean asserted) {
            if (asserted && !level) {
                edges++;
            }
            level = asserted;
        }
    }

    int in(int port) {
        return ports.read(port, 8);
    }

    int in32(int port) {
        return ports.read(port, 32);
    }

    void out(int port, int value) {
        ports.write(port, value, 8);
    }

    void out32(int port, int value) {
        ports.write(port, value, 32);
    }

    /** Lets {@code nanos} pass, running events at their times. */
    void pass(long nanos) {
        long end = clock.nanos() + nanos;
        while (events.nextDeadline() <= end) {
            clock.advanceTo(events.nextDeadline());
            events.runDue(clock.nanos());
        }
        clock.advanceTo(end);
    }

    static void copy(Device from, Device to) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            from.save(new DataOutputStream(bytes));
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()));
            to.restore(in);
            if (in.available() != 0) {
                throw new AssertionError(in.available() + " bytes were saved but not restored");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
