package org.gearshift.ir.interp;

import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;

/**
 * A flag-setting guest operation found in a block: PUT RES of a 32-bit result, PUT AUX of its carry vector, and where there is one the PUT of
 * the result to its destination. Together one micro-operation, executed where the last of the PUTs stands. In wide blocks the result may have 64
 * bits; one of 32 is put sign-extended into RES and zero-extended into its destination.
 */
final class FlagGroup {
    private static final int WINDOW = 8;

    /** ADD, SUB, AND, OR or XOR; null if the group only stores {@link #result} with AUX = 0. */
    final Op op;
    final Insn result;
    /** The sign-extension of a 32-bit result that RES receives, or null. */
    final Insn extended;
    /** Operands of {@code op}, or null. */
    final Insn a;
    final Insn b;
    /** 32 or 64; 8 or 16 for a comparison whose result is only kept in RES. */
    final int width;
    /** Position of the group's micro-operation. */
    int at;
    /** First position of a member. */
    int from;
    final int resPut;
    int auxPut = -1;
    int dstPut = -1;
    int dstSlot = -1;

    private FlagGroup(Op op, Insn result, Insn extended, Insn a, Insn b, int width, int resPut) {
        this.width = width;
        this.op = op;
        this.result = result;
        this.extended = extended;
        this.a = a;
        this.b = b;
        this.resPut = resPut;
    }

    /** The group whose PUT RES stands at position {@code i}, or null. */
    static FlagGroup find(BlockAnalysis block, int i, int resSlot, int auxSlot) {
        Insn[] ins = block.ins;
        Insn value = ins[i].arg(0);
        boolean extends32 = block.isWide() && value.op() == Op.SEXT32;
        Insn r = extends32 ? value.arg(0) : value;
        if (r.resultType() != Type.I32 && !block.isWide()) {
            return null;
        }
        int auxPut = findPut(ins, block.n, i, auxSlot);
        if (auxPut < 0) {
            return null;
        }
        FlagGroup g = match(r, extends32 ? value : null, ins[auxPut].arg(0), i, block.uses);
        if (g == null) {
            return null;
        }
        g.auxPut = auxPut;
        g.from = Math.min(i, auxPut);
        g.at = Math.max(i, auxPut);
        if (g.width >= 32 && (g.op != null || !block.isWide())) {
            g.addDestination(block, resSlot, auxSlot);
        }
        return g.isMovable(block, resSlot, auxSlot) ? g : null;
    }

    boolean isMember(int position) {
        return position == resPut || position == auxPut || position == dstPut;
    }

    private static FlagGroup match(Insn r, Insn extended, Insn aux, int i, int[] uses) {
        int width = r.resultType().bits();
        boolean computed = !r.isConst() && uses[r.index()] > 0;
        if (aux.isConst()) {
            if (aux.imm() != 0) {
                return null;
            }
            boolean logic = r.op() == Op.AND || r.op() == Op.OR || r.op() == Op.XOR;
            return computed && logic ? new FlagGroup(r.op(), r, extended, r.arg(0), r.arg(1), width, i)
                    : new FlagGroup(null, r, extended, null, null, width, i);
        }
        if (aux.op() == Op.AUX_SUB && aux.imm() < 32) {
            return narrow(r, extended, aux, i, uses);
        }
        boolean sum = aux.op() == Op.AUX_ADD && r.op() == Op.ADD;
        boolean difference = aux.op() == Op.AUX_SUB && r.op() == Op.SUB;
        if (!sum && !difference || aux.imm() != width || aux.arg(2) != r || uses[aux.index()] != 1 || !sameOperands(r, aux)) {
            return null;
        }
        return new FlagGroup(r.op(), r, extended, r.arg(0), r.arg(1), width, i);
    }

    private static FlagGroup narrow(Insn r, Insn extended, Insn aux, int i, int[] uses) {
        Insn difference = aux.arg(2);
        boolean fits = r.op() == (aux.imm() == 8 ? Op.SEXT8 : Op.SEXT16) && r.type() == Type.I32 && r.arg(0) == difference && difference.op() == Op.SUB;
        return fits && uses[aux.index()] == 1 && sameOperands(difference, aux)
                ? new FlagGroup(Op.SUB, r, extended, aux.arg(0), aux.arg(1), (int) aux.imm(), i) : null;
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

    private void addDestination(BlockAnalysis block, int resSlot, int auxSlot) {
        Insn[] ins = block.ins;
        for (int j = at + 1; j < block.n && j <= at + WINDOW && dstPut < 0 && !isObserver(ins[j]); j++) {
            tryDestination(block, j, resSlot, auxSlot);
        }
        for (int j = at - 1; j >= 0 && j >= at - WINDOW && dstPut < 0 && !isObserver(ins[j]); j--) {
            tryDestination(block, j, resSlot, auxSlot);
        }
        if (dstPut >= 0) {
            at = Math.max(at, dstPut);
            from = Math.min(from, dstPut);
        }
    }

    private void tryDestination(BlockAnalysis block, int j, int resSlot, int auxSlot) {
        Insn v = block.ins[j];
        boolean form = !block.isWide() || v.op() == Op.PUT && v.arg(0).resultType() == Type.I64;
        if (v.op() == Op.PUT && form && block.of(v.arg(0)) == result && v.imm() != resSlot && v.imm() != auxSlot) {
            dstPut = j;
            dstSlot = (int) v.imm();
        }
    }

    /** Nearest PUT of a slot around position {@code i} with nothing observable between. */
    private static int findPut(Insn[] ins, int n, int i, int slot) {
        for (int j = i + 1; j < n && j <= i + WINDOW && !isObserver(ins[j]); j++) {
            if (ins[j].op() == Op.PUT && ins[j].imm() == slot) {
                return j;
            }
        }
        for (int j = i - 1; j >= 0 && j >= i - WINDOW && !isObserver(ins[j]); j--) {
            if (ins[j].op() == Op.PUT && ins[j].imm() == slot) {
                return j;
            }
        }
        return -1;
    }

    private static boolean isObserver(Insn v) {
        return v.mayFault() || v.op() == Op.CALL && !v.helper().isPure();
    }

    /** True if all members may be executed at the last one's place: nobody in between looks at the slots or the result. */
    private boolean isMovable(BlockAnalysis block, int resSlot, int auxSlot) {
        Insn[] ins = block.ins;
        for (int j = from; j <= at; j++) {
            Insn v = ins[j];
            boolean slotAccess = v.op() == Op.GET || v.op() == Op.PUT;
            if (isObserver(v) || slotAccess && !isMember(j) && (v.imm() == resSlot || v.imm() == auxSlot || v.imm() == dstSlot)) {
                return false;
            }
        }
        for (int j = (op != null ? result : extended != null ? extended : ins[at]).index() + 1; j < at; j++) {
            Insn v = ins[j];
            boolean own = isMember(j) || v == ins[auxPut].arg(0) || v == extended || block.of(v) != v;
            if (!own && (op != null && uses(block, v, result) || extended != null && uses(block, v, extended))) {
                return false;
            }
        }
        return true;
    }

    private static boolean uses(BlockAnalysis block, Insn v, Insn x) {
        for (int k = 0; k < v.argCount(); k++) {
            if (block.of(v.arg(k)) == x) {
                return true;
            }
        }
        return false;
    }
}
