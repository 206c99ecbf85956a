package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.testing.Prerequisite;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleKernelTest {
    private static final long LIMIT = 2_000_000_000L;

    private static void assertBuilt(Path dir, String machine, byte[] committed, String resource) throws Exception {
        Prerequisite.program("gcc");
        Prerequisite.program("ld");
        Path built = dir.resolve("kernel.elf");
        Process p = new ProcessBuilder("sh", "src/main/kernel/build.sh", built.toString(), machine).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), () -> "build.sh failed (gcc with -m32 and binutils are needed):\n" + output);
        assertArrayEquals(Files.readAllBytes(built), committed,
                "rebuild it: sh samples/src/main/kernel/build.sh samples/src/main/resources/org/gearshift/samples/" + resource + " " + machine);
    }

    @Test
    void theCommittedImageIsWhatItsSourcesBuild(@TempDir Path dir) throws Exception {
        assertBuilt(dir, "pc", SampleKernel.bytes(), "sample-kernel.elf");
        assertBuilt(dir, "pc64", SampleKernel.bytes64(), "sample-kernel-64.elf");
    }

    @Test
    void soAreItsTwins(@TempDir Path dir) throws Exception {
        assertBuilt(dir, "xen", SampleKernel.paravirtualBytes(), "sample-kernel-xen.elf");
        assertBuilt(dir, "xen32", SampleKernel.paravirtualBytes32(), "sample-kernel-xen32.elf");
    }

    @Test
    void soIsTheProgramForLinux(@TempDir Path dir) throws Exception {
        Prerequisite.program("gcc");
        Prerequisite.program("ld");
        Path built = dir.resolve("benchmark");
        Process p = new ProcessBuilder("sh", "src/main/linux/build.sh", built.toString()).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), output);
        assertArrayEquals(Files.readAllBytes(built), LinuxBenchmark.program(),
                "rebuild it: sh samples/src/main/linux/build.sh samples/src/main/resources/org/gearshift/samples/linux-benchmark");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theTwinsRunToTheirEnd(boolean narrow) throws Exception {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        XenVm vm = new XenVm(new VmConfig(96 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM)), NamedCpu.X86_64.model(), console::write);
        vm.load(narrow ? SampleKernel.paravirtualImage32() : SampleKernel.paravirtualImage(), new byte[0], "");
        VmOutcome outcome = vm.run(LIMIT);
        String text = console.toString(StandardCharsets.US_ASCII);
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), text);
        assertTrue(text.contains("processes: all finished, no page lost, memory on demand works"), text);
        assertTrue(text.contains("b address-space-switch ") && text.contains("timer: interrupts arrive"), text);
    }

    @Test
    void theOneFor64BitModeRunsToItsEnd() throws Exception {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        KernelImage kernel = SampleKernel.image64();
        Vm vm = new Vm(new VmConfig(96 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM)), Vm.processorFor(kernel), console::write);
        vm.load(kernel, new byte[0], "", "");
        VmOutcome outcome = vm.run(LIMIT);
        String text = console.toString(StandardCharsets.US_ASCII);
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), text);
        assertTrue(text.contains("sample kernel (pc, 64-bit)") && text.contains("processes: all finished, no page lost, memory on demand works"), text);
        assertTrue(text.contains("b address-space-switch ") && text.contains("timer: interrupts arrive"), text);
    }

    @Test
    void theImageIsMultiboot() throws Exception {
        assertEquals(KernelImage.Kind.MULTIBOOT, SampleKernel.image().kind());
    }
}
