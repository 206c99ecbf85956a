package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.testing.Prerequisite;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A domain that asks for what it may and may not have ({@code src/main/xen-checks}) gets the answers that Debian's Xen 4.17 gave the same file: those are in
 * {@code answers.txt}, recorded on 29 November 2026 from a domain of 64 MiB with one vCPU under Xen 4.17.5 in QEMU.
 */
class XenChecksTest {
    private static final long LIMIT = 100_000_000L;

    @Test
    void answersAreThoseOfXen(@TempDir Path dir) throws Exception {
        Prerequisite.program("gcc");
        Prerequisite.program("ld");
        Path built = dir.resolve("checks");
        Process p = new ProcessBuilder("sh", "src/main/xen-checks/build.sh", built.toString()).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), output);
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        VmConfig config = new VmConfig(64 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER));
        XenVm vm = new XenVm(config, XenVm.defaultProcessor(1), console::write);
        vm.load(new KernelImage("checks", Files.readAllBytes(built)), new byte[0], "");
        VmOutcome outcome = vm.run(LIMIT);
        String text = console.toString(StandardCharsets.US_ASCII);
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), text);
        StringBuilder answers = new StringBuilder();
        text.lines().map(String::strip).filter(l -> l.startsWith("c ")).forEach(l -> answers.append(l).append('\n'));
        assertEquals(Files.readString(Path.of("src/main/xen-checks/answers.txt")), answers.toString());
    }
}
