package org.gearshift.vmm.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.Iterator;
import java.util.LinkedHashMap;

/** A UDP port of the host that leads to a port of the guest. The guest's answers go back to those who wrote. */
final class UdpForward {
    private static final int DATAGRAMS_A_TURN = 64;

    private final GuestLink link;
    private final HostSockets sockets;
    private final UdpNat nat;
    private final int guestPort;
    private final DatagramChannel channel;
    private final SelectionKey key;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(UdpHeader.MAX_DATA);
    /** Peers by address and port as the guest sees them, least recently used first. */
    private final LinkedHashMap<Long, InetSocketAddress> peers = new LinkedHashMap<>(16, 0.75f, true);

    UdpForward(Forward forward, GuestLink link, HostSockets sockets, UdpNat nat) throws IOException {
        this.link = link;
        this.sockets = sockets;
        this.nat = nat;
        guestPort = forward.guestPort();
        channel = DatagramChannel.open();
        try {
            channel.configureBlocking(false);
            channel.bind(forward.host());
            key = sockets.register(channel, SelectionKey.OP_READ, operations -> receive());
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) channel.getLocalAddress();
    }

    private void receive() {
        try {
            for (int i = 0; i < DATAGRAMS_A_TURN && link.ready(); i++) {
                buffer.clear();
                SocketAddress from = channel.receive(buffer);
                if (from == null) {
                    break;
                }
                InetSocketAddress peer = (InetSocketAddress) from;
                int seen = Destinations.seenByGuest(peer.getAddress());
                remember(key(seen, peer.getPort()), peer);
                buffer.flip();
                nat.deliver(buffer, seen, peer.getPort(), NetworkLayout.GUEST, guestPort);
            }
        } catch (IOException e) {
            System.getLogger(UdpForward.class.getName()).log(System.Logger.Level.DEBUG, "forwarded UDP port", e);
        }
        if (link.ready()) {
            resume();
        }
    }

    private void remember(long seen, InetSocketAddress peer) {
        peers.put(seen, peer);
        if (peers.size() > NetworkLimits.UDP_FORWARD_PEERS) {
            Iterator<InetSocketAddress> eldest = peers.values().iterator();
            eldest.next();
            eldest.remove();
        }
    }

    /** Sends {@code data} if it is the guest's answer to one of the peers. @return false if it is not */
    boolean answer(int source, int sourcePort, int destination, int destinationPort, ByteBuffer data) {
        InetSocketAddress peer = sourcePort == guestPort && source == NetworkLayout.GUEST ? peers.get(key(destination, destinationPort)) : null;
        if (peer == null) {
            return false;
        }
        try {
            channel.send(data, peer);
        } catch (IOException e) {
            // As if it were lost on the way.
            System.getLogger(UdpForward.class.getName()).log(System.Logger.Level.DEBUG, "answer through a forwarded UDP port", e);
        }
        return true;
    }

    private static long key(int address, int port) {
        return (long) address << 16 | port;
    }

    void resume() {
        sockets.await(key, SelectionKey.OP_READ);
    }

    void reset() {
        peers.clear();
    }
}
