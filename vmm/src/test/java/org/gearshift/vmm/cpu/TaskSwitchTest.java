package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.FS;
import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SS;
import static org.gearshift.vmm.cpu.ProtectedMachine.CODE0;
import static org.gearshift.vmm.cpu.ProtectedMachine.CODE3;
import static org.gearshift.vmm.cpu.ProtectedMachine.DATA0;
import static org.gearshift.vmm.cpu.ProtectedMachine.DATA3;
import static org.gearshift.vmm.cpu.ProtectedMachine.FREE;
import static org.gearshift.vmm.cpu.ProtectedMachine.GDT;
import static org.gearshift.vmm.cpu.ProtectedMachine.TSS;
import static org.gearshift.vmm.cpu.ProtectedMachine.TSS2;
import static org.gearshift.vmm.cpu.ProtectedMachine.TSS2_SELECTOR;
import static org.gearshift.vmm.cpu.ProtectedMachine.TSS_SELECTOR;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

class TaskSwitchTest {
    private static final int BUSY = 2;

    private static ProtectedMachine machine() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        int[] state = {0x9000, 0x202, 1, 2, 3, 4, 0x18000, 6, 7, 8, DATA3, CODE3, DATA3, DATA3, 0, 0};
        for (int i = 0; i < state.length; i++) {
            m.put32(TSS2 + 32 + 4 * i, state[i]);
        }
        return m;
    }

    private static int typeOf(ProtectedMachine m, int selector) {
        return m.memory.ram().get8(GDT + selector + 5) & 15;
    }

    @Test
    void jumpToATaskSavesThisOneAndLoadsThatOne() {
        ProtectedMachine m = machine();
        m.s[RAX] = 0x1234;
        m.call(X86Service.FAR_JUMP, TSS2_SELECTOR, 0, 32L << 32);
        assertEquals(TSS2_SELECTOR, m.s[X86State.TR]);
        assertEquals(0x9000, m.s[RIP]);
        assertEquals(1, m.s[RAX]);
        assertEquals(0x18000, m.s[RSP]);
        assertEquals(CODE3, m.s[SEG_SELECTOR + CS]);
        assertEquals(DATA3, m.s[SEG_SELECTOR + SS]);
        assertEquals(0, m.s[SEG_SELECTOR + FS]);
        assertEquals(3, m.s[CPL]);
        assertEquals(0x202, m.cpu.eflags());
        assertTrue((m.s[X86State.CR0] & ControlRegisters.CR0_TS) != 0);
        assertEquals(0x1234, m.get32(TSS + 40));
        assertEquals(0x5000, m.get32(TSS + 32));
        assertEquals(CODE0, m.get32(TSS + 76));
        assertEquals(0, typeOf(m, TSS_SELECTOR) & BUSY);
        assertEquals(BUSY, typeOf(m, TSS2_SELECTOR) & BUSY);
    }

    @Test
    void callNestsAndIretGoesBack() {
        ProtectedMachine m = machine();
        m.call(X86Service.FAR_CALL, TSS2_SELECTOR, 0, 32L << 32 | 7);
        assertEquals(Eflags.NT, m.cpu.eflags() & Eflags.NT);
        assertEquals(TSS_SELECTOR, m.memory.ram().get16(TSS2));
        assertEquals(BUSY, typeOf(m, TSS_SELECTOR) & BUSY);
        m.s[RIP] = 0x9100;
        m.call(X86Service.IRET, 32);
        assertEquals(TSS_SELECTOR, m.s[X86State.TR]);
        assertEquals(0x5007, m.s[RIP]);
        assertEquals(0, m.s[CPL]);
        assertEquals(0x9100, m.get32(TSS2 + 32));
        assertEquals(0, m.get32(TSS2 + 36) & Eflags.NT);
        assertEquals(0, typeOf(m, TSS2_SELECTOR) & BUSY);
        assertEquals(BUSY, typeOf(m, TSS_SELECTOR) & BUSY);
    }

    @Test
    void busyTaskCannotBeEntered() {
        ProtectedMachine m = machine();
        m.faults(Vector.GP, TSS_SELECTOR, X86Service.FAR_JUMP, TSS_SELECTOR, 0, 32L << 32);
    }

    @Test
    void tooSmallTssIsInvalid() {
        ProtectedMachine m = machine();
        m.descriptor(TSS2_SELECTOR, TSS2, 0x66, 0x89);
        m.faults(Vector.TS, TSS2_SELECTOR, X86Service.FAR_JUMP, TSS2_SELECTOR, 0, 32L << 32);
    }

    @Test
    void taskGateInTheIdtCarriesTheErrorCodeToTheNewStack() {
        ProtectedMachine m = machine();
        m.interruptGate(8, TSS2_SELECTOR, 0, 0x85);
        assertThrows(GuestFault.class, () -> m.cpu.raise(Vector.GP, 0));
        m.cpu.deliverFault();
        assertEquals(TSS2_SELECTOR, m.s[X86State.TR]);
        assertEquals(0x9000, m.s[RIP]);
        assertEquals(0x18000 - 4, m.s[RSP]);
        assertEquals(0, m.stack(0));
        assertEquals(0x5000, m.get32(TSS + 32));
        assertEquals(CpuExit.NONE, m.cpu.exit);
    }

    @Test
    void badSegmentOfTheNewTaskIsAFaultOfTheNewTask() {
        ProtectedMachine m = machine();
        m.put32(TSS2 + 80, DATA0);
        GuestFault f = assertThrows(GuestFault.class, () -> m.call(X86Service.FAR_JUMP, TSS2_SELECTOR, 0, 32L << 32));
        assertEquals(Vector.TS, f.vector);
        assertEquals(DATA0, f.errorCode);
        assertEquals(TSS2_SELECTOR, m.s[X86State.TR]);
        assertEquals(0x9000, m.s[RIP]);
    }

    @Test
    void sixteenBitTaskSavesAndLoadsWords() {
        ProtectedMachine m = machine();
        int tss16 = 0x3400;
        m.descriptor(FREE, tss16, 0x2b, 0x81);
        int[] state = {0x9000, 0x202, 1, 2, 3, 4, 0x8000, 6, 7, 8, DATA0, CODE0, DATA0, DATA0, 0};
        for (int i = 0; i < state.length; i++) {
            m.memory.ram().put16(tss16 + 14 + 2 * i, state[i]);
        }
        m.call(X86Service.FAR_CALL, FREE, 0, 32L << 32 | 7);
        assertEquals(0x9000, m.s[RIP]);
        assertEquals(0xffff0001, m.s[RAX]);
        assertEquals(0xffff8000, m.s[RSP]);
        m.call(X86Service.IRET, 32);
        assertEquals(0x5007, m.s[RIP]);
        assertEquals(TSS_SELECTOR, m.s[X86State.TR]);
        assertEquals(2, m.memory.ram().get16(tss16 + 20));
    }

    @Test
    void trapBitRaisesDebugExceptionBeforeTheFirstInstruction() {
        ProtectedMachine m = machine();
        m.interruptGate(Vector.DB, CODE0, 0x7000, 0x8e);
        m.memory.ram().put16(TSS2 + 100, 1);
        m.put32(TSS2 + 4, 0x12000);
        m.put32(TSS2 + 8, DATA0);
        m.call(X86Service.FAR_JUMP, TSS2_SELECTOR, 0, 32L << 32);
        assertTrue(m.cpu.needsSingleStep());
        assertTrue(!m.cpu.beforeInstruction());
        assertEquals(0x7000, m.s[RIP]);
        assertEquals(1 << 15, m.s[X86State.DR + 6] & 1 << 15);
        assertEquals(0x9000, m.stack(0));
    }

    @Test
    void taskMayRunInVirtual8086Mode() {
        ProtectedMachine m = machine();
        m.put32(TSS2 + 36, 0x20202);
        m.put32(TSS2 + 76, 0x300);
        m.call(X86Service.FAR_JUMP, TSS2_SELECTOR, 0, 32L << 32);
        assertEquals(3, m.s[CPL]);
        assertEquals(0x3000, m.s[X86State.SEG_BASE + CS]);
    }
}
