package org.gearshift.vmm.net;

import java.util.Arrays;
import java.util.function.IntConsumer;

/** Address resolution (RFC 826): answers for the network's own addresses, and knows the guests'. */
final class Arp {
    private static final int HARDWARE = EthernetHeader.SIZE;
    private static final int PROTOCOL = HARDWARE + 2;
    private static final int LENGTHS = HARDWARE + 4;
    private static final int OPERATION = HARDWARE + 6;
    private static final int SENDER_MAC = HARDWARE + 8;
    private static final int SENDER = HARDWARE + 14;
    private static final int TARGET_MAC = HARDWARE + 18;
    private static final int TARGET = HARDWARE + 24;
    private static final int SIZE = 28;

    private static final int HARDWARE_ETHERNET = 1;
    private static final int LENGTHS_MAC_IPV4 = 0x0604;
    private static final int REQUEST = 1;
    private static final int REPLY = 2;
    private static final int HOSTS = 256;

    private final GuestLink link;
    private final IntConsumer onLearned;
    private final Frame out = new Frame();
    /** By the last byte of the address; 0 is not known. */
    private final long[] neighbours = new long[HOSTS];

    /** @param onLearned told the address of a guest that was not known before */
    Arp(GuestLink link, IntConsumer onLearned) {
        this.link = link;
        this.onLearned = onLearned;
    }

    /** Takes a frame of type ARP. @return false if it makes no sense */
    boolean receive(Frame in) {
        if (in.length() < EthernetHeader.SIZE + SIZE || in.u16(HARDWARE) != HARDWARE_ETHERNET || in.u16(PROTOCOL) != EthernetHeader.TYPE_IPV4
                || in.u16(LENGTHS) != LENGTHS_MAC_IPV4) {
            return false;
        }
        int sender = in.i32(SENDER);
        long mac = in.u48(SENDER_MAC);
        learn(sender, mac);
        int target = in.i32(TARGET);
        if (in.u16(OPERATION) == REQUEST && NetworkLayout.isOwn(target)) {
            send(REPLY, target, sender, mac, mac);
        }
        return true;
    }

    /** Notes a guest's address; others are ignored. */
    void learn(int address, long mac) {
        if (!NetworkLayout.isGuest(address) || mac == 0 || MacAddress.isGroup(mac)) {
            return;
        }
        int host = address & 0xff;
        if (neighbours[host] != mac) {
            boolean news = neighbours[host] == 0;
            neighbours[host] = mac;
            if (news) {
                onLearned.accept(address);
            }
        }
    }

    /** The Ethernet address of a guest; 0 if it is not known, and then the guest is asked for it. */
    long find(int address) {
        if (address == Ipv4Address.BROADCAST) {
            return MacAddress.BROADCAST;
        }
        long mac = neighbours[address & 0xff];
        if (mac == 0) {
            send(REQUEST, NetworkLayout.GATEWAY, address, 0, MacAddress.BROADCAST);
        }
        return mac;
    }

    private void send(int operation, int from, int to, long toMac, long destination) {
        out.begin(EthernetHeader.SIZE + SIZE);
        out.put48(EthernetHeader.DESTINATION, destination);
        out.put48(EthernetHeader.SOURCE, MacAddress.GATEWAY);
        out.put16(EthernetHeader.TYPE, EthernetHeader.TYPE_ARP);
        out.put16(HARDWARE, HARDWARE_ETHERNET);
        out.put16(PROTOCOL, EthernetHeader.TYPE_IPV4);
        out.put16(LENGTHS, LENGTHS_MAC_IPV4);
        out.put16(OPERATION, operation);
        out.put48(SENDER_MAC, MacAddress.GATEWAY);
        out.put32(SENDER, from);
        out.put48(TARGET_MAC, toMac);
        out.put32(TARGET, to);
        link.send(out);
    }

    void reset() {
        Arrays.fill(neighbours, 0);
    }
}
