package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.gearshift.samples.SampleKernel;
import org.gearshift.testing.OwnThread;
import org.gearshift.testing.Prerequisite;
import org.gearshift.tools.up.ControlClient;
import org.gearshift.tools.up.RuntimeDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command of {@code docs/debugging.md} does what the document shows. */
class DebuggingDocumentTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "debugging.md");

    @TempDir
    Path directory;

    private void check(String section, int atLeast, Map<String, Path> files) throws IOException {
        int n = new DocumentedCommands(DOCUMENT, directory, files).check(section);
        assertTrue(n >= atLeast, n + " commands");
    }

    @Test
    void stages() throws IOException {
        check("stages", 8, Map.of("vmlinuz", DebianGuest.kernelFile("debian-686-pae"), "sample-kernel", Files.write(directory.resolve("sample"), SampleKernel.bytes())));
    }

    @Test
    void diverge() throws IOException {
        Prerequisite.program("qemu-system-i386");
        check("diverge", 4, Map.of());
    }

    @Test
    void trace() throws IOException {
        check("trace", 3, Map.of());
    }

    @Test
    void profile() throws Exception {
        check("profile", 2, Map.of("vmlinux", Files.write(directory.resolve("vmlinux"), DebianGuest.unpackedKernel("debian-amd64").array())));
        List<String> stacks = Files.readAllLines(directory.resolve("boot.txt"));
        long whole = stacks.stream().filter(s -> s.matches("secondary_startup_64\\w*;start_kernel;\\w+.*")).count();
        assertTrue(whole > stacks.size() / 2, () -> "stacks from the first function on: " + String.join("\n", stacks));
    }

    @Test
    void coverage() throws Exception {
        check("coverage", 1, Map.of("counts.elf", CoverageTest.compiled(directory.resolve("counts.elf"), "-g")));
        assertTrue(Files.readString(directory.resolve("counts.info")).contains("\nDA:"));
    }

    @Test
    void callers() throws Exception {
        check("callers", 1, Map.of("calls.elf", CallFrameGuestTest.compiled(directory.resolve("calls.elf"), "-m64", "-O1")));
    }

    @Test
    void attach() throws Exception {
        Path vms = directory.resolve("vms");
        String machine = "name=web,memory=16M,kernel=" + Files.write(directory.resolve("echo.elf"), UpCommandTest.ECHO);
        CompletableFuture<Integer> up = OwnThread.start(() ->
                CommandLineRun.of("up", "--vm", machine, "--show", "none", "--runtime-dir", vms.toString()).code());
        ControlClient client = new ControlClient(RuntimeDirectory.of(vms));
        while (!up.isDone() && (!Files.isDirectory(vms) || client.machines().stream().noneMatch(m -> m.state().equals("running")))) {
            Thread.sleep(10);
        }
        check("attach", 2, Map.of("vms", vms));
        assertEquals(0, CommandLineRun.of("destroy", "web", "--runtime-dir", vms.toString()).code());
        assertEquals(0, up.get());
    }

    @Test
    void timeTravel() throws IOException {
        check("time travel", 4, Map.of());
    }
}
