package org.gearshift.vmm.net;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/** Whom a guest may talk to, and where that is from the host's point of view; and under which address the guest sees a host's peer. */
final class Destinations {
    private final boolean restricted;
    private final Supplier<InetSocketAddress> resolver;

    /** @param resolver the DNS server to use, null if there is none */
    Destinations(boolean restricted, Supplier<InetSocketAddress> resolver) {
        this.restricted = restricted;
        this.resolver = resolver;
    }

    /** The host's address for what the guest calls {@code address} and {@code port}; null if that does not exist or is not allowed. */
    InetSocketAddress find(int address, int port) {
        if (restricted || port == 0 || !NetworkLayout.isUnicast(address)) {
            return null;
        }
        if (address == NetworkLayout.GATEWAY) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        }
        if (address == NetworkLayout.DNS) {
            return port == NetworkLayout.DNS_PORT ? resolver.get() : null;
        }
        return NetworkLayout.isLocal(address) ? null : new InetSocketAddress(Ipv4Address.toInet(address), port);
    }

    /** Why {@link #find} said no. */
    Icmp.Unreachable reason(int address) {
        if (restricted) {
            return Icmp.Unreachable.PROHIBITED;
        }
        return NetworkLayout.isOwn(address) ? Icmp.Unreachable.PORT : Icmp.Unreachable.HOST;
    }

    /** The address by which a guest knows a peer of the host. What has none in the guest's world, the host itself above all, is the gateway. */
    static int seenByGuest(InetAddress peer) {
        if (peer instanceof Inet4Address v4 && !peer.isLoopbackAddress()) {
            int address = Ipv4Address.of(v4);
            return NetworkLayout.isLocal(address) || !NetworkLayout.isUnicast(address) ? NetworkLayout.GATEWAY : address;
        }
        return NetworkLayout.GATEWAY;
    }
}
