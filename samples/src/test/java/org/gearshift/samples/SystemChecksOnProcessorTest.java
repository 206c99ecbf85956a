package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    /**
     * Selectors on the stack, of which Intel's processors access 2 bytes where the operand size is 32: SDM vol. 2 under PUSH allows it, and leaves open how POP and RET read
     * the upper half that they discard.
     */
    private static final String SELECTORS_OF_INTEL = "FAIL limits\\.stack\\.(push\\.segment|pop\\.segment|ret\\.far)\\..*";

    @Test
    void theProcessorAgreesWithTheManual(@TempDir Path directory) throws Exception {
        if (!System.getProperty("os.name").equals("Linux") || !System.getProperty("os.arch").equals("amd64")) {
            Prerequisite.missing("needs Linux on an x86 processor");
        }
        if (!Prerequisite.host32BitPrograms()) {
            abort("limits of segments and alignment not compared with the processor: its kernel runs no 32-bit programs");
        }
        Path program = SystemChecks.PROTECTED_MODE.build("host/build.sh", directory, "checks");
        Run run = SystemChecks.onHost(program);
        if (run.exitCode() == NOT_POSSIBLE) {
            abort("the system gives no segments to programs: " + run.lines());
        }
        List<String> failures = new ArrayList<>(run.lines());
        failures.removeIf(l -> l.startsWith("ok ") || l.startsWith("group ") || l.startsWith("total "));
        boolean departs = Files.readString(Path.of("/proc/cpuinfo")).contains("GenuineIntel") && failures.removeIf(l -> l.matches(SELECTORS_OF_INTEL));
        assertEquals(List.of(), failures);
        assertTrue(run.complete());
        assertEquals(departs ? 1 : 0, run.exitCode());
        System.out.println("system checks on the processor: " + run.lines().get(run.lines().size() - 1));
    }
}
