package org.gearshift.tools;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.testing.Prerequisite;

/** The guest of {@code powercut/writer.c}, which does nothing but write to its disk, flush, and say so. */
final class WriterGuest {
    private static final List<String> COMPILER = List.of("gcc", "-m32", "-O2", "-ffreestanding", "-fno-pic", "-no-pie", "-fno-stack-protector", "-fno-builtin",
            "-nostdlib", "-static", "-Wl,-Ttext-segment=0x100000,--build-id=none", "-Wall", "-Werror", "-o");
    private static final String SOURCE = "src/test/resources/org/gearshift/tools/powercut/writer.c";

    private WriterGuest() {
    }

    /** Compiles it into {@code directory}. */
    static Path build(Path directory) throws IOException, InterruptedException {
        Prerequisite.program("gcc");
        Path kernel = directory.resolve("writer");
        List<String> command = new ArrayList<>(COMPILER);
        command.addAll(List.of(kernel.toString(), SOURCE));
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (p.waitFor() != 0) {
            throw new AssertionError(String.join(" ", command) + ": " + out);
        }
        return kernel;
    }
}
