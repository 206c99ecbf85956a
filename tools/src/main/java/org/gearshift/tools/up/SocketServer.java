package org.gearshift.tools.up;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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
            if (file == null) {
                channel.bind(address);
            } else {
                bind(channel, file);
            }
        } catch (IOException e) {
            channel.close();
            throw new IOException((file == null ? address : file) + ": " + e.getMessage(), e);
        }
        SocketServer s = new SocketServer(channel, file);
        thread(() -> s.accept(serve), "control");
        return s;
    }

    /** Gives the socket its name only when it listens and is its owner's: who finds it before would take it for one that was left behind. */
    private static void bind(ServerSocketChannel channel, Path file) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("is there already");
        }
        Path unnamed = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(unnamed);
        channel.bind(UnixDomainSocketAddress.of(unnamed));
        try {
            if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(unnamed, PosixFilePermissions.fromString("rw-------"));
            }
            Files.move(unnamed, file);
        } catch (IOException e) {
            Files.deleteIfExists(unnamed);
            throw e;
        }
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

    /** Where it listens, in words. */
    String place() throws IOException {
        return server.getLocalAddress() instanceof InetSocketAddress i ? i.getAddress().getHostAddress() + " port " + i.getPort() : file.toString();
    }

    @Override
    public void close() throws IOException {
        server.close();
        if (file != null) {
            Files.deleteIfExists(file);
        }
    }
}
