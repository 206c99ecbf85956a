package org.gearshift.ir.pass;

import java.util.List;
import java.util.function.LongPredicate;
import org.gearshift.ir.Block;
import org.gearshift.ir.Region;
import org.gearshift.ir.StateLayout;
import org.gearshift.ir.Verifier;

/** The passes in their order: a cheap selection for the interpreter, all of them for the backend. */
public final class PassPipeline {
    private final StateLayout layout;
    private final boolean verify;
    private final List<Pass> interpreted;
    private final List<Pass> compiled;

    /** @param verify checks the IR before the first and after every pass; slow */
    public PassPipeline(StateLayout layout, boolean verify) {
        this(layout, verify, Pass.INTERPRETED, Pass.COMPILED);
    }

    /** With passes of one's own. @param interpreted for single blocks @param compiled for regions */
    public PassPipeline(StateLayout layout, boolean verify, List<Pass> interpreted, List<Pass> compiled) {
        this.layout = layout;
        this.verify = verify;
        this.interpreted = List.copyOf(interpreted);
        this.compiled = List.copyOf(compiled);
    }

    /** For the interpreter, a few microseconds a block: expects IR made by {@link org.gearshift.ir.IrBuilder}, which has folded already. */
    public Block optimize(Block b) {
        Block x = checked("input", b);
        for (Pass p : interpreted) {
            x = checked(p.name(), p.onBlock().run(x, layout));
        }
        return x;
    }

    /** For the backend, with all slots exact wherever a block is entered. */
    public Region optimize(Region r) {
        return optimize(r, pc -> true);
    }

    /**
     * For the backend.
     *
     * @param observed blocks at whose entry all slots must be exact, because they may be left there (budget check); see {@link DeadPuts}
     */
    public Region optimize(Region r, LongPredicate observed) {
        Region x = checked("input", r);
        for (Pass p : compiled) {
            x = checked(p.name(), p.onRegion().run(x, observed, layout));
        }
        return x;
    }

    private Region checked(String after, Region r) {
        if (verify) {
            r.blocks().forEach(b -> checked(after, b));
        }
        return r;
    }

    private Block checked(String after, Block b) {
        if (verify) {
            Verifier.verify(b, layout, after);
        }
        return b;
    }
}
