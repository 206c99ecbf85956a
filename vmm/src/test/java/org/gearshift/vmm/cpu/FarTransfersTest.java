package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.DS;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SS;
import static org.gearshift.vmm.cpu.ProtectedMachine.CODE0;
import static org.gearshift.vmm.cpu.ProtectedMachine.CODE3;
import static org.gearshift.vmm.cpu.ProtectedMachine.CONFORMING;
import static org.gearshift.vmm.cpu.ProtectedMachine.DATA0;
import static org.gearshift.vmm.cpu.ProtectedMachine.DATA3;
import static org.gearshift.vmm.cpu.ProtectedMachine.FREE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.gearshift.translator.x86.X86Service;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FarTransfersTest {
    @Test
    void realModeFarCallAndReturn() {
        ProtectedMachine m = new ProtectedMachine();
        m.cpu.enterRealMode(0x100, 0x10, 0x200);
        m.s[RSP] = 0x80;
        m.call(X86Service.FAR_CALL, 0x300, 0x20, 16L << 32 | 5);
        assertEquals(0x3000, m.s[SEG_BASE + CS]);
        assertEquals(0x20, m.s[RIP]);
        assertEquals(0x7c, m.s[RSP]);
        assertEquals(0x0100_0015, m.get32(0x2000 + 0x7c));
        m.call(X86Service.FAR_RETURN, 16, 4);
        assertEquals(0x100, m.s[SEG_SELECTOR + CS]);
        assertEquals(0x15, m.s[RIP]);
        assertEquals(0x84, m.s[RSP]);
    }

    /** Attribute byte, CPL, RPL, vector: direct jumps need equal level, or conforming code of at most this level. */
    @ParameterizedTest
    @CsvSource({
        "9a, 0, 0, 0", "9a, 0, 3, 13", "fa, 0, 0, 13", "9a, 3, 3, 13", "fa, 3, 3, 0", "fa, 3, 0, 0", "9e, 3, 3, 0", "fe, 0, 0, 13",
        "1a, 0, 0, 11", "92, 0, 0, 13", "82, 0, 0, 13"})
    void directJumpsFollowTypeAndPrivilege(String attr, int cpl, int rpl, int vector) {
        ProtectedMachine m = cpl == 0 ? new ProtectedMachine().ring0() : new ProtectedMachine().ring3();
        m.descriptor(FREE, 0x100, 0xfff, Integer.parseInt(attr, 16));
        if (vector != 0) {
            m.faults(vector, FREE, X86Service.FAR_JUMP, FREE | rpl, 0x10, 32L << 32);
        } else {
            m.call(X86Service.FAR_JUMP, FREE | rpl, 0x10, 32L << 32);
            assertEquals(FREE | cpl, m.s[SEG_SELECTOR + CS]);
            assertEquals(0x100, m.s[SEG_BASE + CS]);
            assertEquals(0x10, m.s[RIP]);
            assertEquals(cpl, m.s[CPL]);
        }
    }

    @Test
    void offsetBeyondTheLimitFaultsBeforeAnythingIsPushed() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.descriptor(FREE, 0, 0xfff, 0x409a);
        m.put32(m.s[RSP] - 4, 0x11111111);
        m.faults(Vector.GP, 0, X86Service.FAR_CALL, FREE, 0x1000, 32L << 32 | 5);
        assertEquals(0x11111111, m.get32(m.s[RSP] - 4));
    }

    @Test
    void callGateToInnerLevelSwitchesStackCopiesParametersAndReturns() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.callGate(FREE, CODE0, 0x7000, 0xec, 2);
        m.iretFrame(0x22222222, 0x33333333);
        long outerStack = m.s[RSP];
        m.call(X86Service.FAR_CALL, FREE | 3, 0xdead, 32L << 32 | 7);
        assertEquals(0, m.s[CPL]);
        assertEquals(CODE0, m.s[SEG_SELECTOR + CS]);
        assertEquals(DATA0, m.s[SEG_SELECTOR + SS]);
        assertEquals(0x7000, m.s[RIP]);
        assertEquals(ProtectedMachine.STACK0 - 24, m.s[RSP]);
        assertEquals(0x6007, m.stack(0));
        assertEquals(CODE3, m.stack(1));
        assertEquals(0x22222222, m.stack(2));
        assertEquals(0x33333333, m.stack(3));
        assertEquals(outerStack, m.stack(4));
        assertEquals(DATA3, m.stack(5));

        m.call(X86Service.LOAD_SEGMENT, DS, DATA0);
        m.call(X86Service.FAR_RETURN, 32, 8);
        assertEquals(3, m.s[CPL]);
        assertEquals(0x6007, m.s[RIP]);
        assertEquals(outerStack + 8, m.s[RSP]);
        assertEquals(DATA3, m.s[SEG_SELECTOR + SS]);
        assertEquals(0, m.s[SEG_SELECTOR + DS], "a ring-0 data segment does not survive the return");
    }

    @Test
    void callGateToConformingCodeStaysOnLevelAndStack() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.callGate(FREE, CONFORMING, 0x7000, 0xec, 2);
        m.call(X86Service.FAR_CALL, FREE | 3, 0, 32L << 32 | 7);
        assertEquals(3, m.s[CPL]);
        assertEquals(CONFORMING | 3, m.s[SEG_SELECTOR + CS]);
        assertEquals(ProtectedMachine.STACK3 - 8, m.s[RSP]);
    }

    @Test
    void sixteenBitCallGatePushesWords() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.callGate(FREE, CODE0, 0x1234_7000L, 0x84, 0);
        long top = m.s[RSP];
        m.call(X86Service.FAR_CALL, FREE, 0, 16L << 32 | 5);
        assertEquals(0x7000, m.s[RIP]);
        assertEquals(top - 4, m.s[RSP]);
        assertEquals(CODE0 << 16 | 0x5005, m.stack(0));
    }

    @Test
    void gatesAreCheckedForPrivilegeAndPresence() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.callGate(FREE, CODE0, 0x7000, 0x8c, 0);
        m.faults(Vector.GP, FREE, X86Service.FAR_CALL, FREE | 3, 0, 32L << 32);
        m.callGate(FREE, CODE0, 0x7000, 0x6c, 0);
        m.faults(Vector.NP, FREE, X86Service.FAR_CALL, FREE | 3, 0, 32L << 32);
        m.callGate(FREE, 0, 0x7000, 0xec, 0);
        m.faults(Vector.GP, 0, X86Service.FAR_CALL, FREE | 3, 0, 32L << 32);
        m.callGate(FREE, DATA0, 0x7000, 0xec, 0);
        m.faults(Vector.GP, DATA0, X86Service.FAR_CALL, FREE | 3, 0, 32L << 32);
        m.callGate(FREE, CODE0, 0x7000, 0xec, 0);
        m.faults(Vector.GP, CODE0, X86Service.FAR_JUMP, FREE | 3, 0, 32L << 32);
    }

    @Test
    void badInnerStackIsAnInvalidTss() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.callGate(FREE, CODE0, 0x7000, 0xec, 0);
        m.put32(ProtectedMachine.TSS + 8, 0);
        m.faults(Vector.TS, 0, X86Service.FAR_CALL, FREE | 3, 0, 32L << 32);
        m.put32(ProtectedMachine.TSS + 8, DATA3);
        m.faults(Vector.TS, DATA3 & ~3, X86Service.FAR_CALL, FREE | 3, 0, 32L << 32);
        m.descriptor(FREE + 8, 0, 0xfff, 0x4012);
        m.put32(ProtectedMachine.TSS + 8, FREE + 8);
        m.faults(Vector.SS, FREE + 8, X86Service.FAR_CALL, FREE | 3, 0, 32L << 32);
    }

    @Test
    void returnToInnerLevelFaults() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.iretFrame(0x5000, CODE0);
        m.faults(Vector.GP, CODE0, X86Service.FAR_RETURN, 32, 0);
        m.iretFrame(0x5000, 0);
        m.faults(Vector.GP, 0, X86Service.FAR_RETURN, 32, 0);
    }

    @Test
    void sysenterAndSysexitUseFlatSegmentsFromTheMsr() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.faults(Vector.GP, 0, X86Service.SYSENTER);
        m.s[org.gearshift.translator.x86.X86State.SYSENTER_CS] = CODE0;
        m.s[org.gearshift.translator.x86.X86State.SYSENTER_ESP] = 0xc0001000L;
        m.s[org.gearshift.translator.x86.X86State.SYSENTER_EIP] = 0xc0002000L;
        m.call(X86Service.SYSENTER);
        assertEquals(0, m.s[CPL]);
        assertEquals(0xc0002000L, m.s[RIP]);
        assertEquals((int) 0xc0001000L, m.s[RSP]);
        assertEquals(CODE0 + 8, m.s[SEG_SELECTOR + SS]);
        assertEquals(0, m.cpu.eflags() & Eflags.IF);
        m.s[org.gearshift.translator.x86.X86State.RCX] = 0x20000;
        m.s[org.gearshift.translator.x86.X86State.RDX] = 0x6002;
        m.call(X86Service.SYSEXIT, 32);
        assertEquals(3, m.s[CPL]);
        assertEquals(CODE0 + 16 | 3, m.s[SEG_SELECTOR + CS]);
        assertEquals(CODE0 + 24 | 3, m.s[SEG_SELECTOR + SS]);
        assertEquals(0x6002, m.s[RIP]);
        m.faults(Vector.GP, 0, X86Service.SYSEXIT, 32);
    }
}
