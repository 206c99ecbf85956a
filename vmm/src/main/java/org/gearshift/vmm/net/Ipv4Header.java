package org.gearshift.vmm.net;

/** IPv4 header fields, as offsets into a frame with an Ethernet header (RFC 791, 3.1). */
final class Ipv4Header {
    static final int START = EthernetHeader.SIZE;
    static final int VERSION_IHL = START;
    static final int TOTAL_LENGTH = START + 2;
    static final int IDENTIFICATION = START + 4;
    static final int FLAGS_OFFSET = START + 6;
    static final int TTL = START + 8;
    static final int PROTOCOL = START + 9;
    static final int CHECKSUM = START + 10;
    static final int SOURCE = START + 12;
    static final int DESTINATION = START + 16;

    /** Length without options. */
    static final int SIZE = 20;
    /** Where the payload of datagrams made here begins: they carry no options. */
    static final int PAYLOAD = START + SIZE;
    static final int MAX_LENGTH = 65535;
    static final int MAX_PAYLOAD = MAX_LENGTH - SIZE;

    static final int DONT_FRAGMENT = 0x4000;
    static final int MORE_FRAGMENTS = 0x2000;
    static final int OFFSET_MASK = 0x1fff;
    /** Unit of the fragment offset, in bytes. */
    static final int OFFSET_UNIT = 8;

    static final int PROTOCOL_ICMP = 1;
    static final int PROTOCOL_TCP = 6;
    static final int PROTOCOL_UDP = 17;

    private Ipv4Header() {
    }
}
