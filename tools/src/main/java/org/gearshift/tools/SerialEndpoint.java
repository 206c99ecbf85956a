package org.gearshift.tools;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.tools.terminal.ConsoleTerminal;
import org.gearshift.vmm.Vm;

/** What the guest's first serial port is connected to on the host. Writes come from the vCPU thread. */
abstract class SerialEndpoint implements AutoCloseable {
    /** A byte from the guest. */
    abstract void transmit(byte b);

    /** Starts passing host input to the guest. */
    abstract void attach(Vm vm);

    abstract void flush() throws IOException;

    @Override
    public abstract void close() throws IOException;

    /** Opens what {@code --serial} names. */
    static SerialEndpoint open(String where) throws IOException {
        if (where.equals("stdio")) {
            return new Terminal(ConsoleTerminal.open());
        }
        if (where.equals("none")) {
            return new Stream(OutputStream.nullOutputStream(), InputStream.nullInputStream(), () -> { });
        }
        if (where.startsWith("file:") && where.length() > 5) {
            OutputStream out = Files.newOutputStream(Path.of(where.substring(5)));
            return new Stream(new BufferedOutputStream(out), InputStream.nullInputStream(), out);
        }
        if (where.startsWith("tcp:")) {
            return tcp(where.substring(4));
        }
        throw new Gearshift.UsageError("--serial " + where + ": write stdio, none, file:PATH or tcp:[HOST:]PORT");
    }

    private static SerialEndpoint tcp(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        InetAddress host = colon < 0 ? InetAddress.getLoopbackAddress() : InetAddress.getByName(address.substring(0, colon));
        int port;
        try {
            port = Integer.parseInt(address.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new Gearshift.UsageError("--serial tcp:" + address + ": not a port number");
        }
        if (port < 0 || port > 65535) {
            throw new Gearshift.UsageError("--serial tcp:" + address + ": ports go from 0 to 65535");
        }
        try (ServerSocket server = new ServerSocket()) {
            server.bind(new InetSocketAddress(host, port), 1);
            System.err.println("gearshift: serial port waits for a connection on " + host.getHostAddress() + " port " + server.getLocalPort());
            Socket socket = server.accept();
            socket.setTcpNoDelay(true);
            return new Stream(socket.getOutputStream(), socket.getInputStream(), socket);
        }
    }

    /** The user's terminal. */
    private static final class Terminal extends SerialEndpoint {
        private final ConsoleTerminal terminal;

        Terminal(ConsoleTerminal terminal) {
            this.terminal = terminal;
        }

        @Override
        void transmit(byte b) {
            terminal.write(b);
        }

        @Override
        void attach(Vm vm) {
            vm.onIdle(() -> {
                try {
                    terminal.flush();
                } catch (IOException e) {
                    throw new UncheckedIOException("standard output", e);
                }
            });
            terminal.start(vm::serialInput, vm::quit, () -> vm.statistics(0));
        }

        @Override
        void flush() throws IOException {
            terminal.flush();
        }

        @Override
        public void close() throws IOException {
            terminal.close();
        }
    }

    /** A file or a connection. */
    private static final class Stream extends SerialEndpoint {
        private final OutputStream out;
        private final InputStream in;
        private final java.io.Closeable resource;

        Stream(OutputStream out, InputStream in, java.io.Closeable resource) {
            this.out = out;
            this.in = in;
            this.resource = resource;
        }

        @Override
        void transmit(byte b) {
            try {
                out.write(b);
            } catch (IOException e) {
                throw new UncheckedIOException("serial port output", e);
            }
        }

        @Override
        void attach(Vm vm) {
            Thread t = new Thread(() -> {
                try {
                    for (int c = in.read(); c >= 0; c = in.read()) {
                        vm.serialInput(c);
                    }
                } catch (IOException e) {
                    System.getLogger(SerialEndpoint.class.getName()).log(System.Logger.Level.INFO, "serial input ended: {0}", e.getMessage());
                }
            }, "serial-input");
            t.setDaemon(true);
            t.start();
        }

        @Override
        void flush() throws IOException {
            out.flush();
        }

        @Override
        public void close() throws IOException {
            out.flush();
            resource.close();
        }
    }
}
