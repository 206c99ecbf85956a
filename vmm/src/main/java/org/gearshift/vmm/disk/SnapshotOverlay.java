package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.Objects;

/**
 * Another image with changes that are forgotten at the end: what is written goes to a temporary file, which has no name, and so is gone with the process
 * however that ends. The image below is only read.
 */
public final class SnapshotOverlay implements DiskImage {
    /** Unit of copying in bytes: what file systems write at least. */
    private static final int BLOCK = 4096;

    private final DiskImage below;
    private final FileChannel changes;
    /** Blocks whose contents are in {@link #changes}. */
    private final BitSet changed = new BitSet();

    /**
     * @param below owned from now on, unless several overlays share it: closing it more than once must do no harm
     * @throws DiskFormatException if it is larger than 8 TiB less 4 KiB
     */
    public SnapshotOverlay(DiskImage below) throws IOException {
        if (below.size() > (long) BLOCK * Integer.MAX_VALUE) {
            throw new DiskFormatException(below + ": too large for a snapshot");
        }
        this.below = below;
        Path file = Files.createTempFile("gearshift-", ".snapshot");
        changes = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    @Override
    public long size() {
        return below.size();
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public void read(long offset, byte[] to, int at, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size());
        for (int done = 0; done < length; ) {
            int n = run(offset + done, length - done);
            if (changed.get((int) ((offset + done) / BLOCK))) {
                readChanges(offset + done, ByteBuffer.wrap(to, at + done, n));
            } else {
                below.read(offset + done, to, at + done, n);
            }
            done += n;
        }
    }

    /** How many bytes from {@code offset} on, at most {@code length}, are all in the same one of the two places. */
    private int run(long offset, int length) {
        int block = (int) (offset / BLOCK);
        int last = (int) ((offset + length - 1) / BLOCK);
        boolean which = changed.get(block);
        int end = which ? changed.nextClearBit(block) : changed.nextSetBit(block);
        return end < 0 || end > last ? length : (int) ((long) end * BLOCK - offset);
    }

    private void readChanges(long offset, ByteBuffer to) throws IOException {
        for (long at = offset; to.hasRemaining(); ) {
            int n = changes.read(to, at);
            if (n < 0) {
                throw new IOException("the temporary file of " + below + " is too short");
            }
            at += n;
        }
    }

    @Override
    public void write(long offset, byte[] from, int at, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size());
        if (length == 0) {
            return;
        }
        copyUp(offset);
        copyUp(offset + length);
        ByteBuffer buffer = ByteBuffer.wrap(from, at, length);
        for (long to = offset; buffer.hasRemaining(); ) {
            to += changes.write(buffer, to);
        }
        changed.set((int) (offset / BLOCK), (int) ((offset + length - 1) / BLOCK) + 1);
    }

    /** If {@code edge} lies within a block that has not been changed, its contents come up. */
    private void copyUp(long edge) throws IOException {
        int block = (int) (edge / BLOCK);
        if (edge % BLOCK == 0 || changed.get(block)) {
            return;
        }
        long start = (long) block * BLOCK;
        byte[] old = new byte[(int) Math.min(BLOCK, size() - start)];
        below.read(start, old, 0, old.length);
        ByteBuffer buffer = ByteBuffer.wrap(old);
        for (long to = start; buffer.hasRemaining(); ) {
            to += changes.write(buffer, to);
        }
        changed.set(block);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayFree) throws IOException {
        Objects.checkFromIndexSize(offset, length, size());
        byte[] zeroes = new byte[(int) Math.min(length, 1 << 18)];
        for (long done = 0; done < length; ) {
            int n = (int) Math.min(zeroes.length, length - done);
            write(offset + done, zeroes, 0, n);
            done += n;
        }
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size());
    }

    /** Nothing of this is to outlive the process. */
    @Override
    public void flush() {
    }

    @Override
    public void close() throws IOException {
        changes.close();
        below.close();
    }

    @Override
    public String toString() {
        return below + " (snapshot)";
    }
}
