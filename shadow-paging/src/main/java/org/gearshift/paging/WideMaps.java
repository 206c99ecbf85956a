package org.gearshift.paging;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Maps for 48-bit linear addresses: tables of packed entries, one place for each address ({@link #slot}). The entry of a page is its linear address
 * exclusive-or the offset of its frame in RAM. So {@code entry ^ va} is the byte's offset in RAM if that entry is the page's, and otherwise at least
 * {@code 1 << shift}: addresses that share a slot differ in bits from {@code shift} on, of which RAM offsets have none. Addresses that are not
 * canonical hit nothing. For RAM of more than 2 GiB, which may be far larger than the tables should be, an entry has the frame's number in place of its offset.
 *
 * <p>A slot belongs to one page at a time, in all four tables. Pages below 4 GiB are, while they own a slot, in the {@link FlatMaps}' arrays as
 * well, for compatibility-mode code, which addresses with 32 bits. Pages that code was fetched through are remembered apart, so that losing a
 * slot to another page is no change of mappings.
 */
final class WideMaps extends ActiveMaps {
    /** Log2 of the fewest slots: tables of half a megabyte. */
    private static final int LEAST_SLOT_BITS = 16;
    /** Log2 of the slots for RAM of more than 2 GiB: tables of 4 MiB, for which 2 GiB of pages have a place. */
    private static final int LARGE_SLOT_BITS = 19;
    private static final int PAGE_SHIFT = 12;
    private static final long FLAT_PAGES = 1L << 20;

    /** Parts of the lower half: gigabytes by their number's lowest bits. */
    private static final int LOWER_PARTS = 4;
    private static final int GIGABYTE_SHIFT = 18;
    /** Bits of {@link #state}: a part's list has the slot, bits from 0 on, or the global list; its page is a global one. */
    private static final int LISTED_GLOBAL = 1 << LOWER_PARTS + 1;
    private static final int GLOBAL = 1 << LOWER_PARTS + 2;
    private static final long NOBODY = -1;
    private static final CommonPages NOTHING = new CommonPages(null, null);

    private static final int LARGE_FILTER = 1 << 16;
    /** The bit of a page's number that tells the halves apart. */
    private static final long UPPER = 1L << 35;

    /** Slots that a page of the current space in a part of the address space may own, and its pages that code was fetched through. */
    private static final class Part {
        final int listed;
        final Journal slots = new Journal();
        final ExecPages exec = new ExecPages();
        /** All pages lie between these. */
        long least = Long.MAX_VALUE;
        long most = -1;

        Part(int listed) {
            this.listed = listed;
        }

        void reach(long page) {
            least = Math.min(least, page);
            most = Math.max(most, page);
        }

        boolean isEmpty() {
            return slots.size == 0 && exec.size() == 0;
        }
    }

    final int shift;
    final long[] readUser;
    final long[] writeUser;
    final long[] readSupervisor;
    final long[] writeSupervisor;
    private final int slots;
    /** How far the frame is shifted in an entry: 0 for large RAM. */
    private final int frameShift;
    /** By slot: the page that owns it. */
    private final long[] owner;
    private final byte[] state;
    /**
     * What the current space has, by parts of the address space, so that a part which the next space has in common is not gone through: those of the lower half, to which programs keep, and
     * last the upper half, a kernel's.
     */
    private final Part[] parts = new Part[LOWER_PARTS + 1];
    private final Part upper;
    /** Slots that a global page may own. */
    private final Journal globalSlots = new Journal();
    private final ExecPages globalExec = new ExecPages();
    private final Journal scratch = new Journal();
    /** By frame: 0 if no slot has it writable, slot + 1 if at most that one has, or {@link #MANY}. */
    private final int[] writer;
    /** By hash of 2 MiB, and of 1 GiB, of linear address space: whether a global large page may be present there. */
    private final boolean[] large2M = new boolean[LARGE_FILTER];
    private final boolean[] large1G = new boolean[LARGE_FILTER];
    private final FlatMaps flat;
    private Journal space = new Journal();

    WideMaps(PhysicalMemory memory, PagingControl control, MappingEpoch epoch, FlatMaps flat) {
        super(memory, control, epoch);
        this.flat = flat;
        this.shift = shift(memory.ram());
        this.frameShift = memory.ram().isCompact() ? PAGE_SHIFT : 0;
        this.slots = 1 << shift - PAGE_SHIFT + 1;
        this.readUser = absent(shift);
        this.writeUser = absent(shift);
        this.readSupervisor = absent(shift);
        this.writeSupervisor = absent(shift);
        this.owner = new long[slots];
        this.state = new byte[slots];
        this.writer = new int[memory.ram().frames()];
        Arrays.fill(owner, NOBODY);
        for (int i = 0; i < parts.length; i++) {
            parts[i] = new Part(1 << i);
        }
        this.upper = parts[LOWER_PARTS];
    }

    /** Lowest address bit that tells apart pages of one slot, for a RAM: above all offsets in RAM, or above all frame numbers. */
    static int shift(GuestRam ram) {
        if (!ram.isCompact()) {
            return LARGE_SLOT_BITS + PAGE_SHIFT - 1;
        }
        int ramBits = 64 - Long.numberOfLeadingZeros(ram.size() - 1);
        return Math.max(ramBits, LEAST_SLOT_BITS + PAGE_SHIFT - 1);
    }

    /**
     * Place of an address in the tables: its page number, with the bits from {@code shift} on folded in, so that areas of the address space that
     * are alike further down do not meet. Bit {@code shift} itself is the index's highest: that makes room for {@link #emptyEntry}.
     */
    static int slot(long va, int shift) {
        int page = (int) (va >>> PAGE_SHIFT);
        return (page ^ page >>> shift - PAGE_SHIFT) & (2 << shift - PAGE_SHIFT) - 1;
    }

    private int slot(long va) {
        return slot(va, shift);
    }

    /** An entry that no address hits: its page would belong to a slot in the other half of the table. */
    private long emptyEntry(int slot) {
        return slot < slots / 2 ? 1L << shift : 0;
    }

    /** A table of empty entries. */
    static long[] absent(int shift) {
        long[] map = new long[2 << shift - PAGE_SHIFT];
        Arrays.fill(map, 0, map.length / 2, 1L << shift);
        return map;
    }

    /** Linear address of a page. */
    private static long address(long page) {
        return page << 28 >> 16;
    }

    /** Frame that an entry of a page's slot gives, or -1. */
    private int frame(long entry, long page) {
        long offset = entry ^ address(page);
        return offset >>> shift == 0 ? (int) (offset >>> frameShift) : -1;
    }

    @Override
    int frame(long page, int access, boolean user) {
        if (access == ShadowMmu.EXECUTE) {
            int e = exec(page);
            return (e & (user ? EXEC_USER : EXEC_SUPERVISOR)) != 0 ? e & ShadowEntry.FRAME : -1;
        }
        long[] map = access == ShadowMmu.READ ? user ? readUser : readSupervisor : user ? writeUser : writeSupervisor;
        return frame(map[slot(address(page))], page);
    }

    private Part part(long page) {
        return (page & UPPER) == 0 ? parts[(int) (page >>> GIGABYTE_SHIFT) & LOWER_PARTS - 1] : upper;
    }

    private int exec(long page) {
        int e = part(page).exec.get(page);
        return e != 0 ? e : globalExec.get(page);
    }

    @Override
    boolean isGlobal(long page) {
        return part(page).exec.get(page) == 0 && (globalExec.get(page) & EXEC_ANY) != 0;
    }

    @Override
    void install(long page, int e, boolean fetch) {
        int frame = gatedFrame(e);
        int attributes = memory.attributes[frame];
        if ((attributes & PhysicalMemory.MMIO) != 0) {
            return;
        }
        long va = address(page);
        int slot = slot(va);
        if (owner[slot] != page) {
            blank(slot);
            owner[slot] = page;
        }
        int may = grants(page, e, attributes);
        if ((may & (WRITE_USER | WRITE_SUPERVISOR)) != 0) {
            noteWriter(frame, slot);
            may = writable(page, e, frame, may);
        }
        long empty = emptyEntry(slot);
        long entry = va ^ (long) frame << frameShift;
        readUser[slot] = (may & READ_USER) != 0 ? entry : empty;
        writeUser[slot] = (may & WRITE_USER) != 0 ? entry : empty;
        readSupervisor[slot] = (may & READ_SUPERVISOR) != 0 ? entry : empty;
        writeSupervisor[slot] = (may & WRITE_SUPERVISOR) != 0 ? entry : empty;
        if (page < FLAT_PAGES) {
            flat.set((int) page, may, frame);
        }
        boolean global = control.pge && (e & ShadowEntry.GLOBAL) != 0;
        enlist(slot, page, e, global);
        int old = exec(page);
        int word = execBits(old, e, frame, fetch);
        if (old != 0 || word != 0) {
            Part p = part(page);
            p.reach(page);
            p.exec.put(page, global ? 0 : word);
            globalExec.put(page, global ? word : 0);
        }
    }

    @Override
    boolean update(long page, int e) {
        boolean known = owner[slot(address(page))] == page || exec(page) != 0;
        if (known && (memory.attributes[gatedFrame(e)] & PhysicalMemory.MMIO) != 0) {
            clear(page);
        } else if (known) {
            install(page, e, false);
        }
        return known;
    }

    private void enlist(int slot, long page, int e, boolean global) {
        int s = state[slot];
        if (global) {
            if ((e & ShadowEntry.LARGE) != 0) {
                // Which of the two sizes it has is not known here.
                large2M[(int) (page >>> 9) & LARGE_FILTER - 1] = true;
                large1G[(int) (page >>> 18) & LARGE_FILTER - 1] = true;
            }
            if ((s & LISTED_GLOBAL) == 0) {
                globalSlots.add(slot);
            }
            state[slot] = (byte) (s | LISTED_GLOBAL | GLOBAL);
        } else {
            Part p = part(page);
            if ((s & p.listed) == 0) {
                p.slots.add(slot);
            }
            p.reach(page);
            state[slot] = (byte) (s & ~GLOBAL | p.listed);
        }
    }

    private void noteWriter(int frame, int slot) {
        int w = writer[frame];
        if (w == slot + 1 || w == MANY) {
            return;
        }
        boolean stale = w == 0 || !isWriter(w - 1, frame);
        writer[frame] = stale ? slot + 1 : MANY;
    }

    private boolean isWriter(int slot, int frame) {
        long page = owner[slot];
        return page != NOBODY && (frame(writeUser[slot], page) == frame || frame(writeSupervisor[slot], page) == frame);
    }

    @Override
    boolean mayWrite(int frame) {
        return writer[frame] != 0;
    }

    @Override
    void withdrawWrites(int frame) {
        int w = writer[frame];
        if (w > 0) {
            withdrawWrite(w - 1, frame);
        } else if (w == MANY) {
            for (Part p : parts) {
                withdrawWrites(p.slots, frame);
            }
            withdrawWrites(globalSlots, frame);
        }
        // Behind whatever was stored through them.
        VarHandle.releaseFence();
        writer[frame] = 0;
    }

    private void withdrawWrites(Journal slots, int frame) {
        for (int i = 0; i < slots.size; i++) {
            withdrawWrite((int) slots.items[i], frame);
        }
    }

    private void withdrawWrite(int slot, int frame) {
        if (!isWriter(slot, frame)) {
            return;
        }
        // A page has one frame, so that both entries go.
        writeUser[slot] = emptyEntry(slot);
        writeSupervisor[slot] = emptyEntry(slot);
        if (owner[slot] < FLAT_PAGES) {
            flat.withdrawWrite((int) owner[slot], frame);
        }
    }

    /** Takes a slot from its page. */
    private void blank(int slot) {
        long page = owner[slot];
        if (page == NOBODY) {
            return;
        }
        long empty = emptyEntry(slot);
        readUser[slot] = empty;
        writeUser[slot] = empty;
        readSupervisor[slot] = empty;
        writeSupervisor[slot] = empty;
        owner[slot] = NOBODY;
        if (page < FLAT_PAGES) {
            flat.set((int) page, 0, -1);
        }
    }

    @Override
    void clear(long page) {
        int slot = slot(address(page));
        if (owner[slot] == page) {
            blank(slot);
        }
        dropExec(part(page).exec, page);
        dropExec(globalExec, page);
    }

    private void dropExec(ExecPages pages, long page) {
        int word = pages.get(page);
        if (word == 0) {
            return;
        }
        if ((word & EXEC_ANY) != 0) {
            if (pages == globalExec) {
                mappingsChanged();
            } else {
                mappingsOfSpaceChanged();
            }
        }
        pages.put(page, 0);
    }

    @Override
    void invalidate(long page) {
        if (large1G[(int) (page >>> 18) & LARGE_FILTER - 1]) {
            clearRange(page & ~0x3ffffL, 0x40000);
        } else if (large2M[(int) (page >>> 9) & LARGE_FILTER - 1]) {
            clearRange(page & ~0x1ffL, 0x200);
        } else {
            clear(page);
        }
    }

    @Override
    void clearRange(long first, long count) {
        int listed = globalSlots.size;
        for (Part p : parts) {
            listed += p.slots.size;
        }
        if (count <= listed) {
            for (long page = first; page < first + count; page++) {
                clear(page);
            }
            return;
        }
        for (Part p : parts) {
            if (p.least < first + count && p.most >= first) {
                clearRange(p.slots, first, count);
                clearRange(p.exec, first, count);
            }
        }
        clearRange(globalSlots, first, count);
        clearRange(globalExec, first, count);
    }

    private void clearRange(Journal slots, long first, long count) {
        for (int i = 0; i < slots.size; i++) {
            int slot = (int) slots.items[i];
            long page = owner[slot];
            if (page - first >= 0 && page - first < count) {
                blank(slot);
            }
        }
    }

    private void clearRange(ExecPages pages, long first, long count) {
        scratch.clear();
        pages.collect(scratch, first, count);
        for (int i = 0; i < scratch.size; i++) {
            dropExec(pages, scratch.items[i]);
        }
    }

    @Override
    void clearAll() {
        clearGlobal();
        leaveAll();
        space.clear();
    }

    private void leaveAll() {
        space.clear();
        for (Part p : parts) {
            leave(p, NOTHING);
        }
    }

    @Override
    void clearGlobal() {
        for (int i = 0; i < globalSlots.size; i++) {
            int slot = (int) globalSlots.items[i];
            if ((state[slot] & GLOBAL) != 0) {
                blank(slot);
            }
            state[slot] &= ~(LISTED_GLOBAL | GLOBAL);
        }
        globalSlots.clear();
        if (globalExec.size() > 0) {
            mappingsChanged();
            globalExec.clear();
        }
        Arrays.fill(large2M, false);
        Arrays.fill(large1G, false);
    }

    @Override
    void switchTo(Journal next) {
        leaveAll();
        space = next;
    }

    @Override
    int change(Journal next, ShadowTable from, ShadowTable to, boolean sameUpper, int limit) {
        space.clear();
        CommonPages common = new CommonPages(from, to);
        for (Part p : parts) {
            boolean stays = p.isEmpty() || p == upper && sameUpper || p.least != p.most && common.haveAll(p.least, p.most);
            if (!stays) {
                leave(p, common);
            }
        }
        space = next;
        return restore(to, limit);
    }

    /** Drops the pages of a part, noting them in the current journal, but for those that the next space has in common with the current one. */
    private void leave(Part p, CommonPages common) {
        int kept = 0;
        for (int i = 0; i < p.slots.size; i++) {
            int slot = (int) p.slots.items[i];
            long page = owner[slot];
            boolean owned = page != NOBODY && part(page) == p && (state[slot] & GLOBAL) == 0;
            if (owned && common.has(page)) {
                p.slots.items[kept++] = slot;
                continue;
            }
            if (owned) {
                if (p.exec.get(page) == 0) {
                    space.add(page);
                }
                blank(slot);
            }
            state[slot] &= ~p.listed;
        }
        p.slots.keep(kept);
        leaveExec(p.exec, common);
        if (p.isEmpty()) {
            p.least = Long.MAX_VALUE;
            p.most = -1;
        }
    }

    private void leaveExec(ExecPages pages, CommonPages common) {
        if (pages.size() == 0) {
            return;
        }
        scratch.clear();
        pages.collect(scratch, 0, Long.MAX_VALUE);
        int leaving = 0;
        for (int i = 0; i < scratch.size; i++) {
            long page = scratch.items[i];
            if (!common.has(page)) {
                scratch.items[leaving++] = page;
                space.add(page | FETCHED);
            }
        }
        if (leaving == pages.size()) {
            mappingsOfSpaceChanged();
            pages.clear();
            return;
        }
        for (int i = 0; i < leaving; i++) {
            dropExec(pages, scratch.items[i]);
        }
    }

    @Override
    int restore(ShadowTable root, int limit) {
        int saved = space.size;
        if (saved > limit || root == null) {
            space.clear();
            return 0;
        }
        for (int i = 0; i < saved; i++) {
            long saw = space.items[i];
            int e = root.lookup(saw & PAGE, writer.length);
            if (e != 0) {
                install(saw & PAGE, e, saw >= FETCHED);
            }
        }
        space.clear();
        return saved;
    }

    @Override
    void refreshUserPages(ShadowTable root) {
        for (Part p : parts) {
            refreshUserPages(p.slots, root);
        }
        refreshUserPages(globalSlots, root);
    }

    private void refreshUserPages(Journal slots, ShadowTable root) {
        for (int i = 0; i < slots.size; i++) {
            int slot = (int) slots.items[i];
            long page = owner[slot];
            if (page != NOBODY && frame(readUser[slot], page) >= 0) {
                int e = root == null ? 0 : root.lookup(page, writer.length);
                if (e == 0) {
                    clear(page);
                } else {
                    install(page, e, false);
                }
            }
        }
    }
}
