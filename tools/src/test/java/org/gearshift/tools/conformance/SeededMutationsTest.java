package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;

/**
 * Errors planted in the lifters by a seed, one at a time, are found by the comparison with the host's processor, each of them. {@code -Dmutations=300} plants more,
 * {@code -Dmutations.seed} others. What changes nothing, or only what the manual leaves undefined, is no error.
 */
class SeededMutationsTest {
    private static final int MUTATIONS = Integer.getInteger("mutations", 30);
    private static final long SEED = Long.getLong("mutations.seed", 1);
    /** Operand sets for each form: as many as the whole comparison is required to have. */
    private static final int SETS = Integer.getInteger("mutations.sets", 500);
    private static final int VALUATIONS = 2_000;
    private static final int SURVIVOR_SETS = 20_000;

    private final Logger log = Logger.getLogger("org.gearshift.vmm.cpu");

    @Test
    void everyPlantedErrorIsFound() throws Exception {
        Level level = log.getLevel();
        log.setLevel(Level.OFF);
        try (MutantHunt hunt = new MutantHunt()) {
            hunt(hunt);
        } catch (OracleUnavailableException e) {
            Prerequisite.missing(e.getMessage());
        } finally {
            log.setLevel(level);
        }
    }

    private static void hunt(MutantHunt hunt) throws Exception {
        List<Form> forms = new ArrayList<>();
        for (Form f : hunt.forms()) {
            if (hunt.canShow(f)) {
                forms.add(f);
            }
        }
        MutationDraw draw = new MutationDraw(SEED, forms);
        List<String> missed = new ArrayList<>();
        List<String> undefined = new ArrayList<>();
        List<String> equivalent = new ArrayList<>();
        int caught = 0;
        while (caught + missed.size() < MUTATIONS) {
            Mutation m = draw.next();
            if (hunt.finds(m, SETS, SEED)) {
                caught++;
                System.out.println("caught: " + m);
            } else if (draw.isEquivalent(m, VALUATIONS)) {
                equivalent.add(m.toString());
            } else {
                MutantHunt.Survivor s = hunt.examine(m, SURVIVOR_SETS, SEED);
                (s.why() == MutantHunt.Survival.UNDEFINED_RESULTS ? undefined : missed).add(m + ": " + s.why() + " " + s.what());
            }
        }
        equivalent.forEach(u -> System.out.println("equivalent: " + u));
        undefined.forEach(u -> System.out.println("no error: " + u));
        missed.forEach(u -> System.out.println("missed: " + u));
        System.out.println(caught + " of " + MUTATIONS + " mutations caught (seed " + SEED + ", " + SETS + " operand sets, of " + forms.size() + " forms); drawn anew: "
                + draw.same() + " that leave the IR the same, " + equivalent.size() + " that compute the same, " + undefined.size() + " that change only undefined results");
        assertEquals("", String.join("\n", missed));
        assertTrue(caught >= MUTATIONS);
    }
}
