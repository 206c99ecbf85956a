package org.gearshift.tools;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntConsumer;
import org.gearshift.tools.terminal.ConsoleTerminal;
import org.gearshift.vmm.Machine;

/** What a serial port or console of the guest is connected to on the host. Writes come from the vCPU thread. */
abstract class SerialEndpoint implements AutoCloseable {
    /** A byte from the guest. */
    abstract void transmit(byte b);

    /** Starts passing host input to the guest. @param input takes a byte, on any thread */
    abstract void attach(Machine vm, IntConsumer input);

    abstract void flush() throws IOException;

    @Override
    public abstract void close() throws IOException;

    /** Opens what {@code option} names with {@code where}; {@code messages} is told where a TCP port waits. */
    static SerialEndpoint open(String option, String where, PrintWriter messages) throws IOException {
        if (where.equals("stdio")) {
            return new Terminal(ConsoleTerminal.open());
        }
        if (where.equals("stdout")) {
            return new Stream(System.out, null, () -> { });
        }
        if (where.equals("none")) {
            return new Stream(OutputStream.nullOutputStream(), null, () -> { });
        }
        if (where.startsWith("file:") && where.length() > 5) {
            OutputStream out = Files.newOutputStream(Path.of(where.substring(5)));
            return new Stream(new BufferedOutputStream(out), null, out);
        }
        if (where.startsWith("tcp:")) {
            return tcp(option, where.substring(4), messages);
        }
        throw new Gearshift.UsageError(option + " " + where + ": write stdio, stdout, none, file:PATH or tcp:[HOST:]PORT");
    }

    private static SerialEndpoint tcp(String option, String address, PrintWriter messages) throws IOException {
        int colon = address.lastIndexOf(':');
        InetAddress host = colon < 0 ? InetAddress.getLoopbackAddress() : InetAddress.getByName(address.substring(0, colon));
        int port;
        try {
            port = Integer.parseInt(address.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new Gearshift.UsageError(option + " tcp:" + address + ": not a port number");
        }
        if (port < 0 || port > 65535) {
            throw new Gearshift.UsageError(option + " tcp:" + address + ": ports go from 0 to 65535");
        }
        try (ServerSocket server = new ServerSocket()) {
            server.bind(new InetSocketAddress(host, port), 1);
            messages.println("gearshift: " + (option.equals("--serial") ? "serial port" : "console") + " waits for a connection on " + host.getHostAddress() + " port " + server.getLocalPort());
            messages.flush();
            Socket socket = server.accept();
            socket.setTcpNoDelay(true);
            return new Stream(new BufferedOutputStream(socket.getOutputStream()), socket.getInputStream(), socket);
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
        void attach(Machine vm, IntConsumer input) {
            vm.onIdle(() -> {
                try {
                    terminal.flush();
                } catch (IOException e) {
                    throw new UncheckedIOException("standard output", e);
                }
            });
            vm.expectInput(true);
            terminal.start(input, vm::quit, () -> vm.statistics(0), () -> vm.expectInput(false));
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

    /** A file or a connection. Like a real port it goes on when the other side has hung up: what the guest sends is lost. */
    private static final class Stream extends SerialEndpoint {
        private final OutputStream out;
        private final InputStream in;
        private final Closeable resource;
        private boolean broken;
        private volatile boolean closed;

        /** @param in null if there never is input */
        Stream(OutputStream out, InputStream in, Closeable resource) {
            this.out = out;
            this.in = in;
            this.resource = resource;
        }

        @Override
        void transmit(byte b) {
            if (broken) {
                return;
            }
            try {
                out.write(b);
                if (b == '\n') {
                    out.flush();
                }
            } catch (IOException e) {
                lost(e);
            }
        }

        private void lost(IOException e) {
            broken = true;
            System.getLogger(SerialEndpoint.class.getName()).log(System.Logger.Level.WARNING, "serial port output is lost from here on: {0}", e.getMessage());
        }

        @Override
        void attach(Machine vm, IntConsumer input) {
            vm.onIdle(this::flush);
            if (in != null) {
                vm.expectInput(true);
                Thread t = new Thread(() -> pump(vm, input), "serial-input");
                t.setDaemon(true);
                t.start();
            }
        }

        private void pump(Machine vm, IntConsumer input) {
            try {
                for (int c = in.read(); c >= 0; c = in.read()) {
                    input.accept(c);
                }
            } catch (IOException e) {
                System.getLogger(SerialEndpoint.class.getName()).log(closed ? System.Logger.Level.DEBUG : System.Logger.Level.INFO, "serial input ended: {0}", e.getMessage());
            }
            vm.expectInput(false);
        }

        @Override
        void flush() {
            if (!broken) {
                try {
                    out.flush();
                } catch (IOException e) {
                    lost(e);
                }
            }
        }

        @Override
        public void close() throws IOException {
            flush();
            closed = true;
            resource.close();
        }
    }
}
