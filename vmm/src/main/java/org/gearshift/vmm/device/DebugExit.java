package org.gearshift.vmm.device;

import java.util.function.IntConsumer;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;

/** A port by which test programs end the machine (after QEMU's isa-debug-exit): writing v asks for exit code 2v+1. It has no state. */
public final class DebugExit implements PortDevice {
    /** First of four ports. */
    public static final int PORT = 0xf4;

    private final IntConsumer exit;

    /** @param exit gets the exit code */
    public DebugExit(IntConsumer exit) {
        this.exit = exit;
    }

    /** Claims F4h-F7h. */
    public void attach(PortBus ports) {
        ports.register(PORT, 4, this);
    }

    @Override
    public int widthAt(int port) {
        return port == PORT ? 32 : 8;
    }

    @Override
    public int read(int port, int bits) {
        return 0;
    }

    @Override
    public void write(int port, int value, int bits) {
        exit.accept(value << 1 | 1);
    }

    @Override
    public String toString() {
        return "debug-exit";
    }
}
