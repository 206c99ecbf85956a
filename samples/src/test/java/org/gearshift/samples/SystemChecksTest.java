package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.gearshift.samples.SystemChecks.Run;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the processor does beyond computing: segments, privilege, interrupts, tasks, paging, debugging. */
class SystemChecksTest extends SystemChecksComparison {
    /** {@code triple_fault} in the guest's faults.c. */
    private static final int TRIPLE_FAULTS = 8;

    SystemChecksTest() {
        super(SystemChecks.PROTECTED_MODE, "faults", "faults.chain.");
    }

    @ParameterizedTest
    @EnumSource(EngineOptions.Backend.class)
    void tripleFaultsEndTheMachine(EngineOptions.Backend backend) throws Exception {
        for (int i = 0; i < TRIPLE_FAULTS; i++) {
            Run run = checks.onGearshift(image, engine(backend), "triple=" + i);
            assertEquals(List.of("triple fault " + i), run.lines());
            assertEquals(VmOutcome.TRIPLE_FAULT, run.exitCode());
        }
    }

    @Test
    void tripleFaultsEndQemuToo() throws Exception {
        for (int i = 0; i < TRIPLE_FAULTS; i++) {
            Run run = checks.onQemu(image, "triple=" + i);
            assertEquals(List.of("triple fault " + i), run.lines());
            assertEquals(0, run.exitCode());
        }
    }
}
