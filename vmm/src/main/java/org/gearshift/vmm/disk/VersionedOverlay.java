package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.gearshift.vmm.replay.Rewindable;

/**
 * As {@link SnapshotOverlay}, for a machine that goes back in time: contents of each marked moment stay where they are in the temporary file, which only grows.
 */
public final class VersionedOverlay extends TemporaryOverlay implements Rewindable {
    /** Where in the file, in blocks, changed blocks are. */
    private Map<Integer, Integer> places = new HashMap<>();
    private int end;
    /** Places before this one may be a marked moment's. */
    private int frozen;

    /** @param below owned from now on */
    public VersionedOverlay(DiskImage below) throws IOException {
        super(below);
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
                fetch(ByteBuffer.wrap(to, at + done, n), (long) place * BLOCK + inBlock);
            }
            done += n;
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
            keep(ByteBuffer.wrap(whole), (long) place * BLOCK);
            done += n;
        }
    }
}
