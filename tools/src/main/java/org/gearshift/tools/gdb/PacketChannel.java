package org.gearshift.tools.gdb;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Packets over a stream: {@code $data#checksum}, acknowledged by + or - until both sides agree to leave that (GDB manual, E.1). Data are bytes, one a char of the strings
 * here. One thread
 * reads; any may write.
 */
final class PacketChannel implements Closeable {
    /** Longest packet taken, in bytes as sent. */
    static final int MAX_PACKET = 1 << 16;
    /** What {@link #read} gives for the interrupt character, which is no packet. */
    static final String INTERRUPT = "\u0003";

    private static final int ESCAPE_XOR = 0x20;
    private static final int CTRL_C = 3;
    private static final int RUN_BASE = 29;
    private static final int MIN_RUN = 4;
    /** Repeats that one count character can say: up to '~'. */
    private static final int MAX_REPEATS = 97;
    private static final int MAX_RESENDS = 10;

    private final InputStream in;
    private final OutputStream out;
    private final Closeable connection;
    private volatile boolean acknowledges = true;
    private String lastSent;
    private int resends;

    PacketChannel(InputStream in, OutputStream out, Closeable connection) {
        this.in = new BufferedInputStream(in);
        this.out = new BufferedOutputStream(out);
        this.connection = connection;
    }

    /** From now on packets are not acknowledged. */
    void stopAcknowledging() {
        acknowledges = false;
    }

    /**
     * The next packet's data, unescaped; {@link #INTERRUPT}; or null at the end of the stream. What is damaged is asked for again; noise between packets, and packets
     * longer than
     * {@link #MAX_PACKET}, are skipped.
     */
    String read() throws IOException {
        while (true) {
            int c = in.read();
            if (c < 0) {
                return null;
            }
            if (c == CTRL_C) {
                return INTERRUPT;
            }
            if (c == '-' && acknowledges) {
                resend();
            }
            if (c == '$') {
                String data = readData();
                if (data != null) {
                    return data;
                }
            }
        }
    }

    private String readData() throws IOException {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        int sum = 0;
        boolean escaped = false;
        boolean tooLong = false;
        for (int c = in.read(); c != '#'; c = in.read()) {
            if (c < 0) {
                return null;
            }
            if (c == '$') {
                // The rest of an earlier packet was lost.
                data.reset();
                sum = 0;
                escaped = false;
                continue;
            }
            sum += c;
            if (escaped) {
                data.write(c ^ ESCAPE_XOR);
                escaped = false;
            } else if (c == '}') {
                escaped = true;
            } else if (data.size() < MAX_PACKET) {
                data.write(c);
            } else {
                tooLong = true;
            }
        }
        int high = Character.digit(in.read(), 16);
        int low = Character.digit(in.read(), 16);
        boolean good = high >= 0 && low >= 0 && (high << 4 | low) == (sum & 0xff) && !tooLong;
        if (acknowledges) {
            raw(good ? "+" : "-");
        }
        return good || !acknowledges && !tooLong ? data.toString(StandardCharsets.ISO_8859_1) : null;
    }

    /** Sends a packet. */
    synchronized void send(String data) throws IOException {
        lastSent = frame(data);
        resends = 0;
        raw(lastSent);
    }

    private synchronized void resend() throws IOException {
        if (lastSent != null && resends++ < MAX_RESENDS) {
            raw(lastSent);
        }
    }

    private synchronized void raw(String bytes) throws IOException {
        out.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /** A packet as it is sent: escaped, runs shortened, with its checksum. */
    static String frame(String data) {
        StringBuilder b = new StringBuilder(data.length() + 4).append('$');
        for (int i = 0; i < data.length(); ) {
            char c = data.charAt(i);
            int run = 1;
            while (i + run < data.length() && data.charAt(i + run) == c && run <= MAX_REPEATS) {
                run++;
            }
            boolean special = c == '$' || c == '#' || c == '}' || c == '*';
            if (special) {
                b.append('}').append((char) (c ^ ESCAPE_XOR));
                i++;
            } else if (run >= MIN_RUN) {
                int repeats = run - 1;
                // # and $ would end or begin a packet, + and - look like acknowledgements.
                while ("#$+-".indexOf(RUN_BASE + repeats) >= 0) {
                    repeats--;
                }
                b.append(c).append('*').append((char) (RUN_BASE + repeats));
                i += repeats + 1;
            } else {
                b.append(c);
                i++;
            }
        }
        int sum = 0;
        for (int i = 1; i < b.length(); i++) {
            sum += b.charAt(i);
        }
        return b.append('#').append(String.format("%02x", sum & 0xff)).toString();
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
