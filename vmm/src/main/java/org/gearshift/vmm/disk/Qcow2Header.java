package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The header of a qcow2 image (QEMU project, docs/interop/qcow2.txt, versions 2 and 3), checked for everything that can be told from the header alone.
 *
 * @param backingFile null if there is none
 * @param backingFormat null if not said
 * @param size bytes of the disk, as the header says
 * @param l1Size entries of the level 1 table
 * @param refcountTableClusters its length
 * @param refcountOrder log2 of the bits of a reference count, 0..6
 */
record Qcow2Header(int version, String backingFile, String backingFormat, int clusterBits, long size, int l1Size, long l1Offset,
        long refcountTableOffset, int refcountTableClusters, int snapshots, long incompatible, long autoclear, int refcountOrder) {
    static final int MAGIC = 0x514649fb;
    static final int V2_LENGTH = 72;
    static final int V3_LENGTH = 104;
    /** Offset of the refcount table's offset and length. */
    static final int REFCOUNT_TABLE_FIELD = 48;
    /** Offset of the autoclear feature bits. */
    static final int AUTOCLEAR_FIELD = 88;
    static final int EXTENSION_BACKING_FORMAT = 0xe2792aca;

    static final long INCOMPATIBLE_DIRTY = 1;
    static final long INCOMPATIBLE_CORRUPT = 2;
    private static final long INCOMPATIBLE_DATA_FILE = 4;
    private static final long INCOMPATIBLE_COMPRESSION = 8;
    private static final long INCOMPATIBLE_EXTENDED_L2 = 16;

    private static final int MIN_CLUSTER_BITS = 9;
    private static final int MAX_CLUSTER_BITS = 21;
    private static final int MAX_BACKING_NAME = 1023;
    private static final int MAX_TABLE_BYTES = 32 << 20;
    private static final int MAX_REFCOUNT_TABLE_BYTES = 8 << 20;
    private static final int V2_REFCOUNT_ORDER = 4;

    int clusterSize() {
        return 1 << clusterBits;
    }

    /** Entries of a level 2 table. */
    int l2Entries() {
        return clusterSize() / Long.BYTES;
    }

    /** Reads and checks the header of {@code file}. */
    static Qcow2Header read(ImageFile file) throws IOException {
        long length = file.length();
        if (length < V2_LENGTH) {
            throw bad(file, "too short for a qcow2 image");
        }
        byte[] head = new byte[(int) Math.min(length, 1 << MAX_CLUSTER_BITS)];
        file.read(0, head, 0, head.length);
        ByteBuffer b = ByteBuffer.wrap(head);
        if (b.getInt(0) != MAGIC) {
            throw bad(file, "not a qcow2 image");
        }
        int version = b.getInt(4);
        if (version != 2 && version != 3) {
            throw bad(file, "qcow2 of version " + version + "; known are 2 and 3");
        }
        if (b.getInt(32) != 0) {
            throw bad(file, "is encrypted, which is not supported");
        }
        int clusterBits = b.getInt(20);
        if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
            throw bad(file, "damaged: clusters of 2^" + clusterBits + " bytes");
        }
        boolean v3 = version == 3;
        if (v3 && length < V3_LENGTH) {
            throw bad(file, "too short for a qcow2 image");
        }
        long incompatible = v3 ? b.getLong(72) : 0;
        int headerLength = v3 ? b.getInt(100) : V2_LENGTH;
        refuseUnknown(file, incompatible, headerLength > V3_LENGTH && head.length > V3_LENGTH ? head[V3_LENGTH] : 0);
        if (headerLength < (v3 ? V3_LENGTH : V2_LENGTH) || headerLength > 1 << clusterBits || headerLength % 8 != 0) {
            throw bad(file, "damaged: a header of " + Integer.toUnsignedLong(headerLength) + " bytes");
        }
        String[] backing = backing(file, b, headerLength, Math.min(head.length, 1 << clusterBits));
        Qcow2Header h = new Qcow2Header(version, backing[0], backing[1], clusterBits, b.getLong(24), b.getInt(36), b.getLong(40), b.getLong(48), b.getInt(56),
                b.getInt(60), incompatible, v3 ? b.getLong(AUTOCLEAR_FIELD) : 0, v3 ? b.getInt(96) : V2_REFCOUNT_ORDER);
        h.check(file);
        return h;
    }

    private static void refuseUnknown(ImageFile file, long incompatible, int compression) throws DiskFormatException {
        if ((incompatible & INCOMPATIBLE_DATA_FILE) != 0) {
            throw bad(file, "keeps its data in another file, which is not supported");
        }
        if ((incompatible & INCOMPATIBLE_EXTENDED_L2) != 0) {
            throw bad(file, "has subclusters, which are not supported; 'qemu-img convert -O qcow2' makes an image without");
        }
        if ((incompatible & INCOMPATIBLE_COMPRESSION) != 0 && compression != 0) {
            throw bad(file, "is compressed with zstd, which is not supported; 'qemu-img convert -O qcow2' unpacks it");
        }
        long unknown = incompatible & -(INCOMPATIBLE_EXTENDED_L2 << 1);
        if (unknown != 0) {
            throw bad(file, "needs qcow2 features that are not known: bits 0x" + Long.toHexString(unknown));
        }
    }

    /** Name and format of the backing file, null where there is none. */
    private static String[] backing(ImageFile file, ByteBuffer b, int headerLength, int end) throws DiskFormatException {
        long offset = b.getLong(8);
        int length = b.getInt(16);
        if (offset == 0) {
            return new String[2];
        }
        if (length <= 0 || length > MAX_BACKING_NAME || offset < V2_LENGTH || offset > end - length) {
            throw bad(file, "damaged: the name of the backing file lies outside the header");
        }
        String name = new String(b.array(), (int) offset, length, StandardCharsets.UTF_8);
        String format = null;
        for (int at = headerLength; at + 8 <= end; ) {
            int type = b.getInt(at);
            int size = b.getInt(at + 4);
            if (type == 0) {
                break;
            }
            if (size < 0 || size > end - at - 8) {
                throw bad(file, "damaged: a header extension of " + Integer.toUnsignedLong(size) + " bytes");
            }
            if (type == EXTENSION_BACKING_FORMAT) {
                format = new String(b.array(), at + 8, size, StandardCharsets.UTF_8);
            }
            at += 8 + (size + 7 & ~7);
        }
        return new String[] {name, format};
    }

    private void check(ImageFile file) throws IOException {
        long clusterMask = clusterSize() - 1;
        if (size < 0 || size > Long.MAX_VALUE >> 2) {
            throw bad(file, "damaged: a disk of " + Long.toUnsignedString(size) + " bytes");
        }
        if (refcountOrder < 0 || refcountOrder > 6) {
            throw bad(file, "damaged: reference counts of 2^" + refcountOrder + " bits");
        }
        if (l1Size < 0 || l1Size > MAX_TABLE_BYTES / Long.BYTES) {
            throw bad(file, "damaged: a level 1 table of " + Integer.toUnsignedLong(l1Size) + " entries");
        }
        long covered = (long) clusterSize() * l2Entries();
        if (l1Size < (size + covered - 1) / covered) {
            throw bad(file, "damaged: the level 1 table is too small for the disk");
        }
        long l1Bytes = (long) Long.BYTES * l1Size;
        if (l1Size > 0 && (l1Offset < clusterSize() || (l1Offset & clusterMask) != 0 || l1Offset > file.length() - l1Bytes)) {
            throw bad(file, "damaged: the level 1 table lies outside the file");
        }
        if (refcountTableClusters <= 0 || refcountTableClusters > Math.max(1, MAX_REFCOUNT_TABLE_BYTES >>> clusterBits)) {
            throw bad(file, "damaged: a refcount table of " + Integer.toUnsignedLong(refcountTableClusters) + " clusters");
        }
        long refcountBytes = (long) refcountTableClusters << clusterBits;
        if (refcountTableOffset < clusterSize() || (refcountTableOffset & clusterMask) != 0 || refcountTableOffset > file.length() - refcountBytes) {
            throw bad(file, "damaged: the refcount table lies outside the file");
        }
    }

    /** An error of this image. */
    static DiskFormatException bad(ImageFile file, String what) {
        return new DiskFormatException(file + ": " + what);
    }
}
