package org.gearshift.tools.gdb;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.cpu.CpuFeature;

/** Waits for gdb on a TCP port, one at a time. Whoever can connect owns the guest: by default that is this host alone. */
public final class GdbServer implements Closeable {
    private static final System.Logger LOG = System.getLogger(GdbServer.class.getName());
    private static final int MAX_PORT = 65_535;
    private static final long FAREWELL_MILLIS = 1000;

    private final ServerSocket server;
    private final GdbTarget target;
    private final Thread thread = new Thread(this::serve, "gdb-server");
    private volatile boolean closed;

    private GdbServer(ServerSocket server, GdbTarget target) {
        this.server = server;
        this.target = target;
    }

    /**
     * Where to listen: PORT, :PORT or HOST:PORT; without a host, on this host's loopback address.
     *
     * @throws IllegalArgumentException if it is none of these; the message says what to write
     */
    public static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        String port = text.substring(colon + 1);
        if (!port.matches("\\d{1,5}") || Integer.parseInt(port) > MAX_PORT) {
            throw new IllegalArgumentException(text + ": not HOST:PORT or PORT, such as localhost:1234");
        }
        try {
            InetAddress at = host.isEmpty() ? InetAddress.getLoopbackAddress() : InetAddress.getByName(host.replaceAll("^\\[|\\]$", ""));
            return new InetSocketAddress(at, Integer.parseInt(port));
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(text + ": no host of that name");
        }
    }

    /**
     * Begins to listen. The machine must not run yet.
     *
     * @param wait whether the machine stands before its first instruction until gdb lets it go
     * @param messages where to say how to connect
     * @throws IOException if the port cannot be had; the message names it
     */
    public static GdbServer start(Machine machine, InetSocketAddress at, boolean wait, GdbMonitor monitor, PrintWriter messages) throws IOException {
        ServerSocket server = new ServerSocket();
        try {
            server.setReuseAddress(true);
            server.bind(at, 1);
        } catch (IOException e) {
            server.close();
            throw new IOException("cannot listen on " + at.getHostString() + ":" + at.getPort() + " for gdb: " + e.getMessage(), e);
        }
        var model = machine.cpu().model();
        GdbTarget target = new GdbTarget(machine.debugger(), model.has(CpuFeature.LM), model.has(CpuFeature.AVX), machine::quit, monitor);
        GdbServer s = new GdbServer(server, target);
        if (wait) {
            machine.debugger().pause();
        } else {
            machine.debugger().postponeHistory();
        }
        InetSocketAddress got = (InetSocketAddress) server.getLocalSocketAddress();
        messages.printf("gearshift: gdb can connect: target remote %s:%d%s%n", got.getAddress().isLoopbackAddress() ? "localhost" : got.getAddress().getHostAddress(),
                got.getPort(),
                wait ? " (the guest waits for it)" : "");
        messages.flush();
        s.thread.setDaemon(true);
        s.thread.start();
        return s;
    }

    private void serve() {
        while (!closed) {
            try (Socket socket = server.accept()) {
                socket.setTcpNoDelay(true);
                PacketChannel channel = new PacketChannel(socket.getInputStream(), socket.getOutputStream(), socket);
                new GdbSession(channel, target).serve();
            } catch (IOException e) {
                LOG.log(closed ? Level.DEBUG : Level.INFO, "gdb: {0}", e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** The port it listens on. */
    public int port() {
        return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        server.close();
        try {
            // A gdb that waits is told how the run has ended.
            thread.join(FAREWELL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
