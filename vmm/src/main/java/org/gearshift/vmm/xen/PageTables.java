package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.cpu.Paravirtualization;

/**
 * The domain's page tables, which it reads but never writes: every entry that becomes part of one is checked here first, as Xen's direct paging does (arch/x86/mm.c,
 * "memory management for paravirtual guests"). An entry may lead only to frames of the domain; a table's entries, to tables of the level below; and no entry that
 * allows stores may lead to a table or to descriptors.
 */
final class PageTables {
    private static final int ENTRIES = 512;

    private static final long P = 1;
    private static final long RW = 1 << 1;
    private static final long A = 1 << 5;
    private static final long D = 1 << 6;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;

    private final FrameTable frames;
    private final PhysicalMemory memory;
    private final Descriptors descriptors;
    private TableShape shape;
    /**
     * With several vCPUs, by frame: the number of the change by which it last lost a mapping that allowed stores, or a use as a table. Some vCPU may not know yet;
     * before the frame is used as something else, all must. Xen's tlbflush_timestamp.
     */
    private final long[] lost;
    private long changes;
    /** Changes up to this number are known to all. */
    private long known;

    PageTables(FrameTable frames, PhysicalMemory memory, TableShape shape, Descriptors descriptors) {
        this.frames = frames;
        this.memory = memory;
        this.shape = shape;
        this.descriptors = descriptors;
        lost = memory.isShared() ? new long[frames.frames()] : null;
    }

    /** Goes on with tables of another shape, before there are any. */
    void reshape(TableShape other) {
        shape = other;
    }

    TableShape shape() {
        return shape;
    }

    /** The kind of table that the kernel's base leads to. */
    int root() {
        return shape.root();
    }

    private void lost(int frame) {
        if (lost != null) {
            lost[frame] = ++changes;
        }
    }

    private void settle(int frame) {
        if (lost != null && lost[frame] > known) {
            known = changes;
            memory.awaitOthers(null);
        }
    }

    static long frameOf(long entry) {
        return (entry & ADDRESS) >>> 12;
    }

    private long read(int table, int index) {
        return memory.ram().get64(((long) table << 12) + 8L * index);
    }

    private void write(int table, int index, long entry) {
        memory.writeEntry(((long) table << 12) + 8L * index, entry);
    }

    /** Takes a reference to a frame and a use of it; 0, or EINVAL with nothing taken. */
    int getPageAndUse(long frame, int kind) {
        if (!frames.get(frame)) {
            return Errno.EINVAL;
        }
        int rc = getUse((int) frame, kind);
        if (rc != 0) {
            frames.put((int) frame);
        }
        return rc;
    }

    /** Undoes {@link #getPageAndUse}. */
    void putPageAndUse(int frame) {
        putUse(frame);
        frames.put(frame);
    }

    private int getUse(int frame, int kind) {
        if (frames.uses(frame) > 0) {
            boolean same = frames.use(frame) == kind && (kind == FrameTable.WRITABLE || frames.validated(frame));
            if (!same) {
                return Errno.EINVAL;
            }
            frames.addUse(frame, kind);
            return 0;
        }
        frames.addUse(frame, kind);
        settle(frame);
        if (kind == FrameTable.WRITABLE) {
            return 0;
        }
        // While this is under way the frame has a use that is not validated: a table that leads to itself is refused.
        int rc = kind == FrameTable.DESCRIPTORS ? descriptors.validate(frame) : validateTable(frame, kind);
        if (rc != 0) {
            frames.dropUse(frame);
            return rc;
        }
        frames.setValidated(frame, true);
        return 0;
    }

    private void putUse(int frame) {
        int kind = frames.use(frame);
        boolean inUse = frames.dropUse(frame) > 0;
        if (!inUse) {
            lost(frame);
        }
        if (inUse || !frames.validated(frame)) {
            return;
        }
        frames.setValidated(frame, false);
        if (FrameTable.isTableKind(kind)) {
            putEntries(frame, kind, ENTRIES);
        }
    }

    /** Gives back what the first entries of a table hold on to. */
    private void putEntries(int table, int kind, int count) {
        for (int i = 0; i < count; i++) {
            if (shape.guestSlot(kind, i)) {
                putEntry(read(table, i), kind);
            }
        }
    }

    private int validateTable(int table, int kind) {
        for (int i = 0; i < ENTRIES; i++) {
            if (!shape.guestSlot(kind, i)) {
                continue;
            }
            long e = read(table, i);
            int rc = getEntry(e, kind, i);
            if (rc != 0) {
                putEntries(table, kind, i);
                return rc;
            }
            long adjusted = adjusted(e, kind);
            if (adjusted != e) {
                write(table, i, adjusted);
            }
        }
        int rc = shape.complete(table, kind);
        if (rc != 0) {
            putEntries(table, kind, ENTRIES);
        }
        return rc;
    }

    /** Takes what an entry of a kind of table holds on to; 0, or why it may not be. */
    private int getEntry(long e, int kind, int index) {
        if ((e & P) == 0) {
            return 0;
        }
        if ((e & shape.disallowed(kind)) != 0) {
            return Errno.EINVAL;
        }
        long frame = frameOf(e);
        if (kind != FrameTable.L1) {
            return getPageAndUse(frame, shape.below(kind, index));
        }
        if (!frames.exists(frame)) {
            // As if it were a device's (Xen's get_page_from_l1e).
            return Errno.EPERM;
        }
        if ((e & RW) != 0) {
            return getPageAndUse(frame, FrameTable.WRITABLE) == 0 ? 0 : Errno.EBUSY;
        }
        return frames.get(frame) ? 0 : Errno.EBUSY;
    }

    private void putEntry(long e, int kind) {
        if ((e & P) == 0) {
            return;
        }
        int frame = (int) frameOf(e);
        if (!frames.exists(frame)) {
            // Another domain's, which the grant's handle holds.
            return;
        }
        if (kind != FrameTable.L1 || (e & RW) != 0) {
            putPageAndUse(frame);
        } else {
            frames.put(frame);
        }
    }

    /** The entry as it is stored. */
    private long adjusted(long e, int kind) {
        return (e & P) == 0 ? e : shape.adjusted(e, kind);
    }

    /**
     * Changes an entry of a table in use.
     *
     * @param address machine address of the entry, in a frame for which {@link FrameTable#isTable} holds
     * @param preserve keep the accessed and dirty bits that the entry has
     * @return 0, or why not, with nothing changed: EPERM for what is no memory, EBUSY for memory that is somebody else's or used as something else, EINVAL for
     * anything else
     */
    int setEntry(long address, long entry, boolean preserve) {
        int table = (int) (address >>> 12);
        int kind = frames.use(table);
        int index = (int) (address >>> 3) & ENTRIES - 1;
        if (!shape.mayChange(kind, index)) {
            return Errno.EINVAL;
        }
        long old = read(table, index);
        long e = preserve && (entry & P) != 0 ? entry | old & (A | D) : entry;
        boolean holdsTheSame = (old & e & P) != 0 && ((old ^ e) & (ADDRESS | (kind == FrameTable.L1 ? RW : 0))) == 0;
        if (holdsTheSame) {
            if ((e & shape.disallowed(kind)) != 0) {
                return Errno.EINVAL;
            }
            write(table, index, adjusted(e, kind));
            return 0;
        }
        int rc = getEntry(e, kind, index);
        if (rc != 0) {
            return rc;
        }
        write(table, index, adjusted(e, kind));
        putEntry(old, kind);
        return 0;
    }

    /**
     * The same as one step: if the entry is what it is thought to be.
     *
     * @return as {@link Paravirtualization#tableSwap}
     */
    int swapEntry(long address, long expected, long entry) {
        int kind = frames.use((int) (address >>> 12));
        int index = (int) (address >>> 3) & ENTRIES - 1;
        boolean holdsTheSame = (expected & entry & P) != 0 && ((expected ^ entry) & (ADDRESS | (kind == FrameTable.L1 ? RW : 0))) == 0;
        boolean refused = holdsTheSame ? (entry & shape.disallowed(kind)) != 0 : getEntry(entry, kind, index) != 0;
        if (refused) {
            return Paravirtualization.REFUSED;
        }
        boolean done = memory.compareAndSwap(address, expected, adjusted(entry, kind), 64, null);
        if (!holdsTheSame) {
            // The processor may have set the accessed or the dirty bit meanwhile.
            putEntry(done ? expected : entry, kind);
        }
        return done ? Paravirtualization.DONE : Paravirtualization.DIFFERS;
    }

    /** Whether a frame is a level-1 table in use. */
    boolean isLevelOne(long frame) {
        return frames.isDomains(frame) && frames.isTable((int) frame) && frames.use((int) frame) == FrameTable.L1;
    }

    /** Makes an entry of a level-1 table one that leads to another domain's frame, or, 0, to nothing. The guest cannot make such entries, nor change what they allow. */
    void setForeign(long address, long entry) {
        long old = memory.ram().get64(address);
        memory.write(address, entry, 64);
        putEntry(old, FrameTable.L1);
    }

    /** Machine address of the level-1 entry for a guest address in the tables below {@code root}, or -1 if there is none. */
    long leafEntry(int root, long va) {
        long table = (long) root << 12;
        for (int shift = shape.rootShift(); shift > 12; shift -= 9) {
            long e = memory.ram().get64(table + (va >>> shift & ENTRIES - 1) * 8);
            if ((e & P) == 0) {
                return -1;
            }
            table = e & ADDRESS;
        }
        return table + (va >>> 12 & ENTRIES - 1) * 8;
    }

    /** What the level-1 entry at a machine address maps, or -1 if it is not present. */
    long mappedFrame(long entryAddress) {
        long e = memory.ram().get64(entryAddress);
        return (e & P) == 0 ? -1 : frameOf(e);
    }
}
