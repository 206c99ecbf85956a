package org.gearshift.translator.x86.runtime;

import java.util.EnumSet;
import java.util.Set;
import org.gearshift.translator.x86.decode.Mnemonic;

/**
 * Condition codes that instructions leave undefined: SDM vol. 1, table 8-1. They are compared only with {@code -Dgearshift.test.undefined=true}; every
 * processor known to us leaves C0, C2 and C3 as they were, and so does the translator.
 */
final class X87Conditions {
    static final int ALL = X87Status.C0 | X87Status.C1 | X87Status.C2 | X87Status.C3;
    /** What the manual leaves undefined is compared, too. */
    static final boolean COMPARED = Boolean.getBoolean("gearshift.test.undefined");
    /** All four are given. */
    private static final Set<Mnemonic> DEFINED = EnumSet.of(Mnemonic.FXAM, Mnemonic.FPREM, Mnemonic.FPREM1, Mnemonic.FCOM, Mnemonic.FCOMP, Mnemonic.FCOMPP,
            Mnemonic.FICOM, Mnemonic.FICOMP, Mnemonic.FTST, Mnemonic.FUCOM, Mnemonic.FUCOMP, Mnemonic.FUCOMPP, Mnemonic.FLDENV, Mnemonic.FRSTOR,
            Mnemonic.FNINIT, Mnemonic.FNSAVE, Mnemonic.FXRSTOR);
    /** None is. */
    private static final Set<Mnemonic> UNDEFINED = EnumSet.of(Mnemonic.FFREE, Mnemonic.FFREEP, Mnemonic.FLDCW, Mnemonic.FNCLEX, Mnemonic.FNOP,
            Mnemonic.FNSTCW, Mnemonic.FNSTENV, Mnemonic.FNSTSW, Mnemonic.FENI, Mnemonic.FDISI, Mnemonic.FSETPM);
    /** C2 tells whether the operand is in range. */
    private static final Set<Mnemonic> TRIGONOMETRIC = EnumSet.of(Mnemonic.FSIN, Mnemonic.FCOS, Mnemonic.FSINCOS, Mnemonic.FPTAN);

    private X87Conditions() {
    }

    /** Status-word bits not to be compared after an instruction. */
    static int undefined(Mnemonic m) {
        if (COMPARED || DEFINED.contains(m)) {
            return 0;
        }
        if (UNDEFINED.contains(m)) {
            return ALL;
        }
        return X87Status.C0 | X87Status.C3 | (TRIGONOMETRIC.contains(m) ? 0 : X87Status.C2);
    }

    /** Bits not to be compared after instructions of many kinds. */
    static int undefined() {
        return COMPARED ? 0 : ALL;
    }
}
