package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;

/**
 * Lifted instructions do what the host's processor does: a slice of what {@code gearshift conformance} runs, with one seed. The whole requirement,
 * 500 operand sets for each form, takes minutes: {@code -Dconformance.sets=500}.
 */
class ConformanceTest {
    private static final int SETS = Integer.getInteger("conformance.sets", 3);
    private static final long SEED = Long.getLong("conformance.seed", 1);
    private static final int FORMS_REQUIRED = 2000;

    @Test
    void everyFormOf32BitCodeMatchesTheProcessor() throws Exception {
        compare(32);
    }

    @Test
    void everyFormOf64BitCodeMatchesTheProcessor() throws Exception {
        compare(64);
    }

    private static void compare(int bits) throws IOException {
        ConformanceRun run = new ConformanceRun(List.of(bits), Set.of(), true, true, false, (fraction, text) -> { });
        try {
            run.once(SEED, SETS);
        } catch (OracleUnavailableException e) {
            Prerequisite.missing(e.getMessage());
        }
        run.report(new PrintWriter(System.out, true));
        assertEquals("", String.join("\n", run.failures()));
        assertTrue(run.forms(bits) >= FORMS_REQUIRED, run.forms(bits) + " forms");
    }
}
