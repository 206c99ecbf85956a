package org.gearshift.vmm.xen;

/**
 * The binary interface that a domain's kernel has been built for: 64-bit, or 32-bit with page tables of three levels. It is 64-bit until a 32-bit kernel has been
 * put into the domain, before any code runs, and the same for ever after that. Structures of the interface differ by the size of an unsigned long, pointers and
 * frame numbers included, and by that alone where nothing else is said (arch-x86/xen-x86_32.h, xen-x86_64.h; Xen's include/public and common/compat).
 */
final class Abi {
    /**
     * First address that a 32-bit kernel cannot use, and where its machine-to-physical table is (HYPERVISOR_VIRT_START_PAE); the table's end (Xen's
     * MACH2PHYS_COMPAT_VIRT_END).
     */
    static final long HOLE_32 = 0xf580_0000L;
    static final long M2P_END_32 = 0xffe0_0000L;

    private boolean narrow;

    /** A 32-bit kernel has been put into the domain. */
    void use32() {
        narrow = true;
    }

    /** Whether the kernel is 32-bit. */
    boolean is32() {
        return narrow;
    }

    /** Bytes of an unsigned long, a pointer and a frame number. */
    int word() {
        return narrow ? 4 : 8;
    }

    /** Ports of the 2-level layout of event channels: as many words as a word has bits, times its bits. */
    int eventPorts() {
        return narrow ? 1024 : EventChannels.PORTS;
    }

    /** Whether an address may be one that the guest uses. */
    boolean guestMayUse(long va) {
        return narrow ? va >= 0 && va < HOLE_32 : HypervisorSpace.guestMayUse64(va);
    }

    /** Whether an address may be that of an entry of the kernel: one in the hole may, but who goes there faults. 0 stands for none. */
    boolean mayBeEntry(long va) {
        return narrow || va << 16 >> 16 == va;
    }

    /** Where the machine-to-physical table is, and the first address of the hypervisor's hole. */
    long holeStart() {
        return narrow ? HOLE_32 : HypervisorSpace.START;
    }

    /** First address behind what the machine-to-physical table can take. */
    long m2pEnd() {
        return narrow ? M2P_END_32 : HypervisorSpace.M2P_END;
    }

    /** The frame that a base register's value names: a 32-bit one has the number's upper bits below the lower (xen_cr3_to_pfn). */
    long frameOfBase(long value) {
        return narrow ? (value >>> 12 | value << 20) & 0xffffffffL : PageTables.frameOf(value);
    }

    /** What {@link #frameOfBase} makes the frame of. */
    long baseOfFrame(long frame) {
        return narrow ? (frame << 12 | frame >>> 20) & 0xffffffffL : frame << 12;
    }
}
