package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;

/**
 * Single registers of the board: system control port A at 92h (IBM PS/2 Hardware Interface Technical Reference), the coprocessor's busy
 * latch at F0h (IBM PC/AT Technical Reference) and the PIIX reset control register at CF9h (Intel 290550).
 */
public final class SystemPorts implements Device, PortDevice {
    /** System control port A. */
    public static final int PORT_A = 0x92;
    /** Writing clears the coprocessor's error interrupt, and makes the processor ignore the error for as long as it lasts. */
    public static final int COPROCESSOR_CLEAR = 0xf0;
    /** Reset control register. */
    public static final int RESET_CONTROL = 0xcf9;
    /** Value for {@link #RESET_CONTROL} that resets the machine. */
    public static final int RESET_CONTROL_HARD = 0x06;

    private static final int PORT_A_RESET = 0x01;
    private static final int PORT_A_A20 = 0x02;
    private static final int RESET_CPU = 0x04;
    private static final int RESET_CONTROL_KEPT = 0x02;

    private final A20Gate a20;
    private final InterruptLine irq13;
    private final Runnable resetMachine;
    private int portA;
    private int resetControl;
    private boolean error;
    private boolean errorIgnored;

    /**
     * @param irq13 the coprocessor's interrupt
     * @param resetMachine called when the guest asks for a reset
     */
    public SystemPorts(A20Gate a20, InterruptLine irq13, Runnable resetMachine) {
        this.a20 = a20;
        this.irq13 = irq13;
        this.resetMachine = resetMachine;
    }

    /** Claims 92h, F0h, F1h and CF9h. */
    public void attach(PortBus ports) {
        ports.register(PORT_A, 1, this);
        ports.register(COPROCESSOR_CLEAR, 2, this);
        ports.register(RESET_CONTROL, 1, this);
    }

    /** The processor's FERR# pin: only its edge sets the latch, and IGNNE# goes inactive with it. */
    public void coprocessorError(boolean active) {
        if (active && !error) {
            irq13.set(true);
        }
        error = active;
        errorIgnored &= active;
    }

    /** The processor's IGNNE# pin. */
    public boolean coprocessorErrorIgnored() {
        return errorIgnored;
    }

    @Override
    public int read(int port, int bits) {
        return switch (port) {
            case PORT_A -> portA & ~PORT_A_A20 | (a20.isEnabled() ? PORT_A_A20 : 0);
            case RESET_CONTROL -> resetControl;
            default -> 0xff;
        };
    }

    @Override
    public void write(int port, int value, int bits) {
        switch (port) {
            case PORT_A -> {
                boolean rising = (value & ~portA & PORT_A_RESET) != 0;
                portA = value & 0xff;
                a20.set((value & PORT_A_A20) != 0);
                if (rising) {
                    resetMachine.run();
                }
            }
            case RESET_CONTROL -> {
                resetControl = value & RESET_CONTROL_KEPT;
                if ((value & RESET_CPU) != 0) {
                    resetMachine.run();
                }
            }
            default -> {
                irq13.set(false);
                errorIgnored = error;
            }
        }
    }

    @Override
    public String name() {
        return "system-ports";
    }

    @Override
    public void reset() {
        portA = 0;
        resetControl = 0;
        error = false;
        errorIgnored = false;
        irq13.set(false);
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.writeByte(portA);
        out.writeByte(resetControl);
        out.writeBoolean(error);
        out.writeBoolean(errorIgnored);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        portA = in.readUnsignedByte();
        resetControl = in.readUnsignedByte();
        error = in.readBoolean();
        errorIgnored = in.readBoolean();
    }

    @Override
    public String toString() {
        return "system-ports";
    }
}
