package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RBX;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** XCR0, and what CPUID says of the extended state. */
class ExtendedControlTest {
    private static final long OSXSAVE = 1 << 18;
    private static final String WITHOUT_AVX = "686,+xsave";

    private static ProtectedMachine machine(String cpu) {
        ProtectedMachine m = new ProtectedMachine(NamedCpu.choose(cpu)).ring0();
        m.call(X86Service.WRITE_CR, 4, OSXSAVE);
        return m;
    }

    private static void set(ProtectedMachine m, long value) {
        m.s[RCX] = 0;
        m.s[RAX] = (int) value;
        m.s[RDX] = (int) (value >>> 32);
        m.call(X86Service.XSETBV);
    }

    private static void refused(ProtectedMachine m, int number, long value) {
        m.s[RCX] = number;
        m.s[RAX] = (int) value;
        m.s[RDX] = (int) (value >>> 32);
        m.faults(Vector.GP, 0, X86Service.XSETBV);
    }

    private static long get(ProtectedMachine m, int number, int inUse) {
        m.s[RCX] = number;
        return m.call(X86Service.XGETBV, inUse);
    }

    private static void cpuid(ProtectedMachine m, int leaf, int subleaf) {
        m.s[RAX] = leaf;
        m.s[RCX] = subleaf;
        m.call(X86Service.CPUID);
    }

    @Test
    void x87IsAlwaysEnabledAndAvxOnlyWithSse() {
        ProtectedMachine m = machine("max");
        assertEquals(1, get(m, 0, 7));
        for (long valid : new long[] {3, 7, 1}) {
            set(m, valid);
            assertEquals(valid, get(m, 0, 7));
        }
        for (long invalid : new long[] {0, 2, 5, 6, 0xf, 0xe7, 1L << 32 | 3}) {
            refused(m, 0, invalid);
        }
        refused(m, 1, 3);
        assertEquals(1, get(m, 0, 7));
    }

    @Test
    void componentsThatAreNotThereCannotBeEnabled() {
        ProtectedMachine m = machine(WITHOUT_AVX);
        set(m, 3);
        refused(m, 0, 7);
    }

    @Test
    void usersDoNotSetIt() {
        ProtectedMachine m = machine("max").ring3();
        refused(m, 0, 3);
        assertEquals(1, get(m, 0, 7));
    }

    @Test
    void componentsInUseAreTheEnabledOnesOfThem() {
        ProtectedMachine m = machine("max");
        set(m, 3);
        assertEquals(2, get(m, 1, 6));
        m.s[RCX] = 2;
        m.faults(Vector.GP, 0, X86Service.XGETBV, 7);
        ProtectedMachine without = machine("max,-xgetbv1");
        without.s[RCX] = 1;
        without.faults(Vector.GP, 0, X86Service.XGETBV, 7);
    }

    @Test
    void translatedCodeKnowsWhetherAvxIsEnabled() {
        ProtectedMachine m = machine("max");
        assertFalse(X86Mode.is(m.cpu.mode(), X86Mode.AVX));
        set(m, 7);
        assertTrue(X86Mode.is(m.cpu.mode(), X86Mode.AVX));
        m.call(X86Service.WRITE_CR, 4, 0);
        assertFalse(X86Mode.is(m.cpu.mode(), X86Mode.AVX));
        m.call(X86Service.WRITE_CR, 4, OSXSAVE);
        set(m, 3);
        assertFalse(X86Mode.is(m.cpu.mode(), X86Mode.AVX));
    }

    @Test
    void processorsWithoutXsaveHaveNoOsxsave() {
        ProtectedMachine m = new ProtectedMachine(NamedCpu.choose("max,-xsave")).ring0();
        m.faults(Vector.GP, 0, X86Service.WRITE_CR, 4, OSXSAVE);
        cpuid(m, 0xd, 0);
        assertEquals(0, m.s[RAX] | m.s[RBX] | m.s[RCX] | m.s[RDX]);
    }

    @Test
    void cpuidShowsThatTheOperatingSystemUsesIt() {
        ProtectedMachine m = machine("max");
        cpuid(m, 1, 0);
        assertEquals(1, m.s[RCX] >>> 27 & 1);
        m.call(X86Service.WRITE_CR, 4, 0);
        cpuid(m, 1, 0);
        assertEquals(0, m.s[RCX] >>> 27 & 1);
    }

    @Test
    void cpuidDescribesTheImage() {
        ProtectedMachine m = machine("max");
        set(m, 3);
        for (int bytes : new int[] {576, 832}) {
            cpuid(m, 0xd, 0);
            assertEquals(7, m.s[RAX]);
            assertEquals(bytes, m.s[RBX]);
            assertEquals(832, m.s[RCX]);
            assertEquals(0, m.s[RDX]);
            cpuid(m, 0xd, 1);
            assertEquals(7, m.s[RAX]);
            assertEquals(bytes, m.s[RBX]);
            set(m, 7);
        }
        cpuid(m, 0xd, 2);
        assertEquals(256, m.s[RAX]);
        assertEquals(576, m.s[RBX]);
        assertEquals(0, m.s[RCX] | m.s[RDX]);
        cpuid(m, 0xd, 3);
        assertEquals(0, m.s[RAX] | m.s[RBX] | m.s[RCX] | m.s[RDX]);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void cpuidOfAProcessorWithoutAvxKnowsOnlyTheLegacyRegion(int subleaf) {
        ProtectedMachine m = machine(WITHOUT_AVX);
        cpuid(m, 0xd, subleaf);
        assertEquals(subleaf == 0 ? 3 : 0, m.s[RAX]);
        assertEquals(subleaf == 0 ? 576 : 0, m.s[RBX]);
        assertEquals(subleaf == 0 ? 576 : 0, m.s[RCX]);
    }
}
