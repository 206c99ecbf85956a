package org.gearshift.ir.interp;

import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;

/**
 * A flag-setting guest operation found in a block: PUT RES of a 32-bit result, PUT AUX of its carry vector, and where there is one the PUT of
 * the result to its destination. Together one micro-operation, executed where the last of the PUTs stands.
 */
final class FlagGroup {
    private static final int WINDOW = 8;

    /** ADD, SUB, AND, OR or XOR; null if the group only stores {@link #result} with AUX = 0. */
    final Op op;
    final Insn result;
    /** Operands of {@code op}, or null. */
    final Insn a;
    final Insn b;
    /** Position of the group's micro-operation. */
    int at;
    /** First position of a member. */
    int from;
    final int resPut;
    int auxPut = -1;
    int dstPut = -1;
    int dstSlot = -1;

    private FlagGroup(Op op, Insn result, Insn a, Insn b, int resPut) {
        this.op = op;
        this.result = result;
        this.a = a;
        this.b = b;
        this.resPut = resPut;
    }

    /** The group whose PUT RES stands at position {@code i}, or null. */
    static FlagGroup find(Insn[] ins, int n, int i, int resSlot, int auxSlot, int[] uses) {
        Insn r = ins[i].arg(0);
        if (r.resultType() != Type.I32) {
            return null;
        }
        int auxPut = findPut(ins, n, i, auxSlot, null);
        if (auxPut < 0) {
            return null;
        }
        FlagGroup g = match(r, ins[auxPut].arg(0), i, uses);
        if (g == null) {
            return null;
        }
        g.auxPut = auxPut;
        g.from = Math.min(i, auxPut);
        g.at = Math.max(i, auxPut);
        g.addDestination(ins, n, resSlot, auxSlot);
        return g.isMovable(ins, resSlot, auxSlot) ? g : null;
    }

    boolean isMember(int position) {
        return position == resPut || position == auxPut || position == dstPut;
    }

    private static FlagGroup match(Insn r, Insn aux, int i, int[] uses) {
        boolean computed = !r.isConst() && uses[r.index()] > 0;
        if (aux.isConst()) {
            if (aux.imm() != 0) {
                return null;
            }
            boolean logic = r.op() == Op.AND || r.op() == Op.OR || r.op() == Op.XOR;
            return computed && logic ? new FlagGroup(r.op(), r, r.arg(0), r.arg(1), i) : new FlagGroup(null, r, null, null, i);
        }
        boolean sum = aux.op() == Op.AUX_ADD && r.op() == Op.ADD;
        boolean difference = aux.op() == Op.AUX_SUB && r.op() == Op.SUB;
        if (!sum && !difference || aux.imm() != 32 || aux.arg(2) != r || uses[aux.index()] != 1 || !sameOperands(r, aux)) {
            return null;
        }
        return new FlagGroup(r.op(), r, r.arg(0), r.arg(1), i);
    }

    private static boolean sameOperands(Insn r, Insn aux) {
        if (same(r.arg(0), aux.arg(0)) && same(r.arg(1), aux.arg(1))) {
            return true;
        }
        return r.op() == Op.ADD && same(r.arg(0), aux.arg(1)) && same(r.arg(1), aux.arg(0));
    }

    static boolean same(Insn x, Insn y) {
        return x == y || x.isConst() && y.isConst() && x.imm() == y.imm();
    }

    private void addDestination(Insn[] ins, int n, int resSlot, int auxSlot) {
        int p = findPut(ins, n, at, -1, result);
        if (p < 0 || p == resPut) {
            p = findPut(ins, n, from, -1, result);
        }
        if (p >= 0 && p != resPut && ins[p].imm() != resSlot && ins[p].imm() != auxSlot) {
            dstPut = p;
            dstSlot = (int) ins[p].imm();
            at = Math.max(at, p);
            from = Math.min(from, p);
        }
    }

    /** Nearest PUT of a slot, or of a value where {@code slot} is -1, around position {@code i} with nothing observable between. */
    private static int findPut(Insn[] ins, int n, int i, int slot, Insn value) {
        for (int j = i + 1; j < n && j <= i + WINDOW && !isObserver(ins[j]); j++) {
            if (ins[j].op() == Op.PUT && (slot >= 0 ? ins[j].imm() == slot : ins[j].arg(0) == value)) {
                return j;
            }
        }
        for (int j = i - 1; j >= 0 && j >= i - WINDOW && !isObserver(ins[j]); j--) {
            if (ins[j].op() == Op.PUT && (slot >= 0 ? ins[j].imm() == slot : ins[j].arg(0) == value)) {
                return j;
            }
        }
        return -1;
    }

    private static boolean isObserver(Insn v) {
        return v.mayFault() || v.op() == Op.CALL && !v.helper().isPure();
    }

    /** True if all members may be executed at the last one's place: nobody in between looks at the slots or the result. */
    private boolean isMovable(Insn[] ins, int resSlot, int auxSlot) {
        for (int j = from; j <= at; j++) {
            Insn v = ins[j];
            boolean slotAccess = v.op() == Op.GET || v.op() == Op.PUT;
            if (isObserver(v) || slotAccess && !isMember(j) && (v.imm() == resSlot || v.imm() == auxSlot || v.imm() == dstSlot)) {
                return false;
            }
        }
        if (op == null) {
            return true;
        }
        for (int j = result.index() + 1; j < at; j++) {
            Insn v = ins[j];
            if (!isMember(j) && v != ins[auxPut].arg(0) && uses(v, result)) {
                return false;
            }
        }
        return true;
    }

    private static boolean uses(Insn v, Insn x) {
        for (int k = 0; k < v.argCount(); k++) {
            if (v.arg(k) == x) {
                return true;
            }
        }
        return false;
    }
}
