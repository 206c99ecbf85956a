package org.gearshift.paging;

/** A tiny guest kernel for tests: builds 2-level or PAE tables in RAM and changes them only through traced stores, as translated code would. */
final class Guest {
    static final int PRESENT = 1;
    static final int WRITABLE = 2;
    static final int USER = 4;
    static final int ACCESSED = 0x20;
    static final int DIRTY = 0x40;
    static final int LARGE = 0x80;
    static final int GLOBAL = 0x100;

    final PhysicalMemory memory;
    final CodePages code;
    final ShadowMmu mmu;
    final boolean pae;
    long cr0 = 0x80010001L;
    long cr3;
    long cr4;
    private int nextFrame;

    /** Tables are allocated from {@code firstFrame} on. */
    Guest(int frames, boolean pae, int firstFrame) {
        memory = new PhysicalMemory(new GuestRam(frames * 4096L));
        code = new CodePages(memory);
        mmu = new ShadowMmu(memory, code);
        this.pae = pae;
        cr4 = 0x80 | (pae ? 0x20 : 0x10);
        nextFrame = firstFrame;
    }

    int allocate() {
        return nextFrame++;
    }

    /** A new root; returns its CR3 value. */
    long newRoot() {
        long root = allocate() * 4096L;
        for (int i = 0; pae && i < 4; i++) {
            put(root + 8 * i, allocate() * 4096L | PRESENT);
        }
        return root;
    }

    /** Physical address of the directory entry for {@code va}. */
    long directoryEntry(long root, long va) {
        return pae ? (memory.read(root + 8 * (va >>> 30), 64) & ~0xfffL) + (va >>> 21 & 511) * 8 : root + (va >>> 22) * 4;
    }

    /** Physical address of the leaf entry for {@code va}, whose table is made if there is none. */
    long leafEntry(long root, long va) {
        long at = directoryEntry(root, va);
        if ((get(at) & PRESENT) == 0) {
            put(at, allocate() * 4096L | PRESENT | WRITABLE | USER);
        }
        return (get(at) & ~0xfffL) + (pae ? (va >>> 12 & 511) * 8 : (va >>> 12 & 1023) * 4);
    }

    void map(long root, long va, int frame, int bits) {
        put(leafEntry(root, va), frame * 4096L | bits | PRESENT);
    }

    long get(long at) {
        return memory.read(at, pae ? 64 : 32);
    }

    void put(long at, long value) {
        memory.write(at, value, pae ? 64 : 32);
    }

    void load(long root) {
        cr3 = root;
        control();
    }

    void control() {
        mmu.setControl(cr0, cr3, cr4, pae ? 0x800 : 0);
    }

    /** What Linux does to flush global pages. */
    void flushGlobals() {
        cr4 ^= 0x80;
        control();
        cr4 ^= 0x80;
        control();
    }
}
