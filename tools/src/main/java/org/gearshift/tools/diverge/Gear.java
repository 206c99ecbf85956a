package org.gearshift.tools.diverge;

import java.util.List;
import java.util.Locale;
import org.gearshift.ir.pass.Pass;
import org.gearshift.tools.stage.InputException;
import org.gearshift.tools.stage.Optimization;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.Recipe;

/**
 * A way to execute guest code.
 *
 * @param name for reports
 * @param backend what executes: compiled blocks, after a few executions, or the interpreter alone
 * @param recipe lifters and passes
 */
public record Gear(String name, EngineOptions.Backend backend, Recipe recipe) {
    private static final int HOT = 8;

    /** Reads {@code interpreter} or {@code jvm}, with the passes to run behind a colon if not all: {@code jvm:simplify,dead-code}, {@code interpreter:none}. */
    public static Gear parse(String text) {
        int colon = text.indexOf(':');
        String engine = (colon < 0 ? text : text.substring(0, colon)).toLowerCase(Locale.ROOT);
        if (!engine.equals("jvm") && !engine.equals("interpreter")) {
            throw new InputException("no engine '" + text + "'; there are interpreter, jvm and qemu, the first two also with passes: jvm:none, jvm:simplify,dead-puts");
        }
        boolean jvm = engine.equals("jvm");
        Recipe recipe = Recipe.STANDARD;
        if (colon >= 0) {
            List<Pass> passes = Optimization.named(text.substring(colon + 1));
            recipe = jvm ? recipe.withPasses(recipe.interpreted(), passes) : recipe.withPasses(passes, recipe.compiled());
        }
        return new Gear(text, jvm ? EngineOptions.Backend.JVM : EngineOptions.Backend.INTERPRETER, recipe);
    }

    /** The passes that matter to what executes. */
    List<Pass> passes() {
        return backend == EngineOptions.Backend.JVM ? recipe.compiled() : recipe.interpreted();
    }

    /** Block by block, so that state can be compared after each. */
    EngineOptions options() {
        EngineOptions d = EngineOptions.of(backend);
        return new EngineOptions(backend, backend == EngineOptions.Backend.JVM ? HOT : d.hotThreshold(), d.regionInsns(), d.dominance(), false, true, recipe);
    }
}
