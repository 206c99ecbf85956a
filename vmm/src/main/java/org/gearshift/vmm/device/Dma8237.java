package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;

/**
 * The PC/AT's two 8237A DMA controllers (Intel 231466) and their page registers: the register file, since no device here requests ISA DMA.
 * Port 80h, the page register nobody uses, shows power-on self-test codes and belongs to {@link PostPort}.
 */
public final class Dma8237 implements Device, PortDevice {
    private static final int FIRST = 0x00;
    private static final int SECOND = 0xc0;
    private static final int PAGES = 0x81;
    private static final int PAGE_COUNT = 15;
    private static final int CONTROLLER_REGISTERS = 16;

    private static final int COMMAND_STATUS = 8;
    private static final int REQUEST = 9;
    private static final int SINGLE_MASK = 10;
    private static final int MODE = 11;
    private static final int CLEAR_FLIP_FLOP = 12;
    private static final int MASTER_CLEAR = 13;
    private static final int CLEAR_MASK = 14;
    private static final int ALL_MASK = 15;

    private static final class Controller {
        final int[] base = new int[8];
        final int[] modes = new int[4];
        int command;
        int request;
        int mask = 0xf;
        boolean high;

        void clear() {
            command = 0;
            request = 0;
            mask = 0xf;
            high = false;
        }
    }

    private final Controller[] controllers = {new Controller(), new Controller()};
    private final byte[] pages = new byte[PAGE_COUNT];

    /** Claims 00h-0Fh, C0h-DFh and the page registers 81h-8Fh. */
    public void attach(PortBus ports) {
        ports.register(FIRST, CONTROLLER_REGISTERS, this);
        ports.register(SECOND, 2 * CONTROLLER_REGISTERS, this);
        ports.register(PAGES, PAGE_COUNT, this);
    }

    @Override
    public int read(int port, int bits) {
        if (port >= PAGES && port < PAGES + PAGE_COUNT) {
            return pages[port - PAGES] & 0xff;
        }
        Controller controller = controllers[port >= SECOND ? 1 : 0];
        int register = register(port);
        if (register < COMMAND_STATUS) {
            int value = controller.base[register] >>> (controller.high ? 8 : 0) & 0xff;
            controller.high = !controller.high;
            return value;
        }
        // Status: requests in bits 4-7, no channel ever reached its terminal count; 0Dh is the temporary register, 0Fh reads the mask.
        return switch (register) {
            case COMMAND_STATUS -> controller.request << 4;
            case MASTER_CLEAR -> 0;
            case ALL_MASK -> controller.mask | 0xf0;
            default -> 0xff;
        };
    }

    @Override
    public void write(int port, int value, int bits) {
        if (port >= PAGES && port < PAGES + PAGE_COUNT) {
            pages[port - PAGES] = (byte) value;
            return;
        }
        Controller controller = controllers[port >= SECOND ? 1 : 0];
        int register = register(port);
        int channelBit = 1 << (value & 3);
        switch (register) {
            case COMMAND_STATUS -> controller.command = value;
            case REQUEST -> controller.request = (value & 4) != 0 ? controller.request | channelBit : controller.request & ~channelBit;
            case SINGLE_MASK -> controller.mask = (value & 4) != 0 ? controller.mask | channelBit : controller.mask & ~channelBit;
            case MODE -> controller.modes[value & 3] = value;
            case CLEAR_FLIP_FLOP -> controller.high = false;
            case MASTER_CLEAR -> controller.clear();
            case CLEAR_MASK -> controller.mask = 0;
            case ALL_MASK -> controller.mask = value & 0xf;
            default -> {
                int shift = controller.high ? 8 : 0;
                controller.base[register] = controller.base[register] & ~(0xff << shift) | value << shift;
                controller.high = !controller.high;
            }
        }
    }

    /** The second controller sits on the word bus: its registers are two ports apart. */
    private static int register(int port) {
        return port >= SECOND ? port - SECOND >>> 1 : port - FIRST;
    }

    @Override
    public String name() {
        return "dma";
    }

    @Override
    public void reset() {
        for (Controller controller : controllers) {
            controller.clear();
        }
        Arrays.fill(pages, (byte) 0);
    }

    @Override
    public void save(DataOutput out) throws IOException {
        for (Controller controller : controllers) {
            for (int value : controller.base) {
                out.writeShort(value);
            }
            for (int value : controller.modes) {
                out.writeByte(value);
            }
            out.writeByte(controller.command);
            out.writeByte(controller.request);
            out.writeByte(controller.mask);
            out.writeBoolean(controller.high);
        }
        out.write(pages);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        for (Controller controller : controllers) {
            for (int i = 0; i < controller.base.length; i++) {
                controller.base[i] = in.readUnsignedShort();
            }
            for (int i = 0; i < controller.modes.length; i++) {
                controller.modes[i] = in.readUnsignedByte();
            }
            controller.command = in.readUnsignedByte();
            controller.request = in.readUnsignedByte();
            controller.mask = in.readUnsignedByte();
            controller.high = in.readBoolean();
        }
        in.readFully(pages);
    }

    @Override
    public String toString() {
        return "dma";
    }
}
