package org.gearshift.vmm.net;

/** Checks IPv4 datagrams from guests, puts fragments together and hands them to their protocols. */
final class Ipv4Input {
    /** A protocol above IPv4. */
    @FunctionalInterface
    interface Protocol {
        /** Takes a datagram. @return false if it makes no sense */
        boolean receive(Datagram d);
    }

    private static final int BITS_OF_IHL = 4;
    private static final int VERSION_4 = 4;
    private static final int PROTOCOLS = 256;

    private final Arp arp;
    private final Icmp icmp;
    private final Reassembly reassembly;
    private final Protocol[] protocols = new Protocol[PROTOCOLS];
    private final Datagram datagram = new Datagram();

    Ipv4Input(Arp arp, Icmp icmp, Reassembly reassembly) {
        this.arp = arp;
        this.icmp = icmp;
        this.reassembly = reassembly;
    }

    void register(int number, Protocol protocol) {
        protocols[number] = protocol;
    }

    /** Takes a frame of type IPv4. @return false if it makes no sense */
    boolean receive(Frame f) {
        Datagram d = datagram;
        if (!header(f, d) || !addresses(f, d)) {
            return false;
        }
        int flagsAndOffset = f.u16(Ipv4Header.FLAGS_OFFSET);
        if ((flagsAndOffset & (Ipv4Header.MORE_FRAGMENTS | Ipv4Header.OFFSET_MASK)) != 0
                && !reassembly.add(d, f.u16(Ipv4Header.IDENTIFICATION), flagsAndOffset)) {
            return true;
        }
        if (d.ttl <= 1 && !NetworkLayout.isLocal(d.destination) && d.destination != Ipv4Address.BROADCAST) {
            icmp.timeExceeded(d);
            return true;
        }
        Protocol protocol = protocols[d.protocol];
        if (protocol == null) {
            icmp.unreachable(d, Icmp.Unreachable.PROTOCOL);
            return true;
        }
        return protocol.receive(d);
    }

    private static boolean header(Frame f, Datagram d) {
        int available = f.length() - Ipv4Header.START;
        if (available < Ipv4Header.SIZE || f.u8(Ipv4Header.VERSION_IHL) >>> BITS_OF_IHL != VERSION_4) {
            return false;
        }
        int header = (f.u8(Ipv4Header.VERSION_IHL) & 0xf) * 4;
        int total = f.u16(Ipv4Header.TOTAL_LENGTH);
        if (header < Ipv4Header.SIZE || total < header || total > available
                || InternetChecksum.finish(InternetChecksum.add(0, f.bytes(), Ipv4Header.START, header)) != 0) {
            return false;
        }
        d.frame = f;
        d.headerLength = header;
        d.protocol = f.u8(Ipv4Header.PROTOCOL);
        d.ttl = f.u8(Ipv4Header.TTL);
        d.payload = Ipv4Header.START + header;
        d.payloadLength = total - header;
        return true;
    }

    /** Guests speak for themselves only; one without an address may ask for one. */
    private boolean addresses(Frame f, Datagram d) {
        d.source = f.i32(Ipv4Header.SOURCE);
        d.destination = f.i32(Ipv4Header.DESTINATION);
        if (d.source == Ipv4Address.ANY) {
            return d.destination == Ipv4Address.BROADCAST && d.protocol == Ipv4Header.PROTOCOL_UDP;
        }
        if (!NetworkLayout.isGuest(d.source)) {
            return false;
        }
        arp.learn(d.source, f.u48(EthernetHeader.SOURCE));
        return true;
    }
}
