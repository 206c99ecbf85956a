package org.gearshift.vmm.net;

/** Takes UDP datagrams from guests and gives them to the DHCP server or the address translation. */
final class Udp {
    private final DhcpServer dhcp;
    private final UdpNat nat;

    Udp(DhcpServer dhcp, UdpNat nat) {
        this.dhcp = dhcp;
        this.nat = nat;
    }

    /** Takes a datagram. @return false if it makes no sense */
    boolean receive(Datagram d) {
        if (d.payloadLength < UdpHeader.SIZE) {
            return false;
        }
        Frame in = d.frame;
        int length = in.u16(d.payload + UdpHeader.LENGTH);
        if (length < UdpHeader.SIZE || length > d.payloadLength) {
            return false;
        }
        d.payloadLength = length;
        if (in.u16(d.payload + UdpHeader.CHECKSUM) != 0 && !d.transportChecksumGood()) {
            return false;
        }
        int port = in.u16(d.payload + UdpHeader.DESTINATION_PORT);
        if (port == DhcpServer.SERVER_PORT && (d.destination == Ipv4Address.BROADCAST || d.destination == NetworkLayout.GATEWAY)) {
            return dhcp.receive(d);
        }
        if (NetworkLayout.isUnicast(d.destination) && d.source != Ipv4Address.ANY) {
            nat.send(d, in.u16(d.payload + UdpHeader.SOURCE_PORT), port);
        }
        return true;
    }
}
