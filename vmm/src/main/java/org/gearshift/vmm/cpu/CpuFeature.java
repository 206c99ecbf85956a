package org.gearshift.vmm.cpu;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** Feature bits of CPUID: which leaf, register and bit says so. SDM vol. 2 under CPUID; AMD APM vol. 3 appendix E. */
public enum CpuFeature {
    FPU(1, Register.EDX, 0),
    DE(1, Register.EDX, 2),
    PSE(1, Register.EDX, 3),
    TSC(1, Register.EDX, 4),
    MSR(1, Register.EDX, 5),
    PAE(1, Register.EDX, 6),
    MCE(1, Register.EDX, 7),
    CX8(1, Register.EDX, 8),
    APIC(1, Register.EDX, 9),
    SEP(1, Register.EDX, 11),
    PGE(1, Register.EDX, 13),
    CMOV(1, Register.EDX, 15),
    PAT(1, Register.EDX, 16),
    CLFLUSH(1, Register.EDX, 19),
    MMX(1, Register.EDX, 23),
    FXSR(1, Register.EDX, 24),
    SSE(1, Register.EDX, 25),
    SSE2(1, Register.EDX, 26),
    SSE3(1, Register.ECX, 0),
    SSSE3(1, Register.ECX, 9),
    CX16(1, Register.ECX, 13),
    SSE4_1(1, Register.ECX, 19),
    SSE4_2(1, Register.ECX, 20),
    MOVBE(1, Register.ECX, 22),
    POPCNT(1, Register.ECX, 23),
    RDRAND(1, Register.ECX, 30),
    /** Says that the machine is virtual; Linux then looks for paravirtual interfaces. */
    HYPERVISOR(1, Register.ECX, 31),
    FSGSBASE(7, Register.EBX, 0),
    SMEP(7, Register.EBX, 7),
    SMAP(7, Register.EBX, 20),
    UMIP(7, Register.ECX, 2),
    SYSCALL(0x80000001, Register.EDX, 11),
    NX(0x80000001, Register.EDX, 20),
    /** Pages of 1 GiB. */
    PDPE1GB(0x80000001, Register.EDX, 26),
    RDTSCP(0x80000001, Register.EDX, 27),
    /** IA-32e mode. */
    LM(0x80000001, Register.EDX, 29),
    LAHF64(0x80000001, Register.ECX, 0),
    /** Invariant TSC: it ticks at one rate in every power state. */
    INVARIANT_TSC(0x80000007, Register.EDX, 8);

    /** Output registers of CPUID in the order of a leaf's four values. */
    enum Register {
        EAX,
        EBX,
        ECX,
        EDX
    }

    /** What a Debian i686 user space and kernel can use and the translator lifts. */
    public static final Set<CpuFeature> BASELINE = Collections.unmodifiableSet(EnumSet.of(FPU, DE, PSE, TSC, MSR, PAE, CX8, APIC, SEP, PGE,
            CMOV, CLFLUSH, MMX, FXSR, SSE, SSE2, NX, INVARIANT_TSC));

    /** The same for x86-64. */
    public static final Set<CpuFeature> BASELINE64 = with(BASELINE, SYSCALL, LM, CX16, LAHF64, RDTSCP, PDPE1GB);

    final int leaf;
    final Register register;
    final int bit;

    CpuFeature(int leaf, Register register, int bit) {
        this.leaf = leaf;
        this.register = register;
        this.bit = bit;
    }

    private static Set<CpuFeature> with(Set<CpuFeature> some, CpuFeature... more) {
        EnumSet<CpuFeature> all = EnumSet.copyOf(some);
        Collections.addAll(all, more);
        return Collections.unmodifiableSet(all);
    }
}
