package org.gearshift.vmm.virtio;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.vmm.device.Device;

/** The entropy device (VIRTIO 1.2, 5.4): fills whatever buffers the driver gives with random bytes. */
public final class VirtioRng implements VirtioDevice {
    private static final int TYPE = 4;
    private static final int CLASS_OTHER = 0x00ff00;
    private static final int QUEUE_SIZE = 64;
    /** Most bytes for one request: drivers take what they get, and a huge buffer shall not hold up the machine. */
    private static final int MAX_BYTES = 1 << 16;

    private final EntropySource source;
    private VirtioTransport transport;
    private long bytes;

    /** @param source where the bytes come from */
    public VirtioRng(EntropySource source) {
        this.source = source;
    }

    @Override
    public String name() {
        return "virtio-rng";
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int classCode() {
        return CLASS_OTHER;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE};
    }

    @Override
    public long deviceFeatures() {
        return 0;
    }

    @Override
    public int configurationSize() {
        return 0;
    }

    @Override
    public int readConfiguration(int offset) {
        return 0;
    }

    @Override
    public void attach(VirtioTransport to) {
        transport = to;
    }

    @Override
    public void notified(int index) throws MalformedQueueException {
        Virtqueue queue = transport.queue(index);
        for (DescriptorChain request = queue.next(); request != null; request = queue.next()) {
            int length = (int) Math.min(request.writable(), MAX_BYTES);
            request.write(0, source.next(length), 0, length);
            bytes += length;
            queue.complete(request, length);
        }
        queue.interruptDriver();
    }

    @Override
    public void reset() {
        // Every request is answered at once: nothing is left over.
    }

    @Override
    public void save(DataOutput out) throws IOException {
        source.save(out);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        source.restore(in);
    }

    @Override
    public void counters(Device.CounterSink sink) {
        sink.count("bytes", bytes);
    }
}
