package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.device.Device.CounterSink;
import org.gearshift.vmm.net.EthernetNetwork;
import org.gearshift.vmm.net.EthernetStation;
import org.gearshift.vmm.net.Frame;
import org.gearshift.vmm.net.MacAddress;

/**
 * The monitor's half of a paravirtual network interface (io/netif.h): one queue, a ring for frames to send, one for buffers to receive into, whose pages the domain grants. A frame may lie in
 * several entries; its checksum, and the cutting of a large TCP segment over IPv4, may be left to whoever needs them, in either direction and if the domain's half says so.
 */
final class NetBackend extends SplitDevice implements EthernetStation {
    private static final int TX_ENTRY_BYTES = 12;
    private static final int RX_ENTRY_BYTES = 8;
    private static final int PAGE = 0x1000;
    /** Entries of a frame at most; one that has more is refused, one that has even more than Xen's limit ends the connection. */
    private static final int MOST_SLOTS = 18;
    private static final int FATAL_SLOTS = 20;
    private static final int MOST_EXTRAS = 4;

    private static final int CSUM_BLANK = 1;
    private static final int MORE_DATA = 4;
    private static final int EXTRA_INFO = 8;
    /** The same for what is received, in another order. */
    private static final int RX_DATA_VALIDATED = 1;
    private static final int RX_CSUM_BLANK = 2;

    private static final int EXTRA_GSO = 1;
    private static final int EXTRA_MORE = 1;
    private static final int GSO_TCPV4 = 1;

    private static final int OKAY = 0;
    private static final int ERROR = -1;
    private static final int NULL = 1;

    private static final int ETHERNET_HEADER = 14;
    private static final int TYPE_IPV4 = 0x0800;
    private static final int PROTOCOL_TCP = 6;
    private static final int PROTOCOL_UDP = 17;
    private static final int TCP_CHECKSUM = 16;
    private static final int UDP_CHECKSUM = 6;
    /** From an event until frames are taken, unless the domain goes idle before: what follows meanwhile is taken with the first. */
    private static final long GATHER_NANOS = 500_000;

    private final PhysicalMemory memory;
    private final EthernetNetwork network;
    private final GuestClock clock;
    private final EventQueue.Event gathered;
    private final Frame frame = new Frame();
    private final int[] slotIds = new int[FATAL_SLOTS + MOST_EXTRAS + 1];
    private SharedRing tx;
    private SharedRing rx;
    private int txPort;
    private int rxPort;
    private boolean checksums;
    private boolean large;
    private boolean scattered;
    private long sent;
    private long received;
    private long malformed;
    private long refused;

    /** @param mac the interface's Ethernet address */
    NetBackend(Domain domain, EthernetNetwork network, long mac, int number, GuestClock clock, EventQueue events) {
        super(domain, "vif", number);
        this.memory = domain.memory;
        this.network = network;
        this.clock = clock;
        gathered = events.event(this::transmit);
        put("handle", Integer.toString(number));
        put("mac", MacAddress.format(mac));
        put("type", "vif");
        put("feature-sg", "1");
        put("feature-gso-tcpv4", "1");
        put("feature-rx-copy", "1");
        put("feature-rx-flip", "0");
        put("feature-split-event-channels", "1");
        put("hotplug-status", "connected");
        offer("handle", Integer.toString(number));
        offer("mac", MacAddress.format(mac));
        network.connect(this);
        setState(XenbusState.INIT_WAIT);
    }

    @Override
    String connect() {
        if (!asked("request-rx-copy")) {
            return "its half wants pages exchanged, which is not offered: request-rx-copy is missing";
        }
        long shared = number("event-channel");
        long txChannel = shared < 0 ? number("event-channel-tx") : shared;
        long rxChannel = shared < 0 ? number("event-channel-rx") : shared;
        tx = SharedRing.open(domain, number("tx-ring-ref"), TX_ENTRY_BYTES);
        rx = SharedRing.open(domain, number("rx-ring-ref"), RX_ENTRY_BYTES);
        boolean bound = tx != null && rx != null && domain.events.bind(txChannel, this::notified)
                && (rxChannel == txChannel || domain.events.bind(rxChannel, this::notified));
        if (!bound) {
            close(tx);
            close(rx);
            return "rings at grants " + number("tx-ring-ref") + " and " + number("rx-ring-ref") + " and event channels " + txChannel + " and " + rxChannel
                    + " are not there for the taking";
        }
        txPort = (int) txChannel;
        rxPort = (int) rxChannel;
        checksums = !asked("feature-no-csum-offload");
        scattered = asked("feature-sg");
        large = scattered && checksums && asked("feature-gso-tcpv4");
        return null;
    }

    private static void close(SharedRing ring) {
        if (ring != null) {
            ring.close();
        }
    }

    @Override
    void connectionMade() {
        notified();
    }

    @Override
    void disconnect() {
        gathered.cancel();
        close(tx);
        close(rx);
    }

    private void notified() {
        if (!connected()) {
            return;
        }
        if (tx.waiting() != 0 && !gathered.isArmed()) {
            gathered.armAtLatest(clock.nanos() + GATHER_NANOS);
        }
        network.stationReady();
    }

    private void transmit() {
        if (!connected()) {
            return;
        }
        do {
            while (connected() && tx.waiting() != 0) {
                if (tx.overrun()) {
                    breakOff("more frames to send than its ring has entries");
                    return;
                }
                takeFrame();
            }
        } while (connected() && tx.listen(1));
        network.flush();
        if (connected() && tx.publish()) {
            domain.events.raise(txPort);
        }
    }

    /** Takes the entries of one frame, sends it, and answers them. */
    private void takeFrame() {
        long at = tx.take();
        int slots = 0;
        slotIds[slots++] = read16(at + 8);
        int flags = read16(at + 6);
        int total = read16(at + 10);
        long reference = memory.read(at, 32);
        int offset = read16(at + 4);
        boolean good = total >= ETHERNET_HEADER;
        int segment = 0;
        int extras = 0;
        for (boolean more = (flags & EXTRA_INFO) != 0; more; extras++) {
            if (tx.waiting() <= 0 || extras == MOST_EXTRAS) {
                breakOff("a frame whose extra information is not in its ring");
                return;
            }
            long extra = tx.take();
            more = (memory.read(extra + 1, 8) & EXTRA_MORE) != 0;
            if (memory.read(extra, 8) == EXTRA_GSO) {
                segment = read16(extra + 2);
                good &= segment > 0 && memory.read(extra + 4, 8) == GSO_TCPV4;
            }
        }
        // The first entry names the length of the whole; what the others do not have of it is its own.
        frame.begin(good ? total : 0);
        int filled = gather(flags, reference, offset, total, good, slots);
        if (filled < 0) {
            return;
        }
        slots = filled >>> 1;
        good = (filled & 1) != 0 && offload(flags, segment);
        if (good) {
            sent++;
            network.send(frame);
        } else {
            malformed++;
        }
        answer(slots, extras, good ? OKAY : ERROR);
    }

    /**
     * Reads a frame's pieces.
     *
     * @return entries, shifted left by one, with bit 0 set if all of the frame could be read; -1 if the connection has been ended
     */
    private int gather(int firstFlags, long firstReference, int firstOffset, int total, boolean wellFormed, int taken) {
        int slots = taken;
        int tail = 0;
        boolean good = wellFormed;
        int[] sizes = new int[FATAL_SLOTS];
        int[] offsets = new int[FATAL_SLOTS];
        long[] references = new long[FATAL_SLOTS];
        for (int flags = firstFlags; (flags & MORE_DATA) != 0; ) {
            if (tx.waiting() <= 0 || slots == FATAL_SLOTS) {
                breakOff("a frame that is not all in its ring, or has more than " + FATAL_SLOTS + " pieces");
                return -1;
            }
            long at = tx.take();
            references[slots] = memory.read(at, 32);
            offsets[slots] = read16(at + 4);
            flags = read16(at + 6);
            sizes[slots] = read16(at + 10);
            tail += sizes[slots];
            slotIds[slots++] = read16(at + 8);
        }
        good &= slots <= MOST_SLOTS && tail < total;
        references[0] = firstReference;
        offsets[0] = firstOffset;
        sizes[0] = total - tail;
        int done = 0;
        for (int i = 0; good && i < slots; i++) {
            good = copyOut(references[i], offsets[i], sizes[i], done);
            done += sizes[i];
        }
        return slots << 1 | (good ? 1 : 0);
    }

    private boolean copyOut(long reference, int offset, int size, int to) {
        if (offset + size > PAGE) {
            return false;
        }
        int page = domain.grants.begin(reference, false);
        if (page < 0) {
            refused++;
            return false;
        }
        memory.copyOut(((long) page << 12) + offset, frame.bytes(), to, size);
        domain.grants.end(reference, page, false);
        return true;
    }

    /** Notes what the domain has left undone. @return false if that makes no sense */
    private boolean offload(int flags, int segment) {
        frame.segmentSize(segment);
        if ((flags & CSUM_BLANK) == 0) {
            return segment == 0;
        }
        byte[] b = frame.bytes();
        if (frame.length() < ETHERNET_HEADER + 20 || ((b[12] & 0xff) << 8 | b[13] & 0xff) != TYPE_IPV4) {
            return false;
        }
        int start = ETHERNET_HEADER + (b[ETHERNET_HEADER] & 15) * 4;
        int offset = switch (b[ETHERNET_HEADER + 9]) {
            case PROTOCOL_TCP -> TCP_CHECKSUM;
            case PROTOCOL_UDP -> segment == 0 ? UDP_CHECKSUM : -1;
            default -> -1;
        };
        if (offset < 0 || start + offset + 2 > frame.length()) {
            return false;
        }
        frame.partialChecksum(start, offset);
        return true;
    }

    /** Answers a frame's entries: in their order, those of extra information behind the first. */
    private void answer(int slots, int extras, int status) {
        answer(slotIds[0], status);
        for (int i = 0; i < extras; i++) {
            answer(0, NULL);
        }
        for (int i = 1; i < slots; i++) {
            answer(slotIds[i], status);
        }
    }

    private void answer(int id, int status) {
        long at = tx.answer();
        memory.write(at, id, 16);
        memory.write(at + 2, status & 0xffff, 16);
    }

    private int read16(long at) {
        return (int) memory.read(at, 16);
    }

    @Override
    public boolean ready() {
        return room(1);
    }

    /** Whether there are so many buffers; if not, an event comes when there are. */
    private boolean room(int slots) {
        if (!connected()) {
            return false;
        }
        if (rx.overrun()) {
            breakOff("more receive buffers than its ring has entries");
            return false;
        }
        return rx.waiting() >= slots || rx.listen(slots) && !rx.overrun();
    }

    @Override
    public boolean receive(Frame f) {
        boolean gso = f.segmentSize() > 0;
        int pieces = (f.length() + PAGE - 1) / PAGE;
        if (!room(pieces + (gso ? 1 : 0))) {
            return false;
        }
        if (pieces > 1 && !scattered) {
            refused++;
            return true;
        }
        int offloads = (f.checksumPartial() ? RX_CSUM_BLANK | RX_DATA_VALIDATED : 0) | (gso ? EXTRA_INFO : 0);
        for (int i = 0; i < pieces; i++) {
            int size = Math.min(PAGE, f.length() - i * PAGE);
            deliver(f.bytes(), i * PAGE, size, (i == 0 ? offloads : 0) | (i + 1 < pieces ? MORE_DATA : 0));
            if (i == 0 && gso) {
                describeSegments(f.segmentSize());
            }
        }
        received++;
        if (rx.publish()) {
            domain.events.raise(rxPort);
        }
        return true;
    }

    private void deliver(byte[] bytes, int from, int size, int flags) {
        long request = rx.take();
        int id = read16(request);
        long reference = memory.read(request + 4, 32);
        int page = domain.grants.begin(reference, true);
        if (page >= 0) {
            memory.copyIn((long) page << 12, bytes, from, size);
            domain.grants.end(reference, page, true);
        } else {
            refused++;
        }
        long at = rx.answer();
        memory.write(at, id, 16);
        memory.write(at + 2, 0, 16);
        memory.write(at + 4, flags, 16);
        memory.write(at + 6, page >= 0 ? size : ERROR & 0xffff, 16);
    }

    /** Puts an entry of extra information in the place of an answer; the buffer is the domain's again. */
    private void describeSegments(int size) {
        rx.take();
        long at = rx.answer();
        memory.write(at, EXTRA_GSO, 8);
        memory.write(at + 1, 0, 8);
        memory.write(at + 2, size, 16);
        memory.write(at + 4, GSO_TCPV4, 8);
        memory.write(at + 5, 0, 8);
        memory.write(at + 6, 0, 16);
    }

    @Override
    public boolean takesPartialChecksums() {
        return checksums;
    }

    @Override
    public boolean takesLargeTcp() {
        return large;
    }

    /** What has passed, and what has not. */
    void counters(CounterSink sink) {
        sink.count("transmit.frames", sent);
        sink.count("transmit.malformed", malformed);
        sink.count("receive.frames", received);
        sink.count("grants.refused", refused);
        network.counters(sink);
    }
}
