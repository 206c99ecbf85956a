package org.gearshift.vmm.xen;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.MmioHandler;
import org.gearshift.paging.PhysicalMemory;

/**
 * Frames of other domains that this one has mapped: a window behind its own memory, in which each mapping has a frame number. Every access is one step outside
 * translated code, and reaches the other domain's RAM directly; the owner holds the frame for as long as it is mapped. Locked operations are two accesses here,
 * so not one step for the owner; what is executed from such a frame is never kept translated. A store to bytes that the owner has translated is made known to
 * it before whatever this domain has it told next.
 */
final class ForeignFrames implements MmioHandler {
    /** Most mappings of a domain at a time (Xen allows more: gnttab_max_maptrack_frames). */
    static final int MOST = 4096;

    /** One mapping. */
    private record Mapping(Domain owner, int frame, boolean writable) {
    }

    private final int first;
    private final AtomicReferenceArray<Mapping> mappings = new AtomicReferenceArray<>(MOST);

    /** Puts the window behind the memory's RAM, with nothing in it. */
    ForeignFrames(PhysicalMemory memory) {
        first = memory.ram().frames();
        memory.mapMmio((long) first << 12, (long) MOST << 12, this);
    }

    /** Gives a frame of another domain a number here; -1 if all are taken. */
    int map(Domain owner, int frame, boolean writable) {
        for (int i = 0; i < MOST; i++) {
            if (mappings.get(i) == null) {
                mappings.set(i, new Mapping(owner, frame, writable));
                return first + i;
            }
        }
        return -1;
    }

    /** Takes the number back: what is there reads as all ones. */
    void unmap(int number) {
        mappings.set(number - first, null);
    }

    private Mapping at(long physical) {
        return mappings.get((int) (physical >>> 12) - first);
    }

    @Override
    public long read(long physical, int bits) {
        Mapping m = at(physical);
        if (m == null) {
            return -1;
        }
        VarHandle.fullFence();
        GuestRam ram = m.owner.memory.ram();
        long p = (long) m.frame << 12 | physical & 0xfff;
        return switch (bits) {
            case 8 -> ram.get8(p);
            case 16 -> ram.get16(p);
            case 32 -> ram.get32(p);
            default -> ram.get64(p);
        };
    }

    @Override
    public void write(long physical, long value, int bits) {
        Mapping m = at(physical);
        if (m == null || !m.writable) {
            return;
        }
        VarHandle.fullFence();
        GuestRam ram = m.owner.memory.ram();
        long p = (long) m.frame << 12 | physical & 0xfff;
        switch (bits) {
            case 8 -> ram.put8(p, (int) value);
            case 16 -> ram.put16(p, (int) value);
            case 32 -> ram.put32(p, (int) value);
            default -> ram.put64(p, value);
        }
        // Whoever translates marks the bytes first and reads them after that: one of the two sees the other.
        VarHandle.fullFence();
        if (m.owner.memory.overlapsCode(p, bits >>> 3)) {
            m.owner.mailbox.post(() -> touch(m.owner.memory, p, bits));
        }
    }

    /** Has translations of the bytes dropped. */
    private static void touch(PhysicalMemory memory, long p, int bits) {
        memory.write(p, memory.read(p, bits), bits);
    }
}
