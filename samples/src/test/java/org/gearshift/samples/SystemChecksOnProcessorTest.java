package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.util.List;
import org.gearshift.samples.SystemChecks.Run;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Limits of segments and alignment, which QEMU does not check, on the host's processor: the same source as the guest's, as a program of Linux with
 * segments from the local descriptor table.
 */
class SystemChecksOnProcessorTest {
    /** Exit code of the program where the system has no local descriptor tables for it. */
    private static final int NOT_POSSIBLE = 77;

    @Test
    void theProcessorAgreesWithTheManual(@TempDir Path directory) throws Exception {
        if (!System.getProperty("os.name").equals("Linux") || !System.getProperty("os.arch").equals("amd64")) {
            Prerequisite.missing("needs Linux on an x86 processor");
        }
        Path program = SystemChecks.PROTECTED_MODE.build("host/build.sh", directory, "checks");
        Run run = SystemChecks.onHost(program);
        if (run.exitCode() == NOT_POSSIBLE) {
            abort("the system gives no segments to programs: " + run.lines());
        }
        List<String> failures = run.lines().stream().filter(l -> !l.startsWith("ok ") && !l.startsWith("group ") && !l.startsWith("total ")).toList();
        assertEquals(List.of(), failures);
        assertTrue(run.complete());
        assertEquals(0, run.exitCode());
        System.out.println("system checks on the processor: " + run.lines().get(run.lines().size() - 1));
    }
}
