package org.gearshift.vmm.replay;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** A recording, read from its file: what machine it was, and what came to it when. */
public final class Recording {
    private static final int MAX_BYTES = Integer.MAX_VALUE - 8;
    private static final int FRAME_HEAD = 2 * Integer.BYTES;
    /** Longer ones are never written. */
    private static final int MAX_FRAME = 1 << 20;

    private final Path file;
    private final Map<String, String> machine = new LinkedHashMap<>();
    private final List<Moment> moments = new ArrayList<>();
    private Ending ending;

    private Recording(Path file) {
        this.file = file;
    }

    /**
     * Reads a whole recording. One that breaks off, as the process that wrote it was killed, is read up to its last complete frame; it has no {@link #ending}.
     *
     * @throws LogFormatException if it is none, of another version, or damaged
     */
    public static Recording read(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        if (!Files.isRegularFile(file)) {
            throw new LogFormatException(file + ": is no file");
        }
        if (Files.size(file) > MAX_BYTES) {
            throw new LogFormatException(file + ": larger than a recording can be");
        }
        Recording r = new Recording(file);
        r.parse(ByteBuffer.wrap(Files.readAllBytes(file)));
        return r;
    }

    private void parse(ByteBuffer in) throws LogFormatException {
        byte[] magic = new byte[LogWriter.MAGIC.length];
        if (in.remaining() <= magic.length) {
            throw new LogFormatException(file + ": is no recording of Gearshift");
        }
        in.get(magic);
        if (!Arrays.equals(magic, LogWriter.MAGIC)) {
            throw new LogFormatException(file + ": is no recording of Gearshift");
        }
        int version = in.get();
        if (version != LogWriter.VERSION) {
            throw new LogFormatException(file + ": a recording of version " + version + "; this Gearshift reads version " + LogWriter.VERSION);
        }
        ByteBuffer head = frame(in);
        if (head == null) {
            throw new LogFormatException(file + ": the recording breaks off before it says what machine it is of");
        }
        int at = in.position();
        try {
            readMachine(head);
            long nanos = 0;
            long retired = 0;
            for (ByteBuffer f = frame(in); f != null; f = frame(in)) {
                int kind = (int) variable(f);
                nanos += variable(f);
                retired += variable(f);
                if (ending != null || kind > LogWriter.ENDING || nanos < 0 || retired < 0) {
                    throw damaged(at);
                }
                int word = f.getInt();
                byte[] data = new byte[f.remaining()];
                f.get(data);
                if (kind == LogWriter.ENDING) {
                    ending = new Ending(nanos, retired, word, new String(data, StandardCharsets.US_ASCII));
                } else {
                    moments.add(new Moment(kind, nanos, retired, word, data));
                }
                at = in.position();
            }
        } catch (BufferUnderflowException e) {
            throw damaged(at);
        }
    }

    private void readMachine(ByteBuffer head) {
        for (int left = head.getInt(); left > 0; left--) {
            String key = text(head);
            machine.put(key, text(head));
        }
    }

    private static String text(ByteBuffer from) {
        int length = from.getInt();
        if (length < 0 || length > from.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] utf = new byte[length];
        from.get(utf);
        return new String(utf, StandardCharsets.UTF_8);
    }

    private static long variable(ByteBuffer from) {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte b = from.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new BufferUnderflowException();
    }

    /** The next frame's contents; null if the file ends before it is complete. */
    private ByteBuffer frame(ByteBuffer in) throws LogFormatException {
        int at = in.position();
        if (in.remaining() < FRAME_HEAD) {
            return null;
        }
        int length = in.getInt();
        int sum = in.getInt();
        if (length < 0 || length > MAX_FRAME) {
            throw damaged(at);
        }
        if (length > in.remaining()) {
            return null;
        }
        ByteBuffer contents = in.slice(in.position(), length);
        CRC32C is = new CRC32C();
        is.update(contents.duplicate());
        if ((int) is.getValue() != sum) {
            throw damaged(at);
        }
        in.position(in.position() + length);
        return contents;
    }

    private LogFormatException damaged(int at) {
        return new LogFormatException(file + ": the recording is damaged at byte " + at);
    }

    /** What the machine was made of, by name. */
    public Map<String, String> machine() {
        return machine;
    }

    /** Something that is said of the machine. @throws LogFormatException if it is not */
    public String machine(String name) throws LogFormatException {
        String value = machine.get(name);
        if (value == null) {
            throw new LogFormatException(file + ": the recording does not say \"" + name + "\" of its machine");
        }
        return value;
    }

    List<Moment> moments() {
        return moments;
    }

    /** How many times something came from outside. */
    public long inputs() {
        return moments.stream().filter(m -> m.channel() != Channel.CHECK).count();
    }

    /** How the run ended; null if the recording breaks off before. */
    public Ending ending() {
        return ending;
    }

    /** The file's name. */
    public Path file() {
        return file;
    }
}
