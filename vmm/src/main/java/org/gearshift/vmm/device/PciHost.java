package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.MessageSink;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;

/**
 * Configuration mechanism 1 (PCI Local Bus Specification 3.0, section 3.2.2.3.2) for bus 0, and the four wires PIRQA-PIRQD that the INTA#
 * pins of its devices share.
 */
public final class PciHost implements Device, PortDevice {
    /** CONFIG_ADDRESS: takes only 32-bit accesses. */
    public static final int CONFIG_ADDRESS = 0xcf8;
    /** CONFIG_DATA: four ports. */
    public static final int CONFIG_DATA = 0xcfc;
    /** Wires INTA#-INTD# of all slots end in. */
    public static final int PIRQS = 4;

    private static final int ENABLE = 0x80000000;
    private static final int ADDRESS_BITS = 0x80fffffc;
    private static final int DEVICES = 32;

    private final PciFunction[] functions = new PciFunction[DEVICES * 8];
    private final InterruptLine[] pirq = new InterruptLine[PIRQS];
    private final int[] asserted = new int[PIRQS];
    private MessageSink messages = MessageSink.NONE;
    private int address;
    private long accesses;

    /** Makes a bus with nothing on it and unconnected interrupt wires. */
    public PciHost() {
        Arrays.fill(pirq, InterruptLine.NONE);
    }

    /** Claims CF8h-CFFh but for the reset control register's byte at CF9h, which only byte accesses reach. */
    public void attach(PortBus ports) {
        ports.register(CONFIG_ADDRESS, 1, this);
        ports.register(CONFIG_DATA, 4, this);
    }

    /** Connects PIRQ {@code index} (0 = A); the line is driven while any device asserts it. */
    public void connectPirq(int index, InterruptLine line) {
        pirq[index] = line;
    }

    /** Connects what takes message-signalled interrupts; for functions plugged in later. */
    public void connectMessages(MessageSink sink) {
        messages = sink;
    }

    /**
     * Puts a function in the first slot where no device is.
     *
     * @return the slot, 0..31
     * @throws IllegalStateException if the bus is full
     */
    public int plug(PciFunction what) {
        for (int device = 0; device < DEVICES; device++) {
            if (functions[device << 3] == null) {
                plug(device, 0, what);
                return device;
            }
        }
        throw new IllegalStateException("no free PCI slot for " + what.name());
    }

    /** The function at {@code device} (0..31) and {@code function} (0..7), or null. */
    public PciFunction at(int device, int function) {
        return functions[device << 3 | function];
    }

    /**
     * Puts a function in a slot and wires its INTA#.
     *
     * @param device 0..31
     * @param function 0..7
     */
    public void plug(int device, int function, PciFunction what) {
        int slot = device << 3 | function;
        if (functions[slot] != null) {
            throw new IllegalArgumentException("PCI slot " + device + "." + function + " is taken by " + functions[slot].name());
        }
        functions[slot] = what;
        int wire = pirqOf(device, 0);
        what.wire(new SharedPin(wire));
        what.wire(messages);
    }

    /** The PIRQ (0 = A) that pin {@code pin} (0 = INTA#) of {@code device} is wired to: slots rotate, as on every board. */
    public static int pirqOf(int device, int pin) {
        return device + pin & 3;
    }

    /** All functions plugged in, by slot. */
    public List<PciFunction> functions() {
        List<PciFunction> all = new ArrayList<>();
        for (PciFunction function : functions) {
            if (function != null) {
                all.add(function);
            }
        }
        return all;
    }

    private final class SharedPin implements InterruptLine {
        private final int wire;
        private boolean level;

        SharedPin(int wire) {
            this.wire = wire;
        }

        @Override
        public void set(boolean now) {
            if (now != level) {
                level = now;
                asserted[wire] += now ? 1 : -1;
                pirq[wire].set(asserted[wire] > 0);
            }
        }
    }

    @Override
    public int widthAt(int port) {
        // CONFIG_DATA takes naturally aligned accesses whole.
        return port == CONFIG_ADDRESS || port == CONFIG_DATA ? 32 : (port & 1) == 0 ? 16 : 8;
    }

    @Override
    public int read(int port, int bits) {
        if (port == CONFIG_ADDRESS) {
            return bits == 32 ? address : -1;
        }
        accesses++;
        PciFunction function = selected();
        return function == null ? -1 : function.readConfig(address & 0xfc | port & 3, bits);
    }

    @Override
    public void write(int port, int value, int bits) {
        if (port == CONFIG_ADDRESS) {
            if (bits == 32) {
                address = value & ADDRESS_BITS;
            }
            return;
        }
        accesses++;
        PciFunction function = selected();
        if (function != null) {
            function.writeConfig(address & 0xfc | port & 3, value, bits);
        }
    }

    private PciFunction selected() {
        boolean bus0 = (address & 0xff0000) == 0;
        return (address & ENABLE) != 0 && bus0 ? functions[address >>> 8 & 0xff] : null;
    }

    @Override
    public String name() {
        return "pci";
    }

    /** Resets the bus and every function on it. */
    @Override
    public void reset() {
        address = 0;
        for (PciFunction function : functions()) {
            function.reset();
        }
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.writeInt(address);
        for (PciFunction function : functions()) {
            function.save(out);
        }
    }

    @Override
    public void restore(DataInput in) throws IOException {
        address = in.readInt();
        for (PciFunction function : functions()) {
            function.restore(in);
        }
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("config.accesses", accesses);
    }

    @Override
    public String toString() {
        return "pci";
    }
}
