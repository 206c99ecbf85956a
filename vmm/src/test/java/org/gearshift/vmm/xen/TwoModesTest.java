package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Kernel and user mode of a domain: page tables of their own, and frames on the kernel's stack in between. */
class TwoModesTest {
    private static final long USER = 0x1000_0000L;
    private static final long TABLES = MiniKernel.DATA + 0x4000;
    private static final long STACK = MiniKernel.DATA + 0x4000;
    private static final long SELF = 0x7ff0;

    private Domain domain;
    private long[] s;

    @BeforeEach
    void enterUserMode() {
        domain = MiniKernel.domain();
        s = domain.vcpu.s;
        long page = frameOf(MiniKernel.DATA);
        long[] tables = new long[4];
        for (int i = 0; i < 4; i++) {
            tables[i] = frameOf(TABLES + i * 0x1000L);
        }
        // Levels 4 to 1, of which each has one entry that leads on.
        long[] shifts = {39, 30, 21, 12};
        for (int i = 0; i < 4; i++) {
            long to = i < 3 ? tables[i + 1] : page;
            domain.guest.write64(TABLES + i * 0x1000L + (USER >>> shifts[i] & 511) * 8, to << 12 | 7);
        }
        for (int i = 0; i < 4; i++) {
            long va = TABLES + i * 0x1000L;
            assertEquals(0, domain.mmu.updateVaMapping(new long[] {va, frameOf(va) << 12 | 1, 0}));
        }
        domain.guest.write64(MiniKernel.DATA, 15);
        domain.guest.write64(MiniKernel.DATA + 8, tables[0]);
        assertEquals(0, domain.mmu.mmuext(new long[] {MiniKernel.DATA, 1, 0, SELF}));
        domain.vcpu.setKernelStack(Ring3Kernel.KERNEL_SS, STACK);
        domain.vcpu.syscall.address = MiniKernel.CODE + 0x10;
        domain.vcpu.eventCallback.address = MiniKernel.CODE + 0x20;
        s[X86State.RSP] = MiniKernel.DATA + 0x800;
        iret(USER + 0x123, 0xe033, Eflags.IF, USER + 0xff8, 0xe02b);
    }

    private long frameOf(long va) {
        return domain.tables.mappedFrame(domain.tables.leafEntry(domain.vcpu.kernelBase(), va));
    }

    private void iret(long rip, int cs, int flags, long rsp, int ss) {
        long[] frame = {1, 2, 3, 0, rip, cs, flags, rsp, ss};
        for (int i = 0; i < frame.length; i++) {
            domain.guest.write64(s[X86State.RSP] + 8L * i, frame[i]);
        }
        s[X86State.RAX] = 23;
        domain.hypercalls.enter(domain.vcpu);
    }

    private void systemCall(long next) {
        domain.vcpu.cpu.service(org.gearshift.translator.x86.X86Service.SYSCALL, next, 0, 0);
    }

    @Test
    void iretLeadsToUserModeWithItsOwnTables() {
        assertTrue(!domain.vcpu.kernel());
        assertEquals(USER + 0x123, s[X86State.RIP]);
        assertEquals(USER + 0xff8, s[X86State.RSP]);
        assertEquals(1, s[X86State.RAX]);
        assertEquals(3, s[X86State.RCX]);
        assertEquals(2, s[X86State.GPR + 11]);
        assertTrue(domain.vcpu.mmu.translate(USER, ShadowMmu.READ, true) >= 0);
        assertEquals(-1, domain.vcpu.mmu.translate(MiniKernel.CODE, ShadowMmu.READ, true), "the kernel's pages are not there");
    }

    @Test
    void aSystemCallComesBackToTheKernelWithAFrame() {
        s[X86State.SEG_BASE + X86State.GS] = 0x1111;
        s[X86State.KERNEL_GS_BASE] = 0x2222;
        long before = domain.vcpu.cpu.mode();
        systemCall(USER + 0x125);
        assertTrue(domain.vcpu.kernel());
        assertNotEquals(before, domain.vcpu.cpu.mode(), "code is translated for either");
        assertEquals(MiniKernel.CODE + 0x10, s[X86State.RIP]);
        assertEquals(0x2222, s[X86State.SEG_BASE + X86State.GS]);
        long sp = s[X86State.RSP];
        assertEquals(STACK - 7 * 8, sp, "seven words");
        assertEquals(USER + 0x125, domain.guest.read64(sp), "rcx");
        assertEquals(USER + 0x125, domain.guest.read64(sp + 16), "rip");
        assertEquals(0xe033, domain.guest.read64(sp + 24), "cs, and no mask in its upper half");
        assertEquals(Eflags.IF, domain.guest.read64(sp + 32) & Eflags.IF);
        assertEquals(USER + 0xff8, domain.guest.read64(sp + 40));
        assertEquals(0xe02b, domain.guest.read64(sp + 48));
    }

    @Test
    void anEventMasksEventsUntilItsReturn() {
        domain.vcpu.info.setUpcallPending();
        domain.vcpu.checkUpcall();
        assertTrue(domain.vcpu.pending());
        domain.vcpu.event();
        assertTrue(domain.vcpu.kernel());
        assertEquals(1, domain.vcpu.info.upcallMask());
        assertEquals(MiniKernel.CODE + 0x20, s[X86State.RIP]);
        assertEquals(Eflags.IF, domain.guest.read64(s[X86State.RSP] + 32) & Eflags.IF, "events were on");
    }

    @Test
    void aFaultInUserModeSaysSo() {
        s[X86State.CR2] = 0x1234;
        systemCall(USER + 0x125);
        domain.guest.write64(MiniKernel.DATA, 14 | 4 << 8);
        domain.guest.write64(MiniKernel.DATA + 8, MiniKernel.CODE + 0x30);
        domain.guest.write64(MiniKernel.DATA + 24, 0);
        assertEquals(0, domain.vcpu.traps.set(domain.guest, MiniKernel.DATA));
        domain.vcpu.exception(14, 4);
        assertEquals(0, domain.guest.read64(s[X86State.RSP] + 16) & 4, "in the kernel it is one of the kernel's");
        assertEquals(0x1234, domain.vcpu.info.cr2());
        assertEquals(0xe030, domain.guest.read64(s[X86State.RSP] + 32) & 0xffff, "cs with level 0");
        s[X86State.RSP] = MiniKernel.DATA + 0x800;
        iret(USER, 0xe033, Eflags.IF, USER + 0xff8, 0xe02b);
        domain.vcpu.exception(14, 0);
        assertEquals(4, domain.guest.read64(s[X86State.RSP] + 16) & 4);
    }
}
