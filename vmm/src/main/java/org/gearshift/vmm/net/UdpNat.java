package org.gearshift.vmm.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * UDP between guests and the world: each guest port that sends gets a socket of the host (endpoint-independent mapping, RFC 4787), on which only those
 * it has spoken to are heard (address-dependent filtering). Unused ones are closed after a while.
 */
final class UdpNat {
    private static final long SWEEP_NANOS = 5_000_000_000L;
    private static final int DATAGRAMS_A_TURN = 64;

    private final GuestLink link;
    private final Ipv4Output ip;
    private final Icmp icmp;
    private final HostSockets sockets;
    private final Destinations destinations;
    private final Timers timers;
    private final Timers.Alarm sweep;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(UdpHeader.MAX_DATA);
    /** Least recently used first. */
    private final LinkedHashMap<Long, Mapping> mappings = new LinkedHashMap<>(16, 0.75f, true);
    private final List<UdpForward> forwards = new ArrayList<>();
    private long refused;
    private long opened;

    /** An address and port as the guest sees them. */
    private record Endpoint(int address, int port) { }

    UdpNat(GuestLink link, Ipv4Output ip, Icmp icmp, HostSockets sockets, Destinations destinations, Timers timers) {
        this.link = link;
        this.ip = ip;
        this.icmp = icmp;
        this.sockets = sockets;
        this.destinations = destinations;
        this.timers = timers;
        sweep = timers.alarm(this::sweep);
    }

    /** One guest port and its socket. */
    private final class Mapping {
        final int guest;
        final int guestPort;
        final DatagramChannel channel;
        final SelectionKey key;
        /** Least recently spoken to first. */
        final LinkedHashMap<InetSocketAddress, Endpoint> peers = new LinkedHashMap<>(4, 0.75f, true);
        long lastUsed;
        boolean onlyDns = true;

        Mapping(int guest, int guestPort) throws IOException {
            this.guest = guest;
            this.guestPort = guestPort;
            channel = DatagramChannel.open();
            channel.configureBlocking(false);
            channel.bind(null);
            key = sockets.register(channel, SelectionKey.OP_READ, operations -> receive());
        }

        void send(InetSocketAddress to, Endpoint asGuestSees) throws IOException {
            peers.put(to, asGuestSees);
            if (peers.size() > NetworkLimits.UDP_PEERS) {
                removeEldest(peers);
            }
            onlyDns &= asGuestSees.port == NetworkLayout.DNS_PORT;
            lastUsed = timers.nanos();
            channel.send(buffer, to);
        }

        void receive() {
            try {
                for (int i = 0; i < DATAGRAMS_A_TURN && link.ready(); i++) {
                    buffer.clear();
                    SocketAddress from = channel.receive(buffer);
                    if (from == null) {
                        break;
                    }
                    Endpoint peer = peer((InetSocketAddress) from);
                    if (peer != null) {
                        lastUsed = timers.nanos();
                        deliver(peer.address, peer.port, guest, guestPort);
                    }
                }
            } catch (IOException e) {
                // An ICMP error about an earlier datagram: the guest finds out by itself, as with a lost one.
                refused++;
            }
            if (link.ready()) {
                sockets.await(key, SelectionKey.OP_READ);
            }
        }

        /** Who that is for the guest; null for strangers. A peer may answer from another port, as TFTP servers do. */
        Endpoint peer(InetSocketAddress from) {
            Endpoint known = peers.get(from);
            if (known != null) {
                return known;
            }
            for (Map.Entry<InetSocketAddress, Endpoint> p : peers.entrySet()) {
                if (p.getKey().getAddress().equals(from.getAddress())) {
                    return new Endpoint(p.getValue().address, from.getPort());
                }
            }
            return null;
        }
    }

    /** Opens a port of the host. @throws IOException if that is not possible */
    UdpForward forward(Forward forward) throws IOException {
        UdpForward f = new UdpForward(forward, link, sockets, this);
        forwards.add(f);
        return f;
    }

    /** Takes a datagram of a guest. */
    void send(Datagram d, int sourcePort, int destinationPort) {
        buffer.clear();
        buffer.put(d.frame.bytes(), d.payload + UdpHeader.SIZE, d.payloadLength - UdpHeader.SIZE).flip();
        for (UdpForward f : forwards) {
            if (f.answer(d.source, sourcePort, d.destination, destinationPort, buffer)) {
                return;
            }
        }
        InetSocketAddress to = destinations.find(d.destination, destinationPort);
        if (to == null) {
            refused++;
            icmp.unreachable(d, destinations.reason(d.destination));
            return;
        }
        try {
            mapping(d.source, sourcePort).send(to, new Endpoint(d.destination, destinationPort));
        } catch (IOException | UnsupportedAddressTypeException e) {
            refused++;
            icmp.unreachable(d, Icmp.Unreachable.HOST);
        }
    }

    private Mapping mapping(int guest, int port) throws IOException {
        long key = (long) guest << 16 | port;
        Mapping mapping = mappings.get(key);
        if (mapping == null) {
            mapping = new Mapping(guest, port);
            opened++;
            mappings.put(key, mapping);
            if (mappings.size() > NetworkLimits.UDP_SOCKETS) {
                sockets.close(removeEldest(mappings).channel);
            }
            if (!sweep.isArmed()) {
                sweep.arm(timers.nanos() + SWEEP_NANOS);
            }
        }
        return mapping;
    }

    private static <V> V removeEldest(Map<?, V> map) {
        Iterator<V> eldest = map.values().iterator();
        V value = eldest.next();
        eldest.remove();
        return value;
    }

    /** Sends what is in the buffer to a guest. */
    private void deliver(int source, int sourcePort, int guest, int guestPort) {
        buffer.flip();
        deliver(buffer, source, sourcePort, guest, guestPort);
    }

    void deliver(ByteBuffer data, int source, int sourcePort, int guest, int guestPort) {
        int length = data.remaining();
        Frame out = ip.begin(UdpHeader.SIZE + length);
        data.get(out.bytes(), UdpHeader.DATA, length);
        UdpHeader.write(out, source, sourcePort, guest, guestPort, length);
        ip.send(Ipv4Header.PROTOCOL_UDP, source, guest);
    }

    /** The guest can receive again. */
    void resume() {
        for (Mapping m : mappings.values()) {
            sockets.await(m.key, SelectionKey.OP_READ);
        }
        for (UdpForward f : forwards) {
            f.resume();
        }
    }

    private void sweep() {
        long now = timers.nanos();
        mappings.values().removeIf(m -> {
            boolean old = now - m.lastUsed > (m.onlyDns ? NetworkLimits.UDP_DNS_IDLE_NANOS : NetworkLimits.UDP_IDLE_NANOS);
            if (old) {
                sockets.close(m.channel);
            }
            return old;
        });
        if (!mappings.isEmpty()) {
            sweep.arm(now + SWEEP_NANOS);
        }
        sockets.flush();
    }

    void reset() {
        for (Mapping m : mappings.values()) {
            sockets.close(m.channel);
        }
        mappings.clear();
        sweep.cancel();
        for (UdpForward f : forwards) {
            f.reset();
        }
    }

    int sockets() {
        return mappings.size();
    }

    long opened() {
        return opened;
    }

    long refused() {
        return refused;
    }

    /** True while an answer from outside may come. */
    boolean waitsForOutside() {
        return !mappings.isEmpty() || !forwards.isEmpty();
    }
}
