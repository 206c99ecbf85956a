package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RBX;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.EnumSet;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

class CpuidAndMsrTest {
    private static final int AMD_COPIES = 0x0183f3ff;

    private static void cpuid(ProtectedMachine m, int leaf) {
        m.s[RAX] = leaf;
        m.s[RCX] = 0;
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

    private static ProtectedMachine enabledApic(CpuModel model) {
        return new ProtectedMachine(model);
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
    void everyFeatureAloneSetsItsBitAndNoOther() {
        for (CpuFeature f : CpuFeature.values()) {
            if (f == CpuFeature.APIC) {
                continue;
            }
            ProtectedMachine m = enabledApic(CpuModel.athlon(EnumSet.of(f)));
            for (int leaf : new int[] {1, 0x80000001, 0x80000007}) {
                cpuid(m, leaf);
                int edx = f.register == CpuFeature.Register.EDX && f.leaf == leaf ? 1 << f.bit : 0;
                if (leaf == 0x80000001 && f.leaf == 1 && f.register == CpuFeature.Register.EDX) {
                    edx = 1 << f.bit & AMD_COPIES;
                }
                assertEquals(edx, m.s[RDX], f + " in EDX of " + Integer.toHexString(leaf));
                int ecx = f.register == CpuFeature.Register.ECX && f.leaf == leaf ? 1 << f.bit : 0;
                assertEquals(ecx, m.s[RCX], f + " in ECX of " + Integer.toHexString(leaf));
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
        for (X86Service service : new X86Service[] {X86Service.SYSCALL, X86Service.SYSRET, X86Service.XGETBV, X86Service.MONITOR,
                X86Service.RDRAND, X86Service.HYPERCALL, X86Service.SWAPGS, X86Service.RDTSCP, X86Service.UNIMPLEMENTED}) {
            m.faults(Vector.UD, -1, service);
        }
    }

    @Test
    void modelsAreValidated() {
        assertThrows(IllegalArgumentException.class, () -> new CpuModel("short", 6, 0, 0, "", CpuFeature.BASELINE));
    }
}
