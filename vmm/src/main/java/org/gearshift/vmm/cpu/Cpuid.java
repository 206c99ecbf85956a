package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RBX;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;

import org.gearshift.translator.x86.X86Service;

/** The CPUID instruction: the {@link CpuModel}'s leaves, with the one bit that follows a register at run time. */
final class Cpuid {
    private static final int APIC_BIT = 1 << 9;
    private static final int APIC_ENABLED = 1 << 11;

    private final VCpu cpu;

    Cpuid(VCpu cpu) {
        this.cpu = cpu;
    }

    void register(ServiceTable table) {
        table.put(X86Service.CPUID, (a, b, c) -> cpuid());
    }

    private long cpuid() {
        long[] s = cpu.s;
        int leaf = (int) s[RAX];
        int[] v = cpu.model.leaf(leaf, (int) s[RCX]);
        int edx = v[3];
        // A disabled local APIC disappears from CPUID: SDM vol. 3A section 11.4.3.
        if ((leaf == 1 || leaf == 0x80000001) && (cpu.apicBase.read() & APIC_ENABLED) == 0) {
            edx &= ~APIC_BIT;
        }
        s[RAX] = v[0];
        s[RBX] = v[1];
        s[RCX] = v[2];
        s[RDX] = edx;
        return 0;
    }
}
