package org.gearshift.vmm;

import org.gearshift.paging.GuestRam;

/** Where a machine's RAM comes from: the Java heap up to what an array holds, the host directly for more. */
final class MachineMemory {
    private MachineMemory() {
    }

    /**
     * Zeroed RAM.
     *
     * @param bytes a multiple of 4096, up to {@link GuestRam#MAX_SIZE}
     * @throws HostMemoryException if this computer does not have that much
     */
    static GuestRam of(long bytes) {
        return bytes <= GuestRam.MAX_ARRAY ? array(bytes) : new GuestRam(bytes, ReservedMemory.reserve(bytes, GuestRam.span(bytes)));
    }

    /** The same, in an array. */
    static GuestRam array(long bytes) {
        if (bytes > GuestRam.MAX_ARRAY) {
            throw new HostMemoryException("a paravirtual domain has at most " + HostMemoryException.mib(GuestRam.MAX_ARRAY) + " MiB, its tables included; choose less guest memory");
        }
        try {
            return new GuestRam(bytes);
        } catch (OutOfMemoryError e) {
            throw new HostMemoryException(HostMemoryException.mib(bytes) + " MiB of guest memory do not fit the Java heap of at most "
                    + HostMemoryException.mib(Runtime.getRuntime().maxMemory()) + " MiB; choose less guest memory, or give Java more (-Xmx)");
        }
    }
}
