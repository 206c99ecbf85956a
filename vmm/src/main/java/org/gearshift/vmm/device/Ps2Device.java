package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What keyboard and mouse share (IBM PS/2 Hardware Interface Technical Reference, "Keyboard" and "Auxiliary device"): commands with
 * acknowledges, a queue of bytes towards the controller, and input that another thread delivers.
 */
abstract class Ps2Device {
    static final int ACKNOWLEDGE = 0xfa;
    static final int SELF_TEST_PASSED = 0xaa;
    static final int RESEND = 0xfe;
    private static final int QUEUE_LIMIT = 256;

    private final ArrayDeque<Byte> output = new ArrayDeque<>();
    private final ConcurrentLinkedQueue<byte[]> fromHost = new ConcurrentLinkedQueue<>();
    private volatile Runnable wakeUp = () -> { };
    private int lastSent;
    /** The command that waits for its parameter byte, or 0. */
    int awaiting;

    /** A byte from the controller. */
    abstract void command(int value);

    abstract void reset();

    /** True if the device reports what its user does. */
    abstract boolean reporting();

    final void onInput(Runnable action) {
        wakeUp = action;
    }

    /** Bytes that belong together; by any thread. */
    final void input(byte[] report) {
        fromHost.add(report);
        wakeUp.run();
    }

    /** Takes the host's input over; what the device may not report, or has no room for, is lost. */
    final boolean poll() {
        boolean any = false;
        byte[] report;
        while ((report = fromHost.poll()) != null) {
            if (reporting() && output.size() + report.length <= QUEUE_LIMIT) {
                for (byte b : report) {
                    output.add(b);
                }
                any = true;
            }
        }
        return any;
    }

    final void send(int value) {
        output.add((byte) value);
    }

    final void clearOutput() {
        output.clear();
    }

    final void resend() {
        output.addFirst((byte) lastSent);
    }

    final boolean hasOutput() {
        return !output.isEmpty();
    }

    final int nextOutput() {
        lastSent = output.remove() & 0xff;
        return lastSent;
    }

    void save(DataOutput out) throws IOException {
        out.writeShort(output.size());
        for (byte b : output) {
            out.writeByte(b);
        }
        out.writeByte(lastSent);
        out.writeByte(awaiting);
    }

    void restore(DataInput in) throws IOException {
        output.clear();
        int size = in.readUnsignedShort();
        for (int i = 0; i < size; i++) {
            output.add(in.readByte());
        }
        lastSent = in.readUnsignedByte();
        awaiting = in.readUnsignedByte();
    }
}
