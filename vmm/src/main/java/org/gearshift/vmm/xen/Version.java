package org.gearshift.vmm.xen;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The hypercall xen_version: which hypervisor this is, and what it can do (version.h, features.h). */
final class Version {
    /** Major and minor number of the interface: that of Xen 4.17. */
    static final int NUMBER = 4 << 16 | 17;
    private static final String EXTRA = "-gearshift";
    private static final String CAPABILITIES = "xen-3.0-x86_64 xen-3.0-x86_32p ";
    /** mmu_pt_update_preserve_ad, highmem_assist, gnttab_map_avail_bits. */
    private static final long FEATURES = 1 << 5 | 1 << 6 | 1 << 7;

    private static final int EXTRA_BYTES = 16;
    private static final int CAPABILITIES_BYTES = 1024;
    private static final int CHANGESET_BYTES = 64;
    private static final int COMPILE_BYTES = 64 + 16 + 32 + 32;
    private static final int HANDLE_BYTES = 16;

    private final GuestPointer guest;
    private final byte[] handle;
    private final Abi abi;

    /** @param handle the domain's UUID, 16 bytes */
    Version(GuestPointer guest, byte[] handle, Abi abi) {
        this.guest = guest;
        this.abi = abi;
        this.handle = handle;
    }

    long operation(long command, long at) {
        return switch ((int) command) {
            case 0 -> NUMBER;
            case 1 -> put(at, EXTRA, EXTRA_BYTES);
            case 2 -> put(at, "java", COMPILE_BYTES);
            case 3 -> put(at, CAPABILITIES, CAPABILITIES_BYTES);
            case 4 -> put(at, "unavailable", CHANGESET_BYTES);
            case 5 -> {
                guest.writeWord(at, abi.holeStart());
                yield 0;
            }
            case 6 -> {
                long submap = guest.read32(at);
                guest.write32(at + 4, submap == 0 ? FEATURES : 0);
                yield submap == 0 ? 0 : Errno.EINVAL;
            }
            case 7 -> at == 0 ? 0x1000 : Errno.EINVAL;
            case 8 -> {
                guest.write(at, Arrays.copyOf(handle, HANDLE_BYTES));
                yield 0;
            }
            case 9 -> Errno.EPERM;
            case 10 -> Errno.ENODATA;
            default -> Errno.ENOSYS;
        };
    }

    private long put(long at, String text, int bytes) {
        guest.write(at, Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), bytes));
        return 0;
    }
}
