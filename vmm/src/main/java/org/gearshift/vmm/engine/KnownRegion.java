package org.gearshift.vmm.engine;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * What is remembered of a region from run to run: which blocks belong together and where control comes in, by their distances from each other, so that it serves wherever the code is
 * next time. There is no code in it, guest's or generated: whoever changes it can have regions formed that do not pay, and nothing else.
 */
final class KnownRegion {
    /** Most blocks of one: those of merged regions, of one instruction each. */
    static final int MOST_BLOCKS = 512;

    /** {@link TranslationCache#key} of each entry. */
    final long[] keys;
    /** Index of each entry among the blocks. */
    final int[] entries;
    /** Pcs of the blocks, from the first entry's on. */
    final long[] offsets;
    /** Bytes of the blocks. */
    final int[] bytes;
    /** See {@link RegionRecord#calling}. */
    final boolean calling;
    /** See {@link RegionRecord#generation}. */
    final int generation;
    /** Whether it has earned C2. */
    boolean optimized;

    KnownRegion(long[] keys, int[] entries, long[] offsets, int[] bytes, boolean calling, int generation) {
        this.keys = keys;
        this.entries = entries;
        this.offsets = offsets;
        this.bytes = bytes;
        this.calling = calling;
        this.generation = generation;
    }

    /** Offset of the entry with a key. */
    long offsetOf(long key) {
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] == key) {
                return offsets[entries[i]];
            }
        }
        throw new IllegalArgumentException("no entry of this region: " + Long.toHexString(key));
    }

    /** Whether control comes in at a block. */
    boolean isEntry(int block) {
        for (int e : entries) {
            if (e == block) {
                return true;
            }
        }
        return false;
    }

    void write(DataOutput out) throws IOException {
        out.writeShort(offsets.length);
        for (int i = 0; i < offsets.length; i++) {
            out.writeLong(offsets[i]);
            out.writeShort(bytes[i]);
        }
        out.writeShort(entries.length);
        for (int i = 0; i < entries.length; i++) {
            out.writeShort(entries[i]);
            out.writeLong(keys[i]);
        }
        out.writeByte((calling ? 1 : 0) | (optimized ? 2 : 0));
        out.writeByte(generation);
    }

    /** @throws IOException if that is none */
    static KnownRegion read(DataInput in) throws IOException {
        int blocks = count(in, MOST_BLOCKS);
        long[] offsets = new long[blocks];
        int[] bytes = new int[blocks];
        for (int i = 0; i < blocks; i++) {
            offsets[i] = in.readLong();
            bytes[i] = in.readUnsignedShort();
        }
        int[] entries = new int[count(in, blocks)];
        long[] keys = new long[entries.length];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = in.readUnsignedShort();
            if (entries[i] >= blocks) {
                throw new IOException("entry " + entries[i] + " of " + blocks + " blocks");
            }
            keys[i] = in.readLong();
        }
        int flags = in.readUnsignedByte();
        KnownRegion r = new KnownRegion(keys, entries, offsets, bytes, (flags & 1) != 0, in.readUnsignedByte());
        r.optimized = (flags & 2) != 0;
        return r;
    }

    private static int count(DataInput in, int most) throws IOException {
        int n = in.readUnsignedShort();
        if (n < 1 || n > most) {
            throw new IOException(n + " where there are 1 to " + most);
        }
        return n;
    }
}
