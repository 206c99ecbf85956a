package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/**
 * Tables of a 32-bit domain: a root of four entries, each for a gigabyte. Its kernel runs at CPL 1, so that entries say themselves what is not for programs. The
 * processor walks four levels: the hypervisor has a table above the root ({@link HypervisorSpace#baseFor}), which is why the root's entries get the rights that the
 * architecture's own three levels do without there, and why the rest of its page must be empty. The level-2 table of the last gigabyte has the machine-to-physical
 * table's entries; it is of a kind of its own, belongs to one root, and stays there (Xen's arch/x86/mm.c: PGT_pae_xen_l2, create_pae_xen_mappings, mod_l3_entry).
 */
final class ThreeLevels implements TableShape {
    private static final int ENTRIES = 512;
    private static final int ROOT_ENTRIES = 4;
    private static final int LAST = ROOT_ENTRIES - 1;
    private static final long PRESENT = 1;
    private static final long WRITABLE = 1 << 1;
    private static final long USER = 1 << 2;
    /** PWT, PCD, PS, G, and all above the address (COMPAT_L3_DISALLOW_MASK). */
    private static final long DISALLOWED_ROOT = FourLevels.DISALLOWED | 0xfff0_0000_0000_0000L;

    private final FrameTable frames;
    private final PhysicalMemory memory;
    private final HypervisorSpace space;

    ThreeLevels(FrameTable frames, PhysicalMemory memory, HypervisorSpace space) {
        this.frames = frames;
        this.memory = memory;
        this.space = space;
    }

    @Override
    public int root() {
        return FrameTable.L3;
    }

    @Override
    public int rootShift() {
        return 30;
    }

    @Override
    public boolean guestSlot(int kind, int index) {
        return switch (kind) {
            case FrameTable.L3 -> index < ROOT_ENTRIES;
            case FrameTable.L2_LAST -> index < HypervisorSpace.FIRST_SLOT_32;
            default -> true;
        };
    }

    @Override
    public boolean mayChange(int kind, int index) {
        return kind == FrameTable.L3 ? index < LAST : guestSlot(kind, index);
    }

    @Override
    public int below(int kind, int index) {
        return switch (kind) {
            case FrameTable.L3 -> index == LAST ? FrameTable.L2_LAST : FrameTable.L2;
            default -> FrameTable.L1;
        };
    }

    @Override
    public long disallowed(int kind) {
        return switch (kind) {
            case FrameTable.L3 -> DISALLOWED_ROOT;
            case FrameTable.L1 -> FourLevels.DISALLOWED_L1;
            default -> FourLevels.DISALLOWED;
        };
    }

    @Override
    public long adjusted(long entry, int kind) {
        return kind == FrameTable.L3 ? entry | USER | WRITABLE : entry;
    }

    @Override
    public int complete(int table, int kind) {
        if (kind == FrameTable.L2_LAST) {
            space.enterInto32(table);
        } else if (kind == FrameTable.L3) {
            long last = memory.ram().get64(((long) table << 12) + 8 * LAST);
            if ((last & PRESENT) == 0 || frames.uses((int) PageTables.frameOf(last)) != 1) {
                return Errno.EINVAL;
            }
            for (int i = ROOT_ENTRIES; i < ENTRIES; i++) {
                memory.write(((long) table << 12) + 8L * i, 0, 64);
            }
        }
        return 0;
    }
}
