package org.gearshift.vmm.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A TCP port of the host that leads to a port of the guest. */
final class TcpForward {
    private static final int ACCEPTED_A_TURN = 16;
    /** After a failure, for want of file descriptors most likely. */
    private static final long PAUSE_NANOS = 1_000_000_000L;

    private final HostSockets sockets;
    private final TcpNat nat;
    private final int guestPort;
    private final ServerSocketChannel channel;
    private final SelectionKey key;
    private final Timers timers;
    private final Timers.Alarm pause;

    TcpForward(Forward forward, HostSockets sockets, TcpNat nat, Timers timers) throws IOException {
        this.sockets = sockets;
        this.nat = nat;
        this.timers = timers;
        pause = timers.alarm(() -> {
            listen();
            sockets.flush();
        });
        guestPort = forward.guestPort();
        channel = ServerSocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.bind(forward.host(), NetworkLimits.LISTEN_BACKLOG);
            key = sockets.register(channel, SelectionKey.OP_ACCEPT, operations -> accept());
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) channel.getLocalAddress();
    }

    private void accept() {
        for (int i = 0; i < ACCEPTED_A_TURN; i++) {
            SocketChannel connection;
            try {
                connection = channel.accept();
            } catch (IOException e) {
                System.getLogger(TcpForward.class.getName()).log(System.Logger.Level.WARNING, "forwarded connections have to wait: {0}", e.getMessage());
                pause.arm(timers.nanos() + PAUSE_NANOS);
                return;
            }
            if (connection == null) {
                break;
            }
            hand(connection);
        }
        listen();
    }

    private void hand(SocketChannel connection) {
        try {
            nat.forwarded(connection, guestPort);
        } catch (IOException e) {
            // Its peer has gone already.
            System.getLogger(TcpForward.class.getName()).log(System.Logger.Level.DEBUG, "a forwarded connection", e);
            sockets.close(connection);
        }
    }

    private void listen() {
        sockets.await(key, SelectionKey.OP_ACCEPT);
    }
}
