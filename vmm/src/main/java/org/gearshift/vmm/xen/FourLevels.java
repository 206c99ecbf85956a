package org.gearshift.vmm.xen;

/**
 * Tables of a 64-bit domain. Its kernel runs at CPL 3 as programs do, so that every entry gets the right of CPL 3; the root has the hypervisor's hole.
 */
final class FourLevels implements TableShape {
    private static final long USER = 1 << 2;
    /** In a level-1 entry that the guest made for its kernel alone. */
    private static final long GUEST_KERNEL = 1L << 52;
    /** PWT, PCD, PS or PAT, G. */
    static final long DISALLOWED = 0x198;
    /** In level 1 G means nothing, as the processor has it off. */
    static final long DISALLOWED_L1 = 0x98;

    private final HypervisorSpace space;

    FourLevels(HypervisorSpace space) {
        this.space = space;
    }

    @Override
    public int root() {
        return FrameTable.L4;
    }

    @Override
    public int rootShift() {
        return 39;
    }

    @Override
    public boolean guestSlot(int kind, int index) {
        return kind != FrameTable.L4 || HypervisorSpace.guestSlot(index);
    }

    @Override
    public boolean mayChange(int kind, int index) {
        return guestSlot(kind, index);
    }

    @Override
    public int below(int kind, int index) {
        return kind - 1;
    }

    @Override
    public long disallowed(int kind) {
        return kind == FrameTable.L1 ? DISALLOWED_L1 : DISALLOWED;
    }

    @Override
    public long adjusted(long entry, int kind) {
        return (entry & USER) != 0 ? entry : entry | USER | (kind == FrameTable.L1 ? GUEST_KERNEL : 0);
    }

    @Override
    public int complete(int table, int kind) {
        if (kind == FrameTable.L4) {
            space.enterInto(table);
        }
        return 0;
    }
}
