package org.gearshift.vmm;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.gearshift.paging.GuestRam;

/** Where a machine's RAM comes from: the host directly, which provides pages as they are touched; where it cannot be asked, the Java heap, for as much as an array holds. */
final class MachineMemory {
    private static final Logger LOG = Logger.getLogger(MachineMemory.class.getName());

    private MachineMemory() {
    }

    /**
     * Zeroed RAM.
     *
     * @param bytes a multiple of 4096, up to {@link GuestRam#MAX_SIZE}
     * @throws HostMemoryException if this computer does not have that much
     */
    static GuestRam of(long bytes) {
        try {
            return new GuestRam(bytes, ReservedMemory.reserve(bytes, GuestRam.span(bytes)));
        } catch (LinkageError e) {
            // Native calls are not possible here.
            if (bytes > GuestRam.MAX_COMPACT) {
                throw new HostMemoryException(HostMemoryException.mib(bytes) + " MiB of guest memory: more than " + HostMemoryException.mib(GuestRam.MAX_COMPACT)
                        + " MiB need calls to the operating system, which are not possible here (" + e + "); choose less guest memory");
            }
            LOG.log(Level.INFO, "guest memory is in the Java heap, which takes all of it at once, since calls to the operating system are not possible here ({0})", e.toString());
            return array(bytes);
        }
    }

    /** RAM of a paravirtual domain. */
    static GuestRam ofDomain(long bytes) {
        if (bytes > GuestRam.MAX_COMPACT) {
            throw new HostMemoryException("a paravirtual domain has at most " + HostMemoryException.mib(GuestRam.MAX_COMPACT) + " MiB, its tables included; choose less guest memory");
        }
        return of(bytes);
    }

    private static GuestRam array(long bytes) {
        try {
            return new GuestRam(bytes);
        } catch (OutOfMemoryError e) {
            throw new HostMemoryException(HostMemoryException.mib(bytes) + " MiB of guest memory do not fit the Java heap of at most "
                    + HostMemoryException.mib(Runtime.getRuntime().maxMemory()) + " MiB; choose less guest memory, or give Java more (-Xmx)");
        }
    }
}
