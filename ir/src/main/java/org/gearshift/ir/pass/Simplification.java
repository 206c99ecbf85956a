package org.gearshift.ir.pass;

import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.OpSemantics;
import org.gearshift.ir.StateLayout;
import org.gearshift.ir.Terminator;

/**
 * Folds constants, applies identities, merges equal values and forwards slot values from PUTs and GETs to later GETs: builds the block
 * again with {@link IrBuilder}, which does all that, so that there is one set of rules. Worth running on IR that was not built there, or after another pass
 * made operands known.
 */
public final class Simplification {
    private final StateLayout layout;

    public Simplification(StateLayout layout) {
        this.layout = layout;
    }

    public Block run(Block b) {
        IrBuilder builder = new IrBuilder(layout).begin(b.pc());
        Insn[] values = new Insn[b.insns().size()];
        int i = 0;
        for (Insn v : b.insns()) {
            v.setIndex(i);
            values[i++] = rebuild(builder, v, values);
        }
        Terminator t = b.terminator();
        if (t.kind() == Terminator.Kind.BRANCH) {
            t = Terminator.branch(values[t.value().index()], t.target(), t.otherwise());
        } else if (t.kind() == Terminator.Kind.INDIRECT) {
            t = Terminator.indirect(values[t.value().index()]);
        }
        return builder.finish(t, b.guestBytes());
    }

    private static Insn rebuild(IrBuilder builder, Insn v, Insn[] values) {
        Insn[] args = new Insn[v.argCount()];
        for (int k = 0; k < args.length; k++) {
            args[k] = values[v.arg(k).index()];
        }
        if (OpSemantics.isEvaluable(v.op())) {
            return builder.op(v.op(), v.type(), v.imm(), args);
        }
        return builder.append(new Insn(v.op(), v.type(), v.imm(), v.helper(), args));
    }
}
