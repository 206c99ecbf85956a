package org.gearshift.tools.conformance;

import java.io.IOException;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftTable;

/** Asks whether the comparison with the processor would notice a wrong lifter. */
public final class MutationCheck {
    private MutationCheck() {
    }

    /** The standard lifters with some replaced. */
    public static LiftTable replacing(Map<Mnemonic, Lift> lifters) {
        LiftTable standard = LiftTable.standard();
        LiftTable t = new LiftTable();
        for (Mnemonic m : Mnemonic.values()) {
            Lift l = lifters.getOrDefault(m, standard.get(m));
            if (l != null) {
                t.add(m, l);
            }
        }
        return t;
    }

    /**
     * Runs all forms of some mnemonics by way of the interpreter until a difference is found.
     *
     * @param bits code size, 32 or 64
     * @param table lifters, some of them wrong
     * @param mnemonics whose forms are run; at least one must have a form that can be
     * @param sets operand sets for each form
     * @return whether one differed from what the host's processor did
     */
    public static boolean findsDifference(int bits, LiftTable table, Set<Mnemonic> mnemonics, int sets, long seed)
            throws OracleUnavailableException, IOException {
        try (Campaign c = new Campaign(bits, EnumSet.of(Bench.Engine.INTERPRETER), table, false)) {
            c.setMinimizing(false);
            c.restrict(mnemonics);
            if (c.forms().isEmpty()) {
                throw new IllegalArgumentException("no form of " + mnemonics + " can be run here");
            }
            for (Form f : c.forms()) {
                if (c.run(f, seed, sets) > 0) {
                    return true;
                }
            }
            return false;
        }
    }
}
