package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * Another image with changes that are forgotten at the end: what is written goes to a temporary file, which has no name, and so is gone with the process
 * however that ends. The image below is only read. Where in the file what has been written is, is the subclass's affair.
 */
abstract class TemporaryOverlay implements DiskImage {
    /** Unit of copying in bytes: what file systems write at least. */
    static final int BLOCK = 4096;

    final DiskImage below;
    private final FileChannel changes;

    /**
     * @param below owned from now on, unless several overlays share it: closing it more than once must do no harm
     * @throws DiskFormatException if it is larger than 8 TiB less 4 KiB
     */
    TemporaryOverlay(DiskImage below) throws IOException {
        if (below.size() > (long) BLOCK * Integer.MAX_VALUE) {
            throw new DiskFormatException(below + ": too large for a snapshot");
        }
        this.below = below;
        Path file = Files.createTempFile("gearshift-", ".snapshot");
        changes = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    @Override
    public final long size() {
        return below.size();
    }

    @Override
    public final boolean isReadOnly() {
        return false;
    }

    /** Fills a buffer from a place in the temporary file. */
    final void fetch(ByteBuffer to, long position) throws IOException {
        for (long at = position; to.hasRemaining(); ) {
            int n = changes.read(to, at);
            if (n < 0) {
                throw new IOException("the temporary file of " + below + " is too short");
            }
            at += n;
        }
    }

    /** Stores a buffer at a place in the temporary file. */
    final void keep(ByteBuffer from, long position) throws IOException {
        for (long at = position; from.hasRemaining(); ) {
            at += changes.write(from, at);
        }
    }

    @Override
    public final void writeZeroes(long offset, long length, boolean mayFree) throws IOException {
        Objects.checkFromIndexSize(offset, length, size());
        byte[] zeroes = new byte[(int) Math.min(length, 1 << 18)];
        for (long done = 0; done < length; ) {
            int n = (int) Math.min(zeroes.length, length - done);
            write(offset + done, zeroes, 0, n);
            done += n;
        }
    }

    @Override
    public final void discard(long offset, long length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size());
    }

    /** Nothing of this is to outlive the process. */
    @Override
    public final void flush() {
    }

    @Override
    public final void close() throws IOException {
        changes.close();
        below.close();
    }

    @Override
    public final String toString() {
        return below + " (snapshot)";
    }
}
