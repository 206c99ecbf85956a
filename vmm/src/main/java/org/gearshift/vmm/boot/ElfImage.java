package org.gearshift.vmm.boot;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.paging.GuestRam;

/** A 32-bit little-endian i386 ELF executable: loading its segments by physical address, and its notes (System V ABI, i386 supplement). */
final class ElfImage {
    private static final int EM_386 = 3;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;

    private final KernelImage k;
    private final int programHeaders;
    private final int count;
    private final int entrySize;

    ElfImage(KernelImage k) throws BootException {
        this.k = k;
        if (k.u32(0) != 0x464c457f) {
            throw new BootException(k.name() + ": not an ELF file");
        }
        if (k.u8(4) == 2) {
            throw new BootException(k.name() + ": a 64-bit ELF kernel; this machine's processor is 32-bit, use an i386 (686) kernel");
        }
        if (k.u8(4) != 1 || k.u8(5) != 1 || k.u16(18) != EM_386) {
            throw new BootException(k.name() + ": an ELF file, but not for the i386");
        }
        this.programHeaders = k.u32(28);
        this.entrySize = k.u16(42);
        this.count = k.u16(44);
        if (entrySize < 32 || count == 0) {
            throw new BootException(k.name() + ": an ELF file without program headers cannot be booted");
        }
        k.check(programHeaders, (long) entrySize * count);
    }

    /** The physical address of the entry point: the file gives the virtual one if its kernel has been linked to run elsewhere than it is loaded. */
    int entry() throws BootException {
        long entry = k.unsigned32(24);
        for (int i = 0; i < count; i++) {
            int h = programHeaders + i * entrySize;
            long within = entry - k.unsigned32(h + 8);
            if (k.u32(h) == PT_LOAD && within >= 0 && within < k.unsigned32(h + 20)) {
                return (int) (k.unsigned32(h + 12) + within);
            }
        }
        return (int) entry;
    }

    /** What the file has for each loadable segment, by virtual address. */
    List<KernelCode.Segment> segments() throws BootException {
        List<KernelCode.Segment> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int h = programHeaders + i * entrySize;
            long inFile = k.unsigned32(h + 16);
            if (k.u32(h) == PT_LOAD && inFile != 0) {
                k.check(k.unsigned32(h + 4), inFile);
                list.add(new KernelCode.Segment(k.unsigned32(h + 8), k, k.u32(h + 4), (int) inFile));
            }
        }
        return list;
    }

    /**
     * Copies every loadable segment to its physical address; returns the first address above all of them.
     *
     * @param lowest first address below 1 MiB that the loader does not need for itself
     */
    long load(GuestRam ram, long lowest) throws BootException {
        long end = 0;
        for (int i = 0; i < count; i++) {
            int h = programHeaders + i * entrySize;
            if (k.u32(h) != PT_LOAD || k.u32(h + 20) == 0) {
                continue;
            }
            long offset = k.unsigned32(h + 4);
            long physical = k.unsigned32(h + 12);
            long inFile = k.unsigned32(h + 16);
            long inMemory = k.unsigned32(h + 20);
            k.check(offset, inFile);
            if (inFile > inMemory) {
                throw new BootException(k.name() + ": segment " + i + " is larger in the file than in memory");
            }
            place(k, ram, offset, physical, inFile, inMemory, lowest);
            end = Math.max(end, physical + inMemory);
        }
        if (end == 0) {
            throw new BootException(k.name() + ": no loadable segment");
        }
        return end;
    }

    static void place(KernelImage k, GuestRam ram, long offset, long physical, long inFile, long inMemory, long lowest)
            throws BootException {
        if (physical + inMemory > ram.size()) {
            throw new BootException(k.name() + ": needs " + ZeroPage.mib(physical + inMemory) + " MiB of memory, the machine has "
                    + ZeroPage.mib(ram.size()) + " MiB; give more with -m");
        }
        if (physical < lowest || physical < MemoryMap.HIGH_START && physical + inMemory > MemoryMap.LOW_END) {
            throw new BootException(k.name() + ": wants to be loaded at 0x" + Long.toHexString(physical) + ", where memory is not free");
        }
        ram.copyIn(physical, k.array(), (int) offset, (int) inFile);
        ram.fill(physical + inFile, (int) (inMemory - inFile), 0);
    }

    /** Answers whether it has seen enough. */
    private interface NoteVisitor {
        boolean visit(String owner, int type, int valueAt, long size) throws BootException;
    }

    /** The 32-bit value of an ELF note, or -1. */
    long note(String owner, int type) throws BootException {
        long[] value = {-1};
        eachNote((o, t, at, size) -> {
            if (t != type || size < 4 || !o.equals(owner)) {
                return false;
            }
            value[0] = k.unsigned32(at);
            return true;
        });
        return value[0];
    }

    /** True if there is a note of an owner, of whatever type. */
    boolean hasNoteOf(String owner) throws BootException {
        return eachNote((o, t, at, size) -> o.equals(owner));
    }

    private boolean eachNote(NoteVisitor visitor) throws BootException {
        for (int i = 0; i < count; i++) {
            int h = programHeaders + i * entrySize;
            if (k.u32(h) != PT_NOTE) {
                continue;
            }
            long at = k.unsigned32(h + 4);
            long end = at + k.unsigned32(h + 16);
            k.check(at, end - at);
            while (at + 12 <= end) {
                long nameSize = k.unsigned32((int) at);
                long size = k.unsigned32((int) at + 4);
                long valueAt = at + 12 + (nameSize + 3 & ~3L);
                if (valueAt + size > end) {
                    throw new BootException(k.name() + ": damaged ELF note");
                }
                if (visitor.visit(k.text((int) at + 12, (int) nameSize), k.u32((int) at + 8), (int) valueAt, size)) {
                    return true;
                }
                at = valueAt + (size + 3 & ~3L);
            }
        }
        return false;
    }
}
