package org.gearshift.vmm.virtio;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.device.Device;
import org.gearshift.vmm.net.EthernetNetwork;
import org.gearshift.vmm.net.EthernetStation;
import org.gearshift.vmm.net.Frame;

/**
 * The network device (VIRTIO 1.2, 5.1) on an {@link EthernetNetwork}: one pair of queues, mergeable receive buffers, and checksums and segmentation of TCP over
 * IPv4 left to whoever needs them. Between guest and network nobody does, so that most of the work of a network is not done at all.
 */
public final class VirtioNet implements VirtioDevice, EthernetStation {
    static final long F_CSUM = 1L << 0;
    static final long F_GUEST_CSUM = 1L << 1;
    static final long F_MAC = 1L << 5;
    static final long F_GUEST_TSO4 = 1L << 7;
    static final long F_HOST_TSO4 = 1L << 11;
    static final long F_MRG_RXBUF = 1L << 15;
    static final long F_STATUS = 1L << 16;

    static final int RECEIVE = 0;
    static final int TRANSMIT = 1;
    /** Header before each frame, with num_buffers (5.1.6). */
    static final int HEADER = 12;
    /** The same without, as legacy drivers have it who do not merge buffers. */
    static final int SHORT_HEADER = 10;
    static final int HDR_F_NEEDS_CSUM = 1;
    static final int HDR_GSO_TCPV4 = 1;

    private static final int HDR_GSO_ECN = 0x80;
    private static final int TYPE = 1;
    private static final int CLASS_ETHERNET = 0x020000;
    private static final int QUEUE_SIZE = 256;
    private static final int MAC_BYTES = 6;
    private static final int STATUS_OFFSET = 6;
    private static final int STATUS_LINK_UP = 1;
    private static final int CONFIGURATION = 8;
    private static final int ETHERNET_HEADER = 14;
    private static final int IPV4_HEADER = 20;
    private static final int TCP_HEADER = 20;
    /** Frames taken in one go; other devices wait meanwhile. */
    private static final int FRAMES_A_TURN = 1024;
    /**
     * From a notification until frames are taken, unless the guest goes idle before: what follows meanwhile is taken with the first, for one notification and
     * one interrupt, and TCP that finds its frames not yet sent makes larger ones.
     */
    private static final long GATHER_NANOS = 500_000;

    private final EthernetNetwork network;
    private final long mac;
    private final Frame frame = new Frame();
    private final byte[] header = new byte[HEADER];
    /** Receive buffers taken from the queue, in their order. */
    private final ArrayDeque<DescriptorChain> held = new ArrayDeque<>();
    private long heldBytes;
    private DescriptorChain[] used = new DescriptorChain[64];
    private int[] written = new int[64];
    private VirtioTransport transport;
    private EventQueue.Event gathered;
    private boolean delivering;
    private boolean delivered;
    private long malformed;
    private long tooSmall;

    /**
     * @param network what the interface is plugged into
     * @param mac its Ethernet address
     */
    public VirtioNet(EthernetNetwork network, long mac) {
        this.network = network;
        this.mac = mac;
    }

    @Override
    public String name() {
        return "virtio-net";
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int classCode() {
        return CLASS_ETHERNET;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    public long deviceFeatures() {
        return F_CSUM | F_GUEST_CSUM | F_MAC | F_GUEST_TSO4 | F_HOST_TSO4 | F_MRG_RXBUF | F_STATUS;
    }

    @Override
    public int configurationSize() {
        return CONFIGURATION;
    }

    @Override
    public int readConfiguration(int offset) {
        if (offset < MAC_BYTES) {
            return (int) (mac >>> 8 * (MAC_BYTES - 1 - offset)) & 0xff;
        }
        return offset == STATUS_OFFSET ? STATUS_LINK_UP : 0;
    }

    @Override
    public void attach(VirtioTransport to) {
        transport = to;
        gathered = to.events().event(this::transmit);
        network.connect(this);
    }

    @Override
    public void start() {
        network.stationReady();
    }

    private boolean has(long feature) {
        return (transport.features() & feature) != 0;
    }

    private int headerSize() {
        return has(Feature.VERSION_1 | F_MRG_RXBUF) ? HEADER : SHORT_HEADER;
    }

    @Override
    public void notified(int queue) throws MalformedQueueException {
        if (queue == RECEIVE) {
            network.stationReady();
            transport.queue(RECEIVE).interruptDriver();
        } else if (!gathered.isArmed()) {
            gathered.armAtLatest(transport.clock().nanos() + GATHER_NANOS);
        }
    }

    private void transmit() {
        if (!transport.isRunning()) {
            return;
        }
        delivering = true;
        try {
            takeFrames(transport.queue(TRANSMIT));
        } catch (MalformedQueueException e) {
            transport.broken(e.getMessage());
        }
        network.flush();
        delivering = false;
        transport.queue(TRANSMIT).interruptDriver();
        interruptReceiver();
    }

    private void takeFrames(Virtqueue queue) throws MalformedQueueException {
        int frames = 0;
        for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
            if (parse(chain)) {
                network.send(frame);
            } else {
                malformed++;
            }
            queue.complete(chain, 0);
            if (++frames == FRAMES_A_TURN) {
                gathered.armAtLatest(transport.clock().nanos() + GATHER_NANOS);
                break;
            }
        }
    }

    /** Reads header and frame. @return false if they make no sense */
    private boolean parse(DescriptorChain chain) {
        int size = headerSize();
        long length = chain.readable() - size;
        if (length < ETHERNET_HEADER || length > Frame.MAX_LENGTH) {
            return false;
        }
        chain.read(0, header, 0, size);
        frame.begin((int) length);
        chain.read(size, frame.bytes(), 0, (int) length);
        int gso = header[1] & ~HDR_GSO_ECN;
        if (gso != 0 && (gso != HDR_GSO_TCPV4 || !has(F_HOST_TSO4) || u16(4) == 0)) {
            return false;
        }
        if ((header[0] & HDR_F_NEEDS_CSUM) != 0) {
            if (!has(F_CSUM) || u16(6) + u16(8) + 2 > length) {
                return false;
            }
            frame.partialChecksum(u16(6), u16(8));
        } else if (gso != 0) {
            return false;
        }
        frame.segmentSize(gso == 0 ? 0 : u16(4));
        return true;
    }

    private int u16(int at) {
        return header[at] & 0xff | (header[at + 1] & 0xff) << 8;
    }

    private void put16(int at, int value) {
        header[at] = (byte) value;
        header[at + 1] = (byte) (value >>> 8);
    }

    @Override
    public boolean ready() {
        return hold(1);
    }

    /** Takes receive buffers from the queue until they have {@code bytes} together. @return false if there are not enough */
    private boolean hold(long bytes) {
        if (!transport.isRunning()) {
            return false;
        }
        try {
            while (heldBytes < bytes) {
                DescriptorChain chain = transport.queue(RECEIVE).next();
                if (chain == null) {
                    return false;
                }
                held.add(chain);
                heldBytes += chain.writable();
                if (chain.writable() == 0) {
                    throw new MalformedQueueException("a receive buffer that cannot be written");
                }
            }
            return true;
        } catch (MalformedQueueException e) {
            transport.broken(e.getMessage());
            return false;
        }
    }

    @Override
    public boolean receive(Frame f) {
        int headerSize = headerSize();
        int total = headerSize + f.length();
        boolean merge = has(F_MRG_RXBUF);
        if (!hold(merge ? total : 1)) {
            boolean hopeless = held.size() >= transport.queue(RECEIVE).size();
            // All the driver can provide is here and does not suffice: lost, or nothing would ever be received again.
            tooSmall += hopeless ? 1 : 0;
            return hopeless;
        }
        if (held.peek().writable() < (merge ? headerSize : total)) {
            // 5.1.6.3.1 wants room for a frame in each buffer, or for the header where frames may span several.
            tooSmall++;
            return true;
        }
        writeHeader(f);
        int count = 0;
        int done = 0;
        while (done < f.length()) {
            DescriptorChain chain = held.remove();
            heldBytes -= chain.writable();
            int skip = count == 0 ? headerSize : 0;
            int part = (int) Math.min(f.length() - done, chain.writable() - skip);
            chain.write(skip, f.bytes(), done, part);
            remember(count++, chain, skip + part);
            done += part;
        }
        put16(HEADER - 2, merge ? count : 1);
        used[0].write(0, header, 0, headerSize);
        transport.queue(RECEIVE).completeTogether(used, written, count);
        delivered = true;
        if (!delivering) {
            interruptReceiver();
        }
        return true;
    }

    private void remember(int at, DescriptorChain chain, int bytes) {
        if (at == used.length) {
            used = Arrays.copyOf(used, 2 * at);
            written = Arrays.copyOf(written, 2 * at);
        }
        used[at] = chain;
        written[at] = bytes;
    }

    private void writeHeader(Frame f) {
        header[0] = (byte) (f.checksumPartial() ? HDR_F_NEEDS_CSUM : 0);
        header[1] = (byte) (f.segmentSize() > 0 ? HDR_GSO_TCPV4 : 0);
        put16(2, f.segmentSize() > 0 ? ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER : 0);
        put16(4, f.segmentSize());
        put16(6, f.checksumPartial() ? f.checksumStart() : 0);
        put16(8, f.checksumPartial() ? f.checksumOffset() : 0);
    }

    private void interruptReceiver() {
        if (delivered) {
            delivered = false;
            transport.queue(RECEIVE).interruptDriver();
        }
    }

    @Override
    public boolean takesPartialChecksums() {
        return has(F_GUEST_CSUM);
    }

    @Override
    public boolean takesLargeTcp() {
        return has(F_GUEST_TSO4) && has(F_GUEST_CSUM);
    }

    @Override
    public void reset() {
        held.clear();
        heldBytes = 0;
        gathered.cancel();
    }

    /** Connections are not saved: they end in sockets of this process. Nothing of this can be noticed by a guest that goes on. */
    @Override
    public void save(DataOutput out) throws IOException {
        gathered.save(out);
        if (transport.isRunning()) {
            transport.queue(RECEIVE).putBack(held.size());
        }
        held.clear();
        heldBytes = 0;
    }

    /** The guest goes on with connections nobody knows: it will be told so when it uses them. */
    @Override
    public void restore(DataInput in) throws IOException {
        gathered.restore(in);
        network.reset();
    }

    @Override
    public void counters(Device.CounterSink sink) {
        sink.count("transmit.malformed", malformed);
        sink.count("receive.bufferTooSmall", tooSmall);
        network.counters(sink);
    }
}
