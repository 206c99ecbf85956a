package org.gearshift.vmm.boot;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.paging.GuestRam;

/**
 * A little-endian ELF executable for the i386 or x86-64: loading its segments by physical address, and its notes (System V ABI, i386 and AMD64
 * supplements).
 */
final class ElfImage {
    /** Bytes that the last ELF note may lack. */
    private static final int CUT_SHORT = 16;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;

    /** Where the fields of file header and program headers are, and how wide addresses: by ELF class. */
    private enum Layout {
        ELF32(4, 3, 24, 28, 42, 4, 8, 12, 16, 20, 32),
        ELF64(8, 62, 24, 32, 54, 8, 16, 24, 32, 40, 56);

        final int word;
        final int machine;
        final int entry;
        final int programHeaders;
        /** Entry size; the count follows it. */
        final int entrySize;
        final int offset;
        final int virtual;
        final int physical;
        final int fileSize;
        final int memorySize;
        final int leastEntrySize;

        Layout(int word, int machine, int entry, int programHeaders, int entrySize, int offset, int virtual, int physical, int fileSize, int memorySize,
                int leastEntrySize) {
            this.word = word;
            this.machine = machine;
            this.entry = entry;
            this.programHeaders = programHeaders;
            this.entrySize = entrySize;
            this.offset = offset;
            this.virtual = virtual;
            this.physical = physical;
            this.fileSize = fileSize;
            this.memorySize = memorySize;
            this.leastEntrySize = leastEntrySize;
        }
    }

    private final KernelImage k;
    private final Layout layout;
    private final long programHeaders;
    private final int count;
    private final int entrySize;

    ElfImage(KernelImage k) throws BootException {
        this.k = k;
        if (k.u32(0) != 0x464c457f) {
            throw new BootException(k.name() + ": not an ELF file");
        }
        int wordSize = k.u8(4);
        this.layout = wordSize == 2 ? Layout.ELF64 : Layout.ELF32;
        if (wordSize != 1 && wordSize != 2 || k.u8(5) != 1 || k.u16(18) != layout.machine) {
            throw new BootException(k.name() + ": an ELF file, but not for the i386 or x86-64");
        }
        this.programHeaders = word(layout.programHeaders);
        this.entrySize = k.u16(layout.entrySize);
        this.count = k.u16(layout.entrySize + 2);
        if (entrySize < layout.leastEntrySize || count == 0) {
            throw new BootException(k.name() + ": an ELF file without program headers cannot be booted");
        }
        k.check(programHeaders, (long) entrySize * count);
    }

    /** Whether it is 64-bit code. */
    boolean is64Bit() {
        return layout == Layout.ELF64;
    }

    private long word(int at) throws BootException {
        return layout.word == 8 ? k.unsigned32(at) | k.unsigned32(at + 4) << 32 : k.unsigned32(at);
    }

    private int header(int i) {
        return (int) programHeaders + i * entrySize;
    }

    /** The physical address of the entry point: the file gives the virtual one if its kernel has been linked to run elsewhere than it is loaded. */
    int entry() throws BootException {
        long entry = word(layout.entry);
        long physical = entry;
        for (int i = 0; i < count; i++) {
            int h = header(i);
            long within = entry - word(h + layout.virtual);
            if (k.u32(h) == PT_LOAD && within >= 0 && within < word(h + layout.memorySize)) {
                physical = word(h + layout.physical) + within;
                break;
            }
        }
        if (physical >>> 32 != 0) {
            throw new BootException(k.name() + ": its entry point 0x" + Long.toHexString(entry) + " is not in memory below 4 GiB");
        }
        return (int) physical;
    }

    /** A loadable segment as the file describes it; addresses and sizes in bytes. */
    record Load(long virtual, long physical, long offset, long fileSize, long memorySize) {
    }

    /** The entry point as the file has it. */
    long entryAddress() throws BootException {
        return word(layout.entry);
    }

    /** All loadable segments, checked to lie inside the file and to be no larger there than in memory. */
    List<Load> loads() throws BootException {
        List<Load> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int h = header(i);
            if (k.u32(h) != PT_LOAD || word(h + layout.memorySize) == 0) {
                continue;
            }
            Load l = new Load(word(h + layout.virtual), word(h + layout.physical), word(h + layout.offset), word(h + layout.fileSize), word(h + layout.memorySize));
            k.check(l.offset, l.fileSize);
            if (l.memorySize < l.fileSize) {
                throw new BootException(k.name() + ": segment " + i + " is larger in the file than in memory");
            }
            list.add(l);
        }
        return list;
    }

    /** The value of an ELF note that holds a number of 32 or 64 bits, or {@code otherwise}. */
    long noteNumber(String owner, int type, long otherwise) throws BootException {
        long[] value = {otherwise};
        eachNote((o, t, at, size) -> {
            if (t != type || size != 4 && size != 8 || !o.equals(owner)) {
                return false;
            }
            value[0] = size == 4 ? k.unsigned32(at) : k.unsigned32(at) | k.unsigned32(at + 4) << 32;
            return true;
        });
        return value[0];
    }

    /** The value of an ELF note that holds a text, without the zero at its end; empty if there is none. */
    String noteText(String owner, int type) throws BootException {
        String[] value = {""};
        eachNote((o, t, at, size) -> {
            if (t != type || size == 0 || !o.equals(owner)) {
                return false;
            }
            value[0] = k.text(at, (int) size);
            return true;
        });
        return value[0];
    }

    /** What the file has for each loadable segment, by virtual address. */
    List<KernelCode.Segment> segments() throws BootException {
        List<KernelCode.Segment> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int h = header(i);
            long inFile = word(h + layout.fileSize);
            if (k.u32(h) == PT_LOAD && inFile != 0) {
                k.check(word(h + layout.offset), inFile);
                list.add(new KernelCode.Segment(word(h + layout.virtual), k, (int) word(h + layout.offset), (int) inFile));
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
            int h = header(i);
            if (k.u32(h) != PT_LOAD || word(h + layout.memorySize) == 0) {
                continue;
            }
            long offset = word(h + layout.offset);
            long physical = word(h + layout.physical);
            long inFile = word(h + layout.fileSize);
            long inMemory = word(h + layout.memorySize);
            k.check(offset, inFile);
            if (Long.compareUnsigned(inFile, inMemory) > 0) {
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
        if (physical < 0 || inMemory < 0 || physical + inMemory < 0) {
            throw new BootException(k.name() + ": wants to be loaded at 0x" + Long.toHexString(physical) + ", where no memory can be");
        }
        if (physical + inMemory > ram.lowEnd()) {
            throw new BootException(k.name() + ": needs " + ZeroPage.mib(physical + inMemory) + " MiB of memory, the machine has "
                    + ZeroPage.mib(ram.lowEnd()) + " MiB; give more with -m");
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
            int h = header(i);
            if (k.u32(h) != PT_NOTE) {
                continue;
            }
            long at = word(h + layout.offset);
            long size = word(h + layout.fileSize);
            k.check(at, size);
            long end = at + size;
            while (at + 12 <= end) {
                long nameSize = k.unsigned32((int) at);
                long valueSize = k.unsigned32((int) at + 4);
                long valueAt = at + 12 + (nameSize + 3 & ~3L);
                if (valueAt > end || valueAt + valueSize > end + CUT_SHORT) {
                    throw new BootException(k.name() + ": damaged ELF note");
                }
                // The last note of GRUB for 32-bit domains is a few bytes short in its segment and in the file: it has what is there, as for Xen's tools.
                long there = Math.min(valueSize, end - valueAt);
                if (visitor.visit(k.text((int) at + 12, (int) nameSize), k.u32((int) at + 8), (int) valueAt, there)) {
                    return true;
                }
                at = valueAt + (valueSize + 3 & ~3L);
            }
        }
        return false;
    }
}
