package org.gearshift.ir.interp;

import java.util.Arrays;
import java.util.List;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;

/**
 * What lowering must know of a block before it emits anything: which values are needed, where each is computed (a pure value whose first use is a
 * PUT is computed there, straight into the slot), where it is used last, which PUTs form flag groups. Positions are indices into the block; the
 * terminator's is {@link #n}. Reused from block to block.
 */
final class BlockAnalysis {
    Insn[] ins = new Insn[256];
    int n;
    /** Operand uses of each value as the block is written. */
    int[] uses = new int[256];
    /** Position of the PUT that computes the value, or -1: the value's own position. */
    int[] lazyAt = new int[256];
    /** Position of the last micro-operation that reads the value; -1 if it is not needed. */
    int[] lastUse = new int[256];
    /** Flag group that a PUT belongs to, or null. */
    FlagGroup[] groups = new FlagGroup[256];
    /** The terminator's condition, null without a branch. */
    Condition condition;
    /** The group that the branch is fused with, or null. */
    FlagGroup branchGroup;
    private int[] firstUse = new int[256];
    /** Memory instructions that add a displacement to a base themselves instead of using the sum, because nobody has needed the sum before. */
    private boolean[] displaced = new boolean[256];
    private final int resSlot;
    private final int auxSlot;
    private final boolean wide;

    /** @param wide for {@link WideLowering}: 32-bit results are zero-extended, flags may come from 64-bit operations */
    BlockAnalysis(int resSlot, int auxSlot, boolean wide) {
        this.resSlot = resSlot;
        this.auxSlot = auxSlot;
        this.wide = wide;
    }

    /** The value that stands for {@code x}: where 32-bit results are kept zero-extended, their zero-extension is the same value. */
    Insn of(Insn x) {
        return wide && x.op() == Op.ZEXT32 && isZeroExtended(x.arg(0)) ? x.arg(0) : x;
    }

    private static boolean isZeroExtended(Insn v) {
        return isMemory(v.op()) || isComputed(v) && v.resultType() == Type.I32 && !isCarries(v);
    }

    private static boolean isCarries(Insn v) {
        return v.op() == Op.AUX_ADD || v.op() == Op.AUX_SUB;
    }

    void analyze(Block b) {
        reset(b.insns());
        countUses(b.terminator());
        findGroups();
        findLazy();
        Terminator t = b.terminator();
        condition = t.kind() == Terminator.Kind.BRANCH ? Condition.of(t.value(), wide) : null;
        branchGroup = condition != null ? fusableGroup() : null;
        findNeeded(t);
    }

    boolean isWide() {
        return wide;
    }

    /** True if the value is computed by its flag group's micro-operation. */
    boolean isGroupResult(Insn v) {
        int at = lazyAt[v.index()];
        return at >= 0 && groups[at] != null;
    }

    /** Base of a memory instruction: its address less the displacement. Null: the address is constant, and as a displacement small enough. */
    Insn base(Insn memory) {
        Insn address = memory.arg(0);
        return address.isConst() && (address.type() == Type.I32 || fits(address.imm())) ? null : displaced[memory.index()] ? address.arg(0) : address;
    }

    int displacement(Insn memory) {
        Insn address = memory.arg(0);
        if (address.isConst()) {
            return address.type() == Type.I32 || fits(address.imm()) ? (int) address.imm() : 0;
        }
        if (!displaced[memory.index()]) {
            return 0;
        }
        long c = address.arg(1).imm();
        return (int) (address.op() == Op.ADD ? c : -c);
    }

    private static boolean isDisplaced(Insn a) {
        return (a.op() == Op.ADD || a.op() == Op.SUB) && a.arg(1).isConst() && (a.type() == Type.I32 || fits(a.arg(1).imm()) && fits(-a.arg(1).imm()));
    }

    private static boolean fits(long v) {
        return v == (int) v;
    }

    /** The inner sum that an ADD computes together with a constant, or the ADD itself, if a scaled or three-part sum; else null. */
    Insn scaledSum(Insn v) {
        if (v.op() != Op.ADD || v.type() != Type.I32 && !wide) {
            return null;
        }
        if (v.arg(1).isConst()) {
            if (!fits(v.arg(1).imm())) {
                return null;
            }
            Insn u = v.arg(0);
            return u.op() == Op.ADD && uses[u.index()] == 1 && !u.arg(1).isConst() && lazyAt[u.index()] < 0 ? u : null;
        }
        return isScaled(v.arg(1)) || isScaled(v.arg(0)) ? v : null;
    }

    /** Which operand of a {@link #scaledSum} is a shifted value whose shift the sum performs: 0, 1, or -1 for none. */
    int scaledTerm(Insn sum) {
        return isScaled(sum.arg(1)) ? 1 : isScaled(sum.arg(0)) ? 0 : -1;
    }

    private boolean isScaled(Insn v) {
        return v.op() == Op.SHL && v.arg(1).isConst() && uses[v.index()] == 1;
    }

    private void reset(List<Insn> list) {
        n = list.size();
        if (n > ins.length) {
            int m = n * 2;
            ins = new Insn[m];
            uses = new int[m];
            lazyAt = new int[m];
            lastUse = new int[m];
            firstUse = new int[m];
            displaced = new boolean[m];
            groups = new FlagGroup[m];
        }
        for (int i = 0; i < n; i++) {
            Insn v = list.get(i);
            ins[i] = v;
            v.setIndex(i);
        }
        Arrays.fill(uses, 0, n, 0);
        Arrays.fill(lazyAt, 0, n, -1);
        Arrays.fill(lastUse, 0, n, -1);
        Arrays.fill(firstUse, 0, n, Integer.MAX_VALUE);
        Arrays.fill(groups, 0, n, null);
    }

    private void countUses(Terminator t) {
        for (int i = 0; i < n; i++) {
            Insn v = ins[i];
            if (of(v) != v) {
                continue;
            }
            for (int k = 0; k < v.argCount(); k++) {
                Insn x = of(v.arg(k));
                uses[x.index()]++;
                boolean folded = k == 0 && isMemory(v.op()) && isDisplaced(v.arg(0)) && !(wide && x.resultType() == Type.I32) && firstUse[x.index()] > i;
                if (k == 0) {
                    displaced[i] = folded;
                }
                if (!folded && firstUse[x.index()] > i) {
                    firstUse[x.index()] = i;
                }
            }
        }
        if (t.value() != null) {
            int i = of(t.value()).index();
            uses[i]++;
            firstUse[i] = Math.min(firstUse[i], n);
        }
    }

    static boolean isMemory(Op op) {
        return op == Op.LOAD || op == Op.LOAD_RMW || op == Op.STORE;
    }

    private void findGroups() {
        if (resSlot < 0) {
            return;
        }
        for (int i = 0; i < n; i++) {
            if (ins[i].op() == Op.PUT && ins[i].imm() == resSlot && groups[i] == null) {
                FlagGroup g = FlagGroup.find(this, i, resSlot, auxSlot);
                if (g != null && groups[g.auxPut] == null && (g.dstPut < 0 || groups[g.dstPut] == null)) {
                    join(g);
                }
            }
        }
    }

    private void join(FlagGroup g) {
        groups[g.resPut] = g;
        groups[g.auxPut] = g;
        if (g.dstPut >= 0) {
            groups[g.dstPut] = g;
        }
        if (g.op != null) {
            lazyAt[g.result.index()] = g.at;
        }
        if (g.extended != null) {
            lazyAt[g.extended.index()] = g.at;
        }
    }

    private void findLazy() {
        for (int i = 0; i < n; i++) {
            Insn v = ins[i];
            int f = firstUse[i];
            if (lazyAt[i] < 0 && f < n && ins[f].op() == Op.PUT && groups[f] == null && isComputed(v) && isSlotForm(v, ins[f])) {
                lazyAt[i] = f;
            }
        }
    }

    /** True if a value is computed in the form that its PUT stores. */
    private boolean isSlotForm(Insn v, Insn put) {
        return !wide || put.arg(0).resultType() == Type.I64 || isCarries(v);
    }

    private static boolean isComputed(Insn v) {
        return v.isPure() && v.op() != Op.CONST && v.op() != Op.GET && v.op() != Op.CALL;
    }

    /** The last flag group if the branch depends on nothing but its operands and nothing has to be executed between. */
    private FlagGroup fusableGroup() {
        int i = n - 1;
        while (i >= 0 && (ins[i].op() == Op.MARK || ins[i].isPure())) {
            i--;
        }
        FlagGroup g = i >= 0 ? groups[i] : null;
        if (g == null || g.at != i || g.width < 32) {
            return null;
        }
        Condition c = condition;
        if (c.wide != (g.width == 64)) {
            return null;
        }
        boolean zero = c.b == null || c.b.isConst() && c.b.imm() == 0;
        if (g.op == null) {
            boolean comparable = c.op == Op.EQ || c.op == Op.SLT || c.op == Op.SLE;
            return comparable && c.a == g.result && zero ? g : null;
        }
        if (g.op == Op.SUB && wide && c.op != Op.EQ) {
            return null;
        }
        if (g.op == Op.SUB && c.op != Op.AND) {
            if (c.b != null && FlagGroup.same(c.a, g.a) && FlagGroup.same(c.b, g.b)) {
                return g;
            }
            if (c.op == Op.EQ && c.a == g.result && zero) {
                c.a = g.a;
                c.b = g.b;
                return g;
            }
            return null;
        }
        if (g.op != Op.AND) {
            return null;
        }
        boolean masks = c.op == Op.AND && c.a == g.a && FlagGroup.same(c.b, g.b);
        return masks || c.op == Op.EQ && c.a == g.result && zero ? g : null;
    }

    private void findNeeded(Terminator t) {
        if (condition != null) {
            if (branchGroup == null) {
                need(condition.a, n);
                if (condition.b != null) {
                    need(condition.b, n);
                }
            }
        } else if (t.value() != null) {
            need(t.value(), n);
        }
        for (int i = n - 1; i >= 0; i--) {
            FlagGroup g = groups[i];
            if (g != null) {
                if (g.at == i) {
                    needGroup(g);
                }
                continue;
            }
            Insn v = ins[i];
            if (v.op() == Op.PUT) {
                Insn x = of(v.arg(0));
                if (!x.isConst() && lazyAt[x.index()] == i) {
                    needOperands(x, i);
                } else {
                    need(x, i);
                }
            } else if (!v.isPure() || lastUse[i] >= 0 && lazyAt[i] < 0) {
                needOperands(v, i);
            }
        }
    }

    private void needGroup(FlagGroup g) {
        if (g.op == null) {
            need(g.result, g.at);
        } else {
            need(g.a, g.at);
            need(g.b, g.at);
        }
    }

    private void needOperands(Insn v, int at) {
        if (isMemory(v.op())) {
            Insn base = base(v);
            if (base != null) {
                need(base, at);
            }
            if (v.op() == Op.STORE) {
                need(v.arg(1), at);
            }
            return;
        }
        Insn sum = scaledSum(v);
        if (sum != null) {
            int scaled = scaledTerm(sum);
            need(scaled == 0 ? sum.arg(0).arg(0) : sum.arg(0), at);
            need(scaled == 1 ? sum.arg(1).arg(0) : sum.arg(1), at);
            return;
        }
        for (int k = 0; k < v.argCount(); k++) {
            need(v.arg(k), at);
        }
    }

    private void need(Insn value, int at) {
        Insn x = of(value);
        if (!x.isConst() && lastUse[x.index()] < at) {
            lastUse[x.index()] = at;
        }
    }

    /** True if an operand narrower than the container must be cut before a 64-bit evaluation. */
    static boolean isNarrow(Insn v, int k) {
        char c = k < v.op().argSignature().length() ? v.op().argSignature().charAt(k) : '*';
        return c == 'i' || c == 'T' && v.type() == Type.I32;
    }
}
