package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.testing.Prerequisite;

/** QEMU's own tool for images, the judge of ours. */
final class QemuImg {
    private QemuImg() {
    }

    static String run(String... args) {
        Prerequisite.program("qemu-img");
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(args));
        try {
            Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
            String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (p.waitFor() != 0) {
                throw new AssertionError(command + " ends with " + p.exitValue() + ": " + out);
            }
            return out;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Fails unless the image is consistent in all its tables and counts, and leaks nothing. */
    static void check(Path image) {
        run("check", "-f", "qcow2", image.toString());
    }

    /** Fails unless the two have the same contents. */
    static void compare(Path image, String format, Path raw) {
        run("compare", "-f", format, "-F", "raw", image.toString(), raw.toString());
    }
}
