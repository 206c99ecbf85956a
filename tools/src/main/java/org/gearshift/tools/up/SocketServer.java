package org.gearshift.tools.up;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Consumer;

/** Accepts connections, each served on a thread of its own. A unix-domain socket is for its owner only, and is removed in the end. */
final class SocketServer implements AutoCloseable {
    private final ServerSocketChannel server;
    private final Path file;

    private SocketServer(ServerSocketChannel server, Path file) {
        this.server = server;
        this.file = file;
    }

    /** @param serve owns the channel that it is given */
    static SocketServer open(SocketAddress address, Consumer<SocketChannel> serve) throws IOException {
        Path file = address instanceof UnixDomainSocketAddress u ? u.getPath() : null;
        ServerSocketChannel channel = file == null ? ServerSocketChannel.open() : ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(address);
            if (file != null && file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            }
        } catch (IOException e) {
            channel.close();
            throw new IOException((file == null ? address : file) + ": " + e.getMessage(), e);
        }
        SocketServer s = new SocketServer(channel, file);
        thread(() -> s.accept(serve), "control");
        return s;
    }

    private static void thread(Runnable what, String name) {
        Thread t = new Thread(what, name);
        t.setDaemon(true);
        t.start();
    }

    private void accept(Consumer<SocketChannel> serve) {
        try {
            while (true) {
                SocketChannel c = server.accept();
                thread(() -> serve.accept(c), "control-connection");
            }
        } catch (ClosedChannelException e) {
            System.getLogger(SocketServer.class.getName()).log(System.Logger.Level.DEBUG, "no more connections");
        } catch (IOException e) {
            System.getLogger(SocketServer.class.getName()).log(System.Logger.Level.WARNING, "no more connections are accepted: {0}", e.getMessage());
        }
    }

    /** Where it listens. */
    SocketAddress address() throws IOException {
        return server.getLocalAddress();
    }

    @Override
    public void close() throws IOException {
        server.close();
        if (file != null) {
            Files.deleteIfExists(file);
        }
    }
}
