package org.gearshift.vmm;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.lang.management.ManagementFactory;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.gearshift.paging.GuestRam;

/**
 * Memory outside the Java heap, reserved from the host and zeroed, for which it provides pages one by one when they are first touched: {@code mmap} of anonymous memory on Linux, elsewhere
 * {@code calloc}, which C libraries implement likewise for large sizes. Given back when nobody refers to it any more.
 */
final class ReservedMemory implements GuestRam.HostMemory {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final int PROT_READ_WRITE = 3;
    /** MAP_PRIVATE, MAP_ANONYMOUS and MAP_NORESERVE of Linux: the hole, and what a guest never touches, are not to count as used. */
    private static final int PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;
    private static final long FAILED = -1;

    /** Reserved by machines that are still referred to, as far as is known. */
    private static final AtomicLong RESERVED = new AtomicLong();

    private final long address;

    private ReservedMemory(long address) {
        this.address = address;
    }

    /**
     * Reserves memory.
     *
     * @param used bytes that may be touched
     * @param span bytes in all
     * @throws HostMemoryException if the host does not have {@code used} bytes, or refuses
     */
    static ReservedMemory reserve(long used, long span) {
        long most = hostBytes();
        if (most > 0 && used > most) {
            throw new HostMemoryException(HostMemoryException.mib(used) + " MiB of guest memory: this computer has only " + HostMemoryException.mib(most)
                    + " MiB, swap space included; choose less guest memory");
        }
        if (most > 0 && RESERVED.get() + used > most / 2) {
            // Memory outside the heap makes no collection due, and the cleaner sees only what one has found.
            System.gc();
        }
        NativeLibrary c = NativeLibrary.getInstance(Platform.C_LIBRARY_NAME);
        boolean map = Platform.isLinux();
        long address = map ? c.getFunction("mmap").invokeLong(new Object[] {Pointer.NULL, span, PROT_READ_WRITE, PRIVATE_ANONYMOUS_NORESERVE, -1, 0L})
                : c.getFunction("calloc").invokeLong(new Object[] {1L, span});
        if (address == 0 || address == FAILED) {
            throw new HostMemoryException(HostMemoryException.mib(used) + " MiB of guest memory: the operating system refuses to reserve that much (see 'ulimit -v'); choose less guest memory");
        }
        ReservedMemory memory = new ReservedMemory(address);
        RESERVED.addAndGet(used);
        Function release = c.getFunction(map ? "munmap" : "free");
        CLEANER.register(memory, () -> {
            release.invoke(map ? new Object[] {address, span} : new Object[] {address});
            RESERVED.addAndGet(-used);
        });
        return memory;
    }

    /** What the operating system could provide at the most, in bytes, or 0 if it does not say. */
    static long hostBytes() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os ? os.getTotalMemorySize() + os.getTotalSwapSpaceSize() : 0;
    }

    @Override
    public long address() {
        return address;
    }

    @Override
    public ByteBuffer piece(long offset, int length) {
        return new Pointer(address).getByteBuffer(offset, length);
    }
}
