package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A qcow2 image (QEMU project, docs/interop/qcow2.txt): clusters of the disk are found through two levels of tables; what is in none comes from a backing file,
 * or is zero. Clusters with more than one use, by the image's internal snapshots, are copied before they change.
 *
 * <p>Changes of tables stay in memory until {@link #flush}, and are then written in such an order that the file is a good image at every moment, whatever of it
 * the host manages to store: new counts, then the tables that name what was counted, and only then is given back what they no longer name. What can be left
 * behind is space that nothing uses.
 */
public final class Qcow2Image implements DiskImage {
    private static final long COPIED = 1L << 63;
    private static final long COMPRESSED = 1L << 62;
    private static final long ZERO = 1;
    private static final long OFFSET = 0x00fffffffffffe00L;
    private static final int CACHED_L2_BYTES = 4 << 20;

    private final ImageFile file;
    private final Qcow2Header header;
    private final DiskImage backing;
    private final long size;
    private final int clusterBits;
    private final int clusterSize;
    private final long[] l1;
    private boolean l1Dirty;
    private final Qcow2Tables l2;
    private final Qcow2Refcounts refcounts;
    /** The compressed cluster unpacked last, by its entry. */
    private long unpackedEntry;
    private byte[] unpacked;

    private Qcow2Image(ImageFile file, Qcow2Header header, DiskImage backing) throws IOException {
        this.file = file;
        this.header = header;
        this.backing = backing;
        size = header.size() + SECTOR - 1 & -SECTOR;
        clusterBits = header.clusterBits();
        clusterSize = header.clusterSize();
        l1 = new long[header.l1Size()];
        byte[] bytes = new byte[l1.length * Long.BYTES];
        file.read(header.l1Offset(), bytes, 0, bytes.length);
        ByteBuffer.wrap(bytes).asLongBuffer().get(l1);
        l2 = new Qcow2Tables(file, "level 2 table", clusterSize, Math.max(8, CACHED_L2_BYTES >>> clusterBits), this::writeMetadata);
        refcounts = new Qcow2Refcounts(file, header, this::writeMetadata);
    }

    /**
     * Opens an image and those below it.
     *
     * @throws DiskFormatException if one of them cannot be opened, is damaged, or needs what is not supported
     */
    public static Qcow2Image open(Path path, boolean readOnly, BackingFiles policy) throws IOException {
        return open(path, readOnly, policy, 0);
    }

    private static Qcow2Image open(Path path, boolean readOnly, BackingFiles policy, int depth) throws IOException {
        ImageFile file = ImageFile.open(path, readOnly);
        DiskImage backing = null;
        Qcow2Image image = null;
        try {
            Qcow2Header header = Qcow2Header.read(file);
            if (!readOnly && (header.incompatible() & Qcow2Header.INCOMPATIBLE_CORRUPT) != 0) {
                throw Qcow2Header.bad(file, "is marked as damaged; 'qemu-img check -r all' may repair it, or add ,ro");
            }
            if (!readOnly && (header.incompatible() & Qcow2Header.INCOMPATIBLE_DIRTY) != 0) {
                throw Qcow2Header.bad(file, "was not closed properly; 'qemu-img check -r all' repairs it, or add ,ro");
            }
            if (header.size() == 0) {
                throw Qcow2Header.bad(file, "is a disk of no bytes");
            }
            backing = header.backingFile() == null ? null : openBacking(file, header, policy, depth);
            image = new Qcow2Image(file, header, backing);
            if (!readOnly && header.autoclear() != 0) {
                // Whoever does not keep such features up to date says so by clearing their bits.
                file.write(Qcow2Header.AUTOCLEAR_FIELD, new byte[Long.BYTES], 0, Long.BYTES);
            }
            return image;
        } finally {
            if (image == null) {
                if (backing != null) {
                    backing.close();
                }
                file.close();
            }
        }
    }

    /** The files of all images below this one, as far down as they go. @param policy what it was opened with */
    public List<Path> filesBelow(BackingFiles policy) throws IOException {
        List<Path> all = new ArrayList<>();
        if (backing != null) {
            all.add(policy.resolve(file.path(), header.backingFile()));
        }
        if (backing instanceof Qcow2Image below) {
            all.addAll(below.filesBelow(policy));
        }
        return all;
    }

    private static DiskImage openBacking(ImageFile file, Qcow2Header header, BackingFiles policy, int depth) throws IOException {
        String name = header.backingFile();
        if (depth == BackingFiles.MAX_DEPTH) {
            throw Qcow2Header.bad(file, "there are more than " + BackingFiles.MAX_DEPTH + " images below each other");
        }
        if (header.backingFormat() == null) {
            throw Qcow2Header.bad(file, "does not say of which format its backing file '" + name + "' is; 'qemu-img rebase -u -F FORMAT' adds that");
        }
        DiskFormat format = DiskFormat.named(header.backingFormat());
        if (format == null) {
            throw Qcow2Header.bad(file, "its backing file '" + name + "' is of format '" + header.backingFormat() + "', which is not supported");
        }
        Path path = policy.resolve(file.path(), name);
        return format == DiskFormat.RAW ? RawImage.open(path, true) : open(path, true, policy, depth + 1);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isReadOnly() {
        return file.isReadOnly();
    }

    /** Bytes of a cluster. */
    public int clusterSize() {
        return clusterSize;
    }

    /** Version of the format: 2 or 3. */
    public int version() {
        return header.version();
    }

    /** The backing file's name as the image has it, or null. */
    public String backingFile() {
        return header.backingFile();
    }

    /** Internal snapshots. */
    public int snapshots() {
        return header.snapshots();
    }

    private int l1Index(long cluster) {
        return (int) (cluster / header.l2Entries());
    }

    private int l2Index(long cluster) {
        return (int) (cluster % header.l2Entries());
    }

    /** The level 2 entry of a cluster of the disk; 0 if there is no table. */
    private long entry(long cluster) throws IOException {
        long table = l1[l1Index(cluster)] & OFFSET;
        return table == 0 ? 0 : l2.get(table).get(l2Index(cluster));
    }

    private boolean isZero(long entry) {
        return header.version() >= 3 && (entry & (COMPRESSED | ZERO)) == ZERO;
    }

    /** Where in the file an uncompressed cluster is; 0 if nowhere. */
    private long host(long entry) throws IOException {
        long offset = entry & OFFSET;
        if ((offset & clusterSize - 1) != 0 || offset >= file.length()) {
            throw Qcow2Header.bad(file, "damaged: a cluster at 0x" + Long.toHexString(offset) + ", outside the file");
        }
        return offset;
    }

    @Override
    public void read(long offset, byte[] to, int at, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size);
        for (int done = 0; done < length; ) {
            long from = offset + done;
            int in = (int) from & clusterSize - 1;
            int n = Math.min(length - done, clusterSize - in);
            readWithin(from, entry(from >>> clusterBits), to, at + done, n);
            done += n;
        }
    }

    /** Reads a part of one cluster, whose entry is {@code entry}. */
    private void readWithin(long offset, long entry, byte[] to, int at, int n) throws IOException {
        int in = (int) offset & clusterSize - 1;
        if ((entry & COMPRESSED) != 0) {
            System.arraycopy(unpack(entry), in, to, at, n);
        } else if (isZero(entry)) {
            Arrays.fill(to, at, at + n, (byte) 0);
        } else if ((entry & OFFSET) != 0) {
            file.read(host(entry) + in, to, at, n);
        } else {
            int below = backing == null ? 0 : (int) Math.max(0, Math.min(n, backing.size() - offset));
            if (below > 0) {
                backing.read(offset, to, at, below);
            }
            Arrays.fill(to, at + below, at + n, (byte) 0);
        }
    }

    /** Bits of a compressed cluster's entry that are its offset. */
    private int compressedOffsetBits() {
        return 62 - (clusterBits - 8);
    }

    private long compressedOffset(long entry) {
        return entry & (1L << compressedOffsetBits()) - 1;
    }

    /** The end of the last sector that a compressed cluster has a part of. */
    private long compressedEnd(long entry) {
        long sectors = ((entry & COMPRESSED - 1) >>> compressedOffsetBits()) + 1;
        return (compressedOffset(entry) & -SECTOR) + sectors * SECTOR;
    }

    private byte[] unpack(long entry) throws IOException {
        if (unpacked != null && unpackedEntry == entry) {
            return unpacked;
        }
        long offset = compressedOffset(entry);
        long end = Math.min(compressedEnd(entry), file.length());
        if (offset < clusterSize || end <= offset) {
            throw Qcow2Header.bad(file, "damaged: a compressed cluster at 0x" + Long.toHexString(offset) + ", outside the file");
        }
        byte[] packed = new byte[(int) (end - offset)];
        file.read(offset, packed, 0, packed.length);
        byte[] out = new byte[clusterSize];
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(packed);
            int n = 0;
            while (n < clusterSize && !inflater.finished() && !inflater.needsInput() && !inflater.needsDictionary()) {
                n += inflater.inflate(out, n, clusterSize - n);
            }
            if (n < clusterSize) {
                throw Qcow2Header.bad(file, "damaged: the compressed cluster at 0x" + Long.toHexString(offset) + " ends after " + n + " bytes");
            }
        } catch (DataFormatException e) {
            throw Qcow2Header.bad(file, "damaged: the compressed cluster at 0x" + Long.toHexString(offset) + " cannot be unpacked");
        } finally {
            inflater.end();
        }
        unpackedEntry = entry;
        unpacked = out;
        return out;
    }

    @Override
    public void write(long offset, byte[] from, int at, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size);
        requireWritable();
        for (int done = 0; done < length; ) {
            long to = offset + done;
            int n = Math.min(length - done, clusterSize - ((int) to & clusterSize - 1));
            writeWithin(to, from, at + done, n);
            done += n;
        }
    }

    private void requireWritable() throws IOException {
        if (file.isReadOnly()) {
            throw new IOException(file + ": is read-only");
        }
    }

    /** Writes to one cluster: in place if it is the disk's own, else to a new one together with the rest of its contents. */
    private void writeWithin(long offset, byte[] from, int at, int n) throws IOException {
        long cluster = offset >>> clusterBits;
        int in = (int) offset & clusterSize - 1;
        long entry = entry(cluster);
        boolean own = (entry & (COMPRESSED | COPIED)) == COPIED && (entry & OFFSET) != 0;
        if (own && !isZero(entry)) {
            file.write(requireData(host(entry)) + in, from, at, n);
            return;
        }
        byte[] whole = from;
        int start = at;
        if (n < clusterSize) {
            whole = new byte[clusterSize];
            start = 0;
            readWithin(cluster << clusterBits, entry, whole, 0, clusterSize);
            System.arraycopy(from, at, whole, in, n);
        }
        long host = own ? requireData(host(entry)) : refcounts.allocate();
        file.write(host, whole, start, clusterSize);
        setEntry(cluster, host | COPIED);
        if (!own) {
            release(entry);
        }
    }

    /** Tables of the image must not be taken for data, whatever its entries say. */
    private long requireData(long host) throws IOException {
        if (host < clusterSize || refcounts.inTable(host) || host >= header.l1Offset() && host < header.l1Offset() + (long) Long.BYTES * l1.length) {
            throw Qcow2Header.bad(file, "damaged: the tables of the image are used as data at 0x" + Long.toHexString(host));
        }
        return host;
    }

    /** Changes an entry, in a level 2 table that is the disk's own. */
    private void setEntry(long cluster, long entry) throws IOException {
        int index = l1Index(cluster);
        long table = l1[index] & OFFSET;
        if (table == 0 || (l1[index] & COPIED) == 0) {
            long own = refcounts.allocate();
            byte[] old = table == 0 ? null : l2.get(table).bytes.clone();
            Qcow2Tables.Table copy = l2.create(own);
            if (old != null) {
                System.arraycopy(old, 0, copy.bytes, 0, clusterSize);
                refcounts.release(table >>> clusterBits);
            }
            l1[index] = own | COPIED;
            l1Dirty = true;
        }
        l2.get(l1[index] & OFFSET).set(l2Index(cluster), entry);
    }

    /** Gives up the clusters of the file that an entry named until now. */
    private void release(long entry) {
        if ((entry & COMPRESSED) != 0) {
            for (long c = compressedOffset(entry) >>> clusterBits; c <= compressedEnd(entry) - 1 >>> clusterBits; c++) {
                refcounts.release(c);
            }
        } else if ((entry & OFFSET) != 0) {
            refcounts.release((entry & OFFSET) >>> clusterBits);
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayFree) throws IOException {
        Objects.checkFromIndexSize(offset, length, size);
        requireWritable();
        for (long done = 0; done < length; ) {
            long to = offset + done;
            int in = (int) to & clusterSize - 1;
            int n = (int) Math.min(length - done, clusterSize - in);
            // The last cluster may be longer than the disk: it is whole if nothing of the disk is left of it.
            boolean whole = in == 0 && (n == clusterSize || to + n == size);
            if (!whole || !zeroCluster(to >>> clusterBits)) {
                writeWithin(to, new byte[n], 0, n);
            }
            done += n;
        }
    }

    /** Makes a whole cluster read as zeroes and gives its space back. @return false if version 2 of the format cannot say so */
    private boolean zeroCluster(long cluster) throws IOException {
        long entry = entry(cluster);
        if (isZero(entry) && (entry & OFFSET) == 0 || entry == 0 && backing == null) {
            return true;
        }
        if (header.version() < 3 && backing != null) {
            return false;
        }
        setEntry(cluster, backing == null ? 0 : ZERO);
        release(entry);
        return true;
    }

    /** Whole clusters give their space back and read as zeroes. */
    @Override
    public void discard(long offset, long length) throws IOException {
        Objects.checkFromIndexSize(offset, length, size);
        requireWritable();
        long end = offset + length == size ? size + clusterSize - 1 >>> clusterBits : offset + length >>> clusterBits;
        for (long cluster = offset + clusterSize - 1 >>> clusterBits; cluster < end; cluster++) {
            zeroCluster(cluster);
        }
    }

    /** Data is in the file already; tables follow, in order. */
    private void writeMetadata() throws IOException {
        if (refcounts.write()) {
            file.force();
        }
        if (l2.write() && l1Dirty) {
            file.force();
        }
        if (l1Dirty) {
            ByteBuffer b = ByteBuffer.allocate(l1.length * Long.BYTES);
            b.asLongBuffer().put(l1);
            file.write(header.l1Offset(), b.array(), 0, b.capacity());
            l1Dirty = false;
        }
        file.force();
        refcounts.settle();
    }

    @Override
    public void flush() throws IOException {
        if (!file.isReadOnly()) {
            writeMetadata();
        }
    }

    @Override
    public void close() throws IOException {
        try (ImageFile f = file; DiskImage b = backing) {
            if (!f.isReadOnly()) {
                writeMetadata();
                // Once more for what was given back by that.
                writeMetadata();
            }
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
