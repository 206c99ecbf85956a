package org.gearshift.vmm.disk;

import java.io.Closeable;
import java.io.IOException;

/**
 * A disk's contents: {@link #size} bytes that can be read and perhaps written at any place. One thread at a time, but for read-only images, which any number may
 * read. What was written is visible to later reads at once, and survives the loss of the process or the machine after the next {@link #flush}.
 */
public interface DiskImage extends Closeable {
    /** Bytes of a sector: the unit of sizes. */
    int SECTOR = 512;

    /** Size in bytes: a multiple of {@link #SECTOR}. */
    long size();

    /** Whether all writing is refused. */
    boolean isReadOnly();

    /**
     * Reads {@code length} bytes at {@code offset} into {@code to[at]}.
     *
     * @throws IndexOutOfBoundsException if they do not lie in the image
     */
    void read(long offset, byte[] to, int at, int length) throws IOException;

    /**
     * Writes {@code length} bytes from {@code from[at]} at {@code offset}.
     *
     * @throws IndexOutOfBoundsException if they do not lie in the image
     * @throws IOException also if the image is read-only
     */
    void write(long offset, byte[] from, int at, int length) throws IOException;

    /**
     * Makes a range read as zeroes, which may take less than writing them.
     *
     * @param mayFree whether the range may lose its space in the host's file
     */
    void writeZeroes(long offset, long length, boolean mayFree) throws IOException;

    /** The range is no longer needed: its contents may be anything from now on, and its space may be given back. */
    void discard(long offset, long length) throws IOException;

    /** Returns when all that was written is on stable storage. */
    void flush() throws IOException;
}
