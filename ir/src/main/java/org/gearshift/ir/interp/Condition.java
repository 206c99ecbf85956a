package org.gearshift.ir.interp;

import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Simplifier;
import org.gearshift.ir.Type;

/** A branch condition reduced to the comparisons that branch micro-operations have. */
final class Condition {
    /** EQ, SLT, SLE, ULT or ULE; AND: {@code (a & b) == 0} with b constant. */
    Op op;
    Insn a;
    /** Null stands for zero. */
    Insn b;
    /** The condition holds where the comparison does not. */
    boolean swapped;
    /** The operands have 64 bits. */
    boolean wide;

    /** Reduces a condition value; {@code wide} if comparisons may have operands of 64 bits. */
    static Condition of(Insn value, boolean wide) {
        Condition c = new Condition();
        Insn v = value;
        while (v.op() == Op.XOR && v.arg(1).isConst() && v.arg(1).imm() == 1 && Simplifier.zeroAbove(v.arg(0), 1)) {
            c.swapped = !c.swapped;
            v = v.arg(0);
        }
        if (v.type() == Type.I32 || wide && v.op().resultSignature() == 'i') {
            switch (v.op()) {
                case EQ, NE -> c.equality(v);
                case SLT, SLE, ULT, ULE -> c.order(v);
                case SHR -> c.topBit(v);
                case AND -> c.mask(v, true);
                default -> {
                }
            }
        }
        c.wide = c.op != null && c.a.resultType() == Type.I64;
        if (c.op == null) {
            c.op = Op.EQ;
            c.a = v;
            c.swapped = !c.swapped;
        }
        return c;
    }

    private void equality(Insn v) {
        if (v.arg(1).isConst() && v.arg(1).imm() == 0 && mask(v.arg(0), v.op() == Op.NE)) {
            return;
        }
        op = Op.EQ;
        a = v.arg(0);
        b = v.arg(1);
        swapped ^= v.op() == Op.NE;
    }

    private void order(Insn v) {
        op = v.op();
        a = v.arg(0);
        b = v.arg(1);
        if (a.isConst() && !b.isConst()) {
            op = switch (op) {
                case SLT -> Op.SLE;
                case SLE -> Op.SLT;
                case ULT -> Op.ULE;
                default -> Op.ULT;
            };
            Insn x = a;
            a = b;
            b = x;
            swapped = !swapped;
        }
    }

    private void topBit(Insn v) {
        if (v.arg(1).isConst() && (v.arg(1).imm() & 31) == 31) {
            op = Op.SLT;
            a = v.arg(0);
        }
    }

    private boolean mask(Insn v, boolean trueIfNotZero) {
        if (v.op() != Op.AND || !v.arg(1).isConst() || v.arg(1).imm() != (int) v.arg(1).imm()) {
            return false;
        }
        op = Op.AND;
        a = v.arg(0);
        b = v.arg(1);
        swapped ^= trueIfNotZero;
        return true;
    }
}
