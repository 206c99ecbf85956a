package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RBX;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

class CpuidAndMsrTest {
    private static final int AMD_COPIES = 0x0183f3ff;

    private static void cpuid(ProtectedMachine m, int leaf) {
        cpuid(m, leaf, 0);
    }

    private static void cpuid(ProtectedMachine m, int leaf, int subleaf) {
        m.s[RAX] = leaf;
        m.s[RCX] = subleaf;
        m.call(X86Service.CPUID);
    }

    private static String ascii(long... registers) {
        StringBuilder b = new StringBuilder();
        for (long r : registers) {
            for (int i = 0; i < 32 && (r >>> i & 0xff) != 0; i += 8) {
                b.append((char) (r >>> i & 0xff));
            }
        }
        return b.toString();
    }

    @Test
    void vendorAndBrandReadAsText() {
        ProtectedMachine m = new ProtectedMachine();
        cpuid(m, 0);
        assertEquals("AuthenticAMD", ascii(m.s[RBX], m.s[RDX], m.s[RCX]));
        StringBuilder brand = new StringBuilder();
        for (int i = 2; i <= 4; i++) {
            cpuid(m, 0x80000000 + i);
            brand.append(ascii(m.s[RAX], m.s[RBX], m.s[RCX], m.s[RDX]));
        }
        assertEquals("Gearshift Virtual CPU 686", brand.toString());
    }

    @Test
    void aProcessorOfSeveralSaysWhichItIsAndHowManyThereAre() {
        ProtectedMachine m = new ProtectedMachine(CpuModel.inOrder(CpuFeature.BASELINE));
        m.cpu.place(2, 3);
        cpuid(m, 0);
        assertEquals(0x16, m.s[RAX]);
        cpuid(m, 1);
        assertEquals(2, m.s[RBX] >>> 24 & 0xff, "APIC id");
        assertEquals(4, m.s[RBX] >>> 16 & 0xff, "ids of the package, a power of two");
        assertEquals(1, m.s[RDX] >>> 28 & 1, "HTT");
        cpuid(m, 4);
        assertEquals(3, m.s[RAX] >>> 26 & 0x3f, "highest core id");
        assertEquals(0, m.s[RAX] >>> 14 & 0xfff, "nobody shares this cache");
        cpuid(m, 0xb);
        assertEquals(List.of(0L, 1L, 0x100L, 2L), List.of(m.s[RAX], m.s[RBX], m.s[RCX], m.s[RDX]), "one thread a core");
        cpuid(m, 0xb, 1);
        assertEquals(List.of(2L, 3L, 0x201L, 2L), List.of(m.s[RAX], m.s[RBX], m.s[RCX], m.s[RDX]), "three cores, ids of two bits");
        cpuid(m, 0xb, 2);
        assertEquals(List.of(0L, 0L, 2L, 2L), List.of(m.s[RAX], m.s[RBX], m.s[RCX], m.s[RDX]), "no further level");
    }

    @Test
    void everyFeatureAloneSetsItsBitAndNoOther() {
        int[][] leaves = {{1, 0}, {7, 0}, {0xd, 1}, {0x80000001, 0}, {0x80000007, 0}};
        for (CpuFeature f : CpuFeature.values()) {
            if (f == CpuFeature.APIC) {
                continue;
            }
            ProtectedMachine m = new ProtectedMachine(CpuModel.athlon(EnumSet.of(f)));
            for (int[] leaf : leaves) {
                cpuid(m, leaf[0], leaf[1]);
                String where = f + " in leaf " + Integer.toHexString(leaf[0]) + ", ";
                if (leaf[0] == 7 || leaf[0] == 0xd) {
                    assertEquals(bit(f, CpuFeature.Register.EAX, leaf), (int) m.s[RAX], where + "EAX");
                }
                if (leaf[0] == 7) {
                    assertEquals(bit(f, CpuFeature.Register.EBX, leaf), (int) m.s[RBX], where + "EBX");
                }
                assertEquals(bit(f, CpuFeature.Register.ECX, leaf), (int) m.s[RCX], where + "ECX");
                int copies = leaf[0] == 0x80000001 ? bit(f, CpuFeature.Register.EDX, leaves[0]) & AMD_COPIES : 0;
                assertEquals(bit(f, CpuFeature.Register.EDX, leaf) | copies, (int) m.s[RDX], where + "EDX");
            }
        }
    }

    private static int bit(CpuFeature f, CpuFeature.Register register, int[] leaf) {
        return f.register == register && f.leaf == leaf[0] && f.subleaf == leaf[1] ? 1 << f.bit : 0;
    }

    @Test
    void theHighestLeafIsTheHighestThatSaysSomething() {
        Map<CpuModel, Integer> highest = Map.of(CpuModel.athlon(EnumSet.of(CpuFeature.FPU)), 1, CpuModel.inOrder(EnumSet.of(CpuFeature.FPU)), 2,
                CpuModel.athlon(EnumSet.of(CpuFeature.BMI1)), 7, CpuModel.inOrder(EnumSet.of(CpuFeature.XSAVE)), 0xd, CpuModel.athlon(CpuFeature.BASELINE), 7,
                NamedCpu.P686.model(), 0x16, NamedCpu.MAX.model(), 0x16);
        highest.forEach((model, leaf) -> {
            ProtectedMachine m = new ProtectedMachine(model);
            cpuid(m, 0, 0);
            assertEquals(leaf, (int) m.s[RAX], model.features().toString());
        });
    }

    @Test
    void cachesOfLeaf4AreThoseOfLeaf2() {
        ProtectedMachine m = new ProtectedMachine(NamedCpu.MAX.model());
        int[][] typeLevelKilobytes = {{1, 1, 24}, {2, 1, 32}, {3, 2, 512}, {0, 0, 0}};
        for (int i = 0; i < typeLevelKilobytes.length; i++) {
            cpuid(m, 4, i);
            int ebx = (int) m.s[RBX];
            int bytes = ((ebx >>> 22) + 1) * ((ebx >>> 12 & 0x3ff) + 1) * ((ebx & 0xfff) + 1) * ((int) m.s[RCX] + 1);
            assertEquals(typeLevelKilobytes[i][0], m.s[RAX] & 31);
            if (typeLevelKilobytes[i][0] != 0) {
                assertEquals(typeLevelKilobytes[i][1], m.s[RAX] >>> 5 & 7);
                assertEquals(typeLevelKilobytes[i][2] << 10, bytes);
            }
        }
    }

    @Test
    void disabledApicIsNotClaimed() {
        ProtectedMachine m = new ProtectedMachine();
        cpuid(m, 1);
        assertEquals(0, m.s[RDX] & 1 << 9);
    }

    @Test
    void leavesThatDoNotExistAreZero() {
        ProtectedMachine m = new ProtectedMachine();
        cpuid(m, 0x40000000);
        assertEquals(0, m.s[RAX] | m.s[RBX] | m.s[RCX] | m.s[RDX]);
    }

    @Test
    void signatureIsInEdxAfterReset() {
        ProtectedMachine m = new ProtectedMachine();
        long edx = m.s[RDX];
        cpuid(m, 1);
        assertEquals(edx, m.s[RAX]);
        assertEquals(6, edx >>> 8 & 15);
    }

    private static long rdmsr(ProtectedMachine m, int number) {
        m.s[RCX] = number;
        m.call(X86Service.RDMSR);
        return m.s[RDX] << 32 | m.s[RAX] & 0xffffffffL;
    }

    private static void wrmsr(ProtectedMachine m, int number, long value) {
        m.s[RCX] = number;
        m.s[RAX] = (int) value;
        m.s[RDX] = (int) (value >>> 32);
        m.call(X86Service.WRMSR);
    }

    @Test
    void timeStampCounterCountsOnFromWhatWasWritten() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        assertEquals(1000, m.call(X86Service.RDTSC));
        wrmsr(m, 0x10, 5_000_000_000L);
        m.now += 7;
        assertEquals(5_000_000_007L, m.call(X86Service.RDTSC));
        assertEquals(5_000_000_007L, rdmsr(m, 0x10));
    }

    @Test
    void whatWasAddedToTheCounterCanBeReadAndChanged() {
        ProtectedMachine m = new ProtectedMachine(NamedCpu.P686.model()).ring0();
        assertEquals(0, rdmsr(m, 0x3b));
        wrmsr(m, 0x10, 5_000_000_000L);
        assertEquals(5_000_000_000L - 1000, rdmsr(m, 0x3b));
        wrmsr(m, 0x3b, -400);
        assertEquals(600, m.call(X86Service.RDTSC));
        ProtectedMachine without = new ProtectedMachine(CpuModel.inOrder(EnumSet.of(CpuFeature.TSC, CpuFeature.MSR))).ring0();
        without.s[RCX] = 0x3b;
        without.faults(Vector.GP, 0, X86Service.RDMSR);
    }

    @Test
    void theCountersFrequencyNeedNotBeMeasured() {
        ProtectedMachine m = new ProtectedMachine(NamedCpu.P686.model());
        cpuid(m, 0x15);
        assertEquals(TimeSource.TSC_HZ, m.s[RCX] * m.s[RBX] / m.s[RAX], "the crystal's frequency and the counter's multiple of it");
        cpuid(m, 0x16);
        assertEquals(TimeSource.TSC_HZ, m.s[RAX] * 1_000_000);
        ProtectedMachine amd = new ProtectedMachine(CpuModel.athlon(CpuFeature.BASELINE));
        cpuid(amd, 0x15);
        assertEquals(0, amd.s[RAX] | amd.s[RBX] | amd.s[RCX], "AMD's processors do not say");
    }

    @Test
    void tsdKeepsTheCounterFromUsers() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.call(X86Service.RDTSC);
        m.s[X86State.CR4] |= 1 << 2;
        m.faults(Vector.GP, 0, X86Service.RDTSC);
    }

    @Test
    void sysenterRegistersLiveInTheirSlots() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        wrmsr(m, 0x176, 0xc1234567L);
        assertEquals(0xc1234567L, m.s[X86State.SYSENTER_EIP]);
        assertEquals(0xc1234567L, rdmsr(m, 0x176));
    }

    @Test
    void unknownRegistersAndReservedBitsFault() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.s[RCX] = 0x12345;
        m.faults(Vector.GP, 0, X86Service.RDMSR);
        m.faults(Vector.GP, 0, X86Service.WRMSR);
        m.s[RCX] = 0xc0000080;
        m.s[RDX] = 0;
        m.s[RAX] = 1 << 8;
        m.faults(Vector.GP, 0, X86Service.WRMSR);
    }

    @Test
    void instructionsNoModelClaimsAreInvalid() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        for (X86Service service : new X86Service[] {X86Service.SYSCALL, X86Service.SYSRET, X86Service.MONITOR,
                X86Service.HYPERCALL, X86Service.SWAPGS, X86Service.RDTSCP, X86Service.UNIMPLEMENTED}) {
            m.faults(Vector.UD, -1, service);
        }
    }

    @Test
    void modelsAreValidated() {
        assertThrows(IllegalArgumentException.class, () -> new CpuModel("short", 6, 0, 0, "", CpuFeature.BASELINE));
    }
}
