package org.gearshift.vmm.virtio;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.vmm.device.Device;

/** One kind of virtio device, without its transport (VIRTIO 1.2, ch. 5). */
public interface VirtioDevice {
    /** Short name for logs, counters and snapshots. */
    String name();

    /** Device type as in VIRTIO 1.2 ch. 5: 1 network, 2 block, 3 console, 4 entropy ... */
    int type();

    /** PCI class code, 24 bits. */
    int classCode();

    /** The largest size of each virtqueue: powers of two up to {@link Virtqueue#MAX_SIZE}. */
    int[] queueSizes();

    /** Feature bits the device offers besides those of transport and queues: 0 to 23, and 50 up. */
    long deviceFeatures();

    /** Size of the device's configuration space in bytes. */
    int configurationSize();

    /** Byte {@code offset} of the device's configuration space, 0..255; offset is below {@link #configurationSize}. */
    int readConfiguration(int offset);

    /** The driver writes a byte of the configuration space. */
    default void writeConfiguration(int offset, int value) {
    }

    /** Called once, when the device is plugged in. */
    void attach(VirtioTransport transport);

    /** The driver is ready: queues and {@link VirtioTransport#features} are set up. */
    default void start() {
    }

    /** The driver has added something to virtqueue {@code queue}, or may have. Called only while the device runs. */
    void notified(int queue) throws MalformedQueueException;

    /** Back to the state after power-on. Chains taken from queues are forgotten; completing them has no effect. */
    void reset();

    /** Finishes all that is under way, so that no chain is held, and writes the device's own state. */
    void save(DataOutput out) throws IOException;

    /** Reads what {@link #save} wrote. */
    void restore(DataInput in) throws IOException;

    /** Tells every counter of the device. */
    default void counters(Device.CounterSink sink) {
    }
}
