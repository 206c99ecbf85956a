package org.gearshift.vmm.engine;

import java.util.List;
import java.util.function.Supplier;
import org.gearshift.ir.pass.Pass;
import org.gearshift.translator.x86.lift.LiftTable;

/**
 * What guest code becomes on its way to an engine. There is one way that is right; others are there to be compared with it.
 *
 * @param lifters what instructions mean
 * @param interpreted passes over blocks for the interpreter
 * @param compiled passes over regions for the backend
 */
public record Recipe(Supplier<LiftTable> lifters, List<Pass> interpreted, List<Pass> compiled) {
    /** All passes. */
    public static final Recipe STANDARD = new Recipe(LiftTable::standard, Pass.INTERPRETED, Pass.COMPILED);

    /** The same with other passes for the interpreter, and for the backend. */
    public Recipe withPasses(List<Pass> interpreter, List<Pass> backend) {
        return new Recipe(lifters, interpreter, backend);
    }

    /** The same with other lifters. */
    public Recipe withLifters(Supplier<LiftTable> other) {
        return new Recipe(other, interpreted, compiled);
    }
}
