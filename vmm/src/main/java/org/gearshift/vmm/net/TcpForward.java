package org.gearshift.vmm.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A TCP port of the host that leads to a port of the guest. */
final class TcpForward {
    private static final int ACCEPTED_A_TURN = 16;

    private final HostSockets sockets;
    private final TcpNat nat;
    private final int guestPort;
    private final ServerSocketChannel channel;
    private final SelectionKey key;

    TcpForward(Forward forward, HostSockets sockets, TcpNat nat) throws IOException {
        this.sockets = sockets;
        this.nat = nat;
        guestPort = forward.guestPort();
        channel = ServerSocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
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
            try {
                SocketChannel connection = channel.accept();
                if (connection == null) {
                    break;
                }
                nat.forwarded(connection, guestPort);
            } catch (IOException e) {
                System.getLogger(TcpForward.class.getName()).log(System.Logger.Level.WARNING, "a forwarded connection was lost: {0}", e.getMessage());
                break;
            }
        }
        sockets.await(key, SelectionKey.OP_ACCEPT);
    }
}
