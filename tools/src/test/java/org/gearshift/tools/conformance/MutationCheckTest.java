package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.gearshift.testing.Prerequisite;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftTable;
import org.junit.jupiter.api.Test;

/** A lifter that is wrong in one flag, of one operand size, is noticed; the right one is not blamed. */
class MutationCheckTest {
    private static final int SETS = 50;

    private static boolean finds(Mnemonic m, Lift lift) throws Exception {
        try {
            LiftTable t = lift == null ? LiftTable.standard() : MutationCheck.replacing(Map.of(m, lift));
            return MutationCheck.findsDifference(32, t, Set.of(m), SETS, 1);
        } catch (OracleUnavailableException e) {
            return Prerequisite.missing(e.getMessage());
        }
    }

    @Test
    void theCarryOfANarrowNegation() throws Exception {
        Lift neg = LiftTable.standard().get(Mnemonic.NEG);
        assertFalse(finds(Mnemonic.NEG, null));
        assertTrue(finds(Mnemonic.NEG, (c, i) -> {
            neg.lift(c, i);
            if (i.op(0).bits == 8) {
                c.flags.setCarry(c.ir.i32(0));
            }
        }));
    }
}
