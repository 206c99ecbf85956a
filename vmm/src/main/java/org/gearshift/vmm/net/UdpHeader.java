package org.gearshift.vmm.net;

/** UDP (RFC 768): header fields as offsets, and datagrams to guests. */
final class UdpHeader {
    static final int SOURCE_PORT = 0;
    static final int DESTINATION_PORT = 2;
    static final int LENGTH = 4;
    static final int CHECKSUM = 6;
    static final int SIZE = 8;
    /** Where the data of datagrams made here begins. */
    static final int DATA = Ipv4Header.PAYLOAD + SIZE;
    static final int MAX_DATA = Ipv4Header.MAX_PAYLOAD - SIZE;

    private UdpHeader() {
    }

    /** Writes the header before {@code dataLength} bytes that stand at {@link #DATA}. */
    static void write(Frame out, int source, int sourcePort, int destination, int destinationPort, int dataLength) {
        int length = SIZE + dataLength;
        out.put16(Ipv4Header.PAYLOAD + SOURCE_PORT, sourcePort);
        out.put16(Ipv4Header.PAYLOAD + DESTINATION_PORT, destinationPort);
        out.put16(Ipv4Header.PAYLOAD + LENGTH, length);
        out.put16(Ipv4Header.PAYLOAD + CHECKSUM, 0);
        long sum = InternetChecksum.pseudoHeader(source, destination, Ipv4Header.PROTOCOL_UDP, length);
        int checksum = InternetChecksum.finish(InternetChecksum.add(sum, out.bytes(), Ipv4Header.PAYLOAD, length));
        // 0 means "none".
        out.put16(Ipv4Header.PAYLOAD + CHECKSUM, checksum == 0 ? 0xffff : checksum);
    }
}
