package org.gearshift.vmm.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/**
 * A connection between a guest and somebody reached through the host: the guest's TCP on one side, a socket on the other, each slowed down by the
 * other. Ends of data and resets are passed on in both directions.
 */
final class TcpFlow implements TcpEndpoint.Owner {
    /** Reading fewer bytes than this from the host is not worth a system call. */
    private static final int WORTH_READING = NetworkLimits.TCP_BUFFER / 8;

    private final TcpNat nat;
    private final HostSockets sockets;
    private final SocketChannel channel;
    private final TcpEndpoint endpoint;
    private SelectionKey key;
    private boolean connected;
    /** The host's socket may have data; else the selector will say. */
    private boolean readable;
    private boolean hostFinished;
    private boolean writable = true;
    private boolean outputShut;
    private boolean failed;
    private boolean closed;
    private boolean dirty;
    private long toHost;
    private long toGuest;

    TcpFlow(TcpNat nat, HostSockets sockets, SocketChannel channel, TcpKey key, int initialSequence) throws IOException {
        this.nat = nat;
        this.sockets = sockets;
        this.channel = channel;
        endpoint = nat.endpoint(key, initialSequence, this);
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }

    TcpEndpoint endpoint() {
        return endpoint;
    }

    /** True until the host's socket is connected. */
    boolean connecting() {
        return !connected && !closed;
    }

    /** Connects to the host's side for a guest. @throws IOException if that fails at once */
    void connectHost(InetSocketAddress to) throws IOException {
        key = sockets.register(channel, 0, this::ready);
        if (channel.connect(to)) {
            hostConnected();
        } else {
            sockets.await(key, SelectionKey.OP_CONNECT);
        }
    }

    /** Connects to the guest for the host's side, whose socket is connected. */
    void connectGuest() throws IOException {
        key = sockets.register(channel, 0, this::ready);
        connected = true;
        endpoint.connect();
        changed();
    }

    private void hostConnected() {
        connected = true;
        readable = true;
        endpoint.accept();
        changed();
    }

    private void ready(int operations) {
        try {
            if ((operations & SelectionKey.OP_CONNECT) != 0) {
                if (channel.finishConnect()) {
                    hostConnected();
                } else {
                    sockets.await(key, SelectionKey.OP_CONNECT);
                }
            }
            if ((operations & SelectionKey.OP_WRITE) != 0) {
                writable = true;
            }
            if ((operations & SelectionKey.OP_READ) != 0) {
                readable = true;
            }
        } catch (IOException e) {
            nat.hostRefused();
            failed = true;
        }
        changed();
    }

    @Override
    public void changed() {
        if (!dirty && !closed) {
            dirty = true;
            nat.dirty(this);
        }
    }

    /** Data from the guest, straight to the host. */
    @Override
    public int take(byte[] bytes, int from, int length) {
        if (failed || !writable || outputShut) {
            return 0;
        }
        try {
            int count = channel.write(ByteBuffer.wrap(bytes, from, length));
            toHost += count;
            if (count < length) {
                writable = false;
                sockets.await(key, SelectionKey.OP_WRITE);
            }
            return count;
        } catch (IOException e) {
            failed = true;
            return 0;
        }
    }

    @Override
    public void timerRan() {
        nat.flush();
        sockets.flush();
    }

    /** Does whatever can be done now. */
    void pump() {
        dirty = false;
        if (closed) {
            return;
        }
        try {
            if (!failed && connected && !endpoint.wasReset()) {
                moveToHost();
                moveToGuest();
            }
        } catch (IOException e) {
            // The host's peer is gone: the guest hears it as it would without us in between.
            failed = true;
        }
        if (failed) {
            endpoint.abort();
        } else {
            endpoint.output();
        }
        finishIfDone();
    }

    private void moveToHost() throws IOException {
        ByteRing received = endpoint.received();
        if (writable && received.size() > 0) {
            toHost += received.writeTo(channel);
            if (received.size() > 0) {
                writable = false;
                sockets.await(key, SelectionKey.OP_WRITE);
            }
        }
        if (endpoint.guestFinished() && received.size() == 0 && !outputShut) {
            outputShut = true;
            channel.shutdownOutput();
        }
    }

    private void moveToGuest() throws IOException {
        ByteRing ring = endpoint.toSend();
        if (endpoint.state() == TcpEndpoint.State.SYN_SENT || hostFinished || ring.room() < WORTH_READING) {
            return;
        }
        if (readable) {
            int before = ring.room();
            int count = ring.readFrom(channel);
            if (count < 0) {
                hostFinished = true;
                endpoint.finish();
                return;
            }
            toGuest += count;
            // Less than there was room for: that was all for now, or its end. Without memory the socket is tried again later.
            readable = count == before || ring.starved();
        }
        if (!readable) {
            sockets.await(key, SelectionKey.OP_READ);
        }
    }

    private void finishIfDone() {
        TcpEndpoint.State state = endpoint.state();
        boolean over = state == TcpEndpoint.State.CLOSED || state == TcpEndpoint.State.TIME_WAIT;
        if (endpoint.wasReset()) {
            closeHost(true);
            nat.remove(this);
        } else if (over && outputShut) {
            closeHost(false);
            if (state == TcpEndpoint.State.CLOSED) {
                endpoint.close();
                nat.remove(this);
            }
        }
    }

    private void closeHost(boolean withReset) {
        if (channel.isOpen()) {
            if (withReset && channel.isConnected()) {
                try {
                    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
                } catch (IOException e) {
                    System.getLogger(TcpFlow.class.getName()).log(System.Logger.Level.DEBUG, "resetting a connection", e);
                }
            }
            sockets.close(channel);
        }
    }

    /** Called when the flow has left the table. */
    void removed() {
        closed = true;
    }

    /** Ends both sides at once. */
    void abort() {
        endpoint.abort();
        closeHost(true);
        nat.remove(this);
    }

    /** True if the host has got all there was for it. */
    boolean hostServed() {
        return outputShut;
    }

    /** Closes the host's side and forgets the guest's, which knows nothing of it any more. */
    void drop() {
        closed = true;
        closeHost(true);
        endpoint.close();
    }

    long toHost() {
        return toHost;
    }

    long toGuest() {
        return toGuest;
    }
}
