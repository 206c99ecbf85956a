package org.gearshift.paging;

import java.util.Arrays;

/**
 * The flat maps that translated code reads, for the current address space of one vCPU. Every page that may be present in any of them is in
 * a journal: that of the space, or the global one for pages that outlive a switch.
 */
final class ActiveMaps {
    private static final int PAGES = 1 << 20;

    /** Bits of an {@link #exec} word; the frame is in {@link ShadowEntry#FRAME}. */
    private static final int EXEC_USER = 1 << 30;
    private static final int EXEC_SUPERVISOR = 1 << 29;
    private static final int EXEC_ANY = EXEC_USER | EXEC_SUPERVISOR;
    /** The page is in the space's journal, in the global journal. */
    private static final int IN_SPACE = 1 << 28;
    private static final int IN_GLOBAL = 1 << 27;
    /** Flag on a saved journal page: it was being executed. */
    private static final int FETCHED = 1 << 20;
    private static final int PAGE = PAGES - 1;

    /** {@link #writer} of a frame that more than one page may write. */
    private static final int MANY = -1;

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
    private final PhysicalMemory memory;
    private final PagingControl control;
    private Journal space = new Journal();
    /** Changes when a mapping that code was fetched through goes away. */
    int epoch;

    ActiveMaps(PhysicalMemory memory, PagingControl control) {
        this.memory = memory;
        this.control = control;
        this.writer = new int[memory.ram().frames()];
    }

    private static int[] absent() {
        int[] map = new int[PAGES];
        Arrays.fill(map, -1);
        return map;
    }

    /** Frame that may be fetched from, or -1 if the maps do not know. */
    int execFrame(int page, boolean user) {
        int e = exec[page];
        return (e & (user ? EXEC_USER : EXEC_SUPERVISOR)) != 0 ? e & ShadowEntry.FRAME : -1;
    }

    /**
     * Makes a translation present as far as inline access is allowed.
     *
     * @param e shadow entry with a frame in RAM
     * @param fetch whether code is to be fetched through it
     */
    void install(int page, int e, boolean fetch) {
        int frame = (int) (memory.gate((long) (e & ShadowEntry.FRAME) << 12) >>> 12);
        int attributes = memory.attributes[frame];
        if ((attributes & PhysicalMemory.MMIO) != 0) {
            return;
        }
        boolean userPage = (e & ShadowEntry.USER) != 0;
        boolean supervisor = !userPage || !control.smapBlocks();
        boolean writable = (e & ShadowEntry.DIRTY) != 0 && attributes == 0;
        boolean granted = (e & ShadowEntry.WRITE) != 0;
        boolean userWrites = userPage && granted && writable;
        boolean supervisorWrites = supervisor && writable && (granted || !control.writeProtect);
        readUser[page] = userPage ? frame : -1;
        readSupervisor[page] = supervisor ? frame : -1;
        writeUser[page] = userWrites ? frame : -1;
        writeSupervisor[page] = supervisorWrites ? frame : -1;
        if (userWrites || supervisorWrites) {
            noteWriter(frame, page);
        }
        int old = exec[page];
        exec[page] = old & (IN_SPACE | IN_GLOBAL) | enlist(page, e, old) | execBits(old, e, frame, userPage, fetch);
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

    private int execBits(int old, int e, int frame, boolean userPage, boolean fetch) {
        boolean moved = (old & EXEC_ANY) != 0 && (old & ShadowEntry.FRAME) != frame;
        if (moved) {
            epoch++;
        }
        if (!fetch && ((old & EXEC_ANY) == 0 || moved)) {
            return 0;
        }
        int may = 0;
        if ((e & ShadowEntry.EXEC) != 0) {
            may = (userPage ? EXEC_USER : 0) | (userPage && control.smep ? 0 : EXEC_SUPERVISOR);
        }
        if (!moved && (may & old) != (old & EXEC_ANY)) {
            epoch++;
        }
        return may | frame;
    }

    private void noteWriter(int frame, int page) {
        int w = writer[frame];
        if (w == page + 1 || w == MANY) {
            return;
        }
        boolean stale = w == 0 || (writeUser[w - 1] != frame && writeSupervisor[w - 1] != frame);
        writer[frame] = stale ? page + 1 : MANY;
    }

    /** Takes {@code frame} out of the write maps. */
    void withdrawWrites(int frame) {
        int w = writer[frame];
        writer[frame] = 0;
        if (w > 0) {
            withdrawWrite(w - 1, frame);
        } else if (w == MANY) {
            for (int i = 0; i < space.size; i++) {
                withdrawWrite(space.pages[i], frame);
            }
            for (int i = 0; i < global.size; i++) {
                withdrawWrite(global.pages[i], frame);
            }
        }
    }

    private void withdrawWrite(int page, int frame) {
        if (writeUser[page] == frame) {
            writeUser[page] = -1;
        }
        if (writeSupervisor[page] == frame) {
            writeSupervisor[page] = -1;
        }
    }

    /** Drops one page; it stays in its journal. */
    void clear(int page) {
        int e = exec[page];
        if (e != 0) {
            blank(page, e);
            exec[page] = e & (IN_SPACE | IN_GLOBAL);
        }
    }

    private void blank(int page, int e) {
        readUser[page] = -1;
        readSupervisor[page] = -1;
        writeUser[page] = -1;
        writeSupervisor[page] = -1;
        if ((e & EXEC_ANY) != 0) {
            epoch++;
        }
    }

    /**
     * INVLPG. Traces keep what came through the current space's tables true, large pages included; but a global page may have come through
     * those of another space, and then all of a large one must go.
     */
    void invalidate(int page) {
        if (largeGlobal[page >> 10]) {
            largeGlobal[page >> 10] = false;
            clearRange(page & ~0x3ff, 0x400);
        } else {
            clear(page);
        }
    }

    /** Drops {@code count} pages from {@code first}. */
    void clearRange(int first, int count) {
        if (count <= space.size + global.size) {
            for (int page = first; page < first + count; page++) {
                clear(page);
            }
            return;
        }
        clearRange(space, first, count);
        clearRange(global, first, count);
    }

    private void clearRange(Journal journal, int first, int count) {
        for (int i = 0; i < journal.size; i++) {
            int page = journal.pages[i];
            if (page - first >= 0 && page - first < count) {
                clear(page);
            }
        }
    }

    /** Drops everything and empties both journals. */
    void clearAll() {
        clearGlobal();
        for (int i = 0; i < space.size; i++) {
            int page = space.pages[i];
            blank(page, exec[page]);
            exec[page] = 0;
        }
        space.clear();
    }

    /** Drops the pages that survive switches. */
    void clearGlobal() {
        for (int i = 0; i < global.size; i++) {
            int page = global.pages[i];
            blank(page, exec[page]);
            exec[page] &= IN_SPACE;
        }
        global.clear();
    }

    /** Drops the current space's pages, leaving in its journal what to restore, and goes on with the journal of another space, whose pages are not restored yet. */
    void switchTo(Journal next) {
        for (int i = 0; i < space.size; i++) {
            int page = space.pages[i];
            int e = exec[page];
            blank(page, e);
            exec[page] = e & IN_GLOBAL;
            if ((e & EXEC_ANY) != 0) {
                space.pages[i] = page | FETCHED;
            }
        }
        space = next;
    }

    /** Brings back what the current journal remembers and {@code root} still translates; returns the number of pages. */
    int restore(ShadowTable root, int limit) {
        int saved = space.size;
        space.size = 0;
        if (saved > limit || root == null) {
            space.clear();
            return 0;
        }
        int frames = writer.length;
        for (int i = 0; i < saved; i++) {
            int saw = space.pages[i];
            int e = root.lookup(saw & PAGE, frames);
            // install() appends to the same array, never beyond i.
            if (e != 0) {
                install(saw & PAGE, e, saw >= FETCHED);
            }
        }
        return saved;
    }

    /** Recomputes user pages after a change of the SMAP override; {@code root} may be null. */
    void refreshUserPages(ShadowTable root) {
        refreshUserPages(space, root);
        refreshUserPages(global, root);
    }

    private void refreshUserPages(Journal journal, ShadowTable root) {
        for (int i = 0; i < journal.size; i++) {
            int page = journal.pages[i];
            if (readUser[page] >= 0) {
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
