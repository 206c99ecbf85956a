package org.gearshift.vmm.cpu;

import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

/** What the guest that checks processors cannot: CR4.PCIDE outside IA-32e mode, and CR0.PG from code that is not 64-bit. */
class PcidTest {
    private static final long PCIDE = 1 << 17;
    private static final long PG = 1L << 31;

    @Test
    void identifiersAreForIa32eModeOnly() {
        new ProtectedMachine(CpuModel.inOrder(CpuFeature.BASELINE64)).ring0().faults(Vector.GP, 0, X86Service.WRITE_CR, 4, PCIDE);
    }

    @Test
    void pagingStaysOnWhileIdentifiersAre() {
        ProtectedMachine m = new LongMachine().compatibility().m;
        m.call(X86Service.WRITE_CR, 4, ControlRegisters.CR4_PAE | PCIDE);
        m.faults(Vector.GP, 0, X86Service.WRITE_CR, 0, m.s[X86State.CR0] & ~PG);
        m.call(X86Service.WRITE_CR, 4, ControlRegisters.CR4_PAE);
        m.call(X86Service.WRITE_CR, 0, m.s[X86State.CR0] & ~PG);
    }
}
