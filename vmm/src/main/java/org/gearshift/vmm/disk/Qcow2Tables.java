package org.gearshift.vmm.disk;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tables of one cluster each, level 2 tables or refcount blocks, kept in memory: the most recently used, and all that were changed since they were last written.
 * A table got from here may be used until the next one is.
 */
final class Qcow2Tables {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /** One table. */
    static final class Table {
        final byte[] bytes;
        private boolean dirty;

        private Table(byte[] bytes) {
            this.bytes = bytes;
        }

        long get(int index) {
            return (long) LONG.get(bytes, index * Long.BYTES);
        }

        void set(int index, long value) {
            LONG.set(bytes, index * Long.BYTES, value);
            dirty = true;
        }

        void changed() {
            dirty = true;
        }
    }

    /** Called when every table has changes: writes them, in the order that keeps the image consistent. */
    interface Writer {
        void writeAll() throws IOException;
    }

    private final ImageFile file;
    private final String what;
    private final int clusterSize;
    private final int capacity;
    private final Writer writer;
    private final Map<Long, Table> tables = new LinkedHashMap<>(16, 0.75f, true);

    /** @param what names the tables in messages */
    Qcow2Tables(ImageFile file, String what, int clusterSize, int capacity, Writer writer) {
        this.file = file;
        this.what = what;
        this.clusterSize = clusterSize;
        this.capacity = capacity;
        this.writer = writer;
    }

    /** The table at {@code offset} of the file. */
    Table get(long offset) throws IOException {
        Table t = tables.get(offset);
        if (t == null) {
            if ((offset & clusterSize - 1) != 0 || offset < clusterSize || offset > file.length() - clusterSize) {
                throw Qcow2Header.bad(file, "damaged: a " + what + " at 0x" + Long.toHexString(offset) + ", outside the file");
            }
            makeRoom();
            t = new Table(new byte[clusterSize]);
            file.read(offset, t.bytes, 0, clusterSize);
            tables.put(offset, t);
        }
        return t;
    }

    /** A new table of zeroes at {@code offset}, not yet written. */
    Table create(long offset) throws IOException {
        makeRoom();
        Table t = new Table(new byte[clusterSize]);
        t.dirty = true;
        tables.put(offset, t);
        return t;
    }

    /** Forgets the table at {@code offset}, which is no longer part of the image. */
    void drop(long offset) {
        tables.remove(offset);
    }

    private void makeRoom() throws IOException {
        if (tables.size() < capacity) {
            return;
        }
        if (tables.values().stream().allMatch(t -> t.dirty)) {
            writer.writeAll();
        }
        for (Iterator<Table> i = tables.values().iterator(); i.hasNext() && tables.size() >= capacity; ) {
            if (!i.next().dirty) {
                i.remove();
            }
        }
    }

    /** Writes what was changed. @return whether anything was */
    boolean write() throws IOException {
        boolean any = false;
        for (Map.Entry<Long, Table> e : tables.entrySet()) {
            if (e.getValue().dirty) {
                file.write(e.getKey(), e.getValue().bytes, 0, clusterSize);
                e.getValue().dirty = false;
                any = true;
            }
        }
        return any;
    }
}
