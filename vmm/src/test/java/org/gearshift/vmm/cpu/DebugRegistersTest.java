package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.DR;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

class DebugRegistersTest {
    private static final int HANDLER = 0x7000;
    private static final int L0 = 1;
    private static final int WRITE_4 = 0xd << 16;
    private static final int ACCESS_1 = 3 << 16;

    private static ProtectedMachine machine() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.interruptGate(Vector.DB, ProtectedMachine.CODE0, HANDLER, 0x8e);
        return m;
    }

    private static int status(ProtectedMachine m) {
        return (int) m.s[DR + 6] & 0xe00f;
    }

    @Test
    void trapFlagTrapsAfterEachInstruction() {
        ProtectedMachine m = machine();
        m.cpu.setEflags(Eflags.TF, Eflags.TF);
        assertTrue(m.cpu.needsSingleStep());
        assertTrue(m.cpu.beforeInstruction());
        m.s[RIP] = 0x5001;
        m.cpu.afterInstruction();
        assertEquals(HANDLER, m.s[RIP]);
        assertEquals(0x5001, m.stack(0));
        assertEquals(1 << 14, status(m));
        assertFalse(m.cpu.needsSingleStep(), "the gate clears TF");
    }

    @Test
    void softwareInterruptIsNotFollowedByASingleStepTrap() {
        ProtectedMachine m = machine();
        m.interruptGate(0x80, ProtectedMachine.CODE0, 0x8000, 0x8e);
        m.cpu.setEflags(Eflags.TF, Eflags.TF);
        m.cpu.beforeInstruction();
        m.call(X86Service.INTERRUPT, 0, 0x80, 0x5002);
        m.cpu.afterInstruction();
        assertEquals(0x8000, m.s[RIP]);
    }

    @Test
    void instructionBreakpointIsAFaultThatRfSuppresses() {
        ProtectedMachine m = machine();
        m.call(X86Service.WRITE_DR, 0, 0x5000);
        m.call(X86Service.WRITE_DR, 7, L0);
        assertTrue(m.cpu.needsSingleStep());
        assertFalse(m.cpu.beforeInstruction());
        assertEquals(HANDLER, m.s[RIP]);
        assertEquals(0x5000, m.stack(0));
        assertEquals(1, status(m));
        m.put32(m.s[X86State.RSP] + 8, m.stack(2) | Eflags.RF);
        m.call(X86Service.IRET, 32);
        assertTrue(m.cpu.beforeInstruction(), "RF lets the instruction run");
        m.s[RIP] = 0x5001;
        m.cpu.afterInstruction();
        assertEquals(0x5001, m.s[RIP]);
        assertEquals(0, m.cpu.eflags() & Eflags.RF);
    }

    @Test
    void writeBreakpointTrapsOnStoresOnly() {
        ProtectedMachine m = machine();
        m.call(X86Service.WRITE_DR, 0, 0x40000);
        m.call(X86Service.WRITE_DR, 7, L0 | WRITE_4);
        assertEquals(-1, m.cpu.ramIndex(0x40000, 1, true), "every access takes the slow path");
        m.cpu.beforeInstruction();
        m.cpu.loadSlow(0x40000, 32, false);
        m.cpu.afterInstruction();
        assertEquals(0x5000, m.s[RIP]);
        m.cpu.beforeInstruction();
        m.cpu.storeSlow(0x40003, 1, 8);
        m.cpu.afterInstruction();
        assertEquals(HANDLER, m.s[RIP]);
        assertEquals(1, status(m));
        m.call(X86Service.WRITE_DR, 7, 0);
        m.cpu.loadSlow(0x40000, 32, true);
        assertEquals(0x40000, m.cpu.ramIndex(0x40000, 1, true));
    }

    @Test
    void accessBreakpointTrapsOnLoadsButNotBeside() {
        ProtectedMachine m = machine();
        m.call(X86Service.WRITE_DR, 0, 0x40001);
        m.call(X86Service.WRITE_DR, 7, L0 | ACCESS_1);
        m.cpu.beforeInstruction();
        m.cpu.loadSlow(0x40002, 16, false);
        m.cpu.loadSlow(0x40000, 8, false);
        m.cpu.afterInstruction();
        assertEquals(0x5000, m.s[RIP]);
        m.cpu.beforeInstruction();
        m.cpu.loadSlow(0x40000, 16, false);
        m.cpu.afterInstruction();
        assertEquals(HANDLER, m.s[RIP]);
    }

    @Test
    void generalDetectGuardsTheRegisters() {
        ProtectedMachine m = machine();
        m.call(X86Service.WRITE_DR, 7, 1 << 13);
        m.faults(Vector.DB, -1, X86Service.READ_DR, 0);
        assertEquals(1 << 13, status(m));
        m.cpu.deliverFault();
        assertEquals(0, m.s[DR + 7] & 1 << 13, "the handler may use the registers");
    }

    @Test
    void fixedBitsAndAliases() {
        ProtectedMachine m = machine();
        m.call(X86Service.WRITE_DR, 6, 0);
        assertEquals(0xffff0ff0L, m.call(X86Service.READ_DR, 4));
        m.call(X86Service.WRITE_DR, 5, 0);
        assertEquals(0x400, m.call(X86Service.READ_DR, 7));
        m.call(X86Service.WRITE_CR, 4, 1 << 3);
        m.faults(Vector.UD, -1, X86Service.READ_DR, 4);
    }

    @Test
    void portBreakpointNeedsDe() {
        ProtectedMachine m = machine();
        m.call(X86Service.WRITE_CR, 4, 1 << 3);
        m.call(X86Service.WRITE_DR, 0, 0x60);
        m.call(X86Service.WRITE_DR, 7, L0 | 2 << 16);
        m.cpu.beforeInstruction();
        m.call(X86Service.IN, 0x60, 8);
        m.cpu.afterInstruction();
        assertEquals(HANDLER, m.s[RIP]);
    }
}
