package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The reference counts of a qcow2 image's clusters: a table of blocks of counts. Clusters are allocated here and given back; nothing reaches the file before
 * {@link #write}, but for the growth of the table itself.
 */
final class Qcow2Refcounts {
    private static final int CACHED_BYTES = 2 << 20;
    private static final long OFFSET = 0x00fffffffffffe00L;

    private final ImageFile file;
    private final int clusterBits;
    private final int order;
    private final Qcow2Tables blocks;
    private final Qcow2Tables.Writer barrier;
    private long[] table;
    private long tableOffset;
    private boolean tableDirty;
    /** No cluster below is free. */
    private long firstFree;
    /** Given back, but still named by what is on stable storage. */
    private List<Long> released = new ArrayList<>();

    /** @param barrier writes all metadata of the image in order */
    Qcow2Refcounts(ImageFile file, Qcow2Header header, Qcow2Tables.Writer barrier) throws IOException {
        this.file = file;
        this.clusterBits = header.clusterBits();
        this.order = header.refcountOrder();
        this.barrier = barrier;
        tableOffset = header.refcountTableOffset();
        byte[] bytes = new byte[header.refcountTableClusters() << clusterBits];
        file.read(tableOffset, bytes, 0, bytes.length);
        table = new long[bytes.length / Long.BYTES];
        ByteBuffer.wrap(bytes).asLongBuffer().get(table);
        blocks = new Qcow2Tables(file, "refcount block", clusterSize(), Math.max(4, CACHED_BYTES >>> clusterBits), barrier);
    }

    private int clusterSize() {
        return 1 << clusterBits;
    }

    /** log2 of the counts in a block. */
    private int blockBits() {
        return clusterBits + 3 - order;
    }

    /** Whether {@code offset} lies in the refcount table. */
    boolean inTable(long offset) {
        return offset >= tableOffset && offset < tableOffset + (long) Long.BYTES * table.length;
    }

    private Qcow2Tables.Table block(long cluster) throws IOException {
        long index = cluster >>> blockBits();
        long entry = index < table.length ? table[(int) index] & OFFSET : 0;
        return entry == 0 ? null : blocks.get(entry);
    }

    /** How often {@code cluster} is used. */
    long get(long cluster) throws IOException {
        Qcow2Tables.Table block = block(cluster);
        return block == null ? 0 : count(block.bytes, (int) (cluster & (1L << blockBits()) - 1));
    }

    private long count(byte[] b, int index) {
        if (order < 3) {
            int perByte = 3 - order;
            int shift = (index & (1 << perByte) - 1) << order;
            return b[index >>> perByte] >>> shift & (1 << (1 << order)) - 1;
        }
        int bytes = 1 << order - 3;
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value = value << 8 | b[index * bytes + i] & 0xff;
        }
        return value;
    }

    private void setCount(Qcow2Tables.Table block, int index, long value) {
        byte[] b = block.bytes;
        if (order < 3) {
            int perByte = 3 - order;
            int shift = (index & (1 << perByte) - 1) << order;
            int mask = (1 << (1 << order)) - 1 << shift;
            b[index >>> perByte] = (byte) (b[index >>> perByte] & ~mask | (int) value << shift);
        } else {
            int bytes = 1 << order - 3;
            for (int i = 0; i < bytes; i++) {
                b[index * bytes + i] = (byte) (value >>> 8 * (bytes - 1 - i));
            }
        }
        block.changed();
    }

    /** Takes a free cluster: its offset in the file. Where there is a block of counts missing, the first free cluster of its range becomes that block. */
    long allocate() throws IOException {
        for (long cluster = firstFree; ; cluster++) {
            int index = (int) (cluster & (1L << blockBits()) - 1);
            if (cluster >>> blockBits() >= table.length) {
                growTable(cluster);
            }
            Qcow2Tables.Table block = block(cluster);
            if (block == null) {
                block = blocks.create(cluster << clusterBits);
                setCount(block, index, 1);
                table[(int) (cluster >>> blockBits())] = cluster << clusterBits;
                tableDirty = true;
            } else if (count(block.bytes, index) == 0) {
                setCount(block, index, 1);
                firstFree = cluster + 1;
                return cluster << clusterBits;
            }
        }
    }

    /**
     * Makes the table half as large again and moves it behind everything else, to {@code start} and after, together with the blocks that count it. The old one is
     * used until the header names the new one.
     */
    private void growTable(long start) throws IOException {
        barrier.writeAll();
        int perTable = clusterSize() / Long.BYTES;
        long firstBlock = start >>> blockBits();
        int tableClusters = Math.max(table.length * 3 / 2, (int) firstBlock + 2) / perTable + 1;
        int newBlocks = 1;
        while (firstBlock + newBlocks << blockBits() < start + tableClusters + newBlocks) {
            newBlocks++;
        }
        while ((long) tableClusters * perTable < firstBlock + newBlocks) {
            tableClusters++;
        }
        long end = start + tableClusters + newBlocks;
        if (firstBlock + newBlocks << blockBits() < end) {
            throw new IOException(file + ": no room for its refcount table");
        }
        long[] grown = Arrays.copyOf(table, tableClusters * perTable);
        for (int i = 0; i < newBlocks; i++) {
            long at = start + tableClusters + i << clusterBits;
            grown[(int) firstBlock + i] = at;
            Qcow2Tables.Table block = blocks.create(at);
            long first = firstBlock + i << blockBits();
            for (long c = Math.max(first, start); c < Math.min(end, first + (1L << blockBits())); c++) {
                setCount(block, (int) (c - first), 1);
            }
        }
        blocks.write();
        long newOffset = start << clusterBits;
        file.write(newOffset, bytes(grown), 0, grown.length * Long.BYTES);
        file.force();
        ByteBuffer field = ByteBuffer.allocate(12).putLong(newOffset).putInt(tableClusters);
        file.write(Qcow2Header.REFCOUNT_TABLE_FIELD, field.array(), 0, 12);
        file.force();
        for (int i = 0; i < table.length / perTable; i++) {
            release((tableOffset >>> clusterBits) + i);
        }
        table = grown;
        tableOffset = newOffset;
        tableDirty = false;
    }

    private static byte[] bytes(long[] table) {
        ByteBuffer b = ByteBuffer.allocate(table.length * Long.BYTES);
        b.asLongBuffer().put(table);
        return b.array();
    }

    /** Gives up one use of {@code cluster}; the count follows when what is on stable storage no longer names it. */
    void release(long cluster) {
        released.add(cluster);
    }

    /** Writes counts and table so that the table never names a block that is not there. @return whether there was anything to write */
    boolean write() throws IOException {
        boolean any = blocks.write();
        if (tableDirty) {
            file.force();
            file.write(tableOffset, bytes(table), 0, table.length * Long.BYTES);
            tableDirty = false;
            any = true;
        }
        return any;
    }

    /** After everything else is on stable storage: clusters given back before lose a use. */
    void settle() throws IOException {
        List<Long> now = released;
        released = new ArrayList<>();
        for (long cluster : now) {
            Qcow2Tables.Table block = block(cluster);
            int index = (int) (cluster & (1L << blockBits()) - 1);
            long count = block == null ? 0 : count(block.bytes, index);
            if (count == 0) {
                throw Qcow2Header.bad(file, "damaged: cluster " + cluster + " is in use but counted as free");
            }
            setCount(block, index, count - 1);
            if (count == 1) {
                firstFree = Math.min(firstFree, cluster);
            }
        }
    }
}
