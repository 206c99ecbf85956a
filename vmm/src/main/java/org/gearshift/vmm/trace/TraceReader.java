package org.gearshift.vmm.trace;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads what {@link TraceWriter} writes. */
public final class TraceReader implements Closeable {
    private static final int BITS = 7;
    private static final int MORE = 0x80;

    private final Path file;
    private final InputStream in;
    private long retired;
    private long pc;

    /** @throws IOException if there is no such file, or it is no trace */
    public TraceReader(Path file) throws IOException {
        this.file = file;
        in = new BufferedInputStream(Files.newInputStream(file));
        if (!Arrays.equals(in.readNBytes(TraceWriter.MAGIC.length), TraceWriter.MAGIC)) {
            in.close();
            throw new IOException(file + ": not a trace: it does not begin with GSTRACE1");
        }
    }

    /** The next event, or null at the end. A trace whose writer was killed ends in the middle of an event: that one is left out. */
    public TraceEvent next() throws IOException {
        int kind = in.read();
        if (kind < 0) {
            return null;
        }
        TraceKind k = TraceKind.of(kind);
        if (k == null) {
            throw new IOException(file + ": damaged: no kind of event has number " + kind);
        }
        try {
            retired += number();
            pc += signed();
            return new TraceEvent(k, retired, pc, signed(), signed(), signed());
        } catch (EOFException e) {
            return null;
        }
    }

    private long signed() throws IOException {
        long v = number();
        return v >>> 1 ^ -(v & 1);
    }

    private long number() throws IOException {
        long v = 0;
        for (int shift = 0; shift < Long.SIZE; shift += BITS) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException();
            }
            v |= (long) (b & MORE - 1) << shift;
            if (b < MORE) {
                return v;
            }
        }
        throw new IOException(file + ": damaged: a number of more than 64 bits");
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
