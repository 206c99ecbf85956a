package org.gearshift.vmm.net;

/** Makes IPv4 datagrams and sends them to guests, in fragments where they are longer than the network's MTU. */
final class Ipv4Output {
    private static final int TTL = 64;
    private static final int VERSION_4_IHL_5 = 0x45;
    /** Payload of all fragments but the last: a multiple of 8. */
    private static final int FRAGMENT = NetworkLayout.MTU - Ipv4Header.SIZE & -Ipv4Header.OFFSET_UNIT;

    private final GuestLink link;
    private final Arp arp;
    private final Frame out = new Frame();
    private final Frame fragment = new Frame();
    private int identification;

    Ipv4Output(GuestLink link, Arp arp) {
        this.link = link;
        this.arp = arp;
    }

    /** A frame for a datagram of {@code payloadLength} bytes, to be written from {@link Ipv4Header#PAYLOAD} on; there is only one at a time. */
    Frame begin(int payloadLength) {
        out.begin(Ipv4Header.PAYLOAD + payloadLength);
        return out;
    }

    /** Sends what {@link #begin} gave. @return false if the guest's Ethernet address is not known yet */
    boolean send(int protocol, int source, int destination) {
        long mac = arp.find(destination);
        if (mac == 0) {
            return false;
        }
        send(protocol, source, destination, mac);
        return true;
    }

    /** The same to a given station. */
    void send(int protocol, int source, int destination, long mac) {
        int id = identification++ & 0xffff;
        int length = out.length() - Ipv4Header.PAYLOAD;
        if (length <= NetworkLayout.MTU - Ipv4Header.SIZE || out.segmentSize() > 0) {
            headers(out, mac, protocol, source, destination, id, Ipv4Header.DONT_FRAGMENT);
            link.send(out);
            return;
        }
        for (int offset = 0; offset < length; offset += FRAGMENT) {
            int part = Math.min(FRAGMENT, length - offset);
            fragment.begin(Ipv4Header.PAYLOAD + part);
            System.arraycopy(out.bytes(), Ipv4Header.PAYLOAD + offset, fragment.bytes(), Ipv4Header.PAYLOAD, part);
            int more = offset + part < length ? Ipv4Header.MORE_FRAGMENTS : 0;
            headers(fragment, mac, protocol, source, destination, id, more | offset / Ipv4Header.OFFSET_UNIT);
            link.send(fragment);
        }
    }

    private static void headers(Frame f, long mac, int protocol, int source, int destination, int id, int flagsAndOffset) {
        f.put48(EthernetHeader.DESTINATION, mac);
        f.put48(EthernetHeader.SOURCE, MacAddress.GATEWAY);
        f.put16(EthernetHeader.TYPE, EthernetHeader.TYPE_IPV4);
        f.put16(Ipv4Header.VERSION_IHL, VERSION_4_IHL_5 << 8);
        f.put16(Ipv4Header.TOTAL_LENGTH, f.length() - Ipv4Header.START);
        f.put16(Ipv4Header.IDENTIFICATION, id);
        f.put16(Ipv4Header.FLAGS_OFFSET, flagsAndOffset);
        f.put8(Ipv4Header.TTL, TTL);
        f.put8(Ipv4Header.PROTOCOL, protocol);
        f.put16(Ipv4Header.CHECKSUM, 0);
        f.put32(Ipv4Header.SOURCE, source);
        f.put32(Ipv4Header.DESTINATION, destination);
        f.put16(Ipv4Header.CHECKSUM, InternetChecksum.finish(InternetChecksum.add(0, f.bytes(), Ipv4Header.START, Ipv4Header.SIZE)));
    }
}
