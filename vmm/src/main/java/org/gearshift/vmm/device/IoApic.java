package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import org.gearshift.vmm.bus.InterruptLine;

/**
 * The I/O APIC (Intel 290566, 82093AA): 24 inputs, each with an entry that says which message it sends. A line's level means "asserted",
 * so the polarity bit is kept but changes nothing.
 */
public final class IoApic implements Device {
    /** Where the registers are. */
    public static final long BASE = 0xfec00000L;
    /** Size of the register window. */
    public static final int WINDOW = 0x1000;
    /** Number of inputs. */
    public static final int PINS = 24;

    private static final int SELECT = 0x00;
    private static final int DATA = 0x10;
    private static final int INDEX_ID = 0;
    private static final int INDEX_VERSION = 1;
    private static final int INDEX_ARBITRATION = 2;
    private static final int INDEX_TABLE = 0x10;
    private static final int VERSION = 0x11 | PINS - 1 << 16;
    private static final int LOW_WRITABLE = 0x1afff;

    private final ApicBus bus;
    private final int[] low = new int[PINS];
    private final int[] high = new int[PINS];
    private final long[] delivered = new long[PINS];
    private int lines;
    private int select;
    private int id;

    /** @param bus also tells when a level-triggered vector ends */
    public IoApic(ApicBus bus) {
        this.bus = bus;
        bus.onEndOfInterrupt(this::endOfInterrupt);
        reset();
    }

    /** The wire into input {@code pin}. */
    public InterruptLine pin(int pin) {
        return asserted -> setPin(pin, asserted);
    }

    /** Drives input {@code pin} (0..23). */
    public void setPin(int pin, boolean asserted) {
        int bit = 1 << pin;
        boolean rising = asserted && (lines & bit) == 0;
        lines = asserted ? lines | bit : lines & ~bit;
        if ((low[pin] & ApicMessage.LEVEL) != 0) {
            serviceLevel(pin);
        } else if (rising && (low[pin] & ApicMessage.MASKED) == 0) {
            // An edge at a masked input is lost (datasheet, "Interrupt Mask").
            deliver(pin);
        }
    }

    /** Reads the 32-bit register at {@code offset} of the window. */
    public int read(int offset) {
        if (offset == SELECT) {
            return select;
        }
        if (offset != DATA) {
            return 0;
        }
        int pin = select - INDEX_TABLE >> 1;
        if (pin >= 0 && pin < PINS) {
            return (select & 1) != 0 ? high[pin] : low[pin];
        }
        return switch (select) {
            case INDEX_ID, INDEX_ARBITRATION -> id << 24;
            case INDEX_VERSION -> VERSION;
            default -> 0;
        };
    }

    /** Writes the 32-bit register at {@code offset} of the window. */
    public void write(int offset, int value) {
        if (offset == SELECT) {
            select = value & 0xff;
            return;
        }
        if (offset != DATA) {
            return;
        }
        int pin = select - INDEX_TABLE >> 1;
        if (select == INDEX_ID) {
            id = value >>> 24 & 0xf;
        } else if (pin >= 0 && pin < PINS) {
            if ((select & 1) != 0) {
                high[pin] = value & 0xff000000;
            } else {
                writeLow(pin, value);
            }
        }
    }

    private void writeLow(int pin, int value) {
        int kept = low[pin] & ApicMessage.REMOTE_IRR;
        low[pin] = value & LOW_WRITABLE | kept;
        if ((value & ApicMessage.LEVEL) == 0) {
            low[pin] &= ~ApicMessage.REMOTE_IRR;
        } else {
            serviceLevel(pin);
        }
    }

    private void serviceLevel(int pin) {
        boolean asserted = (lines >>> pin & 1) != 0;
        if (asserted && (low[pin] & (ApicMessage.MASKED | ApicMessage.REMOTE_IRR)) == 0) {
            int mode = ApicMessage.deliveryMode(low[pin]);
            if (mode == ApicMessage.FIXED || mode == ApicMessage.LOWEST_PRIORITY) {
                low[pin] |= ApicMessage.REMOTE_IRR;
            }
            deliver(pin);
        }
    }

    private void deliver(int pin) {
        delivered[pin]++;
        bus.send(low[pin] & (0xfff | ApicMessage.LEVEL), high[pin] >>> 24);
    }

    private void endOfInterrupt(int vector) {
        for (int pin = 0; pin < PINS; pin++) {
            int entry = low[pin];
            if ((entry & ApicMessage.REMOTE_IRR) != 0 && (entry & ApicMessage.VECTOR) == vector) {
                low[pin] = entry & ~ApicMessage.REMOTE_IRR;
                serviceLevel(pin);
            }
        }
    }

    @Override
    public String name() {
        return "ioapic";
    }

    @Override
    public void reset() {
        Arrays.fill(low, ApicMessage.MASKED);
        Arrays.fill(high, 0);
        select = 0;
        id = 0;
    }

    @Override
    public void save(DataOutput out) throws IOException {
        for (int pin = 0; pin < PINS; pin++) {
            out.writeInt(low[pin]);
            out.writeInt(high[pin]);
        }
        out.writeInt(lines);
        out.writeByte(select);
        out.writeByte(id);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        for (int pin = 0; pin < PINS; pin++) {
            low[pin] = in.readInt();
            high[pin] = in.readInt();
        }
        lines = in.readInt();
        select = in.readUnsignedByte();
        id = in.readUnsignedByte();
    }

    @Override
    public void counters(CounterSink sink) {
        for (int pin = 0; pin < PINS; pin++) {
            if (delivered[pin] != 0) {
                sink.count("pin" + pin, delivered[pin]);
            }
        }
    }

    @Override
    public String toString() {
        return "ioapic";
    }
}
