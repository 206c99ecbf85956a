package org.gearshift.vmm.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.Set;
import org.gearshift.translator.x86.IsaExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NamedCpuTest {
    @ParameterizedTest
    @EnumSource(NamedCpu.class)
    void everyProcessorHasWhatItsFeaturesNeed(NamedCpu cpu) {
        Set<CpuFeature> features = cpu.model().features();
        assertEquals(features, CpuFeature.withNeeded(features));
    }

    @Test
    void aFeatureBringsWhatItNeeds() {
        CpuModel m = NamedCpu.choose("686,+avx2");
        for (CpuFeature f : new CpuFeature[] {CpuFeature.AVX2, CpuFeature.AVX, CpuFeature.XSAVE, CpuFeature.SSE4_2, CpuFeature.SSSE3, CpuFeature.POPCNT}) {
            assertTrue(m.has(f), f.label());
        }
        assertFalse(m.has(CpuFeature.FMA));
    }

    @Test
    void aFeatureTakesWithItWhatNeedsIt() {
        CpuModel m = NamedCpu.choose("max,-xsave");
        for (CpuFeature f : new CpuFeature[] {CpuFeature.XSAVE, CpuFeature.XSAVEOPT, CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.VAES}) {
            assertFalse(m.has(f), f.label());
        }
        assertTrue(m.has(CpuFeature.SSE4_2));
        assertTrue(m.has(CpuFeature.BMI2));
    }

    @Test
    void theLastWordCounts() {
        assertFalse(NamedCpu.choose("686,+avx,-avx").has(CpuFeature.AVX));
        assertTrue(NamedCpu.choose("686,-sse2,+avx").has(CpuFeature.SSE2));
        assertEquals(NamedCpu.MAX.model().features(), NamedCpu.choose("MAX").features());
        assertTrue(NamedCpu.choose("686,+SSE4.2,+hypervisor").has(CpuFeature.HYPERVISOR));
    }

    @ParameterizedTest
    @EnumSource(NamedCpu.class)
    void oneOfSeveralProcessorsLacksCmpxchg16bAlone(NamedCpu cpu) {
        assertEquals(cpu.model().features(), cpu.modelAmong(1).features());
        Set<CpuFeature> among = EnumSet.copyOf(cpu.modelAmong(2).features());
        assertFalse(among.contains(CpuFeature.CX16));
        if (cpu != NamedCpu.P686) {
            among.add(CpuFeature.CX16);
        }
        assertEquals(cpu.model().features(), among);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "pentium | no processor is called \"pentium\"; there are 686, x86-64, max, and 'help' for a list",
        "'' | no processor is called \"\"; there are 686, x86-64, max, and 'help' for a list",
        "686,+sse5 | no feature is called \"sse5\"; 'help' lists them",
        "686,avx | \"avx\": a feature is added as +NAME or taken away as -NAME",
        "686, | \"\": a feature is added as +NAME or taken away as -NAME",
        "686,+ | no feature is called \"\"; 'help' lists them",
        "max,-fpu | every processor here has an fpu"})
    void mistakesAreNamed(String choice, String message) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> NamedCpu.choose(choice)).getMessage());
    }

    @Test
    void everyExtensionOfTheInstructionSetBelongsToAFeature() {
        EnumSet<IsaExtension> missing = EnumSet.complementOf(EnumSet.copyOf(NamedCpu.MAX.model().extensions()));
        // MONITOR and MWAIT are not emulated.
        assertEquals(EnumSet.of(IsaExtension.MONITOR), missing);
    }

    @Test
    void extensionsAreThoseOfTheFeatures() {
        Set<IsaExtension> e = CpuModel.inOrder(EnumSet.of(CpuFeature.SSE, CpuFeature.LZCNT)).extensions();
        assertEquals(EnumSet.of(IsaExtension.BASE, IsaExtension.SSE, IsaExtension.LZCNT), e);
    }
}
