package org.gearshift.vmm.net;

/** An IPv4 datagram from a guest whose header has been checked: where in which frame its parts are. Reused from one to the next. */
final class Datagram {
    Frame frame;
    /** Length of the header with options, in bytes. */
    int headerLength;
    int source;
    int destination;
    int protocol;
    int ttl;
    /** Offset of the payload in the frame. */
    int payload;
    int payloadLength;

    /** True if the transport checksum, over payload and pseudo-header, is right, or was left for us to fill in. */
    boolean transportChecksumGood() {
        if (frame.checksumPartial()) {
            return true;
        }
        long sum = InternetChecksum.pseudoHeader(source, destination, protocol, payloadLength);
        return InternetChecksum.finish(InternetChecksum.add(sum, frame.bytes(), payload, payloadLength)) == 0;
    }
}
