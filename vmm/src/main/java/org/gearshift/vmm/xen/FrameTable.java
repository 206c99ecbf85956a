package org.gearshift.vmm.xen;

import java.util.Arrays;

/**
 * Who owns each machine frame, how many references there are to it, and what it is used as. A frame is used as one thing at a time: as a page table of one level, as
 * part of a descriptor table, or as memory that the guest may write; while any use of one kind exists no other can begin. That is what keeps page tables out of the
 * guest's reach (Xen's asm-x86/mm.h: PGC and PGT counts).
 */
final class FrameTable {
    /** Uses of a frame. Levels of page tables are their numbers. */
    static final int NONE = 0;
    static final int L1 = 1;
    static final int L2 = 2;
    static final int L3 = 3;
    static final int L4 = 4;
    static final int DESCRIPTORS = 5;
    static final int WRITABLE = 6;
    /** In a 32-bit domain, a level-2 table of the last gigabyte, which has entries of the hypervisor's too. */
    static final int L2_LAST = 7;

    private static final byte FREE = 0;
    private static final byte HYPERVISOR = 1;
    private static final byte DOMAIN = 2;

    private static final byte PINNED = 1;
    /** Allocated: holds one reference, until the guest gives the frame back. */
    private static final byte ALLOCATED = 2;
    /** One of the hypervisor's frames that it shares with the domain: never given back, never anything but writable memory. */
    private static final byte SHARED = 4;
    /** Its contents have been checked for its use. */
    private static final byte VALIDATED = 8;

    /** What becomes of a frame whose last reference is gone. */
    interface Released {
        void released(int frame);
    }

    private final byte[] owner;
    private final int[] references;
    private final byte[] use;
    private final int[] uses;
    private final byte[] flags;
    private final int[] free;
    private int freeCount;
    private int domainPages;
    private final Released released;

    /** @param firstDomainFrame frames below are the hypervisor's; all others are free */
    FrameTable(int frames, int firstDomainFrame, Released released) {
        owner = new byte[frames];
        references = new int[frames];
        use = new byte[frames];
        uses = new int[frames];
        flags = new byte[frames];
        free = new int[frames];
        this.released = released;
        Arrays.fill(owner, 0, firstDomainFrame, HYPERVISOR);
        for (int f = frames - 1; f >= firstDomainFrame; f--) {
            free[freeCount++] = f;
        }
    }

    int frames() {
        return owner.length;
    }

    /** Frames the domain has, shared ones not counted. */
    int domainPages() {
        return domainPages;
    }

    /** Gives the domain a free frame, the lowest at first; -1 if none is left. Its contents are whatever they were. */
    int allocate() {
        if (freeCount == 0) {
            return -1;
        }
        int f = free[--freeCount];
        own(f);
        return f;
    }

    /** Gives the domain {@code 1 << order} adjacent free frames, aligned to their number; the first of them, or -1. */
    int allocate(int order) {
        if (order == 0) {
            return allocate();
        }
        int n = 1 << order;
        for (int first = 0; first + n <= owner.length; first += n) {
            int f = first;
            while (f < first + n && owner[f] == FREE) {
                f++;
            }
            if (f == first + n) {
                take(first, n);
                return first;
            }
        }
        return -1;
    }

    private void take(int first, int n) {
        int kept = 0;
        for (int i = 0; i < freeCount; i++) {
            if (free[i] < first || free[i] >= first + n) {
                free[kept++] = free[i];
            }
        }
        freeCount = kept;
        for (int f = first; f < first + n; f++) {
            own(f);
        }
    }

    private void own(int f) {
        owner[f] = DOMAIN;
        references[f] = 1;
        flags[f] = ALLOCATED;
        use[f] = NONE;
        domainPages++;
    }

    /** Lets the domain map one of the hypervisor's frames, writable. */
    void share(int frame) {
        owner[frame] = DOMAIN;
        references[frame] = 1;
        flags[frame] = SHARED;
        use[frame] = WRITABLE;
        uses[frame] = 1;
    }

    /** Whether the number is that of a frame. */
    boolean exists(long frame) {
        return frame >= 0 && frame < owner.length;
    }

    boolean isDomains(long frame) {
        return exists(frame) && owner[(int) frame] == DOMAIN;
    }

    /** Takes a reference to a frame of the domain, false if it is none. */
    boolean get(long frame) {
        if (!isDomains(frame) || references[(int) frame] == 0) {
            return false;
        }
        references[(int) frame]++;
        return true;
    }

    /** Drops a reference. The last one gives the frame back. */
    void put(int frame) {
        if (--references[frame] == 0) {
            owner[frame] = FREE;
            flags[frame] = 0;
            use[frame] = NONE;
            domainPages--;
            free[freeCount++] = frame;
            released.released(frame);
        }
    }

    /** The guest gives a frame back: false if it is not one that it has been given. Other references keep it for as long as they last. */
    boolean release(long frame) {
        if (!isDomains(frame) || (flags[(int) frame] & ALLOCATED) == 0) {
            return false;
        }
        flags[(int) frame] &= ~ALLOCATED;
        put((int) frame);
        return true;
    }

    /** What a frame is used as, or was last: {@link #uses} says whether it still is. */
    int use(int frame) {
        return use[frame];
    }

    int uses(int frame) {
        return uses[frame];
    }

    /** Whether a frame is in use as a page table of any level. */
    boolean isTable(int frame) {
        return uses[frame] > 0 && isTableKind(use[frame]);
    }

    /** Whether a use is as a page table. */
    static boolean isTableKind(int kind) {
        return kind >= L1 && kind <= L4 || kind == L2_LAST;
    }

    boolean validated(int frame) {
        return (flags[frame] & VALIDATED) != 0;
    }

    void setValidated(int frame, boolean on) {
        set(frame, VALIDATED, on);
    }

    boolean pinned(int frame) {
        return (flags[frame] & PINNED) != 0;
    }

    void setPinned(int frame, boolean on) {
        set(frame, PINNED, on);
    }

    boolean shared(int frame) {
        return (flags[frame] & SHARED) != 0;
    }

    private void set(int frame, byte flag, boolean on) {
        flags[frame] = (byte) (on ? flags[frame] | flag : flags[frame] & ~flag);
    }

    /** One more use. The caller has made sure that it is of the right kind, or the first. */
    void addUse(int frame, int kind) {
        use[frame] = (byte) kind;
        uses[frame]++;
    }

    /** One use less; returns how many are left. */
    int dropUse(int frame) {
        return --uses[frame];
    }
}
