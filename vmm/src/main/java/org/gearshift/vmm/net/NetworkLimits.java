package org.gearshift.vmm.net;

/** How much of the host one guest can occupy through its network. A guest that asks for more is refused, or waits. */
final class NetworkLimits {
    private static final long SECOND = 1_000_000_000L;

    /** TCP connections in any state, TIME_WAIT included. */
    static final int TCP_CONNECTIONS = 1024;
    /** TCP connections whose host side is not connected yet. */
    static final int TCP_CONNECTING = 128;
    /** Guest UDP ports with a host socket; beyond, the one unused for longest gives way. */
    static final int UDP_SOCKETS = 256;
    /** Peers that may answer a guest's UDP port; beyond, the one spoken to longest ago is forgotten. */
    static final int UDP_PEERS = 64;
    /** Host peers a UDP forwarding remembers; beyond, the one unused for longest gives way. */
    static final int UDP_FORWARD_PEERS = 256;
    /** Bytes kept for one direction of a TCP connection; also the largest window offered. */
    static final int TCP_BUFFER = 256 << 10;
    /** Bytes kept for all TCP connections: beyond, buffers do not grow. */
    static final long TCP_BUFFERS_TOTAL = 64L << 20;
    /** Pieces of out-of-order TCP data remembered for a connection. */
    static final int TCP_GAPS = 32;
    /** Datagrams under reassembly. */
    static final int REASSEMBLIES = 8;
    /** Fragments of one datagram. */
    static final int FRAGMENTS = 64;
    /** Frames kept for a station that has no room; TCP does not count on them. */
    static final int BACKLOG_FRAMES = 32;
    /** Addresses the DHCP server gives away. */
    static final int LEASES = 16;
    /** Forwarded connections waiting to be accepted from the host's system. */
    static final int LISTEN_BACKLOG = 64;

    /** RFC 791 suggests 15 seconds. */
    static final long REASSEMBLY_NANOS = 15 * SECOND;
    /** RFC 4787, REQ-5: not less than 2 minutes. */
    static final long UDP_IDLE_NANOS = 120 * SECOND;
    /** RFC 4787, REQ-5 lets well-known ports differ: a DNS query is answered soon or never. */
    static final long UDP_DNS_IDLE_NANOS = 10 * SECOND;
    /** RFC 5382, REQ-5: not less than 2 hours and 4 minutes. */
    static final long TCP_IDLE_NANOS = (2 * 3600 + 5 * 60) * SECOND;
    /** RFC 5382, REQ-5, for connections not established or half gone: 4 minutes. */
    static final long TCP_TRANSITORY_NANOS = 240 * SECOND;
    /** Twice the life of a segment on a network of one hop. */
    static final long TCP_TIME_WAIT_NANOS = 2 * SECOND;

    private NetworkLimits() {
    }
}
