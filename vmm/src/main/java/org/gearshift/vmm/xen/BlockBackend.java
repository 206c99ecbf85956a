package org.gearshift.vmm.xen;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.disk.DiskImage;

/**
 * The monitor's half of a paravirtual disk: requests come through a ring in a page that the domain grants, and so do their data (io/blkif.h, io/ring.h). Requests
 * are done at once, in their order. What the domain writes to ring and store is checked here; a ring that makes no sense ends the connection.
 */
final class BlockBackend extends SplitDevice {
    private static final Logger LOG = System.getLogger(BlockBackend.class.getName());
    /** Numbers of xvda and what lies between it and xvdb. */
    private static final int XVDA = 202 << 8;
    private static final int MINORS = 16;

    /** What a front end says of its alignment (io/protocols.h); its domain's if it says nothing. */
    private static final String PROTOCOL_32 = "x86_32-abi";
    private static final String PROTOCOL_64 = "x86_64-abi";

    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int FLUSH = 3;
    private static final int OKAY = 0;
    private static final int ERROR = -1;
    private static final int NOT_SUPPORTED = -2;

    /**
     * Bytes of a request, which are more than an answer has: {operation 8, segments 8, handle 16, id 64, sector 64, 11 segments of 8}, with 64 bits aligned as the
     * front end's compiler does.
     */
    private static final int ENTRY_BYTES = 112;
    private static final int ENTRY_BYTES_32 = 108;
    private static final int MAX_SEGMENTS = 11;
    private static final int SECTORS_PER_PAGE = 8;
    private static final int READ_ONLY_DISK = 4;

    private final PhysicalMemory memory;
    private final DiskImage image;
    private SharedRing ring;
    /** Offset of the id in a request. */
    private int id;
    private int port;
    private final byte[] page = new byte[0x1000];

    /** @param number 0 for xvda */
    BlockBackend(Domain domain, DiskImage image, int number) {
        super(domain, "vbd", XVDA + MINORS * number);
        this.memory = domain.memory;
        this.image = image;
        put("dev", "xvd" + (char) ('a' + number));
        put("mode", image.isReadOnly() ? "r" : "w");
        put("removable", "0");
        put("feature-flush-cache", "1");
        offer("virtual-device", Integer.toString(XVDA + MINORS * number));
        offer("device-type", "disk");
        setState(XenbusState.INIT_WAIT);
    }

    @Override
    String connect() {
        long reference = number("ring-ref");
        long channel = number("event-channel");
        String protocol = text("protocol");
        boolean narrow = protocol.isEmpty() ? domain.abi.is32() : protocol.equals(PROTOCOL_32);
        if (!narrow && !protocol.isEmpty() && !protocol.equals(PROTOCOL_64)) {
            return "protocol " + protocol + " is none of x86";
        }
        id = narrow ? 4 : 8;
        ring = SharedRing.open(domain, reference, narrow ? ENTRY_BYTES_32 : ENTRY_BYTES);
        if (ring == null) {
            return "no ring at grant " + reference;
        }
        if (!domain.events.bind(channel, this::serve)) {
            ring.close();
            return "no event channel " + channel;
        }
        port = (int) channel;
        put("sectors", Long.toString(image.size() / DiskImage.SECTOR));
        put("sector-size", Integer.toString(DiskImage.SECTOR));
        put("info", Integer.toString(image.isReadOnly() ? READ_ONLY_DISK : 0));
        return null;
    }

    @Override
    void connectionMade() {
        serve();
    }

    @Override
    void disconnect() {
        ring.close();
    }

    /** Does all requests there are. */
    private void serve() {
        if (!connected()) {
            return;
        }
        do {
            while (ring.waiting() != 0) {
                if (ring.overrun()) {
                    breakOff("more requests than its ring has entries");
                    return;
                }
                request(ring.take());
            }
        } while (ring.listen(1));
        if (ring.publish()) {
            domain.events.raise(port);
        }
    }

    /** One request, of which a copy is looked at once only: the domain may change the original meanwhile. */
    private void request(long entry) {
        byte[] r = new byte[ENTRY_BYTES];
        memory.copyOut(entry, r, 0, ENTRY_BYTES_32 - 4 + id);
        java.nio.ByteBuffer b = java.nio.ByteBuffer.wrap(r).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        int operation = r[0] & 0xff;
        int status;
        try {
            status = switch (operation) {
                case READ, WRITE -> transfer(operation == WRITE, r[1] & 0xff, b);
                case FLUSH -> flush();
                default -> NOT_SUPPORTED;
            };
        } catch (IOException e) {
            LOG.log(Level.WARNING, () -> front + ": " + e.getMessage());
            status = ERROR;
        }
        long response = ring.answer();
        memory.write(response, b.getLong(id), 64);
        memory.write(response + 8, operation, 8);
        memory.write(response + 10, status & 0xffff, 16);
    }

    private int flush() throws IOException {
        image.flush();
        return OKAY;
    }

    private int transfer(boolean write, int segments, java.nio.ByteBuffer b) throws IOException {
        if (segments > MAX_SEGMENTS || write && image.isReadOnly()) {
            return ERROR;
        }
        long sector = b.getLong(id + 8);
        int list = id + 16;
        for (int i = 0; i < segments; i++) {
            long reference = b.getInt(list + 8 * i) & 0xffffffffL;
            int first = b.get(list + 8 * i + 4) & 0xff;
            int last = b.get(list + 8 * i + 5) & 0xff;
            int count = last - first + 1;
            if (count < 1 || last >= SECTORS_PER_PAGE || sector < 0 || sector > image.size() / DiskImage.SECTOR - count) {
                return ERROR;
            }
            int frame = domain.grants.begin(reference, !write);
            if (frame < 0) {
                return ERROR;
            }
            try {
                long address = ((long) frame << 12) + first * DiskImage.SECTOR;
                int bytes = count * DiskImage.SECTOR;
                if (write) {
                    memory.copyOut(address, page, 0, bytes);
                    image.write(sector * DiskImage.SECTOR, page, 0, bytes);
                } else {
                    image.read(sector * DiskImage.SECTOR, page, 0, bytes);
                    memory.copyIn(address, page, 0, bytes);
                }
            } finally {
                domain.grants.end(reference, frame, !write);
            }
            sector += count;
        }
        return OKAY;
    }
}
