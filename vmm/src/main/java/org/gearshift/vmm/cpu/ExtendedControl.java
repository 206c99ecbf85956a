package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.gearshift.translator.x86.X86State.XCR0;

import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.runtime.ExtendedState;

/** The extended control registers, of which there is one: XCR0, the state components the operating system enables (SDM vol. 3A, 2.6). */
final class ExtendedControl {
    private static final int IN_USE = 1;
    private static final long LOW_32 = 0xffffffffL;

    private final VCpu cpu;
    private final long[] s;

    ExtendedControl(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
    }

    void register(ServiceTable t) {
        t.put(X86Service.XGETBV, (inUse, b, c) -> read(inUse));
        t.put(X86Service.XSETBV, (a, b, c) -> write());
    }

    private long read(long inUse) {
        int number = (int) s[RCX];
        if (number == 0) {
            return s[XCR0];
        }
        if (number != IN_USE || !cpu.model.has(CpuFeature.XGETBV1)) {
            cpu.raise(Vector.GP, 0);
        }
        return s[XCR0] & inUse;
    }

    private long write() {
        cpu.requireCpl0();
        long value = s[RDX] << 32 | s[RAX] & LOW_32;
        boolean avxWithoutSse = (value & (ExtendedState.SSE | ExtendedState.AVX)) == ExtendedState.AVX;
        if ((int) s[RCX] != 0 || (value & ~cpu.model.stateComponents()) != 0 || (value & ExtendedState.X87) == 0 || avxWithoutSse) {
            cpu.raise(Vector.GP, 0);
        }
        s[XCR0] = value;
        cpu.refreshMode();
        return 0;
    }
}
