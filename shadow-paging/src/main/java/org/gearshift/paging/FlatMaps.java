package org.gearshift.paging;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The flat maps for 32-bit linear addresses: one word a page, its linear address exclusive-or the offset of its frame in RAM. So {@code entry ^ va} is the byte's offset in RAM, or negative
 * where the page is absent. For RAM of more than 2 GiB an entry has the frame's number in place of its offset. Every page that may be present in any of them is in
 * a journal: that of the space, or the global one for pages that outlive a switch.
 */
final class FlatMaps extends ActiveMaps {
    private static final int PAGES = 1 << 20;
    private static final int PAGE_SHIFT = 12;
    /** See {@link #absent(int)}. */
    private static final int ABSENT_LOW = 1 << 31;

    /** Bits of an {@link #exec} word besides those that all maps have: the page is in the space's journal, in the global journal. */
    private static final int IN_SPACE = 1 << 28;
    private static final int IN_GLOBAL = 1 << 27;

    final int[] readUser = absent();
    final int[] writeUser = absent();
    final int[] readSupervisor = absent();
    final int[] writeSupervisor = absent();
    private final int[] exec = new int[PAGES];
    /** By frame: 0 if no page has it writable, page + 1 if at most that one has, or {@link #MANY}. */
    private final int[] writer;
    /** Pages that survive switches; empty while CR4.PGE is off. */
    private final Journal global = new Journal();
    /** By 4 MiB of linear address space: whether a global large page may be present there. */
    private final boolean[] largeGlobal = new boolean[PAGES >> 10];
    private Journal space = new Journal();
    /** How far the frame is shifted in an entry: 0 for RAM of more than 2 GiB. */
    private final int frameShift;

    FlatMaps(PhysicalMemory memory, PagingControl control, MappingEpoch epoch) {
        super(memory, control, epoch);
        this.writer = new int[memory.ram().frames()];
        this.frameShift = memory.ram().isCompact() ? PAGE_SHIFT : 0;
    }

    static int[] absent() {
        int[] map = new int[PAGES];
        Arrays.fill(map, 0, PAGES / 2, ABSENT_LOW);
        return map;
    }

    /** The entry of a page that is absent: it differs from the page's addresses in the highest bit. */
    private static int absent(int page) {
        return page < PAGES / 2 ? ABSENT_LOW : 0;
    }

    private int entry(int page, int frame) {
        return page << PAGE_SHIFT ^ frame << frameShift;
    }

    /** Frame that a page's entry names, or -1. */
    private int frame(int entry, int page) {
        int found = entry ^ page << PAGE_SHIFT;
        return found < 0 ? -1 : found >>> frameShift;
    }

    @Override
    int frame(long page, int access, boolean user) {
        int p = (int) page;
        return switch (access) {
            case ShadowMmu.READ -> frame((user ? readUser : readSupervisor)[p], p);
            case ShadowMmu.WRITE -> frame((user ? writeUser : writeSupervisor)[p], p);
            default -> (exec[p] & (user ? EXEC_USER : EXEC_SUPERVISOR)) != 0 ? exec[p] & ShadowEntry.FRAME : -1;
        };
    }

    @Override
    boolean isGlobal(long page) {
        int e = exec[(int) page];
        return (e & IN_GLOBAL) != 0 && (e & EXEC_ANY) != 0;
    }

    @Override
    void install(long number, int e, boolean fetch) {
        int page = (int) number;
        int frame = gatedFrame(e);
        int attributes = memory.attributes[frame];
        if ((attributes & PhysicalMemory.MMIO) != 0) {
            return;
        }
        int may = grants(number, e, attributes);
        if ((may & (WRITE_USER | WRITE_SUPERVISOR)) != 0) {
            noteWriter(frame, page);
            may = writable(number, e, frame, may);
        }
        set(page, may, frame);
        int old = exec[page];
        exec[page] = old & (IN_SPACE | IN_GLOBAL) | enlist(page, e, old) | execBits(old, e, frame, fetch);
    }

    /** Makes a page present for some accesses ({@link #grants}), without any bookkeeping. */
    void set(int page, int may, int frame) {
        int entry = entry(page, frame);
        int absent = absent(page);
        readUser[page] = (may & READ_USER) != 0 ? entry : absent;
        readSupervisor[page] = (may & READ_SUPERVISOR) != 0 ? entry : absent;
        writeUser[page] = (may & WRITE_USER) != 0 ? entry : absent;
        writeSupervisor[page] = (may & WRITE_SUPERVISOR) != 0 ? entry : absent;
    }

    /** Puts the page into the journal it belongs to; returns the bit that says so. */
    private int enlist(int page, int e, int old) {
        if (control.pge && (e & ShadowEntry.GLOBAL) != 0) {
            if ((e & ShadowEntry.LARGE) != 0) {
                largeGlobal[page >> 10] = true;
            }
            if ((old & IN_GLOBAL) == 0) {
                global.add(page);
            }
            return IN_GLOBAL;
        }
        if ((old & IN_SPACE) == 0) {
            space.add(page);
        }
        return IN_SPACE;
    }

    private void noteWriter(int frame, int page) {
        int w = writer[frame];
        if (w == page + 1 || w == MANY) {
            return;
        }
        boolean stale = w == 0 || (writeUser[w - 1] != entry(w - 1, frame) && writeSupervisor[w - 1] != entry(w - 1, frame));
        writer[frame] = stale ? page + 1 : MANY;
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
            for (int i = 0; i < space.size; i++) {
                withdrawWrite((int) space.items[i], frame);
            }
            for (int i = 0; i < global.size; i++) {
                withdrawWrite((int) global.items[i], frame);
            }
        }
        // Behind whatever was stored through them.
        VarHandle.releaseFence();
        writer[frame] = 0;
    }

    /** Drops the right to write a page if it leads to {@code frame}. */
    void withdrawWrite(int page, int frame) {
        int entry = entry(page, frame);
        if (writeUser[page] == entry) {
            writeUser[page] = absent(page);
        }
        if (writeSupervisor[page] == entry) {
            writeSupervisor[page] = absent(page);
        }
    }

    @Override
    void clear(long number) {
        int page = (int) number;
        int e = exec[page];
        if (e != 0) {
            blank(page, e);
            exec[page] = e & (IN_SPACE | IN_GLOBAL);
        }
    }

    private void blank(int page, int e) {
        set(page, 0, -1);
        if ((e & EXEC_ANY) == 0) {
            return;
        }
        if ((e & IN_GLOBAL) != 0) {
            mappingsChanged();
        } else {
            mappingsOfSpaceChanged();
        }
    }

    @Override
    void invalidate(long page) {
        int large = (int) page >> 10;
        if (largeGlobal[large]) {
            largeGlobal[large] = false;
            clearRange(page & ~0x3ff, 0x400);
        } else {
            clear(page);
        }
    }

    @Override
    void clearRange(long first, long count) {
        if (count <= space.size + global.size) {
            for (long page = first; page < first + count; page++) {
                clear(page);
            }
            return;
        }
        clearRange(space, first, count);
        clearRange(global, first, count);
    }

    private void clearRange(Journal journal, long first, long count) {
        for (int i = 0; i < journal.size; i++) {
            long page = journal.items[i];
            if (page - first >= 0 && page - first < count) {
                clear(page);
            }
        }
    }

    @Override
    void clearAll() {
        clearGlobal();
        for (int i = 0; i < space.size; i++) {
            int page = (int) space.items[i];
            blank(page, exec[page]);
            exec[page] = 0;
        }
        space.clear();
    }

    @Override
    void clearGlobal() {
        for (int i = 0; i < global.size; i++) {
            int page = (int) global.items[i];
            blank(page, exec[page]);
            exec[page] &= IN_SPACE;
        }
        global.clear();
    }

    @Override
    void switchTo(Journal next) {
        for (int i = 0; i < space.size; i++) {
            int page = (int) space.items[i];
            int e = exec[page];
            blank(page, e);
            exec[page] = e & IN_GLOBAL;
            if ((e & EXEC_ANY) != 0) {
                space.items[i] = page | FETCHED;
            }
        }
        space = next;
    }

    @Override
    int restore(ShadowTable root, int limit) {
        int saved = space.size;
        space.size = 0;
        if (saved > limit || root == null) {
            space.clear();
            return 0;
        }
        int frames = writer.length;
        for (int i = 0; i < saved; i++) {
            long saw = space.items[i];
            int e = root.lookup(saw & PAGE, frames);
            // install() appends to the same array, never beyond i.
            if (e != 0) {
                install(saw & PAGE, e, saw >= FETCHED);
            }
        }
        return saved;
    }

    @Override
    void refreshUserPages(ShadowTable root) {
        refreshUserPages(space, root);
        refreshUserPages(global, root);
    }

    private void refreshUserPages(Journal journal, ShadowTable root) {
        for (int i = 0; i < journal.size; i++) {
            int page = (int) journal.items[i];
            if (frame(readUser[page], page) >= 0) {
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
