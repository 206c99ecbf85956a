package org.gearshift.vmm.cpu;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.gearshift.translator.x86.IsaExtension;

/**
 * Feature bits of CPUID: which leaf, register and bit says so, the instructions that come with it, and the features it is never without. SDM vol. 2 under CPUID; AMD APM
 * vol. 3 appendix E.
 */
public enum CpuFeature {
    FPU(1, Register.EDX, 0),
    DE(1, Register.EDX, 2),
    PSE(1, Register.EDX, 3),
    TSC(1, Register.EDX, 4, IsaExtension.TSC),
    MSR(1, Register.EDX, 5, IsaExtension.MSR),
    PAE(1, Register.EDX, 6),
    MCE(1, Register.EDX, 7),
    CX8(1, Register.EDX, 8, IsaExtension.CX8),
    APIC(1, Register.EDX, 9, MSR),
    SEP(1, Register.EDX, 11, IsaExtension.SEP, MSR),
    PGE(1, Register.EDX, 13),
    CMOV(1, Register.EDX, 15, IsaExtension.CMOV),
    PAT(1, Register.EDX, 16, MSR),
    CLFLUSH(1, Register.EDX, 19, IsaExtension.CLFSH),
    MMX(1, Register.EDX, 23, IsaExtension.MMX, FPU),
    FXSR(1, Register.EDX, 24, IsaExtension.FXSR, FPU),
    SSE(1, Register.EDX, 25, IsaExtension.SSE, FXSR, MMX),
    SSE2(1, Register.EDX, 26, IsaExtension.SSE2, SSE, CLFLUSH),
    SSE3(1, Register.ECX, 0, IsaExtension.SSE3, SSE2),
    PCLMULQDQ(1, Register.ECX, 1, IsaExtension.PCLMULQDQ, SSE2),
    SSSE3(1, Register.ECX, 9, IsaExtension.SSSE3, SSE3),
    CX16(1, Register.ECX, 13, IsaExtension.CX16, CX8),
    /** The local APIC by model-specific registers. */
    X2APIC(1, Register.ECX, 21, APIC),
    /** The local APIC's timer compares with the time-stamp counter. */
    TSC_DEADLINE(1, Register.ECX, 24, APIC, TSC),
    SSE4_1(1, Register.ECX, 19, IsaExtension.SSE4_1, SSSE3),
    POPCNT(1, Register.ECX, 23, IsaExtension.POPCNT),
    SSE4_2(1, Register.ECX, 20, IsaExtension.SSE4_2, SSE4_1, POPCNT),
    MOVBE(1, Register.ECX, 22, IsaExtension.MOVBE),
    AES(1, Register.ECX, 25, IsaExtension.AES, SSE2),
    XSAVE(1, Register.ECX, 26, IsaExtension.XSAVE, SSE2),
    AVX(1, Register.ECX, 28, IsaExtension.AVX, XSAVE, SSE4_2),
    FMA(1, Register.ECX, 12, IsaExtension.FMA, AVX),
    F16C(1, Register.ECX, 29, IsaExtension.F16C, AVX),
    RDRAND(1, Register.ECX, 30, IsaExtension.RDRAND),
    /** Says that the machine is virtual, and that it is so in the manner of KVM, with none of its paravirtual features: for Linux, that x2APIC mode needs no interrupt remapping. */
    HYPERVISOR(1, Register.ECX, 31),
    /** What software has added to the time-stamp counter can be read: for Linux, with an invariant counter, that no other clock need watch over it. */
    TSC_ADJUST(7, Register.EBX, 1, TSC, MSR),
    BMI1(7, Register.EBX, 3, IsaExtension.BMI1),
    AVX2(7, Register.EBX, 5, IsaExtension.AVX2, AVX),
    SMEP(7, Register.EBX, 7),
    BMI2(7, Register.EBX, 8, IsaExtension.BMI2),
    RDSEED(7, Register.EBX, 18, IsaExtension.RDSEED),
    ADX(7, Register.EBX, 19, IsaExtension.ADX),
    SMAP(7, Register.EBX, 20),
    CLFLUSHOPT(7, Register.EBX, 23, IsaExtension.CLFLUSHOPT, CLFLUSH),
    CLWB(7, Register.EBX, 24, IsaExtension.CLWB, CLFLUSH),
    SHA(7, Register.EBX, 29, IsaExtension.SHA, SSSE3),
    UMIP(7, Register.ECX, 2),
    GFNI(7, Register.ECX, 8, IsaExtension.GFNI, SSE2),
    VAES(7, Register.ECX, 9, IsaExtension.VAES, AVX, AES),
    VPCLMULQDQ(7, Register.ECX, 10, IsaExtension.VPCLMULQDQ, AVX, PCLMULQDQ),
    RDPID(7, Register.ECX, 22, IsaExtension.RDPID, MSR),
    MOVDIRI(7, Register.ECX, 27, IsaExtension.MOVDIRI),
    XSAVEOPT(0xd, 1, Register.EAX, 0, IsaExtension.XSAVEOPT, XSAVE),
    XSAVEC(0xd, 1, Register.EAX, 1, IsaExtension.XSAVEC, XSAVE),
    /** XGETBV with ECX=1: which components are in use. */
    XGETBV1(0xd, 1, Register.EAX, 2, IsaExtension.BASE, XSAVE),
    SYSCALL(0x80000001, Register.EDX, 11, IsaExtension.SYSCALL, MSR),
    NX(0x80000001, Register.EDX, 20, MSR, PAE),
    RDTSCP(0x80000001, Register.EDX, 27, IsaExtension.RDTSCP, TSC, MSR),
    /** IA-32e mode. */
    LM(0x80000001, Register.EDX, 29, SYSCALL, NX, PGE, CMOV, CX8, SSE2),
    /** Pages of 1 GiB. */
    PDPE1GB(0x80000001, Register.EDX, 26, LM),
    /** The bases of FS and GS by instruction; for 64-bit code alone. */
    FSGSBASE(7, Register.EBX, 0, IsaExtension.FSGSBASE, LM),
    /** Process-context identifiers. */
    PCID(1, Register.ECX, 17, LM),
    INVPCID(7, Register.EBX, 10, IsaExtension.INVPCID),
    LAHF64(0x80000001, Register.ECX, 0, LM),
    LZCNT(0x80000001, Register.ECX, 5, IsaExtension.LZCNT),
    /** Invariant TSC: it ticks at one rate in every power state. */
    INVARIANT_TSC(0x80000007, Register.EDX, 8, TSC);

    /** Output registers of CPUID in the order of a leaf's four values. */
    enum Register {
        EAX,
        EBX,
        ECX,
        EDX
    }

    /** What a Debian i686 user space and kernel make good use of. */
    public static final Set<CpuFeature> BASELINE = Collections.unmodifiableSet(EnumSet.of(FPU, DE, PSE, TSC, MSR, PAE, CX8, APIC, SEP, PGE,
            CMOV, CLFLUSH, MMX, FXSR, SSE, SSE2, NX, INVARIANT_TSC, TSC_ADJUST));

    /** The same for x86-64, and that the machine is virtual: without that Linux makes no use of x2APIC mode. */
    public static final Set<CpuFeature> BASELINE64 = with(BASELINE, SYSCALL, LM, CX16, LAHF64, RDTSCP, PDPE1GB, X2APIC, TSC_DEADLINE, PCID, INVPCID, HYPERVISOR);

    /** All there is, but for machine checks, which do not happen, and the word that the machine is virtual. */
    public static final Set<CpuFeature> MAXIMUM = Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(MCE, HYPERVISOR)));

    final int leaf;
    final int subleaf;
    final Register register;
    final int bit;
    final IsaExtension extension;
    private final CpuFeature[] needs;

    CpuFeature(int leaf, Register register, int bit, CpuFeature... needs) {
        this(leaf, register, bit, IsaExtension.BASE, needs);
    }

    CpuFeature(int leaf, Register register, int bit, IsaExtension extension, CpuFeature... needs) {
        this(leaf, 0, register, bit, extension, needs);
    }

    CpuFeature(int leaf, int subleaf, Register register, int bit, IsaExtension extension, CpuFeature... needs) {
        this.leaf = leaf;
        this.subleaf = subleaf;
        this.register = register;
        this.bit = bit;
        this.extension = extension;
        this.needs = needs;
    }

    /** Name on the command line: {@code sse4.2}, {@code invariant-tsc}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace("sse4_", "sse4.").replace('_', '-');
    }

    /** These features and all that they need; a new set. */
    static Set<CpuFeature> withNeeded(Set<CpuFeature> some) {
        EnumSet<CpuFeature> all = EnumSet.noneOf(CpuFeature.class);
        for (CpuFeature f : some) {
            f.addTo(all);
        }
        return all;
    }

    private void addTo(Set<CpuFeature> set) {
        if (set.add(this)) {
            for (CpuFeature f : needs) {
                f.addTo(set);
            }
        }
    }

    private static Set<CpuFeature> with(Set<CpuFeature> some, CpuFeature... more) {
        EnumSet<CpuFeature> all = EnumSet.copyOf(some);
        Collections.addAll(all, more);
        return Collections.unmodifiableSet(all);
    }

    /** These features but for one, and for all that need it; a new set. */
    static Set<CpuFeature> without(Set<CpuFeature> some, CpuFeature one) {
        EnumSet<CpuFeature> rest = EnumSet.noneOf(CpuFeature.class);
        for (CpuFeature f : some) {
            if (!withNeeded(EnumSet.of(f)).contains(one)) {
                rest.add(f);
            }
        }
        return rest;
    }
}
