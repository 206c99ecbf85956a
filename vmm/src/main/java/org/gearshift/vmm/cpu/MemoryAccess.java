package org.gearshift.vmm.cpu;

import java.lang.invoke.VarHandle;
import org.gearshift.ir.Ram;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;

/**
 * Memory as the processor reaches it when translated code's map lookup is not enough: accesses that cross pages, miss the maps, reach
 * devices or change translated code, and the processor's own accesses to descriptor tables, task state and stacks.
 */
final class MemoryAccess {
    private static final int PAGE = 0x1000;
    /** Error-code bits of a page fault. */
    private static final int PROTECTION = 1;
    private static final int WRITE = 2;
    private static final int USER = 4;

    private final VCpu cpu;
    private final PhysicalMemory memory;
    private final ShadowMmu mmu;
    private final StackAccess stackAccess;
    /** The last access was refused because its address was not canonical; and that address. */
    private boolean wasRefused;
    private long refused;

    MemoryAccess(VCpu cpu, PhysicalMemory memory, ShadowMmu mmu) {
        this.cpu = cpu;
        this.memory = memory;
        this.mmu = mmu;
        this.stackAccess = new StackAccess(cpu);
    }

    /** A guest's load that missed the map: {@link org.gearshift.ir.GuestContext#loadSlow}. */
    long guestLoad(long va, int bits, boolean rmw) {
        boolean user = cpu.user();
        int bytes = bits >>> 3;
        int protections = mmu.protections();
        long first = rmw ? target(va, user) : physical(va, ShadowMmu.READ, user);
        long second = !crosses(va, bytes) ? -1 : rmw ? target(nextPage(va), user) : physical(nextPage(va), ShadowMmu.READ, user);
        restartIfProtected(protections);
        if (!cpu.exact && (!memory.isRam(first) || second >= 0 && !memory.isRam(second))) {
            cpu.restartExact();
        }
        cpu.debug.dataAccess(va, bytes, false);
        observe(va, first, second, bytes, false);
        long value = extend(second < 0 ? memory.read(first, bits) : readSplit(va, first, second, bytes), bits);
        VarHandle.acquireFence();
        return value;
    }

    /** A guest's store that missed the map: {@link org.gearshift.ir.GuestContext#storeSlow}. */
    void guestStore(long va, long value, int bits) {
        boolean user = cpu.user();
        int bytes = bits >>> 3;
        boolean split = crosses(va, bytes);
        int protections = mmu.protections();
        long first = target(va, user);
        long second = split ? target(nextPage(va), user) : -1;
        restartIfProtected(protections);
        if (!cpu.exact) {
            int head = split ? PAGE - ((int) va & PAGE - 1) : bytes;
            if (reachesOutside(first, head) || split && reachesOutside(second, bytes - head)) {
                cpu.restartExact();
            }
        }
        cpu.debug.dataAccess(va, bytes, true);
        observe(va, first, second, bytes, true);
        VarHandle.storeStoreFence();
        if (isTable(first) || split && isTable(second)) {
            storeToTable(va, first, value, bits, split);
        } else if (split) {
            writeSplit(va, first, second, value, bytes);
        } else if (cpu.exact) {
            memory.store(first, value, bits, mmu);
        } else {
            memory.write(first, value, bits);
        }
    }

    /** A paravirtual guest's store to one of its page tables, which are mapped read-only: the platform checks it, or it is a page fault after all. */
    private void storeToTable(long va, long physical, long value, int bits, boolean split) {
        if (split || !cpu.paravirtual.tableStore(physical, value, bits)) {
            refuseTable(va);
        }
    }

    private boolean isTable(long physical) {
        return cpu.paravirtual != null && cpu.paravirtual.isTable(physical);
    }

    private void refuseTable(long va) {
        cpu.s[X86State.CR2] = va;
        cpu.raise(Vector.PF, PROTECTION | WRITE | USER);
    }

    /**
     * Physical address of a guest's store, which the platform may allow where the tables do not. Other processors may have to be waited for then, so that it is done in exact mode if there
     * are any.
     */
    private long target(long va, boolean user) {
        if (cpu.paravirtual == null) {
            return physical(va, ShadowMmu.WRITE, user);
        }
        requireCanonical(va);
        long p = mmu.translate(va, ShadowMmu.WRITE, user);
        if (p < 0) {
            if (cpu.isShared() && !cpu.exact) {
                cpu.restartExact();
            }
            int error = mmu.faultErrorCode();
            p = cpu.paravirtual.refusedStore(va);
            if (p < 0) {
                cpu.s[X86State.CR2] = va;
                cpu.raise(Vector.PF, error);
            }
        }
        return p;
    }

    /** The store of a locked operation that missed the map or is misaligned: {@link org.gearshift.ir.GuestContext#compareAndSwapSlow}. */
    boolean guestSwap(long va, long expected, long value, int bits) {
        boolean user = cpu.user();
        int bytes = bits >>> 3;
        int protections = mmu.protections();
        long first = target(va, user);
        long second = crosses(va, bytes) ? target(nextPage(va), user) : -1;
        restartIfProtected(protections);
        if (isTable(first) || second >= 0 && isTable(second)) {
            return swapInTable(va, first, expected, value, bits);
        }
        boolean oneStep = second < 0 && Ram.atomic(first, bits);
        if (!cpu.exact && (!oneStep || reachesOutside(first, bytes))) {
            cpu.restartExact();
        }
        cpu.debug.dataAccess(va, bytes, true);
        observe(va, first, second, bytes, true);
        if (oneStep) {
            return memory.compareAndSwap(first, expected, value, bits, cpu.exact ? mmu : null);
        }
        return cpu.alone(() -> {
            long held = second < 0 ? memory.read(first, bits) : readSplit(va, first, second, bytes);
            if ((held ^ expected) << Long.SIZE - bits != 0) {
                return false;
            }
            if (second < 0) {
                memory.store(first, value, bits, mmu);
            } else {
                writeSplit(va, first, second, value, bytes);
            }
            return true;
        });
    }

    /** The same for one of a paravirtual guest's page tables: one entry, or part of one. */
    private boolean swapInTable(long va, long physical, long expected, long value, int bits) {
        if (!cpu.exact) {
            cpu.restartExact();
        }
        int result = crosses(va, bits >>> 3) ? Paravirtualization.REFUSED : cpu.paravirtual.tableSwap(physical, expected, value, bits);
        if (result == Paravirtualization.REFUSED) {
            refuseTable(va);
        }
        return result == Paravirtualization.DONE;
    }

    /** A locked operation on 16 aligned bytes: {@link org.gearshift.ir.GuestContext#compareAndSwapPair}. */
    boolean guestSwapPair(long va, long expectedLow, long expectedHigh, long low, long high) {
        long first = physical(va, ShadowMmu.WRITE, cpu.user());
        if (!cpu.exact) {
            cpu.restartExact();
        }
        cpu.debug.dataAccess(va, 2 * Long.BYTES, true);
        observe(va, first, -1, 2 * Long.BYTES, true);
        return cpu.alone(() -> {
            if (memory.read(first, Long.SIZE) != expectedLow || memory.read(first + Long.BYTES, Long.SIZE) != expectedHigh) {
                return false;
            }
            memory.store(first, low, Long.SIZE, mmu);
            memory.store(first + Long.BYTES, high, Long.SIZE, mmu);
            return true;
        });
    }

    /** Tells a debugger of an access, page by page. */
    private void observe(long va, long first, long second, int bytes, boolean write) {
        if (cpu.observer == null) {
            return;
        }
        int head = second < 0 ? bytes : PAGE - ((int) va & PAGE - 1);
        cpu.observer.access(va, first, head, write);
        if (second >= 0) {
            cpu.observer.access(nextPage(va), second, bytes - head, write);
        }
    }

    private void observeImplicit(long va, long physical, int bytes, boolean write) {
        if (cpu.observer != null) {
            cpu.observer.implicitAccess(va, physical, bytes, write);
        }
    }

    /** Compiled code may hold a writable location in a frame that the walk has just found to be a page table: it is left. */
    private void restartIfProtected(int before) {
        if (!cpu.exact && mmu.protections() != before) {
            cpu.restartExact();
        }
    }

    private boolean reachesOutside(long physical, int bytes) {
        return !memory.isRam(physical) || memory.overlapsCode(physical, bytes);
    }

    /**
     * Reads with the rights of {@code user} at a linear address, zero-extended if computed with 32 bits; effects on devices happen whatever {@code exact} says, so for accesses of the processor
     * itself only.
     *
     * @return 8 and 16 bits zero-extended, 32 bits sign-extended
     */
    long load(long va, int bits, boolean user) {
        int bytes = bits >>> 3;
        long first = mapped(va, ShadowMmu.READ, user);
        observeImplicit(va, first, bytes, false);
        if (!crosses(va, bytes)) {
            return extend(memory.read(first, bits), bits);
        }
        long second = physical(nextPage(va), ShadowMmu.READ, user);
        return extend(readSplit(va, first, second, bytes), bits);
    }

    /** Writes with the rights of {@code user}; the counterpart of {@link #load}. */
    void store(long va, long value, int bits, boolean user) {
        int bytes = bits >>> 3;
        long first = mapped(va, ShadowMmu.WRITE, user);
        observeImplicit(va, first, bytes, true);
        if (crosses(va, bytes)) {
            writeSplit(va, first, physical(nextPage(va), ShadowMmu.WRITE, user), value, bytes);
        } else {
            memory.write(first, value, bits);
        }
    }

    /** Raises the page fault that an access to any of {@code bytes} bytes would raise, at most a page of them. */
    void check(long va, int bytes, int access, boolean user) {
        mapped(va, access, user);
        if (crosses(va, bytes)) {
            physical(nextPage(va), access, user);
        }
    }

    /** Reads a descriptor table or task state, with supervisor rights. */
    long loadSystem(long va, int bits) {
        return load(va, bits, false);
    }

    /** Writes a descriptor table or task state, with supervisor rights. */
    void storeSystem(long va, long value, int bits) {
        store(va, value, bits, false);
    }

    private long mapped(long address, int access, boolean user) {
        long va = address & cpu.systemMask();
        int frame = mmu.mappedFrame(va, access == ShadowMmu.WRITE, user);
        return frame >= 0 && ShadowMmu.canonical(va) ? (long) frame << 12 | va & PAGE - 1 : physical(va, access, user);
    }

    private void requireCanonical(long va) {
        if (!ShadowMmu.canonical(va)) {
            refused = va;
            wasRefused = true;
            cpu.raise(Vector.GP, 0);
        }
    }

    private long physical(long va, int access, boolean user) {
        requireCanonical(va);
        long p = mmu.translate(va, access, user);
        if (p < 0) {
            cpu.s[X86State.CR2] = va;
            cpu.raise(Vector.PF, mmu.faultErrorCode());
        }
        return p;
    }

    /**
     * The vector of an exception that an instruction ended with: an access outside the canonical ranges by way of the stack segment is #SS, not #GP,
     * which only the instruction itself can tell (SDM vol. 1 section 3.3.7.1).
     */
    int stackFaultInstead(int vector) {
        boolean look = wasRefused && vector == Vector.GP;
        wasRefused = false;
        return look && stackAccess.at(refused) ? Vector.SS : vector;
    }

    private static boolean crosses(long va, int bytes) {
        return ((int) va & PAGE - 1) > PAGE - bytes;
    }

    private long nextPage(long va) {
        return (va | PAGE - 1) + 1 & cpu.systemMask();
    }

    private long readSplit(long va, long first, long second, int bytes) {
        int head = PAGE - ((int) va & PAGE - 1);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            long p = i < head ? first + i : second + (i - head);
            value |= memory.read(p, 8) << 8 * i;
        }
        return value;
    }

    private void writeSplit(long va, long first, long second, long value, int bytes) {
        int head = PAGE - ((int) va & PAGE - 1);
        for (int i = 0; i < bytes; i++) {
            long p = i < head ? first + i : second + (i - head);
            if (cpu.exact) {
                memory.store(p, value >>> 8 * i, 8, mmu);
            } else {
                memory.write(p, value >>> 8 * i, 8);
            }
        }
    }

    private static long extend(long value, int bits) {
        return bits == 32 ? (int) value : value;
    }
}
