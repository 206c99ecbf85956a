package org.gearshift.ir.interp;

import java.util.Arrays;

/**
 * Direct-mapped cache from guest pc, in the current mode and address space, to prepared block: for indirect jumps and jumps to other pages. Its
 * owner fills it and clears it whenever mappings change, or, where only those of one address space change, of what is in no other; the salt keeps modes and address spaces apart.
 */
final class JumpCache {
    private static final int LOG2_ENTRIES = 14;
    private static final int ENTRIES = 1 << LOG2_ENTRIES;

    /** By entry: its key, and behind it its block's offset, so that both come with one line of the host's cache. */
    private final long[] entries = new long[2 * ENTRIES];
    /** Indices of entries of one address space only; some more than once, or overwritten since. */
    private final int[] passing = new int[ENTRIES];
    private int passed;
    private long salt;
    private int mix;
    private boolean empty;

    JumpCache() {
        flush();
    }

    /** Sets what is exclusive-or'ed into pcs to make keys. */
    void setSalt(long newSalt) {
        salt = newSalt;
        mix = (int) (newSalt * 0x9e3779b97f4a7c15L >>> 64 - LOG2_ENTRIES);
    }

    /** Offset of the block at a pc, or -1. */
    int lookup(long pc) {
        int i = index(pc);
        return entries[i] == (pc ^ salt) ? (int) entries[i + 1] : -1;
    }

    /** @param stays whether the entry holds in every address space */
    void put(long pc, int offset, boolean stays) {
        int i = index(pc);
        if (!stays) {
            if (passed == ENTRIES) {
                flush();
            }
            passing[passed++] = i;
        }
        entries[i] = pc ^ salt;
        entries[i + 1] = offset;
        empty = false;
    }

    void flush() {
        if (!empty) {
            Arrays.fill(entries, -1);
            empty = true;
        }
        passed = 0;
    }

    /** Forgets what is of one address space only. */
    void flushPassing() {
        for (int k = 0; k < passed; k++) {
            entries[passing[k] + 1] = -1;
        }
        passed = 0;
    }

    /** Where the key of a pc is. */
    private int index(long pc) {
        int x = (int) pc;
        return ((x ^ x >>> LOG2_ENTRIES ^ mix) & ENTRIES - 1) << 1;
    }
}
