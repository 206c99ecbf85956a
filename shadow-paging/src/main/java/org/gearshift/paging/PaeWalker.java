package org.gearshift.paging;

import static org.gearshift.paging.ShadowEntry.DIRTY;
import static org.gearshift.paging.ShadowEntry.EXEC;
import static org.gearshift.paging.ShadowEntry.GLOBAL;
import static org.gearshift.paging.ShadowEntry.LARGE;
import static org.gearshift.paging.ShadowEntry.USER;
import static org.gearshift.paging.ShadowEntry.WRITE;

/** PAE paging: four PDPTEs held in registers, two levels of 512 eight-byte entries, 2 MiB pages, execute-disable (SDM vol. 3 section 4.4). */
final class PaeWalker implements PageWalker {
    private static final long P = 1;
    private static final long RW = 1 << 1;
    private static final long US = 1 << 2;
    private static final long A = 1 << 5;
    private static final long D = 1 << 6;
    private static final long PS = 1 << 7;
    private static final long G = 1 << 8;
    private static final long XD = 1L << 63;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    /** Reserved bits 20:13 of an entry that maps a 2 MiB page. */
    private static final long LARGE_RESERVED = 0x1fe000;
    /** Reserved low bits of a PDPTE. */
    private static final long PDPTE_RESERVED = 0x1e6;

    private final PhysicalMemory memory;
    private final PagingControl control;

    PaeWalker(PhysicalMemory memory, PagingControl control) {
        this.memory = memory;
        this.control = control;
    }

    @Override
    public int topLevel() {
        return 3;
    }

    @Override
    public int entries(int level) {
        return level == 3 ? 4 : 512;
    }

    @Override
    public int shift(int level) {
        return (level - 1) * 9;
    }

    @Override
    public int entryBytes() {
        return 8;
    }

    /** Entry {@code i}, 0..3, of the page-directory-pointer table that {@code cr3} names, as it is in memory now. */
    static long pdpte(PhysicalMemory memory, long cr3, int i) {
        return memory.read(memory.gate((cr3 & 0xffffffe0L) + i * 8L), 64);
    }

    /** Whether loading {@code pdpte} is allowed: reserved bits of a present one raise #GP(0). */
    static boolean valid(long pdpte, int physicalBits) {
        return (pdpte & P) == 0 || (pdpte & (PDPTE_RESERVED | -(1L << physicalBits))) == 0;
    }

    @Override
    public int leaf(long e, int frames) {
        long frame = (e & ADDRESS) >>> 12;
        boolean used = (e & (P | A)) == (P | A) && (e & control.paeReserved()) == 0 && frame < frames;
        return used ? leafBits(e, ShadowMmu.READ) | ShadowEntry.VALID | (int) frame : 0;
    }

    @Override
    public boolean walk(Walk walk, AddressSpace space, long va, int access, boolean user, boolean update) {
        walk.start();
        long pdpte = space.pdptes[(int) (va >>> 30) & 3];
        if ((pdpte & P) == 0) {
            return walk.fault(control.errorCode(access, user, false, false));
        }
        walk.step(-1, USER | WRITE | EXEC);
        long reserved = control.paeReserved();
        long pdeTable = memory.gate(pdpte & ADDRESS);
        long pdeAddress = pdeTable + ((va >>> 18) & 0xff8);
        long pde = memory.read(pdeAddress, 64);
        if ((pde & P) == 0) {
            return walk.fault(control.errorCode(access, user, false, false));
        }
        boolean large = (pde & PS) != 0;
        if ((pde & (large ? reserved | LARGE_RESERVED : reserved)) != 0) {
            return walk.fault(control.errorCode(access, user, true, true));
        }
        if (large) {
            walk.step(pdeTable, leafBits(pde, access) | LARGE);
            walk.page = pde & ADDRESS & ~0x1fffffL;
            walk.physical = walk.page | (va & 0x1fffff);
            return finish(walk, pdeAddress, pde, 0, 0, access, user, update);
        }
        walk.step(pdeTable, permissions(pde));
        long pteTable = memory.gate(pde & ADDRESS);
        long pteAddress = pteTable + ((va >>> 9) & 0xff8);
        long pte = memory.read(pteAddress, 64);
        if ((pte & P) == 0) {
            return walk.fault(control.errorCode(access, user, false, false));
        }
        if ((pte & reserved) != 0) {
            return walk.fault(control.errorCode(access, user, true, true));
        }
        walk.step(pteTable, leafBits(pte, access));
        walk.page = pte & ADDRESS;
        walk.physical = walk.page | (va & 0xfff);
        return finish(walk, pteAddress, pte, pdeAddress, pde, access, user, update);
    }

    private boolean finish(Walk walk, long leafAddress, long leaf, long upperAddress, long upper, int access, boolean user, boolean update) {
        if (!control.permits(walk.permissions(), access, user)) {
            return walk.fault(control.errorCode(access, user, true, false));
        }
        if (update) {
            long set = access == ShadowMmu.WRITE ? A | D : A;
            if (upper != 0 && (upper & A) == 0 && !memory.updateEntry(upperAddress, upper, A, 64)
                    || (leaf & set) != set && !memory.updateEntry(leafAddress, leaf, set, 64)) {
                return walk.again();
            }
        }
        return true;
    }

    private static int permissions(long entry) {
        return ((entry & US) != 0 ? USER : 0) | ((entry & RW) != 0 ? WRITE : 0) | ((entry & XD) == 0 ? EXEC : 0);
    }

    private static int leafBits(long entry, int access) {
        return permissions(entry) | ((entry & G) != 0 ? GLOBAL : 0) | ((entry & D) != 0 || access == ShadowMmu.WRITE ? DIRTY : 0);
    }
}
