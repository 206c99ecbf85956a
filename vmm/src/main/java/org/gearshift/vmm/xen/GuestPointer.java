package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;

/**
 * The guest's memory by its own addresses, with its kernel's rights: how hypercalls read and write what their arguments point to. Addresses in the
 * hypervisor's hole are refused, and so are stores to what the guest may not write, its page tables among them.
 */
final class GuestPointer {
    private ShadowMmu mmu;
    private final PhysicalMemory memory;
    private final Abi abi;

    GuestPointer(ShadowMmu mmu, PhysicalMemory memory, Abi abi) {
        this.mmu = mmu;
        this.memory = memory;
        this.abi = abi;
    }

    /** Goes on with the memory as another vCPU sees it. */
    void use(ShadowMmu other) {
        mmu = other;
    }

    /** Machine address behind a guest address. @throws GuestPointerFault if there is none with the rights wanted */
    private long machine(long va, int access) {
        if (!abi.guestMayUse(va)) {
            throw GuestPointerFault.INSTANCE;
        }
        // A 64-bit kernel runs at CPL 3 itself.
        long p = mmu.translate(va, access, !abi.is32());
        if (p < 0) {
            throw GuestPointerFault.INSTANCE;
        }
        return p;
    }

    /** Machine address of a structure that may be read, if it lies in one page of RAM; else -1, and it is to be read by parts. */
    private long inOnePage(long va, int bytes) {
        if ((va & 0xfff) + bytes > 0x1000) {
            return -1;
        }
        long at = machine(va, ShadowMmu.READ);
        return memory.isRam(at) ? at : -1;
    }

    /** Reads words, unsigned longs, that follow each other, zero-extended. */
    void readWords(long va, long[] words, int count) {
        read(va, words, count, abi.word());
    }

    /** Reads numbers of 64 bits that follow each other. */
    void readLongs(long va, long[] longs, int count) {
        read(va, longs, count, Long.BYTES);
    }

    private void read(long va, long[] numbers, int count, int bytes) {
        long at = inOnePage(va, count * bytes);
        for (int i = 0; i < count; i++) {
            int offset = i * bytes;
            numbers[i] = at < 0 ? read(va + offset, bytes) : bytes == Long.BYTES ? memory.ram().get64(at + offset) : memory.ram().get32(at + offset) & 0xffffffffL;
        }
    }

    int read8(long va) {
        return (int) memory.read(machine(va, ShadowMmu.READ), 8);
    }

    int read16(long va) {
        return (int) read(va, 2);
    }

    /** Zero-extended. */
    long read32(long va) {
        return read(va, 4);
    }

    long read64(long va) {
        return read(va, 8);
    }

    /** An unsigned long, a pointer or a frame number, zero-extended. */
    long readWord(long va) {
        return read(va, abi.word());
    }

    private long read(long va, int bytes) {
        if ((va & 0xfff) + bytes <= 0x1000) {
            return memory.read(machine(va, ShadowMmu.READ), 8 * bytes);
        }
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) read8(va + i) << 8 * i;
        }
        return value;
    }

    /** Writes numbers of 64 bits that follow each other, from an index on. */
    void writeLongs(long va, long[] longs, int from, int count) {
        boolean onePage = (va & 0xfff) + 8L * count <= 0x1000;
        long at = onePage ? machine(va, ShadowMmu.WRITE) : 0;
        for (int i = count - 1; i >= 0; i--) {
            if (onePage) {
                memory.write(at + 8 * i, longs[from + i], 64);
            } else {
                write64(va + 8 * i, longs[from + i]);
            }
        }
    }

    void write16(long va, long value) {
        write(va, value, 2);
    }

    void write32(long va, long value) {
        write(va, value, 4);
    }

    void write64(long va, long value) {
        write(va, value, 8);
    }

    /** The counterpart of {@link #readWord}. */
    void writeWord(long va, long value) {
        write(va, value, abi.word());
    }

    private void write(long va, long value, int bytes) {
        if ((va & 0xfff) + bytes <= 0x1000) {
            memory.write(machine(va, ShadowMmu.WRITE), value, 8 * bytes);
            return;
        }
        machine(va + bytes - 1, ShadowMmu.WRITE);
        for (int i = 0; i < bytes; i++) {
            memory.write(machine(va + i, ShadowMmu.WRITE), value >>> 8 * i & 0xff, 8);
        }
    }

    void write(long va, byte[] bytes) {
        for (int done = 0; done < bytes.length; ) {
            int n = (int) Math.min(bytes.length - done, 0x1000 - (va + done & 0xfff));
            memory.copyIn(machine(va + done, ShadowMmu.WRITE), bytes, done, n);
            done += n;
        }
    }

    void read(long va, byte[] bytes) {
        for (int done = 0; done < bytes.length; ) {
            int n = (int) Math.min(bytes.length - done, 0x1000 - (va + done & 0xfff));
            memory.copyOut(machine(va + done, ShadowMmu.READ), bytes, done, n);
            done += n;
        }
    }

    /** Fails unless {@code bytes} bytes may be written. */
    void checkWritable(long va, int bytes) {
        for (long p = va & ~0xfffL; p < va + bytes; p += 0x1000) {
            machine(Math.max(p, va), ShadowMmu.WRITE);
        }
    }
}
