package org.gearshift.ir.pass;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import org.gearshift.ir.Block;
import org.gearshift.ir.Region;
import org.gearshift.ir.StateLayout;

/**
 * A pass by name, so that pipelines can be put together, cut short, and compared.
 *
 * @param name as in {@code optimize --passes}
 * @param what it does, in a few words
 * @param onRegion makes an equivalent region
 * @param onBlock makes an equivalent block, which every way out of observes
 */
public record Pass(String name, String what, OnRegion onRegion, OnBlock onBlock) {
    /** Removes PUTs that nobody sees. */
    public static final Pass DEAD_PUTS = new Pass("dead-puts", "removes PUTs of slots that are put again before anyone looks",
            (r, observed, layout) -> DeadPuts.run(r, observed), (b, layout) -> DeadPuts.run(b));
    /** Folds constants, merges equal values. */
    public static final Pass SIMPLIFICATION = ofBlocks("simplify", "folds constants, applies identities, merges equal values, forwards slots",
            (b, layout) -> new Simplification(layout).run(b));
    /** Removes values that nobody uses. */
    public static final Pass DEAD_CODE = ofBlocks("dead-code", "removes pure operations whose values nobody uses", (b, layout) -> DeadCode.run(b));

    /** For code that is compiled, in their order. */
    public static final List<Pass> COMPILED = List.of(SIMPLIFICATION, DEAD_PUTS, DEAD_CODE);
    /** For code that is interpreted: cheap ones, since {@link org.gearshift.ir.IrBuilder} has folded already. */
    public static final List<Pass> INTERPRETED = List.of(DEAD_PUTS, DEAD_CODE);

    /** A pass over a region. */
    @FunctionalInterface
    public interface OnRegion {
        /** @param observed blocks at whose entry all slots must be exact; see {@link DeadPuts} */
        Region run(Region r, LongPredicate observed, StateLayout layout);
    }

    /** A pass over a block. */
    @FunctionalInterface
    public interface OnBlock {
        Block run(Block b, StateLayout layout);
    }

    /** A pass that looks at one block at a time. */
    public static Pass ofBlocks(String name, String what, OnBlock pass) {
        return new Pass(name, what, (r, observed, layout) -> {
            List<Block> out = new ArrayList<>();
            for (Block b : r.blocks()) {
                out.add(pass.run(b, layout));
            }
            return new Region(out, r.entries());
        }, pass);
    }

    /** The standard pass of a name, or null. */
    public static Pass named(String name) {
        return COMPILED.stream().filter(p -> p.name.equals(name)).findFirst().orElse(null);
    }

    @Override
    public String toString() {
        return name;
    }
}
