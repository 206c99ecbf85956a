package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;

/**
 * The 8042 keyboard and auxiliary device controller (IBM PS/2 Hardware Interface Technical Reference, "Keyboard and auxiliary device
 * controller") with a keyboard and a mouse plugged in. Commands take no time: the input buffer is never seen full.
 */
public final class I8042 implements Device, PortDevice {
    /** Data port. */
    public static final int DATA = 0x60;
    /** Status (read) and command (write) port. */
    public static final int COMMAND = 0x64;

    private static final int STATUS_OUTPUT_FULL = 0x01;
    private static final int STATUS_SYSTEM = 0x04;
    private static final int STATUS_WAS_COMMAND = 0x08;
    private static final int STATUS_UNLOCKED = 0x10;
    private static final int STATUS_AUX_DATA = 0x20;

    private static final int MODE_KEYBOARD_INTERRUPT = 0x01;
    private static final int MODE_AUX_INTERRUPT = 0x02;
    private static final int MODE_SYSTEM = 0x04;
    private static final int MODE_KEYBOARD_DISABLED = 0x10;
    private static final int MODE_AUX_DISABLED = 0x20;
    private static final int MODE_TRANSLATE = 0x40;

    private static final int READ_RAM = 0x20;
    private static final int WRITE_RAM = 0x60;
    private static final int DISABLE_AUX = 0xa7;
    private static final int ENABLE_AUX = 0xa8;
    private static final int TEST_AUX = 0xa9;
    private static final int SELF_TEST = 0xaa;
    private static final int TEST_KEYBOARD = 0xab;
    private static final int DISABLE_KEYBOARD = 0xad;
    private static final int ENABLE_KEYBOARD = 0xae;
    private static final int READ_INPUT_PORT = 0xc0;
    private static final int READ_OUTPUT_PORT = 0xd0;
    private static final int WRITE_OUTPUT_PORT = 0xd1;
    private static final int WRITE_KEYBOARD_BUFFER = 0xd2;
    private static final int WRITE_AUX_BUFFER = 0xd3;
    private static final int WRITE_AUX = 0xd4;
    private static final int DISABLE_A20 = 0xdd;
    private static final int ENABLE_A20 = 0xdf;
    private static final int PULSE = 0xf0;

    private static final int OUTPUT_PORT_NO_RESET = 0x01;
    private static final int OUTPUT_PORT_A20 = 0x02;
    private static final int OUTPUT_PORT_KEYBOARD_FULL = 0x10;
    private static final int OUTPUT_PORT_AUX_FULL = 0x20;
    private static final int OUTPUT_PORT_PULLED_UP = 0xcc;
    /** Keyboard lock open. */
    private static final int INPUT_PORT = 0x80;
    private static final int SELF_TEST_PASSED = 0x55;

    /** Where the byte in the output buffer comes from. */
    private enum Source { NONE, CONTROLLER, KEYBOARD, AUX }

    private final InterruptLine irq1;
    private final InterruptLine irq12;
    private final A20Gate a20;
    private final Runnable resetProcessor;
    private final Ps2Keyboard keyboard = new Ps2Keyboard();
    private final Ps2Mouse mouse = new Ps2Mouse();
    private final byte[] ram = new byte[32];
    private Source source = Source.NONE;
    private int output;
    /** The command that waits for a byte at the data port, or 0. */
    private int pendingCommand;
    private boolean lastWasCommand;
    private boolean breakPrefix;
    private long keyboardBytes;
    private long auxBytes;

    /** @param resetProcessor pulls the processor's reset line */
    public I8042(InterruptLine irq1, InterruptLine irq12, A20Gate a20, Runnable resetProcessor) {
        this.irq1 = irq1;
        this.irq12 = irq12;
        this.a20 = a20;
        this.resetProcessor = resetProcessor;
        reset();
    }

    /** Claims 60h and 64h. */
    public void attach(PortBus ports) {
        ports.register(DATA, 1, this);
        ports.register(COMMAND, 1, this);
    }

    /** What the user types: scan code set 2 bytes that belong together. Any thread. */
    public void key(byte... scanCodes) {
        keyboard.input(scanCodes);
    }

    /** What the mouse reports: one three-byte packet. Any thread. */
    public void mouse(byte... packet) {
        mouse.input(packet);
    }

    /** What to call, on the host's thread, after input. */
    public void onInput(Runnable action) {
        keyboard.onInput(action);
        mouse.onInput(action);
    }

    /** Keyboard lamps: scroll lock bit 0, num lock bit 1, caps lock bit 2. */
    public int leds() {
        return keyboard.leds();
    }

    /** Takes the host's input over; on the vCPU thread. */
    public void poll() {
        boolean any = keyboard.poll();
        any |= mouse.poll();
        if (any) {
            fill();
        }
    }

    @Override
    public int read(int port, int bits) {
        return port == DATA ? readData() : status();
    }

    @Override
    public void write(int port, int value, int bits) {
        if (port == COMMAND) {
            lastWasCommand = true;
            pendingCommand = 0;
            command(value);
        } else {
            lastWasCommand = false;
            writeData(value);
        }
        fill();
    }

    private int status() {
        return (source != Source.NONE ? STATUS_OUTPUT_FULL : 0) | (source == Source.AUX ? STATUS_AUX_DATA : 0)
                | ((ram[0] & MODE_SYSTEM) != 0 ? STATUS_SYSTEM : 0) | (lastWasCommand ? STATUS_WAS_COMMAND : 0) | STATUS_UNLOCKED;
    }

    private int readData() {
        int value = output;
        source = Source.NONE;
        updateLines();
        fill();
        return value;
    }

    private void command(int value) {
        if (value >= READ_RAM && value < READ_RAM + ram.length) {
            answer(ram[value & 0x1f]);
            return;
        }
        if (value >= WRITE_RAM && value < WRITE_RAM + ram.length) {
            pendingCommand = value;
            return;
        }
        if (value >= PULSE) {
            // Bits 0-3 clear pull the output port's lines; line 0 is the processor's reset.
            if ((value & OUTPUT_PORT_NO_RESET) == 0) {
                resetProcessor.run();
            }
            return;
        }
        switch (value) {
            case DISABLE_AUX -> ram[0] |= MODE_AUX_DISABLED;
            case ENABLE_AUX -> ram[0] &= ~MODE_AUX_DISABLED;
            case TEST_AUX, TEST_KEYBOARD -> answer(0);
            case SELF_TEST -> {
                ram[0] |= MODE_SYSTEM;
                answer(SELF_TEST_PASSED);
            }
            case DISABLE_KEYBOARD -> ram[0] |= MODE_KEYBOARD_DISABLED;
            case ENABLE_KEYBOARD -> ram[0] &= ~MODE_KEYBOARD_DISABLED;
            case READ_INPUT_PORT -> answer(INPUT_PORT);
            case READ_OUTPUT_PORT -> answer(outputPort());
            case WRITE_OUTPUT_PORT, WRITE_KEYBOARD_BUFFER, WRITE_AUX_BUFFER, WRITE_AUX -> pendingCommand = value;
            case DISABLE_A20 -> a20.set(false);
            case ENABLE_A20 -> a20.set(true);
            default -> System.getLogger(I8042.class.getName()).log(Level.DEBUG, "controller command {0} ignored",
                    Integer.toHexString(value));
        }
    }

    private void writeData(int value) {
        int command = pendingCommand;
        pendingCommand = 0;
        if (command >= WRITE_RAM && command < WRITE_RAM + ram.length) {
            ram[command & 0x1f] = (byte) value;
            updateLines();
            return;
        }
        switch (command) {
            case WRITE_OUTPUT_PORT -> {
                a20.set((value & OUTPUT_PORT_A20) != 0);
                if ((value & OUTPUT_PORT_NO_RESET) == 0) {
                    resetProcessor.run();
                }
            }
            case WRITE_KEYBOARD_BUFFER -> put(Source.KEYBOARD, value);
            case WRITE_AUX_BUFFER -> put(Source.AUX, value);
            case WRITE_AUX -> {
                ram[0] &= ~MODE_AUX_DISABLED;
                mouse.command(value);
            }
            default -> {
                // Sending to the keyboard switches its interface on.
                ram[0] &= ~MODE_KEYBOARD_DISABLED;
                keyboard.command(value);
            }
        }
    }

    private int outputPort() {
        return OUTPUT_PORT_PULLED_UP | OUTPUT_PORT_NO_RESET | (a20.isEnabled() ? OUTPUT_PORT_A20 : 0)
                | (source == Source.KEYBOARD ? OUTPUT_PORT_KEYBOARD_FULL : 0) | (source == Source.AUX ? OUTPUT_PORT_AUX_FULL : 0);
    }

    private void answer(int value) {
        put(Source.CONTROLLER, value);
    }

    private void put(Source from, int value) {
        // A byte that takes the place of an unread one needs an edge of its own.
        source = Source.NONE;
        updateLines();
        source = from;
        output = value & 0xff;
        updateLines();
    }

    /** Lets the devices fill the empty output buffer, the keyboard first. */
    private void fill() {
        while (source == Source.NONE && keyboard.hasOutput() && (ram[0] & MODE_KEYBOARD_DISABLED) == 0) {
            int code = keyboard.nextOutput();
            keyboardBytes++;
            if ((ram[0] & MODE_TRANSLATE) == 0) {
                put(Source.KEYBOARD, code);
            } else if (code == ScanCodes.BREAK) {
                breakPrefix = true;
            } else {
                put(Source.KEYBOARD, ScanCodes.toSet1(code) | (breakPrefix ? 0x80 : 0));
                breakPrefix = false;
            }
        }
        if (source == Source.NONE && mouse.hasOutput() && (ram[0] & MODE_AUX_DISABLED) == 0) {
            auxBytes++;
            put(Source.AUX, mouse.nextOutput());
        }
    }

    /** Answers of the controller interrupt like the keyboard's. */
    private void updateLines() {
        irq1.set((source == Source.KEYBOARD || source == Source.CONTROLLER) && (ram[0] & MODE_KEYBOARD_INTERRUPT) != 0);
        irq12.set(source == Source.AUX && (ram[0] & MODE_AUX_INTERRUPT) != 0);
    }

    @Override
    public String name() {
        return "i8042";
    }

    /** As firmware leaves it: both devices idle, translation on, interrupts off. */
    @Override
    public void reset() {
        Arrays.fill(ram, (byte) 0);
        ram[0] = MODE_SYSTEM | MODE_TRANSLATE | MODE_AUX_DISABLED;
        source = Source.NONE;
        pendingCommand = 0;
        lastWasCommand = false;
        breakPrefix = false;
        keyboard.reset();
        mouse.reset();
        a20.set(true);
        updateLines();
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.write(ram);
        out.writeByte(source.ordinal());
        out.writeByte(output);
        out.writeByte(pendingCommand);
        out.writeBoolean(lastWasCommand);
        out.writeBoolean(breakPrefix);
        out.writeBoolean(a20.isEnabled());
        keyboard.save(out);
        mouse.save(out);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        in.readFully(ram);
        int ordinal = in.readUnsignedByte();
        if (ordinal >= Source.values().length) {
            throw new IOException("i8042: output buffer source " + ordinal);
        }
        source = Source.values()[ordinal];
        output = in.readUnsignedByte();
        pendingCommand = in.readUnsignedByte();
        lastWasCommand = in.readBoolean();
        breakPrefix = in.readBoolean();
        a20.set(in.readBoolean());
        keyboard.restore(in);
        mouse.restore(in);
        updateLines();
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("keyboard.bytes", keyboardBytes);
        sink.count("aux.bytes", auxBytes);
    }

    @Override
    public String toString() {
        return "i8042";
    }
}
