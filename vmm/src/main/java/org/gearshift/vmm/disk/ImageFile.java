package org.gearshift.vmm.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** A host file as images use it: opened with clear errors, locked against a second writer, read and written in whole pieces. Reading may be done by several threads. */
public final class ImageFile implements Closeable {
    /** How many hold each file open for reading here, by what the file system takes for its identity: the lock of the first counts for all of them. */
    private static final Map<Object, Integer> READERS = new HashMap<>();

    private final Path path;
    private final FileChannel channel;
    private final boolean readOnly;
    private final Object identity;
    private boolean closed;

    private ImageFile(Path path, Object identity, FileChannel channel, boolean readOnly) {
        this.path = path;
        this.identity = identity;
        this.channel = channel;
        this.readOnly = readOnly;
    }

    /**
     * Opens a file and locks it: for itself alone to write, together with others to read.
     *
     * @throws DiskFormatException if it is none, may not be opened, or is in use
     */
    public static ImageFile open(Path path, boolean readOnly) throws IOException {
        if (Files.isDirectory(path)) {
            throw new DiskFormatException(path + ": is a directory, not a disk image");
        }
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new DiskFormatException(path + ": not a regular file");
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(path, readOnly ? Set.of(StandardOpenOption.READ) : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
        } catch (NoSuchFileException e) {
            throw new DiskFormatException(path + ": no such file");
        } catch (AccessDeniedException e) {
            throw new DiskFormatException(path + (readOnly || !Files.isReadable(path) ? ": may not be read" : ": may not be written; add ,ro or ,snapshot"));
        } catch (FileSystemException e) {
            throw new DiskFormatException(path + ": cannot be opened" + (e.getReason() == null ? "" : ": " + e.getReason()));
        }
        return locked(path, channel, readOnly);
    }

    /**
     * Makes a new, empty file.
     *
     * @throws DiskFormatException if there is one already
     */
    public static ImageFile create(Path path) throws IOException {
        try {
            return locked(path, FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE), false);
        } catch (FileAlreadyExistsException e) {
            throw new DiskFormatException(path + ": exists already");
        } catch (FileSystemException e) {
            throw new DiskFormatException(path + ": cannot be created" + (e.getReason() == null ? " there" : ": " + e.getReason()));
        }
    }

    private static ImageFile locked(Path path, FileChannel channel, boolean readOnly) throws IOException {
        boolean locked = false;
        synchronized (READERS) {
            try {
                locked = readOnly && READERS.containsKey(identity(path)) || channel.tryLock(0, Long.MAX_VALUE, readOnly) != null;
                if (locked && readOnly) {
                    READERS.merge(identity(path), 1, Integer::sum);
                }
            } catch (OverlappingFileLockException e) {
                // Held by this very process; reported below.
                locked = false;
            } finally {
                if (!locked) {
                    channel.close();
                }
            }
        }
        if (!locked) {
            throw new DiskFormatException(path + ": in use by another machine");
        }
        return new ImageFile(path, identity(path), channel, readOnly);
    }

    private static Object identity(Path path) throws IOException {
        Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        return key == null ? path.toRealPath() : key;
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** Whether it was opened to read only. */
    public boolean isReadOnly() {
        return readOnly;
    }

    /** Bytes in the file now. */
    public long length() throws IOException {
        return channel.size();
    }

    /** Cuts the file off or lets it grow to {@code length} bytes; new ones are zero. */
    public void setLength(long length) throws IOException {
        if (length < channel.size()) {
            channel.truncate(length);
        } else if (length > channel.size()) {
            channel.write(ByteBuffer.wrap(new byte[1]), length - 1);
        }
    }

    /** Reads {@code length} bytes at {@code offset}; what lies beyond the end of the file is zero. */
    public void read(long offset, byte[] to, int at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(to, at, length);
        while (buffer.hasRemaining()) {
            int n = channel.read(buffer, offset + length - buffer.remaining());
            if (n < 0) {
                Arrays.fill(to, at + length - buffer.remaining(), at + length, (byte) 0);
                return;
            }
        }
    }

    /** Writes {@code length} bytes at {@code offset}. */
    public void write(long offset, byte[] from, int at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(from, at, length);
        while (buffer.hasRemaining()) {
            channel.write(buffer, offset + length - buffer.remaining());
        }
    }

    /** Returns when everything is on stable storage, the file's length included. */
    public void force() throws IOException {
        if (!readOnly) {
            channel.force(true);
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (READERS) {
            if (!closed && readOnly) {
                READERS.computeIfPresent(identity, (key, count) -> count == 1 ? null : count - 1);
            }
            closed = true;
            channel.close();
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
