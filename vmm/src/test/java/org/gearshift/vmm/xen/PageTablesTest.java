package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a domain may do to its page tables, and what it may not. */
class PageTablesTest {
    private static final long PRESENT = 1;
    private static final long RW = 2;
    private static final int PIN_L1 = 0;
    private static final int PIN_L4 = 3;
    private static final int UNPIN = 4;
    private static final int NEW_BASEPTR = 5;
    private static final long SELF = 0x7ff0;
    /** Pages of the kernel's data that the tests use. */
    private static final long REQUESTS = MiniKernel.DATA;
    private static final long TABLE = MiniKernel.DATA + 0x1000;
    private static final long TARGET = MiniKernel.DATA + 0x2000;

    private Domain domain;

    @BeforeEach
    void build() {
        domain = MiniKernel.domain();
    }

    private long entryOf(long va) {
        return domain.tables.leafEntry(domain.vcpu.kernelBase(), va);
    }

    private long frameOf(long va) {
        return domain.tables.mappedFrame(entryOf(va));
    }

    private long call(int number, long... arguments) {
        long[] s = domain.vcpu.s;
        int[] registers = {X86State.RDI, X86State.RSI, X86State.RDX, X86State.GPR + 10, X86State.GPR + 8};
        for (int i = 0; i < arguments.length; i++) {
            s[registers[i]] = arguments[i];
        }
        s[X86State.RAX] = number;
        domain.hypercalls.enter(domain.vcpu);
        return s[X86State.RAX];
    }

    private long mmuUpdate(long pointer, long value) {
        domain.guest.write64(REQUESTS, pointer);
        domain.guest.write64(REQUESTS + 8, value);
        return call(1, REQUESTS, 1, 0, SELF);
    }

    private long mmuext(int command, long argument) {
        domain.guest.write64(REQUESTS, command);
        domain.guest.write64(REQUESTS + 8, argument);
        return call(26, REQUESTS, 1, 0, SELF);
    }

    private long map(long va, long entry) {
        return call(14, va, entry, 0);
    }

    private void makeReadOnly(long va) {
        assertEquals(0, map(va, frameOf(va) << 12 | PRESENT));
    }

    @Test
    void theFirstTablesAreMappedReadOnly() {
        long root = domain.vcpu.kernelBase();
        long va = MiniKernel.BASE + (domain.space.m2p((int) root) << 12);
        assertEquals(root, frameOf(va));
        assertEquals(0, domain.memory.ram().get64(entryOf(va)) & RW);
        assertEquals(Errno.EBUSY, map(va, root << 12 | PRESENT | RW));
    }

    @Test
    void aWritablePageCannotBecomeATable() {
        assertEquals(Errno.EINVAL, mmuext(PIN_L1, frameOf(TABLE)));
        makeReadOnly(TABLE);
        assertEquals(0, mmuext(PIN_L1, frameOf(TABLE)));
        assertEquals(Errno.EINVAL, mmuext(PIN_L1, frameOf(TABLE)), "pinned twice");
        assertEquals(Errno.EBUSY, map(TABLE, frameOf(TABLE) << 12 | PRESENT | RW), "writable while pinned");
        assertEquals(0, mmuext(UNPIN, frameOf(TABLE)));
        assertEquals(Errno.EINVAL, mmuext(UNPIN, frameOf(TABLE)));
        assertEquals(0, map(TABLE, frameOf(TABLE) << 12 | PRESENT | RW));
    }

    @Test
    void aTableThatMapsAnothersFramesIsRefused() {
        for (long foreign : new long[] {0, HypervisorSpace.GDT_FRAME, domain.frames.frames(), 1L << 39}) {
            assertEquals(0, map(TABLE, frameOf(TABLE) << 12 | PRESENT | RW));
            domain.guest.write64(TABLE + 8, foreign << 12 | PRESENT);
            makeReadOnly(TABLE);
            int refusal = foreign < domain.frames.frames() ? Errno.EBUSY : Errno.EPERM;
            assertEquals(refusal, mmuext(PIN_L1, frameOf(TABLE)), "frame " + foreign);
            assertEquals(refusal, map(TARGET, foreign << 12 | PRESENT), "frame " + foreign);
        }
    }

    @Test
    void aTableOfOneLevelIsNoneOfAnother() {
        makeReadOnly(TABLE);
        assertEquals(0, mmuext(PIN_L1, frameOf(TABLE)));
        assertEquals(Errno.EINVAL, mmuext(PIN_L4, frameOf(TABLE)));
        assertEquals(Errno.EINVAL, mmuext(NEW_BASEPTR, frameOf(TABLE)));
    }

    @Test
    void storesToALevelOneTableAreCheckedAsUpdatesAre() {
        makeReadOnly(TABLE);
        assertEquals(0, mmuext(PIN_L1, frameOf(TABLE)));
        long good = frameOf(TARGET) << 12 | PRESENT | RW;
        domain.vcpu.cpu.storeSlow(TABLE + 16, good, 64);
        long stored = domain.memory.ram().get64((frameOf(TABLE) << 12) + 16);
        assertEquals(good, stored & ~(4L | 1L << 52), "with the right of level 3 added");
        assertTrue((stored & 4) != 0);
        long bad = (long) domain.vcpu.kernelBase() << 12 | PRESENT | RW;
        assertEquals(14, faultOf(() -> domain.vcpu.cpu.storeSlow(TABLE + 24, bad, 64)));
        assertEquals(0, domain.memory.ram().get64((frameOf(TABLE) << 12) + 24));
        assertEquals(14, faultOf(() -> domain.vcpu.cpu.storeSlow(TABLE + 12, 0, 64)), "across two entries");
    }

    private int faultOf(Runnable store) {
        try {
            store.run();
        } catch (org.gearshift.ir.GuestFault f) {
            return f.vector;
        }
        return -1;
    }

    @Test
    void aFrameInUseAsTableIsNotWrittenAsMemory() {
        makeReadOnly(TABLE);
        assertEquals(0, mmuext(PIN_L1, frameOf(TABLE)));
        assertEquals(Errno.EINVAL, mmuext(16, frameOf(TABLE)), "cleared");
        assertEquals(Errno.EFAULT, call(17, 1, TABLE), "written by a hypercall");
    }

    @Test
    void theHypervisorsSlotsAreNotTheGuests() {
        long root = (long) domain.vcpu.kernelBase() << 12;
        assertEquals(Errno.EINVAL, mmuUpdate(root + 256 * 8, 0));
        assertEquals(Errno.EINVAL, mmuUpdate(root + 271 * 8, 0));
        assertEquals(0, mmuUpdate(root + 272 * 8, 0));
        assertEquals(Errno.EINVAL, map(HypervisorSpace.START, 0));
        assertTrue(domain.vcpu.mmu.translate(HypervisorSpace.START, ShadowMmu.READ, true) >= 0, "the machine-to-physical table is for all to read");
        assertFalse(domain.vcpu.mmu.translate(HypervisorSpace.START, ShadowMmu.WRITE, true) >= 0);
        assertFalse(domain.vcpu.mmu.translate(HypervisorSpace.gdt(0), ShadowMmu.READ, true) >= 0);
    }

    @Test
    void aFrameGivenBackStaysWhileItIsMapped() {
        long frame = frameOf(TARGET);
        domain.guest.write64(REQUESTS + 64, frame);
        domain.guest.write64(REQUESTS, REQUESTS + 64);
        domain.guest.write64(REQUESTS + 8, 1);
        domain.guest.write64(REQUESTS + 16, 0);
        domain.guest.write64(REQUESTS + 24, SELF);
        int before = domain.frames.domainPages();
        assertEquals(1, call(12, 1, REQUESTS));
        assertTrue(domain.frames.isDomains(frame));
        assertEquals(0, map(TARGET, 0));
        assertFalse(domain.frames.isDomains(frame));
        assertEquals(before - 1, domain.frames.domainPages());
        assertEquals(HypervisorSpace.INVALID_M2P, domain.space.m2p((int) frame));
    }
}
