package org.gearshift.tools.conformance;

import java.util.function.UnaryOperator;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Op;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.Lift;

/**
 * A planted error: of what one form is lifted to, one operation is another.
 *
 * @param form instructions of the form's mnemonic with other operands are lifted right
 * @param op the operation in question is the {@code occurrence}th of its kind, counted from 0; where there are fewer, nothing is wrong
 * @param change what becomes of it
 */
record Mutation(Form form, Op op, int occurrence, Change change) {
    /** The lifter with the error in it. */
    Lift in(Lift lift) {
        return (c, i) -> {
            if (!isLike(form.sample, i)) {
                lift.lift(c, i);
                return;
            }
            c.ir.rewrite(new Rewriter(c.ir));
            try {
                lift.lift(c, i);
            } finally {
                c.ir.rewrite(null);
            }
        };
    }

    /** Finds the operation among those that are emitted. */
    private final class Rewriter implements UnaryOperator<Insn> {
        private final IrBuilder ir;
        private int seen;

        Rewriter(IrBuilder ir) {
            this.ir = ir;
        }

        @Override
        public Insn apply(Insn v) {
            return v.op() == op && seen++ == occurrence ? change.apply(ir, v) : v;
        }
    }

    private static boolean isLike(Instruction a, Instruction b) {
        if (a.mnemonic() != b.mnemonic() || a.condition() != b.condition() || a.operandCount() != b.operandCount() || a.lock() != b.lock()
                || a.rep() != b.rep() || a.repne() != b.repne() || a.elementBits() != b.elementBits() || a.operandBits() != b.operandBits()) {
            return false;
        }
        for (int k = 0; k < a.operandCount(); k++) {
            Operand x = a.op(k);
            Operand y = b.op(k);
            if (x.kind != y.kind || x.bits != y.bits) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return form.bits + "-bit " + form + ": " + op.text() + (occurrence > 0 ? " no. " + (occurrence + 1) : "") + " " + change;
    }
}
