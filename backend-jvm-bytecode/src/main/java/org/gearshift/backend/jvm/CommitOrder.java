package org.gearshift.backend.jvm;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;

/**
 * Makes sure that within a guest instruction no PUT comes before an operation that may fault, by moving such PUTs
 * down: then the locals always hold the state of the instruction's start when it faults. Helpers and services that observe a slot still see
 * what was put. Blocks already in order, which is all that a well-behaved lifter makes, are returned as they are.
 */
final class CommitOrder {
    private final List<Insn> out = new ArrayList<>();
    /** PUTs held back, by slot. */
    private final Map<Integer, Insn> late = new LinkedHashMap<>();
    private final Map<Insn, Insn> replaced = new IdentityHashMap<>();

    private CommitOrder() {
    }

    static Block normalize(Block b) {
        return inOrder(b.insns()) ? b : new CommitOrder().rewrite(b);
    }

    private static boolean inOrder(List<Insn> insns) {
        boolean put = false;
        for (Insn i : insns) {
            if (i.op() == Op.PUT) {
                put = true;
            } else if (i.op() == Op.MARK || i.op() == Op.VMCALL) {
                put = false;
            } else if (put && i.mayFault()) {
                return false;
            }
        }
        return true;
    }

    private Block rewrite(Block b) {
        for (Insn original : b.insns()) {
            step(original, withReplacedArgs(original));
        }
        commitAll();
        return b.with(out, terminator(b.terminator()));
    }

    private void step(Insn original, Insn i) {
        switch (i.op()) {
            case PUT -> {
                late.remove((int) i.imm());
                late.put((int) i.imm(), i);
                return;
            }
            case GET -> {
                Insn put = late.get((int) i.imm());
                if (put != null) {
                    replaced.put(original, narrowOrWiden(put, i.type()));
                    return;
                }
            }
            case MARK, VMCALL -> commitAll();
            case SEGCHECK -> commit(i.segCheckLimitSlot());
            case CALL -> commitObserved(i);
            default -> { }
        }
        if (i != original) {
            replaced.put(original, i);
        }
        out.add(i);
    }

    /** What a GET of type {@code t} sees of a held-back PUT. */
    private Insn narrowOrWiden(Insn put, Type t) {
        Insn value = put.arg(0);
        if (put.type() == t) {
            return value;
        }
        Insn converted = t == Type.I32 ? new Insn(Op.TRUNC, Type.I32, 0, null, value) : new Insn(Op.SEXT32, Type.I64, 0, null, value);
        out.add(converted);
        return converted;
    }

    private void commit(int slot) {
        Insn put = late.remove(slot);
        if (put != null) {
            out.add(put);
        }
    }

    private void commitAll() {
        out.addAll(late.values());
        late.clear();
    }

    private void commitObserved(Insn call) {
        Iterator<Map.Entry<Integer, Insn>> it = late.entrySet().iterator();
        while (it.hasNext()) {
            Map.Entry<Integer, Insn> e = it.next();
            if (call.helper().reads().get(e.getKey()) || call.helper().writes().get(e.getKey())) {
                out.add(e.getValue());
                it.remove();
            }
        }
    }

    private Insn withReplacedArgs(Insn i) {
        Insn[] args = null;
        for (int k = 0; k < i.argCount(); k++) {
            Insn r = replaced.get(i.arg(k));
            if (r != null) {
                if (args == null) {
                    args = i.args().toArray(new Insn[0]);
                }
                args[k] = r;
            }
        }
        return args == null ? i : new Insn(i.op(), i.type(), i.imm(), i.helper(), args);
    }

    private Terminator terminator(Terminator t) {
        Insn r = t.value() == null ? null : replaced.get(t.value());
        if (r == null) {
            return t;
        }
        return t.kind() == Terminator.Kind.BRANCH ? Terminator.branch(r, t.target(), t.otherwise()) : Terminator.indirect(r);
    }
}
