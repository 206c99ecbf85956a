package org.gearshift.vmm.xen;

import java.util.concurrent.ConcurrentLinkedQueue;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.device.SerialBackend;

/** The domain's console, hvc0: two rings in a page that it shares with the monitor, struct xencons_interface of io/console.h. */
final class ConsoleRing {
    private static final int IN = 0;
    private static final int IN_SIZE = 1024;
    private static final int OUT = 1024;
    private static final int OUT_SIZE = 2048;
    private static final int IN_CONS = 3072;
    private static final int IN_PROD = 3076;
    private static final int OUT_CONS = 3080;
    private static final int OUT_PROD = 3084;

    private final PhysicalMemory memory;
    private final SerialBackend terminal;
    private final Runnable wake;
    private final ConcurrentLinkedQueue<Byte> typed = new ConcurrentLinkedQueue<>();
    private EventChannels events;
    private int frame;
    private int port;

    ConsoleRing(PhysicalMemory memory, SerialBackend terminal, Runnable wake) {
        this.memory = memory;
        this.terminal = terminal;
        this.wake = wake;
    }

    void connect(int ringFrame, EventChannels channels) {
        frame = ringFrame;
        events = channels;
        port = channels.connect(this::notified);
    }

    int frame() {
        return frame;
    }

    int port() {
        return port;
    }

    private int index(int at) {
        return (int) memory.read(((long) frame << 12) + at, 32);
    }

    private void setIndex(int at, int value) {
        memory.write(((long) frame << 12) + at, value & 0xffffffffL, 32);
    }

    /** A byte the domain has written by other means. */
    void accept(byte b) {
        terminal.transmit(b);
    }

    private void notified() {
        int cons = index(OUT_CONS);
        int prod = index(OUT_PROD);
        // More than fits is nonsense of the guest's: it is taken to have written nothing that counts.
        int n = prod - cons;
        if (n > 0 && n <= OUT_SIZE) {
            for (int i = 0; i < n; i++) {
                terminal.transmit((byte) memory.read(((long) frame << 12) + OUT + (cons + i & OUT_SIZE - 1), 8));
            }
        }
        if (n != 0) {
            setIndex(OUT_CONS, prod);
            events.raise(port);
        }
        poll();
    }

    /** A key; any thread. */
    void type(byte b) {
        typed.add(b);
        wake.run();
    }

    /** Passes on as much of what was typed as there is room for. */
    void poll() {
        if (typed.isEmpty() || frame == 0) {
            return;
        }
        int cons = index(IN_CONS);
        int prod = index(IN_PROD);
        int before = prod;
        while (prod - cons >= 0 && prod - cons < IN_SIZE) {
            Byte b = typed.poll();
            if (b == null) {
                break;
            }
            memory.write(((long) frame << 12) + IN + (prod & IN_SIZE - 1), b & 0xff, 8);
            prod++;
        }
        if (prod != before) {
            setIndex(IN_PROD, prod);
            events.raise(port);
        }
    }
}
