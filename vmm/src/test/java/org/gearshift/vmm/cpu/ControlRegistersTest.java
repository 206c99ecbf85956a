package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CR0;
import static org.gearshift.translator.x86.X86State.CR4;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.Set;
import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

class ControlRegistersTest {
    @Test
    void powerOnStateIsRealModeAtTheResetVector() {
        ProtectedMachine m = new ProtectedMachine();
        assertEquals(0x60000010, m.s[CR0]);
        assertEquals(0xffff0000L, m.s[X86State.SEG_BASE + X86State.CS]);
        assertEquals(0xfff0, m.s[X86State.RIP]);
        assertEquals(2, m.cpu.eflags());
        assertEquals(0xffff0ff0L, m.s[X86State.DR + 6]);
        assertEquals(0, X86Mode.operandBits(m.cpu.mode()) - 16);
        assertFalse(X86Mode.is(m.cpu.mode(), X86Mode.PROTECTED));
    }

    @Test
    void impossibleCombinationsFault() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.faults(Vector.GP, 0, X86Service.WRITE_CR, 0, 0x80000010);
        m.faults(Vector.GP, 0, X86Service.WRITE_CR, 0, 0x20000011);
        m.faults(Vector.GP, 0, X86Service.WRITE_CR, 4, 1 << 20);
        m.faults(Vector.GP, 0, X86Service.WRITE_CR, 4, 1);
        m.faults(Vector.UD, -1, X86Service.WRITE_CR, 1, 0);
        m.faults(Vector.UD, -1, X86Service.READ_CR, 5);
    }

    @Test
    void cr4BitsNeedTheirFeature() {
        Set<CpuFeature> few = EnumSet.of(CpuFeature.FPU, CpuFeature.TSC);
        ProtectedMachine m = ProtectedMachine.with(few).ring0();
        m.call(X86Service.WRITE_CR, 4, 1 << 2);
        assertEquals(1 << 2, m.s[CR4]);
        m.faults(Vector.GP, 0, X86Service.WRITE_CR, 4, 1 << 5);
        m.faults(Vector.GP, 0, X86Service.WRITE_CR, 4, 1 << 9);
    }

    @Test
    void everythingNeedsRing0() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.faults(Vector.GP, 0, X86Service.WRITE_CR, 0, 1);
        m.faults(Vector.GP, 0, X86Service.READ_CR, 3);
        m.faults(Vector.GP, 0, X86Service.CLTS);
        m.faults(Vector.GP, 0, X86Service.LMSW, 1);
        m.faults(Vector.GP, 0, X86Service.LGDT, 0, 0);
        m.faults(Vector.GP, 0, X86Service.INVLPG, 0);
        m.faults(Vector.GP, 0, X86Service.CACHE_CONTROL, 1);
        m.faults(Vector.GP, 0, X86Service.REQUIRE_CPL0);
        m.faults(Vector.GP, 0, X86Service.CLI_STI, 1);
        m.faults(Vector.GP, 0, X86Service.HLT, 0);
        m.faults(Vector.GP, 0, X86Service.RDMSR);
        m.faults(Vector.GP, 0, X86Service.READ_DR, 0);
    }

    @Test
    void lmswEntersButNeverLeavesProtectedMode() {
        ProtectedMachine m = new ProtectedMachine();
        m.call(X86Service.LMSW, 0x000b);
        assertTrue(X86Mode.is(m.cpu.mode(), X86Mode.PROTECTED));
        assertTrue(X86Mode.is(m.cpu.mode(), X86Mode.TS));
        m.call(X86Service.CLTS);
        assertFalse(X86Mode.is(m.cpu.mode(), X86Mode.TS));
        m.call(X86Service.LMSW, 0);
        assertEquals(0x60000011, m.call(X86Service.SMSW));
    }

    @Test
    void pagingFollowsCr0AndCr3() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.pageIdentity();
        m.put32(ProtectedMachine.TABLES + 0x1000 + 4 * 0x50, 0x60000 | 7);
        m.call(X86Service.WRITE_CR, 3, ProtectedMachine.TABLES);
        m.put32(0x60010, 0x13579bdf);
        m.cpu.exact = true;
        assertEquals(0x13579bdf, m.cpu.loadSlow(0x50010, 32, false));
        m.call(X86Service.WRITE_CR, 0, m.s[CR0] & ~ControlRegisters.CR0_PG);
        assertEquals(0, m.cpu.loadSlow(0x50010, 32, false));
    }

    @Test
    void hltWaitsAfterItself() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.call(X86Service.HLT, 0x5001);
        assertTrue(m.cpu.halted);
        assertEquals(CpuExit.HALT, m.cpu.exit);
        assertEquals(0x5001, m.s[X86State.RIP]);
    }

    @Test
    void numericErrorsGoToTheVectorOrToThePin() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        GuestFault f = assertThrows(GuestFault.class, () -> m.call(X86Service.X87_ERROR, Vector.MF));
        assertEquals(GuestFault.Kind.WAIT_FOR_INTERRUPT, f.kind);
        m.ignoreNumericErrors = true;
        m.call(X86Service.X87_ERROR, Vector.MF);
        m.call(X86Service.X87_ERROR_GONE);
        assertEquals(java.util.List.of("ferr", "no ferr"), m.ports);
        m.call(X86Service.WRITE_CR, 0, m.s[CR0] | ControlRegisters.CR0_NE);
        m.faults(Vector.MF, -1, X86Service.X87_ERROR, Vector.MF);
    }
}
