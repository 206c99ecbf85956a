package org.gearshift.vmm.trace;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A trace file: eight bytes {@code GSTRACE1}, then for each event a byte of its kind's number, and as numbers of seven bits a byte, least significant first, the highest
 * bit set in all but the last: what has been retired since the event before, and pc (as a difference), a, b and c, each with its sign in the lowest bit. Events of a loop
 * take about seven bytes.
 */
public final class TraceWriter implements TraceSink, Closeable {
    static final byte[] MAGIC = "GSTRACE1".getBytes(StandardCharsets.US_ASCII);
    private static final int BUFFER = 1 << 16;
    private static final int BITS = 7;
    private static final int MORE = 0x80;

    private final OutputStream out;
    private long lastRetired;
    private long lastPc;
    private long events;

    public TraceWriter(Path file) throws IOException {
        out = new BufferedOutputStream(Files.newOutputStream(file), BUFFER);
        out.write(MAGIC);
    }

    @Override
    public void event(TraceKind kind, long retired, long pc, long a, long b, long c) {
        try {
            out.write(kind.ordinal());
            number(retired - lastRetired);
            number(signed(pc - lastPc));
            number(signed(a));
            number(signed(b));
            number(signed(c));
        } catch (IOException e) {
            throw new UncheckedIOException("the trace cannot be written: " + e.getMessage(), e);
        }
        lastRetired = retired;
        lastPc = pc;
        events++;
    }

    private static long signed(long v) {
        return v << 1 ^ v >> 63;
    }

    private void number(long v) throws IOException {
        long left = v;
        while (left >>> BITS != 0) {
            out.write((int) left & MORE - 1 | MORE);
            left >>>= BITS;
        }
        out.write((int) left);
    }

    /** Events written. */
    public long events() {
        return events;
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
