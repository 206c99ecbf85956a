package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;

/**
 * Errors planted in the lifters by a seed, one at a time, are found by the comparison with the host's processor, each of them. {@code -Dmutations=300} plants more,
 * {@code -Dmutations.seed} others. What changes nothing, or only what the manual leaves undefined, is no error.
 */
class SeededMutationsTest {
    private static final int MUTATIONS = Integer.getInteger("mutations", 15);
    private static final long SEED = Long.getLong("mutations.seed", 1);
    /** Operand sets for each form: as many as the whole comparison is required to have. */
    private static final int SETS = Integer.getInteger("mutations.sets", 500);
    /** More of them for errors that show in few states only, and sequences of instructions. */
    private static final int MORE_SETS = 10 * SETS;
    private static final int SEQUENCES = 200;
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
        List<Form> forms = hunt.forms();
        MutationDraw draw = new MutationDraw(SEED, forms);
        List<String> missed = new ArrayList<>();
        List<String> none = new ArrayList<>();
        Map<String, Integer> caught = new TreeMap<>();
        int count = 0;
        for (; count + missed.size() < MUTATIONS; count++) {
            Mutation m = draw.next();
            if (!hunt.canShow(m.form())) {
                count--;
                continue;
            }
            String by = hunt.finds(m, SETS, SEED) ? SETS + " operand sets" : null;
            String why = by != null ? null : draw.isEquivalent(m, VALUATIONS, true) ? "computes the same"
                    : draw.isEquivalent(m, VALUATIONS, false) ? "concerns x87 pointers" : EquivalentMutations.reason(m.toString());
            if (by == null && why == null) {
                by = hunt.finds(m, MORE_SETS, SEED + 1) ? MORE_SETS + " operand sets" : hunt.findsInSequences(m, SEQUENCES, SEED) ? "sequences" : null;
            }
            if (by != null) {
                caught.merge(by, 1, Integer::sum);
                System.out.println("caught by " + by + ": " + m);
                continue;
            }
            MutantHunt.Survivor s = why == null ? hunt.examine(m, SURVIVOR_SETS, SEED) : null;
            if (s != null && s.why() == MutantHunt.Survival.UNDEFINED_RESULTS) {
                why = "concerns undefined results " + s.what();
            } else if (s != null && s.why() == MutantHunt.Survival.NOT_COMPARABLE) {
                why = "concerns states that are not compared";
            }
            if (why != null) {
                none.add(why + ": " + m);
                count--;
            } else {
                missed.add(m + ": " + s.why() + " " + s.what());
                count--;
            }
        }
        none.forEach(m -> System.out.println("no error, " + m));
        missed.forEach(m -> System.out.println("missed: " + m));
        System.out.println(count + " of " + MUTATIONS + " mutations caught (seed " + SEED + ", " + forms.size() + " forms), by " + caught + "; drawn anew: "
                + draw.same() + " that leave the IR the same, " + none.size() + " that are no errors");
        assertEquals("", String.join("\n", missed));
        assertEquals(MUTATIONS, count);
    }
}
