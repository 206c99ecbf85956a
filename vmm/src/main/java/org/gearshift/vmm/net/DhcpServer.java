package org.gearshift.vmm.net;

import java.util.Arrays;

/** The DHCP server (RFC 2131, options: RFC 2132). The first station gets 10.0.2.15, the next ones the addresses behind it. */
final class DhcpServer {
    static final int SERVER_PORT = 67;
    static final int CLIENT_PORT = 68;

    private static final int OP = 0;
    /** Type and address length in one. */
    private static final int HARDWARE_TYPE = 1;
    private static final int TRANSACTION = 4;
    private static final int FLAGS = 10;
    private static final int CLIENT_ADDRESS = 12;
    private static final int YOUR_ADDRESS = 16;
    private static final int SERVER_ADDRESS = 20;
    private static final int GATEWAY_ADDRESS = 24;
    private static final int CLIENT_MAC = 28;
    private static final int COOKIE = 236;
    private static final int OPTIONS = 240;
    private static final int BOOTREQUEST = 1;
    private static final int BOOTREPLY = 2;
    private static final int ETHERNET = 0x0106;
    private static final int MAGIC = 0x63825363;
    /** RFC 1542, 2.1: older clients want a BOOTP message's full length. */
    private static final int REPLY_LENGTH = 300;

    private static final int OPTION_PAD = 0;
    private static final int OPTION_MASK = 1;
    private static final int OPTION_ROUTER = 3;
    private static final int OPTION_DNS = 6;
    private static final int OPTION_REQUESTED = 50;
    private static final int OPTION_LEASE_TIME = 51;
    private static final int OPTION_TYPE = 53;
    private static final int OPTION_SERVER = 54;
    private static final int OPTION_END = 255;

    private static final int DISCOVER = 1;
    private static final int OFFER = 2;
    private static final int REQUEST = 3;
    private static final int DECLINE = 4;
    private static final int ACK = 5;
    private static final int NAK = 6;
    private static final int RELEASE = 7;
    private static final int INFORM = 8;
    private static final int LEASE_SECONDS = 86400;

    private final Ipv4Output ip;
    private final Arp arp;
    /** By address from {@link NetworkLayout#GUEST} on; 0 is free. */
    private final long[] leases = new long[NetworkLimits.LEASES];
    private int optionAt;

    /** A client's message, as far as it matters. */
    private record Message(int type, int requested, int server, int clientAddress, long mac) { }

    DhcpServer(Ipv4Output ip, Arp arp) {
        this.ip = ip;
        this.arp = arp;
    }

    /** Takes a datagram for the server's port. @return false if it makes no sense */
    boolean receive(Datagram d) {
        Frame in = d.frame;
        int at = d.payload + UdpHeader.SIZE;
        int length = d.payloadLength - UdpHeader.SIZE;
        if (length < OPTIONS || in.u8(at + OP) != BOOTREQUEST || in.u16(at + HARDWARE_TYPE) != ETHERNET || in.i32(at + COOKIE) != MAGIC) {
            return false;
        }
        Message m = parse(in, at, length);
        if (m == null || MacAddress.isGroup(m.mac) || m.mac == 0) {
            return false;
        }
        answer(in, at, m);
        return true;
    }

    private static Message parse(Frame in, int at, int length) {
        int type = 0;
        int requested = 0;
        int server = 0;
        int end = at + length;
        int option = at + OPTIONS;
        while (option < end && in.u8(option) != OPTION_END) {
            if (in.u8(option) == OPTION_PAD) {
                option++;
                continue;
            }
            if (option + 2 > end || option + 2 + in.u8(option + 1) > end) {
                return null;
            }
            int size = in.u8(option + 1);
            switch (in.u8(option)) {
                case OPTION_TYPE -> type = size == 1 ? in.u8(option + 2) : 0;
                case OPTION_REQUESTED -> requested = size == 4 ? in.i32(option + 2) : 0;
                case OPTION_SERVER -> server = size == 4 ? in.i32(option + 2) : 0;
                default -> { }
            }
            option += 2 + size;
        }
        return new Message(type, requested, server, in.i32(at + CLIENT_ADDRESS), in.u48(at + CLIENT_MAC));
    }

    private void answer(Frame in, int at, Message m) {
        switch (m.type) {
            case DISCOVER -> {
                int address = lease(m.mac);
                if (address != 0) {
                    reply(in, at, m, OFFER, address);
                }
            }
            case REQUEST -> request(in, at, m);
            case INFORM -> reply(in, at, m, ACK, 0);
            case RELEASE, DECLINE -> release(m.mac);
            default -> { }
        }
    }

    private void request(Frame in, int at, Message m) {
        if (m.server != 0 && m.server != NetworkLayout.GATEWAY) {
            // The client took another server's offer.
            return;
        }
        int wanted = m.requested != 0 ? m.requested : m.clientAddress;
        int address = lease(m.mac);
        if (address != 0 && wanted == address) {
            arp.learn(address, m.mac);
            reply(in, at, m, ACK, address);
        } else {
            reply(in, at, m, NAK, 0);
        }
    }

    /** The address of a station, a new one if it has none; 0 if all are taken. */
    private int lease(long mac) {
        int free = -1;
        for (int i = leases.length - 1; i >= 0; i--) {
            if (leases[i] == mac) {
                return NetworkLayout.GUEST + i;
            }
            free = leases[i] == 0 ? i : free;
        }
        if (free < 0) {
            return 0;
        }
        leases[free] = mac;
        return NetworkLayout.GUEST + free;
    }

    private void release(long mac) {
        for (int i = 0; i < leases.length; i++) {
            leases[i] = leases[i] == mac ? 0 : leases[i];
        }
    }

    private void reply(Frame in, int at, Message m, int type, int address) {
        Frame out = ip.begin(UdpHeader.SIZE + REPLY_LENGTH);
        int to = UdpHeader.DATA;
        Arrays.fill(out.bytes(), to, to + REPLY_LENGTH, (byte) 0);
        out.put8(to + OP, BOOTREPLY);
        out.put16(to + HARDWARE_TYPE, ETHERNET);
        out.put32(to + TRANSACTION, in.i32(at + TRANSACTION));
        out.put16(to + FLAGS, in.u16(at + FLAGS));
        out.put32(to + CLIENT_ADDRESS, type == ACK ? m.clientAddress : 0);
        out.put32(to + YOUR_ADDRESS, address);
        out.put32(to + SERVER_ADDRESS, type == NAK ? 0 : NetworkLayout.GATEWAY);
        out.put32(to + GATEWAY_ADDRESS, in.i32(at + GATEWAY_ADDRESS));
        out.put48(to + CLIENT_MAC, m.mac);
        out.put32(to + COOKIE, MAGIC);
        optionAt = to + OPTIONS;
        out.put8(optionAt, OPTION_TYPE);
        out.put8(optionAt + 1, 1);
        out.put8(optionAt + 2, type);
        optionAt += 3;
        option(out, OPTION_SERVER, NetworkLayout.GATEWAY);
        if (type != NAK) {
            option(out, OPTION_MASK, NetworkLayout.MASK);
            option(out, OPTION_ROUTER, NetworkLayout.GATEWAY);
            option(out, OPTION_DNS, NetworkLayout.DNS);
        }
        if (type != NAK && address != 0) {
            option(out, OPTION_LEASE_TIME, LEASE_SECONDS);
        }
        out.put8(optionAt, OPTION_END);
        // A client that has its address hears what is sent there; others are spoken to by their Ethernet address.
        boolean known = type == ACK && NetworkLayout.isGuest(m.clientAddress);
        int destination = known ? m.clientAddress : Ipv4Address.BROADCAST;
        UdpHeader.write(out, NetworkLayout.GATEWAY, SERVER_PORT, destination, CLIENT_PORT, REPLY_LENGTH);
        ip.send(Ipv4Header.PROTOCOL_UDP, NetworkLayout.GATEWAY, destination, known ? m.mac : MacAddress.BROADCAST);
    }

    private void option(Frame out, int code, int value) {
        out.put8(optionAt, code);
        out.put8(optionAt + 1, 4);
        out.put32(optionAt + 2, value);
        optionAt += 6;
    }

    void reset() {
        Arrays.fill(leases, 0);
    }
}
