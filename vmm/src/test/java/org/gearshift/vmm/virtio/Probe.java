package org.gearshift.vmm.virtio;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A device that only keeps what it gets: two queues, a few bytes of configuration. */
final class Probe implements VirtioDevice {
    static final long FEATURE = 1L << 5;

    final List<DescriptorChain> requests = new ArrayList<>();
    final byte[] configuration = {'c', 'o', 'n', 'f', 'i', 'g', 0, 1, 2, 3};
    VirtioTransport transport;
    int starts;
    int resets;
    int notifications;
    /** Completes each request with one byte written, and interrupts. */
    boolean completes = true;

    @Override
    public String name() {
        return "probe";
    }

    @Override
    public int type() {
        return 4;
    }

    @Override
    public int classCode() {
        return 0x00ff00;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {16, 8};
    }

    @Override
    public long deviceFeatures() {
        return FEATURE;
    }

    @Override
    public int configurationSize() {
        return configuration.length;
    }

    @Override
    public int readConfiguration(int offset) {
        return configuration[offset];
    }

    @Override
    public void writeConfiguration(int offset, int value) {
        configuration[offset] = (byte) value;
    }

    @Override
    public void attach(VirtioTransport to) {
        transport = to;
    }

    @Override
    public void start() {
        starts++;
    }

    @Override
    public void notified(int index) throws MalformedQueueException {
        notifications++;
        Virtqueue queue = transport.queue(index);
        for (DescriptorChain c = queue.next(); c != null; c = queue.next()) {
            requests.add(c);
            if (completes) {
                if (c.writable() > 0) {
                    c.put(0, 0x5a, 1);
                }
                queue.complete(c, Math.min(1, c.writable()));
            }
        }
        queue.interruptDriver();
    }

    @Override
    public void reset() {
        resets++;
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.writeInt(starts);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        starts = in.readInt();
    }
}
