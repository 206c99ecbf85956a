package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Objects;

/** A temporary overlay whose file has each changed block at the block's own offset. */
public final class SnapshotOverlay extends TemporaryOverlay {
    /** Blocks whose contents are in the file. */
    private final BitSet changed = new BitSet();

    /**
     * @param below owned from now on, unless several overlays share it: closing it more than once must do no harm
     * @throws DiskFormatException if it is larger than 8 TiB less 4 KiB
     */
    public SnapshotOverlay(DiskImage below) throws IOException {
        super(below);
    }

    @Override
    public void read(long offset, byte[] to, int at, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size());
        for (int done = 0; done < length; ) {
            int n = run(offset + done, length - done);
            if (changed.get((int) ((offset + done) / BLOCK))) {
                fetch(ByteBuffer.wrap(to, at + done, n), offset + done);
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

    @Override
    public void write(long offset, byte[] from, int at, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size());
        if (length == 0) {
            return;
        }
        copyUp(offset);
        copyUp(offset + length);
        keep(ByteBuffer.wrap(from, at, length), offset);
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
        keep(ByteBuffer.wrap(old), start);
        changed.set(block);
    }
}
