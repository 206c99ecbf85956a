package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CR2;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.DS;
import static org.gearshift.translator.x86.X86State.ES;
import static org.gearshift.translator.x86.X86State.FS;
import static org.gearshift.translator.x86.X86State.GS;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_LIMIT;
import static org.gearshift.translator.x86.X86State.SEG_READ_LIMIT;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SS;
import static org.gearshift.vmm.cpu.ProtectedMachine.CODE0;
import static org.gearshift.vmm.cpu.ProtectedMachine.CODE3;
import static org.gearshift.vmm.cpu.ProtectedMachine.CONFORMING;
import static org.gearshift.vmm.cpu.ProtectedMachine.DATA0;
import static org.gearshift.vmm.cpu.ProtectedMachine.DATA3;
import static org.gearshift.vmm.cpu.ProtectedMachine.STACK0;
import static org.gearshift.vmm.cpu.ProtectedMachine.STACK3;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterruptDeliveryTest {
    private static final int INT_N = 0;
    private static final int INT3 = 1;

    private static void raise(ProtectedMachine m, int vector, int errorCode) {
        assertThrows(GuestFault.class, () -> m.cpu.raise(vector, errorCode));
        m.cpu.deliverFault();
    }

    @Test
    void realModeInterruptPushesThreeWordsAndIretReturns() {
        ProtectedMachine m = new ProtectedMachine();
        m.cpu.enterRealMode(0x100, 0x10, 0x200);
        m.s[RSP] = 0x80;
        m.put32(4 * 0x21, 0x0400_0008);
        m.cpu.setEflags(Eflags.IF | Eflags.CF, Eflags.ALL);
        m.call(X86Service.INTERRUPT, INT_N, 0x21, 0x12);
        assertEquals(0x4000, m.s[SEG_BASE + CS]);
        assertEquals(8, m.s[RIP]);
        assertEquals(0x7a, m.s[RSP]);
        assertEquals(2 | Eflags.CF, m.cpu.eflags());
        m.call(X86Service.IRET, 16);
        assertEquals(0x12, m.s[RIP]);
        assertEquals(0x100, m.s[SEG_SELECTOR + CS]);
        assertEquals(2 | Eflags.CF | Eflags.IF, m.cpu.eflags());
        assertEquals(0x80, m.s[RSP]);
    }

    @Test
    void interruptOnTheSameLevelStaysOnTheStack() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.interruptGate(0x30, CODE0, 0x7000, 0x8e);
        m.cpu.setEflags(Eflags.IF | Eflags.ZF, Eflags.ALL);
        long top = m.s[RSP];
        m.cpu.halted = true;
        m.cpu.deliverInterrupt(0x30);
        assertFalse(m.cpu.halted);
        assertEquals(top - 12, m.s[RSP]);
        assertEquals(0x5000, m.stack(0));
        assertEquals(CODE0, m.stack(1));
        assertEquals(2 | Eflags.IF | Eflags.ZF, m.stack(2));
        assertEquals(0, m.cpu.eflags() & Eflags.IF, "an interrupt gate masks interrupts");
        m.call(X86Service.IRET, 32);
        assertEquals(top, m.s[RSP]);
        assertEquals(2 | Eflags.IF | Eflags.ZF, m.cpu.eflags());
    }

    @Test
    void trapGateLeavesInterruptsEnabled() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.interruptGate(0x30, CODE0, 0x7000, 0x8f);
        m.cpu.setEflags(Eflags.IF | Eflags.TF | Eflags.NT, Eflags.ALL);
        m.cpu.deliverInterrupt(0x30);
        assertEquals(2 | Eflags.IF, m.cpu.eflags());
    }

    @Test
    void interruptFromRing3SwitchesToTheTasksStackAndIretReturns() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.interruptGate(0x80, CODE0, 0x7000, 0xef);
        long outer = m.s[RSP];
        m.call(X86Service.INTERRUPT, INT_N, 0x80, 0x6002);
        assertEquals(0, m.s[CPL]);
        assertEquals(0, X86Mode.cpl(m.cpu.mode()));
        assertEquals(STACK0 - 20, m.s[RSP]);
        assertEquals(0x6002, m.stack(0));
        assertEquals(CODE3, m.stack(1));
        assertEquals(0x202, m.stack(2));
        assertEquals(outer, m.stack(3));
        assertEquals(DATA3, m.stack(4));
        assertEquals(DATA0, m.s[SEG_SELECTOR + SS]);
        assertEquals(DATA3, m.s[SEG_SELECTOR + DS]);
        m.call(X86Service.IRET, 32);
        assertEquals(3, m.s[CPL]);
        assertEquals(3, X86Mode.cpl(m.cpu.mode()));
        assertEquals(0x6002, m.s[RIP]);
        assertEquals(outer, m.s[RSP]);
        assertEquals(DATA3, m.s[SEG_SELECTOR + DS]);
    }

    @Test
    void softwareInterruptsNeedTheGatesPrivilegeButExternalOnesDoNot() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.interruptGate(0x80, CODE0, 0x7000, 0x8e);
        m.faults(Vector.GP, 0x80 * 8 + 2, X86Service.INTERRUPT, INT_N, 0x80, 0x6002);
        m.faults(Vector.GP, 3 * 8 + 2, X86Service.INTERRUPT, INT3, 3, 0x6001);
        m.cpu.deliverInterrupt(0x80);
        assertEquals(0x7000, m.s[RIP]);
    }

    /** Gate attribute, target selector, expected vector and error code of INT 80h in ring 0. */
    @ParameterizedTest
    @CsvSource({
        "8d, 8, 13, 402", "8c, 8, 13, 402", "89, 8, 13, 402", "0e, 8, 11, 402", "8e, 0, 13, 0", "8e, 10, 13, 10", "8e, 1a, 13, 18", "8e, 1000, 13, 1000"})
    void badGatesFault(String attr, String selector, int vector, String errorCode) {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.interruptGate(0x80, Integer.parseInt(selector, 16), 0x7000, Integer.parseInt(attr, 16));
        m.faults(vector, Integer.parseInt(errorCode, 16), X86Service.INTERRUPT, INT_N, 0x80, 0x5002);
    }

    @Test
    void conformingHandlerRunsOnTheInterruptedLevel() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.interruptGate(0x80, CONFORMING, 0x7000, 0xee);
        m.call(X86Service.INTERRUPT, INT_N, 0x80, 0x6002);
        assertEquals(3, m.s[CPL]);
        assertEquals(CONFORMING | 3, m.s[SEG_SELECTOR + CS]);
        assertEquals(STACK3 - 12, m.s[RSP]);
    }

    @Test
    void sixteenBitGatePushesWords() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.interruptGate(0x30, CODE0, 0x7000, 0x86);
        long top = m.s[RSP];
        m.cpu.deliverInterrupt(0x30);
        assertEquals(top - 6, m.s[RSP]);
        assertEquals(CODE0 << 16 | 0x5000, m.stack(0));
    }

    @Test
    void pageFaultPushesItsErrorCodeAndSetsCr2() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.interruptGate(14, CODE0, 0x7000, 0x8e);
        m.pageIdentitySupervisor();
        m.pageAttributes(0x40000, 1);
        m.cpu.refreshMode();
        assertThrows(GuestFault.class, () -> m.cpu.storeSlow(0x40010, 1, 32));
        m.cpu.deliverFault();
        assertEquals(0x40010, m.s[CR2]);
        assertEquals(7, m.stack(0), "present, write, user");
        assertEquals(0x6000, m.stack(1));
        assertEquals(Eflags.RF, m.stack(3) & Eflags.RF, "faults push RF");
        assertEquals(STACK0 - 24, m.s[RSP]);
    }

    @Test
    void faultWhileDeliveringAContributoryExceptionIsADoubleFault() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.interruptGate(8, CODE0, 0x8000, 0x8e);
        raise(m, Vector.GP, 0x18);
        assertEquals(0x8000, m.s[RIP]);
        assertEquals(0, m.stack(0));
        assertEquals(0x5000, m.stack(1));
        assertEquals(CpuExit.NONE, m.cpu.exit);
    }

    @Test
    void faultWhileDeliveringABenignExceptionIsDeliveredInItsPlace() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.interruptGate(Vector.NP, CODE0, 0x8000, 0x8e);
        m.interruptGate(Vector.UD, CODE0, 0x7000, 0x0e);
        raise(m, Vector.UD, -1);
        assertEquals(0x8000, m.s[RIP]);
        assertEquals(Vector.UD * 8 + 3, m.stack(0), "vector, IDT and EXT bits");
    }

    @Test
    void faultWhileDeliveringAnExternalInterruptHasTheExtBit() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.interruptGate(Vector.GP, CODE0, 0x8000, 0x8e);
        m.interruptGate(0x30, DATA0, 0x7000, 0x8e);
        m.cpu.deliverInterrupt(0x30);
        assertEquals(0x8000, m.s[RIP]);
        assertEquals(DATA0 | 1, m.stack(0));
    }

    @Test
    void faultWhileDeliveringADoubleFaultEndsTheProcessor() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        raise(m, Vector.GP, 0);
        assertEquals(CpuExit.TRIPLE_FAULT, m.cpu.exit);
    }

    @Test
    void pageFaultOnTheInnerStackLeavesStateForTheDoubleFault() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.interruptGate(14, CODE0, 0x7000, 0x8e);
        m.interruptGate(8, CODE0, 0x8000, 0x8e);
        m.pageIdentitySupervisor();
        m.pageAttributes(STACK0 - 0x1000, 0);
        raise(m, Vector.PF, 4);
        assertEquals(CpuExit.TRIPLE_FAULT, m.cpu.exit, "the double fault needs the same stack");
        assertEquals(3, m.s[CPL]);
        assertEquals(0x6000, m.s[RIP]);
        assertEquals(STACK3, m.s[RSP]);
    }

    private static ProtectedMachine v86(int iopl) {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.iretFrame(0x10, 0x300, 0x20202 | iopl << 12, 0x1000, 0x400, 0x500, 0x600, 0x700, 0x800);
        m.call(X86Service.IRET, 32);
        return m;
    }

    @Test
    void iretEntersVirtual8086ModeAndAnInterruptLeavesIt() {
        ProtectedMachine m = v86(0);
        assertEquals(3, m.s[CPL]);
        assertTrue(X86Mode.is(m.cpu.mode(), X86Mode.V86));
        assertEquals(0x3000, m.s[SEG_BASE + CS]);
        assertEquals(0x4000, m.s[SEG_BASE + SS]);
        assertEquals(0x5000, m.s[SEG_BASE + ES]);
        assertEquals(0x6000, m.s[SEG_BASE + DS]);
        assertEquals(0x7000, m.s[SEG_BASE + FS]);
        assertEquals(0x8000, m.s[SEG_BASE + GS]);
        assertEquals(0xffff, m.s[SEG_LIMIT + DS]);
        assertEquals(0x1000, m.s[RSP]);

        m.interruptGate(0x30, CODE0, 0x7000, 0x8e);
        m.cpu.deliverInterrupt(0x30);
        assertEquals(0, m.s[CPL]);
        assertFalse(X86Mode.is(m.cpu.mode(), X86Mode.V86));
        int[] expected = {0x10, 0x300, 0x20202, 0x1000, 0x400, 0x500, 0x600, 0x700, 0x800};
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], m.stack(i), "stack element " + i);
        }
        assertEquals(STACK0 - 36, m.s[RSP]);
        assertEquals(-1, m.s[SEG_READ_LIMIT + DS]);
        m.call(X86Service.IRET, 32);
        assertTrue(X86Mode.is(m.cpu.mode(), X86Mode.V86));
        assertEquals(0x300, m.s[SEG_SELECTOR + CS]);
    }

    @Test
    void sensitiveInstructionsInVirtual8086ModeFaultBelowIopl3() {
        ProtectedMachine m = v86(0);
        m.interruptGate(0x21, CODE0, 0x7000, 0xee);
        m.faults(Vector.GP, 0, X86Service.INTERRUPT, INT_N, 0x21, 0x12);
        m.faults(Vector.GP, 0, X86Service.CLI_STI, 0);
        m.faults(Vector.GP, 0, X86Service.PUSHF_V86, 16);
        m.faults(Vector.GP, 0, X86Service.POPF, 0, 16);
        m.faults(Vector.GP, 0, X86Service.IRET, 16);
        m.faults(Vector.GP, 0, X86Service.HLT, 0x12);
    }

    @Test
    void virtual8086ModeWithIopl3RunsThemButMayNotChangeIopl() {
        ProtectedMachine m = v86(3);
        m.call(X86Service.CLI_STI, 0);
        assertEquals(0, m.cpu.eflags() & Eflags.IF);
        m.call(X86Service.CLI_STI, 1);
        assertFalse(m.cpu.interruptible(), "STI shields the next instruction");
        m.s[X86State.INT_SHADOW] = 0;
        assertTrue(m.cpu.interruptible());
        m.call(X86Service.POPF, 0, 32);
        assertEquals(2 | Eflags.VM | Eflags.IOPL, m.cpu.eflags());
        m.interruptGate(0x21, CODE0, 0x7000, 0xee);
        m.call(X86Service.INTERRUPT, INT_N, 0x21, 0x12);
        assertEquals(0x7000, m.s[RIP]);
    }

    @Test
    void popfHonoursPrivilege() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.call(X86Service.POPF, -1, 32);
        int f = m.cpu.eflags();
        assertEquals(Eflags.IF, f & Eflags.IF, "unchanged, and it was set");
        assertEquals(0, f & (Eflags.IOPL | Eflags.VM | Eflags.RF));
        m.call(X86Service.POPF, 0, 16);
        assertEquals(2 | Eflags.IF | Eflags.AC | Eflags.ID, m.cpu.eflags(), "16-bit POPF leaves the upper half");
        m = new ProtectedMachine().ring0();
        m.call(X86Service.POPF, -1, 32);
        assertEquals(Eflags.IF | Eflags.IOPL, m.cpu.eflags() & (Eflags.IF | Eflags.IOPL | Eflags.VM | Eflags.RF | Eflags.VIF | Eflags.VIP));
    }

    @Test
    void nmiIsBlockedUntilIret() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.interruptGate(2, CODE0, 0x7000, 0x8e);
        m.cpu.deliverNmi();
        assertTrue(m.cpu.nmiBlocked);
        m.call(X86Service.IRET, 32);
        assertFalse(m.cpu.nmiBlocked);
    }
}
