package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.MessageSink;

/**
 * One function's configuration space (PCI Local Bus Specification 3.0, ch. 6): 256 bytes, of which each bit is writable or not, and up to
 * six base address registers.
 */
public abstract class PciFunction implements Device {
    /** Size of the configuration space in bytes. */
    public static final int CONFIG_SIZE = 256;
    /** Offset of the command register. */
    public static final int COMMAND = 0x04;
    /** Offset of the first base address register. */
    public static final int BAR0 = 0x10;
    /** Offset of the interrupt line register. */
    public static final int INTERRUPT_LINE = 0x3c;
    /** Offset of the interrupt pin register. */
    public static final int INTERRUPT_PIN = 0x3d;
    /** Base address registers. */
    public static final int BARS = 6;
    /** Command register: I/O decoding. */
    public static final int COMMAND_IO = 0x01;
    /** Command register: memory decoding. */
    public static final int COMMAND_MEMORY = 0x02;
    /** Command register: bus mastering. */
    public static final int COMMAND_MASTER = 0x04;
    /** Command register: INTx off. */
    public static final int COMMAND_INTX_DISABLE = 0x400;

    /** Status register: fast back-to-back capable, medium DEVSEL# timing. */
    private static final int STATUS_MEDIUM_DEVSEL = 0x0280;
    private static final int HEADER_MULTI_FUNCTION = 0x80;

    private final byte[] config = new byte[CONFIG_SIZE];
    private final byte[] writable = new byte[CONFIG_SIZE];
    private final byte[] initial = new byte[CONFIG_SIZE];
    private final Bar[] bars = new Bar[BARS];
    private InterruptLine pin = InterruptLine.NONE;
    private boolean pinAsserted;
    private MessageSink messages = MessageSink.NONE;

    /** What a base address register decodes; told when the guest places, moves, or switches off the range. */
    public interface BarListener {
        /** The range answers from {@code base} on; an I/O port or a physical address. */
        void map(long base);

        /** The range answers no more. */
        void unmap();
    }

    private static final class Bar {
        final long size;
        final boolean io;
        final BarListener listener;
        long mapped = -1;

        Bar(long size, boolean io, BarListener listener) {
            this.size = size;
            this.io = io;
            this.listener = listener;
        }
    }

    /** @param classCode base class, subclass and programming interface: 24 bits */
    protected PciFunction(int vendor, int device, int classCode, int revision) {
        set(0x00, vendor, 2);
        set(0x02, device, 2);
        set(0x06, STATUS_MEDIUM_DEVSEL, 2);
        set(0x08, revision, 1);
        set(0x09, classCode, 3);
        allow(COMMAND, COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | 0x140 | COMMAND_INTX_DISABLE, 2);
        allow(0x0c, 0xff, 1);
        allow(0x0d, 0xff, 1);
        allow(INTERRUPT_LINE, 0xff, 1);
    }

    /** Says that functions 1 to 7 of the device may exist. */
    protected final void multiFunction() {
        set(0x0e, HEADER_MULTI_FUNCTION, 1);
    }

    /** Names the subsystem. */
    protected final void subsystem(int vendor, int id) {
        set(0x2c, vendor, 2);
        set(0x2e, id, 2);
    }

    /** The function uses INTA#. */
    protected final void usesInterruptPin() {
        set(INTERRUPT_PIN, 1, 1);
    }

    /** Gives {@code length} bytes at {@code offset} their value after reset, little-endian. */
    protected final void set(int offset, int value, int length) {
        for (int i = 0; i < length; i++) {
            byte b = (byte) (value >>> 8 * i);
            initial[offset + i] = b;
            config[offset + i] = b;
        }
    }

    /** Makes the bits of {@code mask} writable. */
    protected final void allow(int offset, int mask, int length) {
        for (int i = 0; i < length; i++) {
            writable[offset + i] = (byte) (mask >>> 8 * i);
        }
    }

    /**
     * Declares base address register {@code index}.
     *
     * @param size a power of two: at least 4 ports or 16 bytes of 32-bit memory
     */
    protected final void bar(int index, long size, boolean io, BarListener listener) {
        if (Long.bitCount(size) != 1 || size < (io ? 4 : 16) || size > 1L << 31) {
            throw new IllegalArgumentException("BAR size " + size);
        }
        bars[index] = new Bar(size, io, listener);
        set(BAR0 + 4 * index, io ? 1 : 0, 4);
        allow(BAR0 + 4 * index, (int) -size & (io ? ~3 : ~0xf), 4);
    }

    /** Called by the bus: where INTA# goes. */
    final void wire(InterruptLine line) {
        pin = line;
    }

    /** Called by the bus: where message-signalled interrupts go. */
    final void wire(MessageSink sink) {
        messages = sink;
    }

    /** Where the function writes message-signalled interrupts. */
    protected final MessageSink messages() {
        return messages;
    }

    /** Whether there is an INTA# that the function may assert. */
    public final boolean hasInterruptPin() {
        return readConfig(INTERRUPT_PIN, 8) != 0;
    }

    /** Size of the range that base address register {@code index} (0..5) decodes, in bytes or ports; 0 if it decodes nothing. */
    public final long barSize(int index) {
        return bars[index] == null ? 0 : bars[index].size;
    }

    /** Whether base address register {@code index} decodes I/O ports. */
    public final boolean isIoBar(int index) {
        return bars[index] != null && bars[index].io;
    }

    /** Drives INTA#, unless the command register disables it. */
    protected final void setInterrupt(boolean asserted) {
        pinAsserted = asserted;
        pin.set(asserted && (readConfig(COMMAND, 16) & COMMAND_INTX_DISABLE) == 0);
    }

    /** Reads 8, 16 or 32 bits of configuration space, naturally aligned. */
    public int readConfig(int offset, int bits) {
        int value = 0;
        for (int i = 0; i < bits / 8; i++) {
            value |= (config[offset + i] & 0xff) << 8 * i;
        }
        return value;
    }

    /** Writes the writable ones of 8, 16 or 32 bits, naturally aligned. */
    public void writeConfig(int offset, int value, int bits) {
        for (int i = 0; i < bits / 8; i++) {
            int at = offset + i;
            int mask = writable[at];
            config[at] = (byte) (config[at] & ~mask | value >>> 8 * i & mask);
        }
        if (offset < BAR0 + 4 * BARS) {
            placeBars();
            setInterrupt(pinAsserted);
        }
    }

    private void placeBars() {
        int command = readConfig(COMMAND, 16);
        for (int i = 0; i < BARS; i++) {
            Bar bar = bars[i];
            if (bar == null) {
                continue;
            }
            long base = readConfig(BAR0 + 4 * i, 32) & 0xffffffffL & -bar.size;
            boolean decoding = (command & (bar.io ? COMMAND_IO : COMMAND_MEMORY)) != 0;
            // 0 and the all-ones of sizing are not places.
            boolean place = base != 0 && base + bar.size <= (bar.io ? 0x10000L : 0xfec00000L);
            long wanted = decoding && place ? base : -1;
            if (wanted != bar.mapped) {
                if (bar.mapped >= 0) {
                    bar.listener.unmap();
                }
                bar.mapped = wanted;
                if (wanted >= 0) {
                    bar.listener.map(wanted);
                }
            }
        }
    }

    @Override
    public void reset() {
        System.arraycopy(initial, 0, config, 0, CONFIG_SIZE);
        placeBars();
        setInterrupt(false);
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.write(config);
        out.writeBoolean(pinAsserted);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        in.readFully(config);
        placeBars();
        setInterrupt(in.readBoolean());
    }

    @Override
    public String toString() {
        return name();
    }
}
