package org.gearshift.paging;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The shadow tables of one vCPU: a mirror of those guest tables that walks have passed, kept true by write traces. Dropping any part is
 * always right: the next access walks the guest's tables again.
 */
final class ShadowTables {
    /** Traced stores to a table with nothing derived from it in between, after which it is taken for something else, or for a table under construction. */
    private static final int IDLE_LIMIT = 64;

    private final PhysicalMemory memory;
    private ActiveMaps maps;
    private final PagingCounters counters;
    private final ShadowTable[] byFrame;
    private final List<ShadowTable> all = new ArrayList<>();
    private PageWalker format;
    private AddressSpace current;
    private long bytes;
    private long made;
    private boolean unsettled;

    ShadowTables(PhysicalMemory memory, ActiveMaps maps, PagingCounters counters) {
        this.memory = memory;
        this.maps = maps;
        this.counters = counters;
        this.byFrame = new ShadowTable[memory.ram().frames()];
    }

    /** Sets the format of all tables to come, and the maps that are filled from them; there must be none now. */
    void setFormat(PageWalker walker, ActiveMaps filled) {
        format = walker;
        maps = filled;
    }

    void setCurrent(AddressSpace space) {
        current = space;
    }

    boolean traces(int frame) {
        return byFrame[frame] != null;
    }

    /** Whether {@link #link} has kept nothing because another vCPU might still write to a table unseen. */
    boolean unsettled() {
        return unsettled;
    }

    /** How many tables have been made so far. */
    long made() {
        return made;
    }

    /** Heap bytes of all tables, about. */
    long bytes() {
        return bytes;
    }

    /**
     * Records the translation that {@code walk} found. With several vCPUs, only what was read from tables that no other could write unseen: if new tables are
     * {@link #made}, another walk will get further.
     *
     * @param settled what {@link PhysicalMemory#settled} said before the walk
     * @return the shadow entry of {@code page}, or 0 if it cannot be kept: a table or the page is not in RAM
     */
    int link(AddressSpace space, Walk walk, long page, long settled) {
        boolean shared = memory.isShared();
        long before = made;
        long pageFrame = walk.page >>> 12;
        unsettled = false;
        if (pageFrame >= byFrame.length) {
            return 0;
        }
        ShadowTable t = root(space, walk.table[0]);
        for (int step = 0; t != null; step++) {
            if (shared && (t.number > before || !memory.isSettled(t.frame, settled))) {
                // It may have been written between the walk and the protection. In a walk to come that is different.
                unsettled = true;
                return 0;
            }
            t.idleHits = 0;
            int i = t.index(page);
            if (step == walk.steps - 1) {
                t.entries[i] = walk.bits[step] | (int) pageFrame;
                return space.root.lookup(page, byFrame.length);
            }
            ShadowTable child = t.children[i];
            if (t.entries[i] != 0 && (child == null || child.frame != (int) (walk.table[step + 1] >>> 12))) {
                // Someone wrote guest tables behind the traces, straight into GuestRam; what was known is void.
                drop(t, i);
            }
            if (t.entries[i] == 0 || child.dead) {
                child = obtain(walk.table[step + 1], t.level - 1, page);
                if (child == null) {
                    return 0;
                }
                child.references++;
                t.children[i] = child;
                t.set(i, walk.bits[step]);
            }
            t = child;
        }
        return 0;
    }

    private ShadowTable root(AddressSpace space, long address) {
        if (space.root == null || space.root.dead) {
            space.root = obtain(address, format.topLevel(), 0);
            if (space.root != null) {
                space.root.references++;
            }
        }
        return space.root;
    }

    /**
     * Whether what a space has of the upper half of the address space, with four levels of tables, is another's too: there kernels keep what all spaces have in common. Entries that the other
     * has not been asked for yet it gets here, if they are the same in the guest's tables.
     */
    boolean sameUpper(AddressSpace from, AddressSpace to) {
        ShadowTable a = from.root;
        if (a == null || a.dead || a.level != ShadowTable.LEVEL_4) {
            return false;
        }
        // With several vCPUs nothing may be read from a table that has only now come under protection: see link.
        boolean adopt = !memory.isShared();
        ShadowTable b = adopt ? root(to, memory.gate(to.rootAddress)) : to.root;
        if (b == null || b.dead || b.level != ShadowTable.LEVEL_4) {
            return false;
        }
        boolean same = true;
        for (int word = a.used.length / 2; word < a.used.length; word++) {
            for (long left = a.used[word]; left != 0; left &= left - 1) {
                same &= same(a, b, word * Long.SIZE + Long.numberOfTrailingZeros(left), adopt);
            }
        }
        return same;
    }

    private boolean same(ShadowTable a, ShadowTable b, int i, boolean adopt) {
        int e = a.entries[i];
        ShadowTable child = a.children[i];
        if (e != 0 && b.entries[i] == 0 && adopt && !child.dead && guestEntry(a, i) == guestEntry(b, i)) {
            child.references++;
            b.children[i] = child;
            b.set(i, e);
        }
        return e == 0 || b.entries[i] == e && b.children[i] == child;
    }

    /** An entry of a table of four-level paging. */
    private long guestEntry(ShadowTable t, int i) {
        return memory.ram().get64(((long) t.frame << 12) + 8L * i);
    }

    /** The table for the guest table at {@code address} (-1: registers) in its place around {@code page}; null if that is not in RAM. */
    private ShadowTable obtain(long address, int level, long page) {
        long span = (long) format.entries(level) << format.shift(level);
        long first = page & -span;
        int frame = -1;
        if (address >= 0) {
            frame = (int) (address >>> 12);
            if (!memory.isRam(address) || (memory.attributes[frame] & PhysicalMemory.MMIO) != 0) {
                return null;
            }
            for (ShadowTable t = byFrame[frame]; t != null; t = t.nextOnFrame) {
                if (t.level == level && t.firstPage == first) {
                    return t;
                }
            }
        }
        ShadowTable t = new ShadowTable(frame, level, first, format);
        counters.tables++;
        t.number = ++made;
        bytes += t.bytes();
        t.slot = all.size();
        all.add(t);
        if (frame >= 0) {
            t.nextOnFrame = byFrame[frame];
            byFrame[frame] = t;
            if (t.nextOnFrame == null) {
                memory.protect(frame, PhysicalMemory.TRACED);
            }
        }
        return t;
    }

    /** Guest bytes of a traced frame have changed. */
    void stored(long physical, int length) {
        ShadowTable t = byFrame[(int) (physical >>> 12)];
        int first = (int) (physical & 0xfff) / format.entryBytes();
        int last = ((int) (physical & 0xfff) + length - 1) / format.entryBytes();
        // Dropping may retire any table of the frame; a retired one is empty and still leads on to the rest.
        for (; t != null; t = t.nextOnFrame) {
            for (int i = first; i <= last; i++) {
                if (t.entries[i] != 0) {
                    drop(t, i);
                }
            }
            if (!t.dead && ++t.idleHits > IDLE_LIMIT) {
                counters.untraced++;
                retire(t);
            }
        }
    }

    /**
     * The same of an entry of eight bytes that somebody has found valid who changes it as one step. What is known of its page follows it, and so does what may be known when its accessed
     * bit says that somebody has use for it.
     */
    void changed(long physical, long entry) {
        ShadowTable t = byFrame[(int) (physical >>> 12)];
        int i = (int) (physical & 0xfff) / format.entryBytes();
        for (; t != null; t = t.nextOnFrame) {
            if (t.children == null && format.entryBytes() == Long.BYTES) {
                replace(t, i, format.leaf(entry, byFrame.length));
            } else if (t.entries[i] != 0) {
                drop(t, i);
            }
            if (!t.dead && ++t.idleHits > IDLE_LIMIT) {
                counters.untraced++;
                retire(t);
            }
        }
    }

    private void replace(ShadowTable t, int i, int e) {
        int old = t.entries[i];
        t.entries[i] = e;
        if (old == 0 || old == e) {
            return;
        }
        long page = t.firstPage + i;
        int now = current.root == null ? 0 : current.root.lookup(page, byFrame.length);
        if (now == 0) {
            maps.clear(page);
        } else if (maps.update(page, now)) {
            t.idleHits = 0;
        }
    }

    /** Forgets entry {@code i} and what was derived from it. */
    void drop(ShadowTable t, int i) {
        int e = t.entries[i];
        t.entries[i] = 0;
        if (t.children == null || (e & ShadowEntry.LARGE) != 0) {
            maps.clearRange(t.firstPage + ((long) i << t.shift), 1L << t.shift);
            return;
        }
        ShadowTable child = t.children[i];
        forget(child);
        t.children[i] = null;
        release(child);
    }

    /** Takes out of the maps what came through a table: only what it has, since a guest that takes back memory has mostly emptied its tables before. */
    private void forget(ShadowTable t) {
        for (int i = 0; i < t.entries.length; i++) {
            if (t.entries[i] == 0) {
                continue;
            }
            if (t.children == null) {
                maps.clear(t.firstPage + i);
            } else if ((t.entries[i] & ShadowEntry.LARGE) == 0) {
                forget(t.children[i]);
            } else {
                maps.clearRange(t.firstPage + ((long) i << t.shift), 1L << t.shift);
            }
        }
    }

    private void release(ShadowTable t) {
        if (--t.references == 0 && !t.dead) {
            retire(t);
        }
    }

    /**
     * Empties a table for good and stops tracing its frame, so nothing that came through its entries may stay in the active maps. Only
     * global large pages of a space that is not current do, as in any TLB, until the guest flushes them.
     */
    private void retire(ShadowTable t) {
        boolean active = isActive(t);
        t.dead = true;
        unlink(t);
        if (active) {
            forget(t);
        }
        for (int i = 0; i < t.entries.length; i++) {
            int e = t.entries[i];
            t.entries[i] = 0;
            if (t.children == null) {
                if (!active && (e & ShadowEntry.GLOBAL) != 0) {
                    maps.clear(t.firstPage + i);
                }
            } else if (e != 0 && (e & ShadowEntry.LARGE) == 0) {
                ShadowTable child = t.children[i];
                t.children[i] = null;
                release(child);
            }
        }
    }

    /** Whether the current space's translations go through {@code t}. */
    private boolean isActive(ShadowTable t) {
        ShadowTable x = current == null ? null : current.root;
        while (x != null && x.level > t.level) {
            x = x.children[x.index(t.firstPage)];
        }
        return x == t;
    }

    private void unlink(ShadowTable t) {
        bytes -= t.bytes();
        ShadowTable moved = all.remove(all.size() - 1);
        if (moved != t) {
            all.set(t.slot, moved);
            moved.slot = t.slot;
        }
        if (t.frame < 0) {
            return;
        }
        if (byFrame[t.frame] == t) {
            byFrame[t.frame] = t.nextOnFrame;
        } else {
            ShadowTable before = byFrame[t.frame];
            while (before.nextOnFrame != t) {
                before = before.nextOnFrame;
            }
            before.nextOnFrame = t.nextOnFrame;
        }
        if (byFrame[t.frame] == null) {
            memory.unprotect(t.frame, PhysicalMemory.TRACED);
        }
    }

    /** Gives up a space that is not current, with all tables only it uses. */
    void forget(AddressSpace space) {
        if (space.root != null) {
            release(space.root);
            space.root = null;
        }
    }

    /** Drops every table. The active maps must be cleared by the caller, and roots forgotten. */
    void dropAll() {
        for (ShadowTable t : all) {
            t.dead = true;
            Arrays.fill(t.entries, 0);
            if (t.frame >= 0 && byFrame[t.frame] != null) {
                byFrame[t.frame] = null;
                memory.unprotect(t.frame, PhysicalMemory.TRACED);
            }
        }
        all.clear();
        bytes = 0;
    }
}
