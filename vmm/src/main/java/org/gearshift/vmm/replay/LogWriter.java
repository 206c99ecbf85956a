package org.gearshift.vmm.replay;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Writes a recording. The file is {@link #MAGIC} and a version, then frames: length, checksum, contents. The first frame says what machine it was, each other is a
 * {@link Moment}, with
 * its times as differences from the last one's, or the {@link Ending}. Whatever reached the file can be read: a process that is killed loses at most what came since the
 * last
 * {@link #flush}.
 */
final class LogWriter implements Closeable {
    static final byte[] MAGIC = "GEARSHIFT RECORD".getBytes(StandardCharsets.US_ASCII);
    static final int VERSION = 1;
    /** In a channel's place. */
    static final int ENDING = 256;

    private final OutputStream out;
    private final ByteArrayOutputStream frame = new ByteArrayOutputStream();
    private final DataOutputStream fields = new DataOutputStream(frame);
    private final CRC32C sum = new CRC32C();
    private long nanos;
    private long retired;
    private long bytes;

    /** Makes the file, in place of an older one. @param machine what it takes to build the machine again, by name */
    LogWriter(Path file, Map<String, String> machine) throws IOException {
        out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
        out.write(MAGIC);
        out.write(VERSION);
        bytes = MAGIC.length + 1;
        fields.writeInt(machine.size());
        for (Map.Entry<String, String> e : machine.entrySet()) {
            text(e.getKey());
            text(e.getValue());
        }
        end();
        flush();
    }

    private void text(String s) throws IOException {
        byte[] utf = s.getBytes(StandardCharsets.UTF_8);
        fields.writeInt(utf.length);
        fields.write(utf);
    }

    void write(Moment m) throws IOException {
        times(m.channel(), m.nanos(), m.retired());
        fields.writeInt(m.state());
        fields.write(m.data());
        end();
    }

    void write(Ending e) throws IOException {
        times(ENDING, e.nanos(), e.retired());
        fields.writeInt(e.exitCode());
        fields.write(e.state().getBytes(StandardCharsets.US_ASCII));
        end();
        flush();
    }

    private void times(int kind, long atNanos, long atRetired) throws IOException {
        variable(kind);
        variable(atNanos - nanos);
        variable(atRetired - retired);
        nanos = atNanos;
        retired = atRetired;
    }

    /** Seven bits a byte, the lowest first. */
    private void variable(long value) throws IOException {
        long v = value;
        while ((v & ~0x7fL) != 0) {
            fields.write((int) v & 0x7f | 0x80);
            v >>>= 7;
        }
        fields.write((int) v);
    }

    private void end() throws IOException {
        byte[] contents = frame.toByteArray();
        frame.reset();
        sum.reset();
        sum.update(contents, 0, contents.length);
        DataOutputStream d = new DataOutputStream(out);
        d.writeInt(contents.length);
        d.writeInt((int) sum.getValue());
        d.write(contents);
        bytes += contents.length + 2L * Integer.BYTES;
    }

    /** Size of the file. */
    long bytes() {
        return bytes;
    }

    void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
