package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.gearshift.vmm.replay.Rewindable;

/**
 * As {@link SnapshotOverlay}, for a machine that goes back in time: contents of each marked moment stay where they are in the temporary file, which only grows.
 */
public final class VersionedOverlay implements DiskImage, Rewindable {
    private static final int BLOCK = 4096;

    private final DiskImage below;
    private final FileChannel changes;
    /** Where in the file, in blocks, changed blocks are. */
    private Map<Integer, Integer> places = new HashMap<>();
    private int end;
    /** Places before this one may be a marked moment's. */
    private int frozen;

    /** @param below owned from now on */
    public VersionedOverlay(DiskImage below) throws IOException {
        if (below.size() > (long) BLOCK * Integer.MAX_VALUE) {
            throw new DiskFormatException(below + ": too large for a snapshot");
        }
        this.below = below;
        Path file = Files.createTempFile("gearshift-", ".snapshot");
        changes = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    @Override
    public Object mark() {
        frozen = end;
        return Map.copyOf(places);
    }

    @Override
    @SuppressWarnings("unchecked")
    public void rewind(Object mark) {
        places = new HashMap<>((Map<Integer, Integer>) mark);
        frozen = end;
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
            long from = offset + done;
            int inBlock = (int) (from % BLOCK);
            int n = Math.min(length - done, BLOCK - inBlock);
            Integer place = places.get((int) (from / BLOCK));
            if (place == null) {
                below.read(from, to, at + done, n);
            } else {
                transfer(ByteBuffer.wrap(to, at + done, n), (long) place * BLOCK + inBlock, false);
            }
            done += n;
        }
    }

    private void transfer(ByteBuffer buffer, long position, boolean write) throws IOException {
        for (long at = position; buffer.hasRemaining(); ) {
            int n = write ? changes.write(buffer, at) : changes.read(buffer, at);
            if (n < 0) {
                throw new IOException("the temporary file of " + below + " is too short");
            }
            at += n;
        }
    }

    @Override
    public void write(long offset, byte[] from, int at, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size());
        byte[] whole = new byte[BLOCK];
        for (int done = 0; done < length; ) {
            long to = offset + done;
            int inBlock = (int) (to % BLOCK);
            int n = Math.min(length - done, BLOCK - inBlock);
            long start = to - inBlock;
            if (n < BLOCK) {
                read(start, whole, 0, (int) Math.min(BLOCK, size() - start));
            }
            System.arraycopy(from, at + done, whole, inBlock, n);
            int block = (int) (to / BLOCK);
            Integer place = places.get(block);
            if (place == null || place < frozen) {
                place = end++;
                places.put(block, place);
            }
            transfer(ByteBuffer.wrap(whole), (long) place * BLOCK, true);
            done += n;
        }
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
