package org.gearshift.vmm.xen;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.disk.DiskImage;

/**
 * The monitor's half of a paravirtual disk: requests come through a ring in a page that the domain grants, and so do their data (io/blkif.h, io/ring.h). Requests are done at once, in their
 * order. What the domain writes to ring and store is checked here; a ring that makes no sense ends the connection.
 */
final class BlockBackend {
    private static final Logger LOG = System.getLogger(BlockBackend.class.getName());
    /** Numbers of xvda and what lies between it and xvdb. */
    private static final int XVDA = 202 << 8;
    private static final int MINORS = 16;

    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int FLUSH = 3;
    private static final int OKAY = 0;
    private static final int ERROR = -1;
    private static final int NOT_SUPPORTED = -2;

    private static final int REQ_PROD = 0;
    private static final int REQ_EVENT = 4;
    private static final int RSP_PROD = 8;
    private static final int RSP_EVENT = 12;
    private static final int ENTRIES = 64;
    private static final int ENTRY_BYTES = 112;
    private static final int RING = 32;
    private static final int MAX_SEGMENTS = 11;
    private static final int SEGMENTS = 24;
    private static final int SECTORS_PER_PAGE = 8;
    private static final int READ_ONLY_DISK = 4;

    private final Domain domain;
    private final PhysicalMemory memory;
    private final DiskImage image;
    private final String front;
    private final String back;
    private XenbusState seen = XenbusState.UNKNOWN;
    private int ringReference;
    private int ringFrame = -1;
    private int port;
    private int consumed;
    private int produced;
    private final byte[] page = new byte[0x1000];

    /** @param number 0 for xvda */
    BlockBackend(Domain domain, DiskImage image, int number) {
        this.domain = domain;
        this.memory = domain.memory;
        this.image = image;
        int device = XVDA + MINORS * number;
        front = "/local/domain/" + Domain.ID + "/device/vbd/" + device;
        back = "/local/domain/0/backend/vbd/" + Domain.ID + "/" + device;
        XenStore s = domain.storeTree;
        s.put(back + "/frontend", front);
        s.permit(back, "n0", "r" + Domain.ID);
        s.put(back + "/frontend-id", Integer.toString(Domain.ID));
        s.put(back + "/online", "1");
        s.put(back + "/dev", "xvd" + (char) ('a' + number));
        s.put(back + "/mode", image.isReadOnly() ? "r" : "w");
        s.put(back + "/removable", "0");
        s.put(back + "/feature-flush-cache", "1");
        for (String child : new String[] {"frontend", "frontend-id", "online", "dev", "mode", "removable", "feature-flush-cache"}) {
            s.permit(back + "/" + child, "n0", "r" + Domain.ID);
        }
        s.put(front + "/backend", back);
        s.permit(front, "n" + Domain.ID, "r0");
        s.put(front + "/backend-id", "0");
        s.put(front + "/virtual-device", Integer.toString(device));
        s.put(front + "/device-type", "disk");
        s.put(front + "/state", Integer.toString(XenbusState.INITIALISING.ordinal()));
        for (String child : new String[] {"backend", "backend-id", "virtual-device", "device-type", "state"}) {
            s.permit(front + "/" + child, "n" + Domain.ID, "r0");
        }
        setState(XenbusState.INIT_WAIT);
    }

    private void setState(XenbusState state) {
        put("state", Integer.toString(state.ordinal()));
    }

    private void put(String name, String value) {
        domain.storeTree.put(back + "/" + name, value);
        domain.storeTree.permit(back + "/" + name, "n0", "r" + Domain.ID);
    }

    /** Follows what the other half has written to the store. */
    void poll() {
        XenbusState now = XenbusState.of(domain.storeTree.get(front + "/state"));
        if (now == seen) {
            return;
        }
        seen = now;
        switch (now) {
            case INITIALISING -> {
                disconnect();
                setState(XenbusState.INIT_WAIT);
            }
            case INITIALISED, CONNECTED -> {
                if (ringFrame < 0) {
                    connect();
                }
            }
            case CLOSING -> setState(XenbusState.CLOSING);
            case CLOSED -> {
                disconnect();
                setState(XenbusState.CLOSED);
            }
            default -> { }
        }
    }

    private void connect() {
        long reference = number("ring-ref");
        long channel = number("event-channel");
        int frame = reference < 0 ? -1 : domain.grants.begin(reference, true);
        if (frame < 0 || channel < 0 || !domain.events.bind((int) channel, this::serve)) {
            if (frame >= 0) {
                domain.grants.end(reference, frame, true);
            }
            LOG.log(Level.WARNING, () -> front + ": no ring at grant " + reference + ", or no event channel " + channel);
            setState(XenbusState.CLOSING);
            return;
        }
        ringReference = (int) reference;
        ringFrame = frame;
        port = (int) channel;
        consumed = 0;
        produced = 0;
        put("sectors", Long.toString(image.size() / DiskImage.SECTOR));
        put("sector-size", Integer.toString(DiskImage.SECTOR));
        put("info", Integer.toString(image.isReadOnly() ? READ_ONLY_DISK : 0));
        setState(XenbusState.CONNECTED);
        serve();
    }

    private long number(String name) {
        String value = domain.storeTree.get(front + "/" + name);
        return value.matches("[0-9]{1,9}") ? Long.parseLong(value) : -1;
    }

    private void disconnect() {
        if (ringFrame >= 0) {
            domain.grants.end(ringReference, ringFrame, true);
            ringFrame = -1;
        }
    }

    private long at(int offset) {
        return ((long) ringFrame << 12) + offset;
    }

    private int index(int offset) {
        return (int) memory.read(at(offset), 32);
    }

    /** Does all requests there are. */
    private void serve() {
        if (ringFrame < 0) {
            return;
        }
        int before = produced;
        int requested = index(REQ_PROD);
        while (requested != consumed) {
            if (requested - consumed < 0 || requested - consumed > RING) {
                LOG.log(Level.WARNING, () -> front + ": a ring of " + RING + " requests cannot hold more; disconnected");
                disconnect();
                setState(XenbusState.CLOSING);
                return;
            }
            request(ENTRIES + (consumed++ & RING - 1) * ENTRY_BYTES);
            requested = index(REQ_PROD);
        }
        memory.write(at(REQ_EVENT), consumed + 1 & 0xffffffffL, 32);
        memory.write(at(RSP_PROD), produced & 0xffffffffL, 32);
        int wanted = index(RSP_EVENT);
        if (produced != before && Integer.compareUnsigned(produced - wanted, produced - before) < 0) {
            domain.events.raise(port);
        }
    }

    /** One request, of which a copy is looked at once only: the domain may change the original meanwhile. */
    private void request(int entry) {
        byte[] r = new byte[ENTRY_BYTES];
        memory.copyOut(at(entry), r, 0, ENTRY_BYTES);
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
        long response = at(ENTRIES + (produced++ & RING - 1) * ENTRY_BYTES);
        memory.write(response, b.getLong(8), 64);
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
        long sector = b.getLong(16);
        for (int i = 0; i < segments; i++) {
            long reference = b.getInt(SEGMENTS + 8 * i) & 0xffffffffL;
            int first = b.get(SEGMENTS + 8 * i + 4) & 0xff;
            int last = b.get(SEGMENTS + 8 * i + 5) & 0xff;
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
