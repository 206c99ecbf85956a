package org.gearshift.testing;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a test needs beyond a JDK and Maven: programs, packages. Where that is absent the test is skipped, except where everything is meant to be
 * there: with {@code CI=true} or {@code GEARSHIFT_REQUIRE_GUESTS} in the environment it fails.
 */
public final class Prerequisite {
    private static final Path LOADER_32 = Path.of("/lib/ld-linux.so.2");
    /** Where an emulator is registered that executes 32-bit programs in the kernel's place. */
    private static final Path EMULATOR_32 = Path.of("/proc/sys/fs/binfmt_misc/qemu-i386");

    private Prerequisite() {
    }

    /** Whether absence is a failure here. */
    public static boolean enforced() {
        return "true".equals(System.getenv("CI")) || System.getenv("GEARSHIFT_REQUIRE_GUESTS") != null;
    }

    /** Skips the test, or fails it; never returns, so that it can stand where a value is expected. */
    public static <T> T missing(String what) {
        return enforced() ? fail(what) : abort(what);
    }

    /**
     * Whether the host's kernel runs 32-bit programs on the processor. It can be told not to ({@code ia32_emulation=off}), and under some hypervisors the processor runs
     * nothing but 64-bit user code.
     */
    public static boolean host32BitPrograms() {
        if (!Files.isExecutable(LOADER_32)) {
            return missing(LOADER_32 + " is not installed (package libc6-i386)");
        }
        if (Files.exists(EMULATOR_32)) {
            return false;
        }
        try {
            return new ProcessBuilder(LOADER_32.toString(), "--version").redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
                    .waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The test goes on only if a program is on the path. */
    public static void program(String name) {
        for (String directory : System.getenv("PATH").split(File.pathSeparator)) {
            if (Files.isExecutable(Path.of(directory, name))) {
                return;
            }
        }
        missing(name + " is not installed");
    }
}
