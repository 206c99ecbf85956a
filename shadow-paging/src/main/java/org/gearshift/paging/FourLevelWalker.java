package org.gearshift.paging;

import static org.gearshift.paging.ShadowEntry.DIRTY;
import static org.gearshift.paging.ShadowEntry.EXEC;
import static org.gearshift.paging.ShadowEntry.GLOBAL;
import static org.gearshift.paging.ShadowEntry.LARGE;
import static org.gearshift.paging.ShadowEntry.USER;
import static org.gearshift.paging.ShadowEntry.WRITE;

/** 4-level paging of IA-32e mode: 512 eight-byte entries on every level, 2 MiB and 1 GiB pages, execute-disable (SDM vol. 3 section 4.5). */
final class FourLevelWalker implements PageWalker {
    private static final long P = 1;
    private static final long RW = 1 << 1;
    private static final long US = 1 << 2;
    private static final long A = 1 << 5;
    private static final long D = 1 << 6;
    private static final long PS = 1 << 7;
    private static final long G = 1 << 8;
    private static final long XD = 1L << 63;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final int TOP = 4;
    /** Highest level whose entries may map a page: 1 GiB at level 3. */
    private static final int LARGEST = 3;
    private static final int INDEX_BITS = 9;

    private final PhysicalMemory memory;
    private final PagingControl control;
    private final long[] entryAddress = new long[TOP];
    private final long[] entry = new long[TOP];

    FourLevelWalker(PhysicalMemory memory, PagingControl control) {
        this.memory = memory;
        this.control = control;
    }

    @Override
    public int topLevel() {
        return TOP;
    }

    @Override
    public int entries(int level) {
        return 1 << INDEX_BITS;
    }

    @Override
    public int shift(int level) {
        return (level - 1) * INDEX_BITS;
    }

    @Override
    public int entryBytes() {
        return 8;
    }

    @Override
    public int leaf(long e, int frames) {
        long frame = (e & ADDRESS) >>> 12;
        boolean used = (e & (P | A)) == (P | A) && (e & reserved(1, false)) == 0 && frame < frames;
        return used ? leafBits(e, ShadowMmu.READ) | ShadowEntry.VALID | (int) frame : 0;
    }

    @Override
    public boolean walk(Walk walk, AddressSpace space, long va, int access, boolean user, boolean update) {
        walk.start();
        long table = memory.gate(space.rootAddress);
        for (int level = TOP; ; level--) {
            int below = 12 + shift(level);
            int step = TOP - level;
            long at = table + (va >>> below & 0x1ff) * 8;
            long e = memory.read(at, 64);
            entryAddress[step] = at;
            entry[step] = e;
            if ((e & P) == 0) {
                return walk.fault(control.errorCode(access, user, false, false));
            }
            boolean large = level > 1 && (e & PS) != 0;
            if ((e & reserved(level, large)) != 0) {
                return walk.fault(control.errorCode(access, user, true, true));
            }
            if (level == 1 || large) {
                walk.step(table, leafBits(e, access) | (large ? LARGE : 0));
                long inPage = (1L << below) - 1;
                walk.page = e & ADDRESS & ~inPage;
                walk.physical = walk.page | va & inPage;
                return finish(walk, access, user, update);
            }
            walk.step(table, permissions(e));
            table = memory.gate(e & ADDRESS);
        }
    }

    /** Bits that must be zero: the address above its width, that of a large page below its size, and PS where no page can be mapped. */
    private long reserved(int level, boolean large) {
        long r = control.longReserved();
        if (!large) {
            return r;
        }
        // Bit 12 of a large page's entry is PAT.
        return level > LARGEST ? r | PS : r | (1L << 12 + shift(level)) - 1 & ~0x1fffL;
    }

    /** Checks the access, then sets accessed bits from the root down and the leaf's dirty bit. */
    private boolean finish(Walk walk, int access, boolean user, boolean update) {
        if (!control.permits(walk.permissions(), access, user)) {
            return walk.fault(control.errorCode(access, user, true, false));
        }
        if (update) {
            int last = walk.steps - 1;
            for (int i = 0; i <= last; i++) {
                long set = i == last && access == ShadowMmu.WRITE ? A | D : A;
                if ((entry[i] & set) != set && !memory.updateEntry(entryAddress[i], entry[i], set, 64)) {
                    return walk.again();
                }
            }
        }
        return true;
    }

    private static int permissions(long e) {
        return ((e & US) != 0 ? USER : 0) | ((e & RW) != 0 ? WRITE : 0) | ((e & XD) == 0 ? EXEC : 0);
    }

    private static int leafBits(long e, int access) {
        return permissions(e) | ((e & G) != 0 ? GLOBAL : 0) | ((e & D) != 0 || access == ShadowMmu.WRITE ? DIRTY : 0);
    }
}
