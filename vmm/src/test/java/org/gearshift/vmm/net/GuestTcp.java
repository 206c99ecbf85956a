package org.gearshift.vmm.net;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A guest's TCP, small and its own: it sends with a fixed timer and go-back-N, keeps what comes early, and checks that its peer keeps to the rules
 * (windows, sequence numbers, no data behind FIN). One connection.
 */
final class GuestTcp {
    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int ACK = 16;
    private static final long TIMEOUT_NANOS = 300_000_000L;

    final int port;
    final int peer;
    final int peerPort;
    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    boolean established;
    boolean reset;
    boolean peerFinished;
    boolean finAcknowledged;
    /** Bytes offered as the receive window; may be changed at any time. */
    int window = 200_000;
    int mss = 1460;
    int scale = 2;
    int peerScale = -1;
    int peerWindow;
    int peerMss;
    int segmentsSeen;
    private final Consumer<byte[]> wire;
    private final int iss;
    private byte[] outgoing = {};
    private boolean finWanted;
    private int acknowledged;
    private int sent;
    private int receiveNext;
    private int rightEdge;
    private boolean finSeen;
    private int finAt;
    private long lastProgress;
    private final TreeMap<Integer, byte[]> early = new TreeMap<>();

    GuestTcp(int port, int peer, int peerPort, int iss, Consumer<byte[]> wire) {
        this.port = port;
        this.peer = peer;
        this.peerPort = peerPort;
        this.iss = iss;
        this.wire = wire;
    }

    void connect(long now) {
        lastProgress = now;
        raw(SYN, iss, 0, options(), new byte[0]);
    }

    private byte[] options() {
        byte[] withMss = {2, 4, (byte) (mss >> 8), (byte) mss};
        return scale < 0 ? withMss : Packets.concat(withMss, new byte[] {1, 3, 3, (byte) scale});
    }

    /** Data to send; may be called again. */
    void write(byte[] data) {
        outgoing = Packets.concat(outgoing, data);
    }

    /** No more data after what was written. */
    void finish() {
        finWanted = true;
    }

    void abort() {
        raw(RST, iss + 1 + sent, 0, new byte[0], new byte[0]);
    }

    /** Sends what window and timer allow. */
    void tick(long now) {
        if (!established || reset) {
            if (!established && !reset && now - lastProgress > TIMEOUT_NANOS) {
                connect(now);
            }
            return;
        }
        int all = outgoing.length + (finWanted ? 1 : 0);
        if (acknowledged < sent && now - lastProgress > TIMEOUT_NANOS) {
            sent = acknowledged;
            lastProgress = now;
        }
        while (sent < all) {
            int room = acknowledged + peerWindow - sent;
            int length = Math.min(Math.min(outgoing.length - sent, room), Math.min(mss, peerMss));
            if (length <= 0 && sent < outgoing.length) {
                if (acknowledged == sent && now - lastProgress > TIMEOUT_NANOS) {
                    // Probe of a closed window.
                    lastProgress = now;
                    raw(ACK, iss + 1 + sent, receiveNext, new byte[0], Arrays.copyOfRange(outgoing, sent, sent + 1));
                }
                return;
            }
            length = Math.max(0, length);
            boolean fin = finWanted && sent + length == outgoing.length;
            if (acknowledged == sent) {
                lastProgress = now;
            }
            raw(ACK | (fin ? FIN : 0), iss + 1 + sent, receiveNext, new byte[0], Arrays.copyOfRange(outgoing, sent, sent + length));
            sent += length + (fin ? 1 : 0);
        }
    }

    void acknowledge() {
        raw(ACK, iss + 1 + sent, receiveNext, new byte[0], new byte[0]);
    }

    void raw(int flags, int sequence, int acknowledgement, byte[] options, byte[] data) {
        ByteBuffer b = ByteBuffer.allocate(20 + options.length + data.length);
        int field = (flags & SYN) != 0 ? Math.min(window, 65535) : Math.min(65535, window >> (peerScale < 0 || scale < 0 ? 0 : scale));
        if ((flags & (SYN | RST)) == 0) {
            int edge = receiveNext + (field << (peerScale < 0 || scale < 0 ? 0 : scale));
            rightEdge = edge - rightEdge > 0 ? edge : rightEdge;
        }
        b.putShort((short) port).putShort((short) peerPort).putInt(sequence).putInt(acknowledgement);
        b.putShort((short) ((20 + options.length) / 4 << 12 | flags)).putShort((short) field).putInt(0).put(options).put(data);
        b.putShort(16, (short) Packets.checksum(b.array(), 0, b.capacity(), Packets.pseudo(6, Packets.GUEST, peer, b.capacity())));
        wire.accept(Packets.ipv4(6, Packets.GUEST, peer, b.array()));
    }

    /** Takes a segment from the network. @param now the time */
    void segment(Packets.Received r, long now) {
        r.verified();
        segmentsSeen++;
        check(r.protocol() == 6 && r.from() == peer && r.u16(0) == peerPort && r.u16(2) == port, "not this connection's");
        int sequence = r.i32(4);
        int ack = r.i32(8);
        int flags = r.u16(12) & 0x3f;
        byte[] data = r.from((r.u16(12) >> 12) * 4);
        if ((flags & RST) != 0) {
            // With both directions finished the other side may have forgotten the connection, and answers a late duplicate so.
            reset |= !(peerFinished && finAcknowledged);
            return;
        }
        if ((flags & SYN) != 0) {
            synAcknowledgement(r, flags, sequence, ack);
            return;
        }
        check(established, "data before the connection is open");
        takeAcknowledgement(ack, (r.u16(14) & 0xffff) << (peerScale < 0 || scale < 0 ? 0 : peerScale), now);
        boolean fin = (flags & FIN) != 0;
        if (data.length > 0 || fin) {
            take(sequence, data, fin);
            acknowledge();
        } else if (sequence - receiveNext < 0) {
            // A probe, or something sent twice.
            acknowledge();
        }
    }

    private void synAcknowledgement(Packets.Received r, int flags, int sequence, int ack) {
        check((flags & ACK) != 0 && ack == iss + 1, "acknowledges the SYN");
        if (established) {
            acknowledge();
            return;
        }
        established = true;
        receiveNext = sequence + 1;
        rightEdge = receiveNext + Math.min(window, 65535);
        peerWindow = r.u16(14);
        peerMss = 536;
        for (int at = 20; at < (r.u16(12) >> 12) * 4; at += r.u8(at) == 1 ? 1 : r.u8(at + 1)) {
            if (r.u8(at) == 2) {
                peerMss = r.u16(at + 2);
            } else if (r.u8(at) == 3) {
                peerScale = r.u8(at + 2);
            }
        }
        acknowledge();
    }

    private void takeAcknowledgement(int ack, int peersWindow, long now) {
        int upTo = ack - iss - 1;
        check(upTo <= outgoing.length + (finWanted ? 1 : 0), "acknowledges what was never sent");
        if (upTo >= acknowledged) {
            if (upTo > acknowledged) {
                lastProgress = now;
            }
            acknowledged = upTo;
            sent = Math.max(sent, upTo);
            peerWindow = peersWindow;
            finAcknowledged = finWanted && upTo == outgoing.length + 1;
        }
    }

    private void take(int sequence, byte[] data, boolean fin) {
        check(sequence + data.length - rightEdge <= 0, "within the window");
        if (fin) {
            check(!finSeen || finAt == sequence + data.length, "FIN stays where it is");
            finSeen = true;
            finAt = sequence + data.length;
        }
        check(!finSeen || sequence + data.length - finAt <= 0, "nothing behind FIN");
        early.merge(sequence - iss, data, (a, b) -> a.length > b.length ? a : b);
        boolean progress = true;
        while (progress) {
            progress = false;
            for (Map.Entry<Integer, byte[]> e : early.entrySet()) {
                int at = e.getKey() + iss;
                int skip = receiveNext - at;
                if (skip >= 0 && skip < e.getValue().length) {
                    received.write(e.getValue(), skip, e.getValue().length - skip);
                    receiveNext += e.getValue().length - skip;
                    progress = true;
                }
            }
        }
        early.entrySet().removeIf(e -> e.getKey() + iss + e.getValue().length - receiveNext <= 0);
        if (finSeen && receiveNext == finAt) {
            peerFinished = true;
            receiveNext++;
        }
    }

    int sequenceNow() {
        return iss + 1 + sent;
    }

    int receiveNext() {
        return receiveNext;
    }

    int acknowledged() {
        return acknowledged;
    }

    private static void check(boolean good, String rule) {
        if (!good) {
            throw new AssertionError("the peer breaks a rule: " + rule);
        }
    }
}
