package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/**
 * The domain's descriptors. Their frames are read-only to the guest while they are in a table; each descriptor is checked before it gets there: code and data
 * segments become those of CPL 3, at which kernel and programs run, and nothing else may be present (Xen's check_descriptor). In a 32-bit domain they become those
 * of CPL 1, the kernel's, at least, and none is for 64-bit code, which would reach the hypervisor's part of the address space. Nobody can use a call gate.
 */
final class Descriptors {
    private static final int PER_PAGE = 512;
    private static final long PRESENT = 1L << 47;
    private static final long SEGMENT = 1L << 44;
    private static final int DPL = 45;
    private static final long LEVEL = 3L << DPL;
    private static final long TYPE = 15L << 40;
    private static final long CALL_GATE = 12L << 40;
    private static final long LONG = 1L << 53;
    /** First descriptor of the page that is the hypervisor's. */
    private static final int FIRST_RESERVED = HypervisorSpace.RESERVED_GDT_PAGE * PER_PAGE;
    private static final int LDT = 4;

    private final PhysicalMemory memory;
    private final Abi abi;

    Descriptors(PhysicalMemory memory, Abi abi) {
        this.memory = memory;
        this.abi = abi;
    }

    /** A selector with a privilege level that a 32-bit kernel may have: 0 becomes 1 (Xen's fixup_guest_selector). */
    static int fixed(int selector) {
        return (selector & 3) == 0 ? selector | 1 : selector;
    }

    /** Whether a selector may be that of a 32-bit kernel's code: one of its own, or its kernel's flat one (guest_gate_selector_okay). */
    static boolean isGuestCode(int selector) {
        return selector >>> 3 < FIRST_RESERVED || fixed(selector) == Ring1Kernel.KERNEL_CS || (selector & LDT) != 0;
    }

    /** The descriptor as it may be put into a table; 0 if it may not: then it is another one than that asked for. */
    long checked(long d) {
        if ((d & PRESENT) == 0) {
            return d;
        }
        if ((d & SEGMENT) == 0) {
            return (d & TYPE) == 0 ? d : (d & TYPE) == CALL_GATE ? checkedGate(d) : 0;
        }
        if (abi.is32()) {
            return (d & LONG) != 0 ? 0 : (d & LEVEL) == 0 ? d | 1L << DPL : d;
        }
        return d | LEVEL;
    }

    /** A call gate becomes one for level 0, so that whoever calls it gets a #GP, which Xen emulates for 32-bit kernels; here that is all. */
    private long checkedGate(long d) {
        int code = (int) (d >>> 16) & 0xffff;
        long reserved = abi.is32() ? 0xe0L << 32 : 0xffL << 32;
        boolean right = abi.is32() ? isGuestCode(code) : code >>> 3 < FIRST_RESERVED || code == Ring3Kernel.KERNEL_CS || (code & LDT) != 0;
        return right && (d & reserved) == 0 ? d & ~LEVEL : 0;
    }

    /** Checks all descriptors of a frame. @return 0, or EINVAL */
    int validate(int frame) {
        long at = (long) frame << 12;
        for (int i = 0; i < PER_PAGE; i++) {
            long d = memory.ram().get64(at + 8L * i);
            if (d != 0 && checked(d) == 0) {
                return Errno.EINVAL;
            }
        }
        for (int i = 0; i < PER_PAGE; i++) {
            long d = memory.ram().get64(at + 8L * i);
            if (checked(d) != d) {
                memory.write(at + 8L * i, checked(d), 64);
            }
        }
        return 0;
    }
}
