package org.gearshift.vmm.net;

/** The addresses of the built-in network, 10.0.2.0/24: those of QEMU's, which guests and scripts expect. */
final class NetworkLayout {
    static final int NETWORK = Ipv4Address.of(10, 0, 2, 0);
    static final int MASK = Ipv4Address.of(255, 255, 255, 0);
    /** Router, DHCP server, and the host's loopback. */
    static final int GATEWAY = Ipv4Address.of(10, 0, 2, 2);
    /** DNS server. */
    static final int DNS = Ipv4Address.of(10, 0, 2, 3);
    /** What the DHCP server gives to the first guest. */
    static final int GUEST = Ipv4Address.of(10, 0, 2, 15);
    static final int DIRECTED_BROADCAST = Ipv4Address.of(10, 0, 2, 255);
    /** Longest IPv4 datagram on the network's Ethernet. */
    static final int MTU = 1500;
    static final int DNS_PORT = 53;

    private static final int LOOPBACK = 127;
    private static final int MULTICAST = 224;

    private NetworkLayout() {
    }

    /** True for addresses of the network, its own and its broadcast address included. */
    static boolean isLocal(int address) {
        return (address & MASK) == NETWORK;
    }

    /** True for addresses a guest can have. */
    static boolean isGuest(int address) {
        return isLocal(address) && !isOwn(address) && address != NETWORK && address != DIRECTED_BROADCAST;
    }

    /** True for addresses of one station, here or elsewhere; not for "this network", loopback, multicast, reserved and broadcast ones. */
    static boolean isUnicast(int address) {
        int first = address >>> 24;
        return first != 0 && first != LOOPBACK && first < MULTICAST && address != DIRECTED_BROADCAST && address != NETWORK;
    }

    /** True for the network's own two addresses. */
    static boolean isOwn(int address) {
        return address == GATEWAY || address == DNS;
    }
}
