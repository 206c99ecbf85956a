package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/** A file that is the disk, byte for byte. */
public final class RawImage implements DiskImage {
    private static final byte[] ZEROES = new byte[1 << 18];

    private final ImageFile file;
    private final long size;

    private RawImage(ImageFile file) throws IOException {
        this.file = file;
        this.size = file.length() + SECTOR - 1 & -SECTOR;
    }

    /**
     * Opens a raw image; a last sector that is not complete is filled up with zeroes.
     *
     * @throws DiskFormatException if it cannot be opened, or is empty
     */
    public static RawImage open(Path path, boolean readOnly) throws IOException {
        return of(ImageFile.open(path, readOnly));
    }

    /**
     * Makes a file of {@code size} zero bytes, which take no space where the host's file system can do that.
     *
     * @throws DiskFormatException if there is a file already
     */
    public static void create(Path path, long size) throws IOException {
        try (ImageFile file = ImageFile.create(path)) {
            file.setLength(size);
            file.force();
        }
    }

    static RawImage of(ImageFile file) throws IOException {
        if (file.length() == 0) {
            file.close();
            throw new DiskFormatException(file + ": is empty");
        }
        return new RawImage(file);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isReadOnly() {
        return file.isReadOnly();
    }

    @Override
    public void read(long offset, byte[] to, int at, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size);
        file.read(offset, to, at, length);
    }

    @Override
    public void write(long offset, byte[] from, int at, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size);
        requireWritable();
        file.write(offset, from, at, length);
    }

    private void requireWritable() throws IOException {
        if (file.isReadOnly()) {
            throw new IOException(file + ": is read-only");
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayFree) throws IOException {
        Objects.checkFromIndexSize(offset, length, size);
        requireWritable();
        for (long done = 0; done < length; ) {
            int n = (int) Math.min(ZEROES.length, length - done);
            file.write(offset + done, ZEROES, 0, n);
            done += n;
        }
    }

    /** Keeps the contents: the Java platform has no way to give back a part of a file. */
    @Override
    public void discard(long offset, long length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size);
        requireWritable();
    }

    @Override
    public void flush() throws IOException {
        file.force();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
