package org.gearshift.vmm.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** TCP between guests and the world: the table of connections. */
final class TcpNat {
    private static final long SWEEP_NANOS = 1_000_000_000L;
    /** A tick of the clock in initial sequence numbers is 4 microseconds (RFC 9293, 3.4.1). */
    private static final int TICK_NANOS = 4000;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final TcpOutput output;
    private final HostSockets sockets;
    private final Destinations destinations;
    private final Timers timers;
    private final Timers.Alarm sweep;
    private final BufferBudget budget = new BufferBudget(NetworkLimits.TCP_BUFFERS_TOTAL);
    private final TcpSegment segment = new TcpSegment();
    private final Map<TcpKey, TcpFlow> flows = new HashMap<>();
    private final ArrayDeque<TcpFlow> dirty = new ArrayDeque<>();
    private final List<TcpForward> forwards = new ArrayList<>();
    private final long secret = new SecureRandom().nextLong();
    private long opened;
    private long refused;
    private long bytesToHost;
    private long bytesToGuest;

    TcpNat(TcpOutput output, HostSockets sockets, Destinations destinations, Timers timers) {
        this.output = output;
        this.sockets = sockets;
        this.destinations = destinations;
        this.timers = timers;
        sweep = timers.alarm(this::sweep);
    }

    /** Opens a port of the host. @throws IOException if that is not possible */
    TcpForward forward(Forward forward) throws IOException {
        TcpForward f = new TcpForward(forward, sockets, this, timers);
        forwards.add(f);
        return f;
    }

    /** Takes a guest's segment. @return false if it makes no sense */
    boolean receive(Datagram d) {
        TcpSegment s = segment;
        if (!NetworkLayout.isUnicast(d.destination) || !s.parse(d)) {
            return false;
        }
        TcpKey key = new TcpKey(d.source, s.sourcePort, d.destination, s.destinationPort);
        TcpFlow flow = flows.get(key);
        boolean opening = s.has(TcpSegment.SYN) && !s.has(TcpSegment.ACK) && !s.has(TcpSegment.RST);
        if (flow != null && opening && flow.endpoint().state() == TcpEndpoint.State.TIME_WAIT) {
            // RFC 9293, 3.6.1: a new connection may follow at once.
            flow.endpoint().close();
            flow.abort();
            flow = null;
        }
        if (flow != null) {
            flow.endpoint().segment(s);
        } else if (opening) {
            open(key, s);
        } else {
            output.reset(key, s);
        }
        return true;
    }

    private void open(TcpKey key, TcpSegment s) {
        InetSocketAddress to = destinations.find(key.peer(), key.peerPort());
        if (to == null || flows.size() >= NetworkLimits.TCP_CONNECTIONS || connecting() >= NetworkLimits.TCP_CONNECTING) {
            refused++;
            output.reset(key, s);
            return;
        }
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open();
            TcpFlow flow = new TcpFlow(this, sockets, channel, key, initialSequence(key));
            flow.endpoint().listen(s);
            flow.connectHost(to);
            add(flow);
        } catch (IOException | UnsupportedAddressTypeException e) {
            refused++;
            output.reset(key, s);
            if (channel != null) {
                sockets.close(channel);
            }
        }
    }

    private long connecting() {
        return flows.values().stream().filter(TcpFlow::connecting).count();
    }

    /** A connection came to a forwarded port. */
    void forwarded(SocketChannel channel, int guestPort) throws IOException {
        InetSocketAddress from = (InetSocketAddress) channel.getRemoteAddress();
        if (from == null || flows.size() >= NetworkLimits.TCP_CONNECTIONS) {
            refused++;
            sockets.close(channel);
            return;
        }
        TcpKey key = new TcpKey(NetworkLayout.GUEST, guestPort, Destinations.seenByGuest(from.getAddress()), from.getPort());
        TcpFlow old = flows.get(key);
        if (old != null) {
            old.abort();
        }
        TcpFlow flow = new TcpFlow(this, sockets, channel, key, initialSequence(key));
        flow.connectGuest();
        add(flow);
    }

    private void add(TcpFlow flow) {
        opened++;
        flows.put(flow.endpoint().key(), flow);
        if (!sweep.isArmed()) {
            sweep.arm(timers.nanos() + SWEEP_NANOS);
        }
    }

    TcpEndpoint endpoint(TcpKey key, int initialSequence, TcpEndpoint.Owner owner) {
        return new TcpEndpoint(key, initialSequence, output, timers, budget, owner);
    }

    /** Grows with time, differs between connections (RFC 6528). */
    private int initialSequence(TcpKey key) {
        long mixed = (secret ^ key.guest() * GOLDEN ^ ((long) key.guestPort() << 32 | key.peerPort()) * 31 ^ key.peer()) * GOLDEN;
        return (int) (mixed >>> 32) + (int) (timers.nanos() / TICK_NANOS);
    }

    void dirty(TcpFlow flow) {
        dirty.add(flow);
    }

    void remove(TcpFlow flow) {
        flow.removed();
        if (flows.remove(flow.endpoint().key(), flow)) {
            bytesToHost += flow.toHost();
            bytesToGuest += flow.toGuest();
        }
    }

    void hostRefused() {
        refused++;
    }

    /** Serves all connections to which something has happened. */
    void flush() {
        for (TcpFlow flow = dirty.poll(); flow != null; flow = dirty.poll()) {
            flow.pump();
        }
    }

    /** The guest can receive again. */
    void resume() {
        for (TcpFlow flow : flows.values()) {
            if (flow.endpoint().blocked()) {
                flow.changed();
            }
        }
        flush();
    }

    /** A guest's Ethernet address has become known. */
    void reachable(int guest) {
        for (TcpFlow flow : flows.values()) {
            if (flow.endpoint().key().guest() == guest) {
                flow.endpoint().reachable();
            }
        }
    }

    private void sweep() {
        long now = timers.nanos();
        for (TcpFlow flow : new ArrayList<>(flows.values())) {
            TcpEndpoint e = flow.endpoint();
            long idle = now - e.lastActive();
            switch (e.state()) {
                case TIME_WAIT -> {
                    if (idle > NetworkLimits.TCP_TIME_WAIT_NANOS && flow.hostServed()) {
                        e.close();
                        flow.abort();
                    } else if (idle > NetworkLimits.TCP_IDLE_NANOS) {
                        flow.abort();
                    }
                }
                case ESTABLISHED, CLOSED -> {
                    if (idle > NetworkLimits.TCP_IDLE_NANOS) {
                        flow.abort();
                    }
                }
                default -> {
                    if (idle > NetworkLimits.TCP_TRANSITORY_NANOS && !e.sendsAgain()) {
                        flow.abort();
                    }
                }
            }
        }
        if (budget.used() > NetworkLimits.TCP_BUFFERS_TOTAL / 2) {
            // Some may have gone without memory, and nothing else would tell them that there is some again.
            flows.values().forEach(TcpFlow::changed);
        }
        flush();
        if (!flows.isEmpty()) {
            sweep.arm(now + SWEEP_NANOS);
        }
        sockets.flush();
    }

    void reset() {
        for (TcpFlow flow : flows.values()) {
            flow.drop();
        }
        flows.clear();
        dirty.clear();
        sweep.cancel();
    }

    boolean waitsForOutside() {
        return !flows.isEmpty() || !forwards.isEmpty();
    }

    int connections() {
        return flows.size();
    }

    long opened() {
        return opened;
    }

    long refused() {
        return refused;
    }

    long buffered() {
        return budget.used();
    }

    long bytesToHost() {
        return bytesToHost + flows.values().stream().mapToLong(TcpFlow::toHost).sum();
    }

    long bytesToGuest() {
        return bytesToGuest + flows.values().stream().mapToLong(TcpFlow::toGuest).sum();
    }
}
