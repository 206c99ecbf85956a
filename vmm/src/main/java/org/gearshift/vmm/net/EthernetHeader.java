package org.gearshift.vmm.net;

/** Ethernet II header fields, as offsets into a frame (IEEE 802.3, 3.2.6; RFC 894). */
final class EthernetHeader {
    static final int DESTINATION = 0;
    static final int SOURCE = 6;
    static final int TYPE = 12;
    static final int SIZE = 14;

    static final int TYPE_IPV4 = 0x0800;
    static final int TYPE_ARP = 0x0806;

    private EthernetHeader() {
    }
}
