package org.gearshift.paging;

import static org.gearshift.paging.ShadowEntry.DIRTY;
import static org.gearshift.paging.ShadowEntry.EXEC;
import static org.gearshift.paging.ShadowEntry.GLOBAL;
import static org.gearshift.paging.ShadowEntry.LARGE;
import static org.gearshift.paging.ShadowEntry.USER;
import static org.gearshift.paging.ShadowEntry.WRITE;

/** 32-bit paging: two levels of 1,024 four-byte entries, 4 MiB pages with CR4.PSE (SDM vol. 3 section 4.3). */
final class TwoLevelWalker implements PageWalker {
    private static final int P = 1;
    private static final int RW = 1 << 1;
    private static final int US = 1 << 2;
    private static final int A = 1 << 5;
    private static final int D = 1 << 6;
    private static final int PS = 1 << 7;
    private static final int G = 1 << 8;

    private final PhysicalMemory memory;
    private final PagingControl control;

    TwoLevelWalker(PhysicalMemory memory, PagingControl control) {
        this.memory = memory;
        this.control = control;
    }

    @Override
    public int topLevel() {
        return 2;
    }

    @Override
    public int entries(int level) {
        return 1024;
    }

    @Override
    public int shift(int level) {
        return (level - 1) * 10;
    }

    @Override
    public int entryBytes() {
        return 4;
    }

    @Override
    public boolean walk(Walk walk, AddressSpace space, long va, int access, boolean user, boolean update) {
        walk.start();
        long pdeTable = memory.gate(space.rootAddress);
        long pdeAddress = pdeTable + ((va >>> 20) & 0xffc);
        int pde = (int) memory.read(pdeAddress, 32);
        if ((pde & P) == 0) {
            return walk.fault(control.errorCode(access, user, false, false));
        }
        if (control.pse && (pde & PS) != 0) {
            if ((pde & largeReserved()) != 0) {
                return walk.fault(control.errorCode(access, user, true, true));
            }
            walk.step(pdeTable, leafBits(pde, access) | LARGE);
            walk.page = (pde & 0xffc00000L) | (control.pse36 ? (long) (pde >>> 13 & 0xff) << 32 : 0);
            walk.physical = walk.page | (va & 0x3fffff);
            return finish(walk, pdeAddress, pde, 0, 0, access, user, update);
        }
        walk.step(pdeTable, permissions(pde));
        long pteTable = memory.gate(pde & 0xfffff000L);
        long pteAddress = pteTable + ((va >>> 10) & 0xffc);
        int pte = (int) memory.read(pteAddress, 32);
        if ((pte & P) == 0) {
            return walk.fault(control.errorCode(access, user, false, false));
        }
        walk.step(pteTable, leafBits(pte, access));
        walk.page = pte & 0xfffff000L;
        walk.physical = walk.page | (va & 0xfff);
        return finish(walk, pteAddress, pte, pdeAddress, pde, access, user, update);
    }

    /** Checks the access, then sets the accessed bits and the leaf's dirty bit; {@code upperAddress} is unused if {@code upper} is 0. */
    private boolean finish(Walk walk, long leafAddress, int leaf, long upperAddress, int upper, int access, boolean user, boolean update) {
        if (!control.permits(walk.permissions(), access, user)) {
            return walk.fault(control.errorCode(access, user, true, false));
        }
        if (update) {
            int set = access == ShadowMmu.WRITE ? A | D : A;
            if (upper != 0 && (upper & A) == 0 && !memory.updateEntry(upperAddress, upper, A, 32)
                    || (leaf & set) != set && !memory.updateEntry(leafAddress, leaf, set, 32)) {
                return walk.again();
            }
        }
        return true;
    }

    /** Bits 21:13 less those that PSE-36 uses within the physical address width. */
    private int largeReserved() {
        if (!control.pse36) {
            return 0x3fe000;
        }
        int highBits = Math.min(Math.max(control.physicalBits - 32, 0), 8);
        return 0x3fe000 & ~(((1 << highBits) - 1) << 13);
    }

    private static int permissions(int entry) {
        return ((entry & US) != 0 ? USER : 0) | ((entry & RW) != 0 ? WRITE : 0) | EXEC;
    }

    private static int leafBits(int entry, int access) {
        return permissions(entry) | ((entry & G) != 0 ? GLOBAL : 0) | ((entry & D) != 0 || access == ShadowMmu.WRITE ? DIRTY : 0);
    }
}
