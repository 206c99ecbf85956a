package org.gearshift.ir.pass;

import java.util.ArrayList;
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

    /** @param verify checks the IR before the first and after every pass; slow */
    public PassPipeline(StateLayout layout, boolean verify) {
        this.layout = layout;
        this.verify = verify;
    }

    /** For the interpreter, a few microseconds a block: expects IR made by {@link org.gearshift.ir.IrBuilder}, which has folded already. */
    public Block optimize(Block b) {
        Block x = checked("input", b);
        x = checked("dead puts", DeadPuts.run(x));
        return checked("dead code", DeadCode.run(x));
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
        Simplification simplification = new Simplification(layout);
        List<Block> out = new ArrayList<>();
        for (Block b : r.blocks()) {
            checked("input", b);
            out.add(checked("simplification", simplification.run(b)));
        }
        Region live = DeadPuts.run(new Region(out, r.entries()), observed);
        out.clear();
        for (Block b : live.blocks()) {
            checked("dead puts", b);
            out.add(checked("dead code", DeadCode.run(b)));
        }
        return new Region(out, r.entries());
    }

    private Block checked(String after, Block b) {
        if (verify) {
            Verifier.verify(b, layout, after);
        }
        return b;
    }
}
