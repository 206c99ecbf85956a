package org.gearshift.translator.x86.lift;

import java.util.List;
import org.gearshift.ir.Expectation;
import org.gearshift.ir.Helper;
import org.gearshift.translator.x86.runtime.AlignmentCheck;
import org.gearshift.translator.x86.runtime.BitFunctions;
import org.gearshift.translator.x86.runtime.BoundCheck;
import org.gearshift.translator.x86.runtime.CanonicalCheck;
import org.gearshift.translator.x86.runtime.DecimalAdjust;
import org.gearshift.translator.x86.runtime.ExtendedState;
import org.gearshift.translator.x86.runtime.Gather;
import org.gearshift.translator.x86.runtime.IntegerDivision;
import org.gearshift.translator.x86.runtime.LockedAccess;
import org.gearshift.translator.x86.runtime.MaskedMemory;
import org.gearshift.translator.x86.runtime.PageCrossing;
import org.gearshift.translator.x86.runtime.RequestedPrivilege;
import org.gearshift.translator.x86.runtime.Sha;
import org.gearshift.translator.x86.runtime.StringOperations;

/** The helpers that lifted code may call, by name: for reading IR text in a program that has lifted nothing yet. */
public final class LiftHelpers {
    /** Where helpers are constants that no lifter group's initialization makes. */
    private static final List<Class<?>> OWNERS = List.of(AlignmentCheck.class, BitFunctions.class, BoundCheck.class, CanonicalCheck.class, DecimalAdjust.class,
            Expectation.class, ExtendedState.class, Gather.class, IntegerDivision.class, LockedAccess.class, MaskedMemory.class, PageCrossing.class, RequestedPrivilege.class,
            Sha.class, StringOperations.class);

    /** The same, where only their package sees them. */
    private static final String HIDDEN_OWNER = "org.gearshift.translator.x86.lift.fp.FpExceptions";

    static {
        LiftTable.standard();
        try {
            for (Class<?> c : OWNERS) {
                Class.forName(c.getName(), true, c.getClassLoader());
            }
            Class.forName(HIDDEN_OWNER);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private LiftHelpers() {
    }

    /** The helper of a name, or null. */
    public static Helper named(String name) {
        return Helper.named(name);
    }
}
