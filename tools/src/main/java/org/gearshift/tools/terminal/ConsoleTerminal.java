package org.gearshift.tools.terminal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.IntConsumer;

/**
 * The terminal as a guest console: bytes typed go to the guest, except {@code Ctrl-A} commands; bytes the guest sends are written out.
 * Without JNA, or with standard input not a terminal, input is passed as the platform delivers it.
 */
public final class ConsoleTerminal implements AutoCloseable {
    private static final int ESCAPE = 1;
    private static final String HELP = "\r\nCtrl-A x  quit\r\nCtrl-A h  this help\r\nCtrl-A s  statistics so far\r\nCtrl-A Ctrl-A  send Ctrl-A to the guest\r\n";

    private final InputStream in;
    private final OutputStream out;
    private final Object mode;
    private final Thread restorer;

    private ConsoleTerminal(InputStream in, OutputStream out, Object mode) {
        this.in = in;
        this.out = out;
        this.mode = mode;
        this.restorer = mode == null ? null : new Thread(this::restore, "terminal-restore");
        if (restorer != null) {
            Runtime.getRuntime().addShutdownHook(restorer);
        }
    }

    /** Takes over standard input and output. */
    public static ConsoleTerminal open() {
        Object mode = null;
        try {
            // A console check first: piped input needs no native library at all.
            if (System.console() != null) {
                mode = TerminalMode.enterRaw();
            }
        } catch (LinkageError e) {
            System.err.println("gearshift: no raw terminal (JNA is not available); input is sent line by line");
        }
        return new ConsoleTerminal(System.in, System.out, mode);
    }

    /** Writes a byte the guest sent. */
    public synchronized void write(byte b) {
        try {
            out.write(b);
            if (b == '\n' || pending++ > 256) {
                flush();
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("standard output", e);
        }
    }

    private int pending;

    /** Writes bytes, and pushes them out. */
    public synchronized void write(byte[] bytes) throws IOException {
        out.write(bytes);
        flush();
    }

    /** Whether keys come one by one, as from a terminal in raw mode. */
    public boolean isRaw() {
        return mode != null;
    }

    /**
     * Starts a daemon thread that reads the terminal, with no key of its own.
     *
     * @param keys receives all that is typed, 0..255
     * @param end called when there will be no more input
     */
    public void startRaw(IntConsumer keys, Runnable end) {
        Thread t = new Thread(() -> {
            try {
                for (int c = in.read(); c >= 0; c = in.read()) {
                    keys.accept(c);
                }
            } catch (IOException e) {
                System.getLogger(ConsoleTerminal.class.getName()).log(System.Logger.Level.WARNING, "standard input failed: {0}", e.getMessage());
            }
            end.run();
        }, "console-input");
        t.setDaemon(true);
        t.start();
    }

    /** Pushes out what {@link #write} gathered. */
    public synchronized void flush() throws IOException {
        pending = 0;
        out.flush();
    }

    /**
     * Starts a daemon thread that reads the terminal.
     *
     * @param guest receives bytes for the guest, 0..255
     * @param quit called for Ctrl-A x
     * @param statistics called for Ctrl-A s; returns text to show
     * @param end called when there will be no more input
     */
    public void start(IntConsumer guest, Runnable quit, java.util.function.Supplier<String> statistics, Runnable end) {
        Thread t = new Thread(() -> {
            pump(guest, quit, statistics);
            end.run();
        }, "console-input");
        t.setDaemon(true);
        t.start();
    }

    private void pump(IntConsumer guest, Runnable quit, java.util.function.Supplier<String> statistics) {
        boolean escaped = false;
        try {
            for (int c = in.read(); c >= 0; c = in.read()) {
                if (!escaped) {
                    if (c == ESCAPE) {
                        escaped = true;
                    } else {
                        guest.accept(c);
                    }
                    continue;
                }
                escaped = false;
                switch (c) {
                    case 'x', 'X' -> quit.run();
                    case 'h', 'H', '?' -> show(HELP);
                    case 's', 'S' -> show("\r\n" + statistics.get().replace("\n", "\r\n"));
                    case ESCAPE -> guest.accept(c);
                    default -> show("\r\nCtrl-A h for help\r\n");
                }
            }
        } catch (IOException e) {
            System.getLogger(ConsoleTerminal.class.getName()).log(System.Logger.Level.WARNING, "standard input failed: {0}", e.getMessage());
        }
    }

    private synchronized void show(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        flush();
    }

    private void restore() {
        if (mode instanceof TerminalMode m) {
            m.restore();
        }
    }

    @Override
    public void close() throws IOException {
        flush();
        restore();
        if (restorer != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(restorer);
            } catch (IllegalStateException e) {
                System.getLogger(ConsoleTerminal.class.getName()).log(System.Logger.Level.DEBUG, "shutting down already");
            }
        }
    }
}
