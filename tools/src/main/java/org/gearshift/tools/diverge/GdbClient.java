package org.gearshift.tools.diverge;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** The debugger's side of GDB's remote protocol ("Remote Protocol" in the GDB manual), as far as QEMU's stub is needed here: registers, memory, single steps. */
final class GdbClient implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 20_000;
    private static final int MOST_MEMORY = 1024;

    private final Socket socket = new Socket();
    private final InputStream in;
    private final OutputStream out;

    /** Connects to a stub on this host. */
    GdbClient(int port) throws IOException {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
        out = new BufferedOutputStream(socket.getOutputStream());
    }

    /** Sends a packet and returns the answer to it. */
    String ask(String packet) throws IOException {
        byte[] body = packet.getBytes(StandardCharsets.ISO_8859_1);
        int sum = 0;
        for (byte b : body) {
            sum += b;
        }
        out.write('$');
        out.write(body);
        out.write(String.format("#%02x", sum & 0xff).getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
        return answer();
    }

    private String answer() throws IOException {
        int c = next();
        while (c != '$') {
            if (c == '-') {
                throw new IOException("the stub asks for a packet again: the connection is damaged");
            }
            c = next();
        }
        StringBuilder s = new StringBuilder();
        for (c = next(); c != '#'; c = next()) {
            if (c == '}') {
                c = next() ^ 0x20;
            } else if (c == '*') {
                // Run-length encoding: the last character so many times more.
                s.append(String.valueOf(s.charAt(s.length() - 1)).repeat(next() - 29));
                continue;
            }
            s.append((char) c);
        }
        next();
        next();
        out.write('+');
        out.flush();
        return s.toString();
    }

    private int next() throws IOException {
        int c = in.read();
        if (c < 0) {
            throw new IOException("the stub has closed the connection");
        }
        return c;
    }

    private void command(String packet) throws IOException {
        String answer = ask(packet);
        if (!answer.equals("OK")) {
            throw new IOException("the stub refuses '" + packet.substring(0, Math.min(packet.length(), 20)) + "': " + answer);
        }
    }

    /** All registers, in the target's order and byte order. */
    byte[] registers() throws IOException {
        String answer = ask("g");
        if (answer.startsWith("E")) {
            throw new IOException("the stub gives no registers: " + answer);
        }
        return HexFormat.of().parseHex(answer.replace('x', '0'));
    }

    /** Sets a register of {@code bytes} bytes. */
    void setRegister(int number, long value, int bytes) throws IOException {
        StringBuilder s = new StringBuilder("P" + Integer.toHexString(number) + "=");
        for (int i = 0; i < bytes; i++) {
            s.append(String.format("%02x", value >>> 8 * i & 0xff));
        }
        command(s.toString());
    }

    void write(long address, byte[] bytes, int from, int count) throws IOException {
        for (int done = 0; done < count; done += MOST_MEMORY) {
            int n = Math.min(MOST_MEMORY, count - done);
            command("M" + Long.toHexString(address + done) + "," + Integer.toHexString(n) + ":" + HexFormat.of().formatHex(bytes, from + done, from + done + n));
        }
    }

    /** Executes one instruction. */
    void step() throws IOException {
        String answer = ask("s");
        if (!answer.startsWith("T05") && !answer.startsWith("S05")) {
            throw new IOException("the guest has stopped otherwise than by the step: " + answer);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
