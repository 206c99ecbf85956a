package org.gearshift.vmm.net;

/** ICMP (RFC 792): answers echo requests to the network's own addresses, and reports what cannot be delivered. */
final class Icmp {
    /** Codes of "destination unreachable" (RFC 792; RFC 1812, 5.2.7.1). */
    enum Unreachable {
        HOST(1), PROTOCOL(2), PORT(3), PROHIBITED(13);

        final int code;

        Unreachable(int code) {
            this.code = code;
        }
    }

    private static final int ECHO_REPLY = 0;
    private static final int DESTINATION_UNREACHABLE = 3;
    private static final int ECHO_REQUEST = 8;
    private static final int TIME_EXCEEDED = 11;
    private static final int HEADER = 8;
    /** Payload bytes of the datagram in question that an error quotes (RFC 792). */
    private static final int QUOTED = 8;

    private final Ipv4Output ip;

    Icmp(Ipv4Output ip) {
        this.ip = ip;
    }

    /** Takes a guest's message. @return false if it makes no sense */
    boolean receive(Datagram d) {
        byte[] in = d.frame.bytes();
        if (d.payloadLength < HEADER || InternetChecksum.finish(InternetChecksum.add(0, in, d.payload, d.payloadLength)) != 0) {
            return false;
        }
        if (in[d.payload] != ECHO_REQUEST) {
            return true;
        }
        if (!NetworkLayout.isOwn(d.destination)) {
            // The JVM has no way to send an echo request of its own.
            unreachable(d, Unreachable.PROHIBITED);
            return true;
        }
        Frame out = ip.begin(d.payloadLength);
        System.arraycopy(in, d.payload, out.bytes(), Ipv4Header.PAYLOAD, d.payloadLength);
        out.put8(Ipv4Header.PAYLOAD, ECHO_REPLY);
        finish(out, d.payloadLength);
        ip.send(Ipv4Header.PROTOCOL_ICMP, d.destination, d.source);
        return true;
    }

    /** Tells the sender that {@code d} was not delivered; never in answer to an ICMP error. */
    void unreachable(Datagram d, Unreachable why) {
        error(d, DESTINATION_UNREACHABLE, why.code, d.destination);
    }

    /** Tells the sender that {@code d} has travelled too far. */
    void timeExceeded(Datagram d) {
        error(d, TIME_EXCEEDED, 0, NetworkLayout.GATEWAY);
    }

    private void error(Datagram d, int type, int code, int from) {
        byte[] in = d.frame.bytes();
        boolean query = d.protocol != Ipv4Header.PROTOCOL_ICMP || d.payloadLength > 0 && in[d.payload] == ECHO_REQUEST;
        if (!query || !NetworkLayout.isGuest(d.source) || !NetworkLayout.isUnicast(d.destination)) {
            return;
        }
        int quoted = Math.min(QUOTED, d.payloadLength);
        Frame out = ip.begin(HEADER + d.headerLength + quoted);
        out.put32(Ipv4Header.PAYLOAD, type << 24 | code << 16);
        out.put32(Ipv4Header.PAYLOAD + 4, 0);
        System.arraycopy(in, Ipv4Header.START, out.bytes(), Ipv4Header.PAYLOAD + HEADER, d.headerLength);
        System.arraycopy(in, d.payload, out.bytes(), Ipv4Header.PAYLOAD + HEADER + d.headerLength, quoted);
        finish(out, HEADER + d.headerLength + quoted);
        // The address spoken to answers, so that the guest finds its socket; for what lies beyond, the gateway does.
        ip.send(Ipv4Header.PROTOCOL_ICMP, NetworkLayout.isOwn(from) ? from : NetworkLayout.GATEWAY, d.source);
    }

    private static void finish(Frame out, int length) {
        out.put16(Ipv4Header.PAYLOAD + 2, 0);
        out.put16(Ipv4Header.PAYLOAD + 2, InternetChecksum.finish(InternetChecksum.add(0, out.bytes(), Ipv4Header.PAYLOAD, length)));
    }
}
