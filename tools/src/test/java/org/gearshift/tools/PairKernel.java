package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.testing.Prerequisite;

/** A small paravirtual kernel whose two vCPUs both run ({@code domain/pair.c}), built on the sample twin's start and console. */
final class PairKernel {
    private static final Path SOURCE = Path.of("src/test/resources/org/gearshift/tools/domain/pair.c");
    private static final Path SAMPLE = Path.of("../samples/src/main/kernel");
    private static final List<String> FLAGS = List.of("-O2", "-std=gnu11", "-ffreestanding", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fno-strict-aliasing",
            "-fcf-protection=none", "-fno-tree-loop-distribute-patterns", "-fno-delete-null-pointer-checks", "-mno-sse", "-mno-mmx", "-m64", "-mno-red-zone", "-mno-80387", "-Wall", "-Wextra", "-Werror",
            "-Wno-int-to-pointer-cast", "-Wno-pointer-to-int-cast");

    private PairKernel() {
    }

    /** Builds it. @return its file */
    static Path built(Path directory) throws Exception {
        Prerequisite.program("gcc");
        Path to = directory.resolve("pair");
        List<String> command = new ArrayList<>(List.of("gcc", "-I" + SAMPLE.resolve("xen"), "-I" + SAMPLE, "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,-z,noexecstack",
                "-Wl,-z,max-page-size=4096", "-Wl,--no-warn-rwx-segments", "-Wl,-T," + SAMPLE.resolve("xen/kernel.ld"), "-o", to.toString(), SAMPLE.resolve("xen/boot.S").toString(),
                SAMPLE.resolve("xen/console.c").toString(), SAMPLE.resolve("print.c").toString(), SOURCE.toString()));
        command.addAll(FLAGS);
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), said);
        return to;
    }
}
