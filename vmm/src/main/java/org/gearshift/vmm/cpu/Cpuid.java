package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RBX;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;

import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.runtime.ExtendedState;

/** The CPUID instruction: the {@link CpuModel}'s leaves, with what follows registers and mode at run time. */
final class Cpuid {
    private static final int APIC_BIT = 1 << 9;
    private static final int OSXSAVE_BIT = 1 << 27;
    private static final int CACHES = 4;
    private static final int TOPOLOGY = 0xb;
    private static final int ADDRESS_SIZES = 0x80000008;
    private static final int THREAD_LEVEL = 1;
    private static final int CORE_LEVEL = 2;
    private static final int HTT_BIT = 1 << 28;
    private static final int EXTENDED_STATE = 0xd;
    private static final int EXTENDED_FEATURES = 0x80000001;
    private static final int SYSCALL_BIT = 1 << 11;
    private static final int APIC_ENABLED = 1 << 11;

    private final VCpu cpu;

    Cpuid(VCpu cpu) {
        this.cpu = cpu;
    }

    void register(ServiceTable table) {
        table.put(X86Service.CPUID, (a, b, c) -> cpuid());
    }

    /** A leaf of one of several processors in a package, each a core with one thread: SDM vol. 2 under CPUID, vol. 3A section 9.9. */
    private int[] packaged(int leaf, int subleaf) {
        int[] v = cpu.model.leaf(leaf, subleaf).clone();
        // APIC ids of a package are numbered in that many bits.
        int idBits = Integer.SIZE - Integer.numberOfLeadingZeros(cpu.processors() - 1);
        switch (leaf) {
            case 0 -> v[0] = Math.max(v[0], TOPOLOGY);
            case 1 -> {
                v[1] = v[1] & 0xffff | 1 << idBits + 16 | cpu.number() << 24;
                v[3] |= cpu.processors() > 1 ? HTT_BIT : 0;
            }
            case CACHES -> {
                v = cpu.model.cacheLeaf(subleaf).clone();
                v[0] |= v[0] == 0 ? 0 : (1 << idBits) - 1 << 26;
            }
            case TOPOLOGY -> {
                v = new int[] {0, 0, subleaf & 0xff, cpu.number()};
                if (subleaf == 0) {
                    v[1] = 1;
                    v[2] |= THREAD_LEVEL << 8;
                } else if (subleaf == 1) {
                    v[0] = idBits;
                    v[1] = cpu.processors();
                    v[2] |= CORE_LEVEL << 8;
                }
            }
            case ADDRESS_SIZES -> v[2] |= cpu.model.isAmd() ? cpu.processors() - 1 | idBits << 12 : 0;
            default -> { }
        }
        return v;
    }

    private long cpuid() {
        long[] s = cpu.s;
        int leaf = (int) s[RAX];
        int subleaf = (int) s[RCX];
        // Where there is an x2APIC there is its topology leaf: SDM vol. 3A section 11.12.8.
        boolean lone = cpu.processors() == 1 && !cpu.model.has(CpuFeature.X2APIC);
        int[] v = lone ? cpu.model.leaf(leaf, subleaf) : packaged(leaf, subleaf);
        int ebx = v[1];
        int ecx = v[2];
        int edx = v[3];
        // A disabled local APIC disappears from CPUID: SDM vol. 3A section 11.4.3.
        if ((leaf == 1 || leaf == EXTENDED_FEATURES) && (cpu.apic.read() & APIC_ENABLED) == 0) {
            edx &= ~APIC_BIT;
        }
        // Intel processors show SYSCALL to 64-bit code alone: SDM vol. 2 under CPUID.
        if (leaf == EXTENDED_FEATURES && !cpu.model.isAmd() && !cpu.code64()) {
            edx &= ~SYSCALL_BIT;
        }
        if (leaf == 1 && (s[X86State.CR4] & ControlRegisters.CR4_OSXSAVE) != 0) {
            ecx |= OSXSAVE_BIT;
        }
        // The image of what XCR0 enables: in the standard format, and in the compacted one.
        if (leaf == EXTENDED_STATE && (subleaf == 0 && v[0] != 0 || subleaf == 1 && cpu.model.has(CpuFeature.XSAVEC))) {
            ebx = ExtendedState.imageBytes(s[X86State.XCR0]);
        }
        cpu.put32(RAX, v[0]);
        cpu.put32(RBX, ebx);
        cpu.put32(RCX, ecx);
        cpu.put32(RDX, edx);
        return 0;
    }
}
