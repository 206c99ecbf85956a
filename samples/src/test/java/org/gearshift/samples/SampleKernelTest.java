package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.testing.Prerequisite;
import org.gearshift.vmm.boot.KernelImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleKernelTest {
    @Test
    void theCommittedImageIsWhatItsSourcesBuild(@TempDir Path dir) throws Exception {
        Prerequisite.program("gcc");
        Prerequisite.program("ld");
        Path built = dir.resolve("kernel.elf");
        Process p = new ProcessBuilder("sh", "src/main/kernel/build.sh", built.toString()).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), () -> "build.sh failed (gcc with -m32 and binutils are needed):\n" + output);
        assertArrayEquals(Files.readAllBytes(built), SampleKernel.bytes(), "rebuild it: sh samples/src/main/kernel/build.sh samples/src/main/resources/org/gearshift/samples/sample-kernel.elf");
    }

    @Test
    void theImageIsMultiboot() throws Exception {
        assertEquals(KernelImage.Kind.MULTIBOOT, SampleKernel.image().kind());
    }
}
