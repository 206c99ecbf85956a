package org.gearshift.vmm.net;

/** Makes TCP segments and sends them to guests; large ones, and without checksums, to a station that takes such. */
final class TcpOutput {
    /** Largest segment data that fits the network's frames. */
    static final int MSS = NetworkLayout.MTU - Ipv4Header.SIZE - TcpSegment.HEADER;

    private static final int SYN_OPTIONS_MSS = 4;
    private static final int SYN_OPTIONS_SCALED = 8;
    private static final int PAYLOAD = Ipv4Header.PAYLOAD;
    private static final int MAX_DATA = Ipv4Header.MAX_PAYLOAD - TcpSegment.HEADER;

    private final GuestLink link;
    private final Ipv4Output ip;
    private long segments;

    TcpOutput(GuestLink link, Ipv4Output ip) {
        this.link = link;
        this.ip = ip;
    }

    boolean ready() {
        return link.ready();
    }

    /** Most data that may go into one frame for a peer that takes {@code mss} bytes a segment. */
    int largest(int mss) {
        return link.station() != null && link.station().takesLargeTcp() ? MAX_DATA - MAX_DATA % mss : mss;
    }

    /** Sends a segment with {@code length} bytes of {@code ring} from {@code offset} on. */
    boolean send(TcpKey to, int sequence, int acknowledgement, int flags, int window, ByteRing ring, int offset, int length, int mss) {
        Frame out = ip.begin(TcpSegment.HEADER + length);
        header(out, to, sequence, acknowledgement, flags, window, TcpSegment.HEADER);
        if (length > 0) {
            ring.copy(offset, out.bytes(), PAYLOAD + TcpSegment.HEADER, length);
        }
        if (length > mss) {
            out.segmentSize(mss);
        }
        return finish(out, to, TcpSegment.HEADER + length);
    }

    /** Sends a segment with SYN. @param scale our window scale; -1 for none */
    boolean sendSyn(TcpKey to, int sequence, int acknowledgement, int flags, int window, int scale) {
        int options = scale < 0 ? SYN_OPTIONS_MSS : SYN_OPTIONS_SCALED;
        Frame out = ip.begin(TcpSegment.HEADER + options);
        header(out, to, sequence, acknowledgement, flags, window, TcpSegment.HEADER + options);
        out.put32(PAYLOAD + TcpSegment.HEADER, TcpSegment.OPTION_MSS << 24 | SYN_OPTIONS_MSS << 16 | MSS);
        if (scale >= 0) {
            out.put32(PAYLOAD + TcpSegment.HEADER + 4, TcpSegment.OPTION_NOP << 24 | TcpSegment.OPTION_WINDOW_SCALE << 16 | 3 << 8 | scale);
        }
        return finish(out, to, TcpSegment.HEADER + options);
    }

    /** Sends the reset that answers a segment of no connection (RFC 9293, 3.10.7.1); none answers a reset. */
    void reset(TcpKey to, TcpSegment s) {
        if (s.has(TcpSegment.RST)) {
            return;
        }
        if (s.has(TcpSegment.ACK)) {
            send(to, s.acknowledgement, 0, TcpSegment.RST, 0, null, 0, 0, MSS);
        } else {
            send(to, 0, s.sequence + s.sequenceLength(), TcpSegment.RST | TcpSegment.ACK, 0, null, 0, 0, MSS);
        }
    }

    private static void header(Frame out, TcpKey to, int sequence, int acknowledgement, int flags, int window, int headerLength) {
        out.put16(PAYLOAD + TcpSegment.SOURCE_PORT, to.peerPort());
        out.put16(PAYLOAD + TcpSegment.DESTINATION_PORT, to.guestPort());
        out.put32(PAYLOAD + TcpSegment.SEQUENCE, sequence);
        out.put32(PAYLOAD + TcpSegment.ACKNOWLEDGEMENT, acknowledgement);
        out.put16(PAYLOAD + TcpSegment.OFFSET_FLAGS, headerLength / 4 << 12 | flags);
        out.put16(PAYLOAD + TcpSegment.WINDOW, window);
        out.put16(PAYLOAD + TcpSegment.CHECKSUM, 0);
        out.put16(PAYLOAD + TcpSegment.URGENT, 0);
    }

    private boolean finish(Frame out, TcpKey to, int length) {
        segments++;
        long pseudo = InternetChecksum.pseudoHeader(to.peer(), to.guest(), Ipv4Header.PROTOCOL_TCP, length);
        if (link.station() != null && link.station().takesPartialChecksums()) {
            out.put16(PAYLOAD + TcpSegment.CHECKSUM, InternetChecksum.fold(pseudo));
            out.partialChecksum(PAYLOAD, TcpSegment.CHECKSUM);
        } else {
            out.put16(PAYLOAD + TcpSegment.CHECKSUM, InternetChecksum.finish(InternetChecksum.add(pseudo, out.bytes(), PAYLOAD, length)));
        }
        return ip.send(Ipv4Header.PROTOCOL_TCP, to.peer(), to.guest());
    }

    long segments() {
        return segments;
    }
}
