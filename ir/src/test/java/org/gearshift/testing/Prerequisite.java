package org.gearshift.testing;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a test needs beyond a JDK and Maven: programs, packages. Where that is absent the test is skipped, except where everything is meant to be
 * there: with {@code CI=true} or {@code GEARSHIFT_REQUIRE_GUESTS} in the environment it fails.
 */
public final class Prerequisite {
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
