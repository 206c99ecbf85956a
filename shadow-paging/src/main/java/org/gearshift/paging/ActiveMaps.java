package org.gearshift.paging;

import java.lang.invoke.VarHandle;

/**
 * What translated code looks up inline, for the current address space of one vCPU: {@link FlatMaps} while linear addresses have 32 bits,
 * {@link WideMaps} in IA-32e mode. Pages are numbers: linear address bits 31:12, or 47:12.
 */
abstract class ActiveMaps {
    /** Bits of an exec word; the frame is in {@link ShadowEntry#FRAME}. */
    static final int EXEC_USER = 1 << 30;
    static final int EXEC_SUPERVISOR = 1 << 29;
    static final int EXEC_ANY = EXEC_USER | EXEC_SUPERVISOR;
    /** Flag on a saved journal page: it was being executed. */
    static final long FETCHED = 1L << 62;
    static final long PAGE = FETCHED - 1;

    /** Last writer of a frame that more than one page may write. */
    static final int MANY = -1;

    /** Bits of {@link #grants}. */
    static final int READ_USER = 1;
    static final int WRITE_USER = 2;
    static final int READ_SUPERVISOR = 4;
    static final int WRITE_SUPERVISOR = 8;

    final PhysicalMemory memory;
    final PagingControl control;
    private final MappingEpoch epoch;
    /** Linear pages that a debugger watches; null: none. */
    private WatchedPages watched;

    ActiveMaps(PhysicalMemory memory, PagingControl control, MappingEpoch epoch) {
        this.memory = memory;
        this.control = control;
        this.epoch = epoch;
    }

    /** Frame for an access, {@link ShadowMmu#READ} and so on, or -1 if the maps do not know. */
    abstract int frame(long page, int access, boolean user);

    /**
     * Makes a translation present as far as inline access is allowed.
     *
     * @param e shadow entry with a frame in RAM
     * @param fetch whether code is to be fetched through it
     */
    abstract void install(long page, int e, boolean fetch);

    /**
     * Whether a page may have {@code frame} writable. Another vCPU may ask, behind a full fence that follows the frame's protection: it either is told so, or whoever wants to make the
     * frame writable at that time sees the protection ({@link #writable}).
     */
    abstract boolean mayWrite(int frame);

    /**
     * What an access grants that was found to include writing, once {@link #mayWrite} says so to others: less, if the frame has been protected meanwhile.
     *
     * @param may {@link #grants}
     */
    final int writable(long page, int e, int frame, int may) {
        if (!memory.isShared()) {
            return may;
        }
        VarHandle.fullFence();
        return may & grants(page, e, memory.attributes[frame]);
    }

    /** Takes {@code frame} out of the write maps. */
    abstract void withdrawWrites(int frame);

    /** Drops one page; it may stay in a journal. */
    abstract void clear(long page);

    /**
     * INVLPG. Traces keep what came through the current space's tables true, large pages included; but a global page may have come through
     * those of another space, and then all of a large one must go.
     */
    abstract void invalidate(long page);

    /** Brings one page up to date. @param e its shadow entry, with a frame in RAM @return whether it was here */
    boolean update(long page, int e) {
        clear(page);
        return false;
    }

    /** Drops {@code count} pages from {@code first}. */
    abstract void clearRange(long first, long count);

    /** Drops everything and empties the journals in use. */
    abstract void clearAll();

    /** Drops the pages that survive switches. */
    abstract void clearGlobal();

    /** Drops the current space's pages, leaving in its journal what to restore, and goes on with the journal of another space, whose pages are not restored yet. */
    abstract void switchTo(Journal next);

    /**
     * The same and {@link #restore} in one, but that pages may stay which both spaces translate alike.
     *
     * @param from root of the space that is left, null if nothing is known of it
     * @param to root of the next, or null
     * @param sameUpper whether all that {@code from} knows of the upper half of the address space holds in {@code to}
     */
    int change(Journal next, ShadowTable from, ShadowTable to, boolean sameUpper, int limit) {
        switchTo(next);
        return restore(to, limit);
    }

    /** Brings back what the current journal remembers and {@code root} still translates; returns the number of pages. */
    abstract int restore(ShadowTable root, int limit);

    /** Recomputes user pages after a change of the SMAP override; {@code root} may be null. */
    abstract void refreshUserPages(ShadowTable root);

    /** A page goes, or changes, that code was fetched from; it may be global. */
    final void mappingsChanged() {
        epoch.changed();
    }

    /** The same of one that is not global. */
    final void mappingsOfSpaceChanged() {
        epoch.changedInSpace();
    }

    /** Whether code that was fetched from a page came through a mapping that survives switches. */
    abstract boolean isGlobal(long page);

    /** Frame of a shadow entry behind the A20 gate. */
    final int gatedFrame(int e) {
        return (int) (memory.gate((long) (e & ShadowEntry.FRAME) << 12) >>> 12);
    }

    final void watch(WatchedPages pages) {
        watched = pages;
    }

    /** Whether a debugger keeps accesses to a page from being made inline. */
    final boolean isWatched(long page) {
        return watched != null && watched.unwatched(page) != WatchedPages.ALL;
    }

    /** Which accesses to a page may be made inline: its permissions and dirty bit, no attribute of its frame, and nobody who watches. */
    final int grants(long page, int e, int frameAttributes) {
        if ((frameAttributes & PhysicalMemory.WATCHED_LOADS) != 0) {
            return 0;
        }
        int may = grants(e, frameAttributes);
        return watched == null ? may : may & watched.unwatched(page);
    }

    private int grants(int e, int frameAttributes) {
        boolean userPage = (e & ShadowEntry.USER) != 0;
        boolean supervisor = !userPage || !control.smapBlocks();
        boolean writable = (e & ShadowEntry.DIRTY) != 0 && frameAttributes == 0;
        boolean granted = (e & ShadowEntry.WRITE) != 0;
        return (userPage ? READ_USER : 0) | (userPage && granted && writable ? WRITE_USER : 0) | (supervisor ? READ_SUPERVISOR : 0)
                | (supervisor && writable && (granted || !control.writeProtect) ? WRITE_SUPERVISOR : 0);
    }

    /** The exec word of a page whose word was {@code old} (0: not fetched from), as its translation is now; notes a change that code may rely on. */
    final int execBits(int old, int e, int frame, boolean fetch) {
        boolean moved = (old & EXEC_ANY) != 0 && (old & ShadowEntry.FRAME) != frame;
        if (moved) {
            mappingsChanged();
        }
        if (!fetch && ((old & EXEC_ANY) == 0 || moved)) {
            return 0;
        }
        boolean userPage = (e & ShadowEntry.USER) != 0;
        int may = 0;
        if ((e & ShadowEntry.EXEC) != 0) {
            may = (userPage ? EXEC_USER : 0) | (userPage && control.smep ? 0 : EXEC_SUPERVISOR);
        }
        if (!moved && (may & old) != (old & EXEC_ANY)) {
            mappingsChanged();
        }
        return may | frame;
    }
}
