package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Makes empty qcow2 images of version 3. */
public final class Qcow2Creator {
    /** Cluster size, as log2, that is right for most uses: 64 KiB. */
    public static final int DEFAULT_CLUSTER_BITS = 16;

    private static final int MIN_CLUSTER_BITS = 12;
    private static final int MAX_CLUSTER_BITS = 21;
    private static final int REFCOUNT_ORDER = 4;
    private static final int MAX_L1_BYTES = 32 << 20;

    private Qcow2Creator() {
    }

    /**
     * Makes an image.
     *
     * @param size bytes of the disk, a positive multiple of {@link DiskImage#SECTOR}
     * @param clusterBits log2 of the cluster size, 12 to 21
     * @param backing name of the backing file as it is to be written, or null
     * @param backingFormat its format; null if there is none
     * @throws DiskFormatException if the file exists, or the disk would be too large for clusters of that size
     */
    public static void create(Path path, long size, int clusterBits, String backing, DiskFormat backingFormat) throws IOException {
        if (size <= 0 || size % DiskImage.SECTOR != 0 || clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS
                || (backing == null) != (backingFormat == null)) {
            throw new IllegalArgumentException("size " + size + ", cluster bits " + clusterBits + ", backing " + backing + " " + backingFormat);
        }
        long cluster = 1L << clusterBits;
        long perL2 = cluster * (cluster / Long.BYTES);
        long l1Entries = (size + perL2 - 1) / perL2;
        if (l1Entries * Long.BYTES > MAX_L1_BYTES) {
            throw new DiskFormatException(path + ": a disk of " + size + " bytes needs larger clusters");
        }
        long l1Clusters = (l1Entries * Long.BYTES + cluster - 1) / cluster;
        long perBlock = cluster / 2;
        // Header, refcount table, its blocks, level 1 table.
        long blocks = 1;
        while (blocks * perBlock < 2 + blocks + l1Clusters) {
            blocks++;
        }
        long used = 2 + blocks + l1Clusters;
        try (ImageFile file = ImageFile.create(path)) {
            ByteBuffer table = ByteBuffer.allocate((int) cluster);
            for (int b = 0; b < blocks; b++) {
                table.putLong((2 + b) * cluster);
                ByteBuffer counts = ByteBuffer.allocate((int) cluster);
                for (long c = b * perBlock; c < Math.min(used, (b + 1) * perBlock); c++) {
                    counts.putShort((short) 1);
                }
                file.write((2 + b) * cluster, counts.array(), 0, (int) cluster);
            }
            file.write(cluster, table.array(), 0, (int) cluster);
            file.setLength(used * cluster);
            byte[] header = header(size, clusterBits, (int) l1Entries, (2 + blocks) * cluster, backing, backingFormat);
            file.write(0, header, 0, header.length);
            file.force();
        }
    }

    private static byte[] header(long size, int clusterBits, int l1Entries, long l1Offset, String backing, DiskFormat format) throws DiskFormatException {
        ByteBuffer b = ByteBuffer.allocate(1 << clusterBits);
        b.putInt(Qcow2Header.MAGIC).putInt(3).putLong(0).putInt(0).putInt(clusterBits).putLong(size).putInt(0);
        b.putInt(l1Entries).putLong(l1Offset).putLong(1L << clusterBits).putInt(1).putInt(0).putLong(0);
        b.putLong(0).putLong(0).putLong(0).putInt(REFCOUNT_ORDER).putInt(Qcow2Header.V3_LENGTH);
        if (backing != null) {
            byte[] label = format.label().getBytes(StandardCharsets.US_ASCII);
            b.putInt(Qcow2Header.EXTENSION_BACKING_FORMAT).putInt(label.length).put(label);
            b.position(b.position() + 7 & ~7);
            b.putLong(0);
            byte[] name = backing.getBytes(StandardCharsets.UTF_8);
            if (name.length > 1023) {
                throw new DiskFormatException(backing + ": too long for the name of a backing file");
            }
            b.putLong(8, b.position()).putInt(16, name.length);
            b.put(name);
        }
        return b.array();
    }
}
