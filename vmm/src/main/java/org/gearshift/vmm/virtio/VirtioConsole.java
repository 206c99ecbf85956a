package org.gearshift.vmm.virtio;

import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.gearshift.vmm.device.Device;
import org.gearshift.vmm.device.SerialBackend;

/** The console device with one port (VIRTIO 1.2, 5.3): Linux's {@code hvc0}. */
public final class VirtioConsole implements VirtioDevice {
    static final long F_SIZE = 1;
    static final long F_EMERG_WRITE = 1L << 2;

    private static final Logger LOG = System.getLogger(VirtioConsole.class.getName());
    private static final int TYPE = 3;
    private static final int CLASS_COMMUNICATION = 0x078000;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;
    private static final int QUEUE_SIZE = 64;
    private static final int CONFIGURATION = 12;
    private static final int EMERGENCY_WRITE = 8;
    private static final int PIECE = 4096;
    /** Longest text in one request: a driver sends a page at most. */
    private static final int MAX_REQUEST = 1 << 20;
    /** Input kept for a guest that does not read it. */
    private static final int MAX_INPUT = 1 << 16;

    private final SerialBackend output;
    private VirtioTransport transport;
    private ByteArrayOutputStream input = new ByteArrayOutputStream();
    private int columns;
    private int rows;
    private boolean overflowLogged;
    private long received;
    private long transmitted;

    /**
     * A console.
     *
     * @param output where what the guest writes goes
     * @param columns width and height in characters; 0 if not known
     */
    public VirtioConsole(SerialBackend output, int columns, int rows) {
        this.output = output;
        this.columns = columns;
        this.rows = rows;
    }

    @Override
    public String name() {
        return "virtio-console";
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int classCode() {
        return CLASS_COMMUNICATION;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    public long deviceFeatures() {
        return F_EMERG_WRITE | (columns > 0 ? F_SIZE : 0);
    }

    @Override
    public int configurationSize() {
        return CONFIGURATION;
    }

    /** The layout of 5.3.4: columns, rows, number of ports, and the emergency write register, which reads as 0. */
    @Override
    public int readConfiguration(int offset) {
        return switch (offset) {
            case 0, 1 -> columns >>> 8 * offset & 0xff;
            case 2, 3 -> rows >>> 8 * (offset - 2) & 0xff;
            case 4 -> 1;
            default -> 0;
        };
    }

    @Override
    public void writeConfiguration(int offset, int value) {
        if (offset == EMERGENCY_WRITE) {
            output.transmit((byte) value);
        }
    }

    @Override
    public void attach(VirtioTransport to) {
        transport = to;
    }

    /** A byte from the host's side; any thread. */
    public void receive(byte b) {
        transport.hostWork().post(() -> take(b));
    }

    /** The window has another size now, in characters; any thread. */
    public void resize(int width, int height) {
        transport.hostWork().post(() -> {
            columns = width;
            rows = height;
            transport.configurationChanged();
        });
    }

    /** The same on the thread that drives the devices. */
    public void take(byte b) {
        if (input.size() >= MAX_INPUT) {
            LOG.log(overflowLogged ? Level.DEBUG : Level.WARNING, "{0}: the guest does not read its input; it is lost", name());
            overflowLogged = true;
            return;
        }
        input.write(b);
        if (transport.isRunning()) {
            try {
                deliver();
            } catch (MalformedQueueException e) {
                transport.broken(e.getMessage());
            }
        }
    }

    private void deliver() throws MalformedQueueException {
        Virtqueue queue = transport.queue(RECEIVE);
        while (input.size() > 0) {
            DescriptorChain buffer = queue.next();
            if (buffer == null) {
                break;
            }
            byte[] bytes = input.toByteArray();
            int n = (int) Math.min(bytes.length, buffer.writable());
            buffer.write(0, bytes, 0, n);
            queue.complete(buffer, n);
            input.reset();
            input.write(bytes, n, bytes.length - n);
            received += n;
        }
        queue.interruptDriver();
    }

    @Override
    public void notified(int index) throws MalformedQueueException {
        if (index == RECEIVE) {
            deliver();
            return;
        }
        Virtqueue queue = transport.queue(TRANSMIT);
        for (DescriptorChain text = queue.next(); text != null; text = queue.next()) {
            if (text.readable() > MAX_REQUEST) {
                throw new MalformedQueueException("a text of " + text.readable() + " bytes for the console");
            }
            byte[] piece = new byte[(int) Math.min(PIECE, text.readable())];
            for (long at = 0; at < text.readable(); at += piece.length) {
                int n = (int) Math.min(piece.length, text.readable() - at);
                text.read(at, piece, 0, n);
                for (int i = 0; i < n; i++) {
                    output.transmit(piece[i]);
                }
                transmitted += n;
            }
            queue.complete(text, 0);
        }
        queue.interruptDriver();
    }

    @Override
    public void reset() {
        overflowLogged = false;
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.writeShort(columns);
        out.writeShort(rows);
        out.writeInt(input.size());
        out.write(input.toByteArray());
    }

    @Override
    public void restore(DataInput in) throws IOException {
        columns = in.readUnsignedShort();
        rows = in.readUnsignedShort();
        int length = in.readInt();
        if (length < 0 || length > MAX_INPUT) {
            throw new IOException(name() + ": " + length + " bytes of input");
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        input = new ByteArrayOutputStream();
        input.writeBytes(bytes);
    }

    @Override
    public void counters(Device.CounterSink sink) {
        sink.count("bytes.received", received);
        sink.count("bytes.transmitted", transmitted);
    }
}
