package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.L2I;
import static org.objectweb.asm.Opcodes.LALOAD;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;

/**
 * Where each IR value of a block is. A pure value is computed where it is first used, straight onto the JVM stack; one with more
 * uses is kept in a temporary, or read from the local of a state slot for as long as that slot holds it. One value with an effect
 * (a load) may also wait for its use, as long as nothing else with an effect comes between.
 */
final class Values {
    private enum Where { UNUSED, PENDING, TEMP, SLOT }

    /** One value. */
    private static final class Value {
        private final Insn insn;
        private int uses;
        private Where where = Where.UNUSED;
        /** Number of the temporary's local, or of the state slot. */
        private int at;
        /** Fault site of a load; kept from its definition. */
        private int site;

        Value(Insn insn) {
            this.insn = insn;
        }
    }

    private final Code c;
    private final Locals locals;
    private final SlotLocals slots;
    private final Expressions expressions;
    private final Map<Insn, Value> values = new IdentityHashMap<>();
    private final Map<Integer, List<Value>> inSlot = new java.util.HashMap<>();
    private Value waiting;

    Values(Code c, Locals locals, SlotLocals slots, MemoryAccess memory, RmwPairs rmw) {
        this.c = c;
        this.locals = locals;
        this.slots = slots;
        this.expressions = new Expressions(c, this, memory, rmw);
    }

    Expressions expressions() {
        return expressions;
    }

    /** Starts a block: counts the uses of every value that matters. */
    void begin(Block b) {
        values.clear();
        inSlot.clear();
        waiting = null;
        List<Insn> insns = b.insns();
        for (Insn i : insns) {
            if (i.resultType() != Type.VOID) {
                values.put(i, new Value(i));
            }
        }
        Terminator t = b.terminator();
        if (t.value() != null) {
            of(t.value()).uses++;
        }
        for (int k = insns.size() - 1; k >= 0; k--) {
            Insn i = insns.get(k);
            if (!i.isPure() || of(i).uses > 0) {
                for (int a = 0; a < i.argCount(); a++) {
                    of(i.arg(a)).uses++;
                }
            }
        }
    }

    private Value of(Insn i) {
        Value v = values.get(i);
        if (v == null) {
            throw new IllegalArgumentException("value of " + i.op().text() + " is used outside its block");
        }
        return v;
    }

    boolean used(Insn i) {
        return of(i).uses > 0;
    }

    /** True if the value is not computed yet and has exactly this one use: its user may compute it in a form of its own. */
    boolean isFusible(Insn i) {
        Value v = of(i);
        return v.where == Where.PENDING && v.uses == 1;
    }

    /** Marks the single use of a fused value as done. */
    void fused(Insn i) {
        of(i).uses--;
    }

    // Definitions.

    /** A pure value: nothing happens until its first use. */
    void define(Insn i) {
        of(i).where = Where.PENDING;
    }

    /** A load: may wait until the next operation with an effect. */
    void defineLoad(Insn i, int site) {
        Value v = of(i);
        v.where = Where.PENDING;
        v.site = site;
        waiting = v;
    }

    /** A GET: the slot's local is the value. */
    void defineAlias(Insn i, int slot) {
        Value v = of(i);
        if (v.uses > 0) {
            alias(v, slot);
        }
    }

    /** A value that is on the JVM stack now; pops it. */
    void defineFromStack(Insn i) {
        keep(of(i));
    }

    int site(Insn load) {
        return of(load).site;
    }

    private void alias(Value v, int slot) {
        v.where = Where.SLOT;
        v.at = slot;
        inSlot.computeIfAbsent(slot, k -> new ArrayList<>()).add(v);
    }

    private void keep(Value v) {
        if (v.uses == 0) {
            c.drop();
            return;
        }
        v.at = locals.allocate(v.insn.resultType());
        v.where = Where.TEMP;
        c.store(v.insn.resultType(), v.at);
    }

    // Uses.

    /** Pushes a value: one of its uses. */
    void push(Insn i) {
        if (i.isConst()) {
            c.constant(i.type(), i.imm());
            return;
        }
        Value v = of(i);
        if (v.where == Where.PENDING) {
            compute(v);
            v.uses--;
            if (v.uses > 0) {
                c.dup();
                keep(v);
            }
            return;
        }
        read(v);
        done(v);
    }

    /** Pushes a value that is {@link #isRepeatable}, without counting a use. */
    void peek(Insn i) {
        if (i.isConst()) {
            c.constant(i.type(), i.imm());
        } else {
            read(of(i));
        }
    }

    /** Counts a use of a repeatable value that was peeked at. */
    void release(Insn i) {
        if (!i.isConst()) {
            done(of(i));
        }
    }

    /** Counts a use that turned out not to need the value; what only an uncomputed value needed is not needed either. */
    void discard(Insn i) {
        if (i.isConst()) {
            return;
        }
        Value v = of(i);
        if (v.where != Where.PENDING) {
            done(v);
            return;
        }
        v.uses--;
        if (v.uses == 0) {
            for (int a = 0; a < i.argCount(); a++) {
                discard(i.arg(a));
            }
        }
    }

    /** One more use of a value, which {@link #release} will count. */
    void retain(Insn i) {
        of(i).uses++;
    }

    /** True if pushing the value again and again computes nothing. */
    boolean isRepeatable(Insn i) {
        return i.isConst() || of(i).where != Where.PENDING;
    }

    /** Computes the value now if it is not yet, so that it can be peeked at. */
    void makeRepeatable(Insn i) {
        if (!isRepeatable(i)) {
            materialize(of(i));
        }
    }

    /**
     * Pushes a value for a PUT to a slot that is held in a local.
     *
     * @return true if the value was computed just now and has more uses: the caller makes it an alias of the slot
     */
    boolean pushForPut(Insn i) {
        Value v = i.isConst() ? null : of(i);
        if (v == null || v.where != Where.PENDING) {
            push(i);
            return false;
        }
        compute(v);
        v.uses--;
        return v.uses > 0;
    }

    /** True if the value is what a slot's local holds. */
    boolean isAliasOf(Insn i, int slot) {
        if (i.isConst()) {
            return false;
        }
        Value v = of(i);
        return v.where == Where.SLOT && v.at == slot;
    }

    private void compute(Value v) {
        if (v == waiting) {
            waiting = null;
        }
        expressions.emit(v.insn);
    }

    private void materialize(Value v) {
        compute(v);
        keep(v);
    }

    private void read(Value v) {
        Type t = v.insn.resultType();
        switch (v.where) {
            case TEMP -> c.load(t, v.at);
            case SLOT -> pushSlot(v.at, t);
            default -> throw new IllegalStateException(v.insn.op().text() + " is used before its definition");
        }
    }

    /** Pushes a held slot in the wanted width. */
    void pushSlot(int slot, Type t) {
        if (slots.type(slot) == Type.I64 && t == Type.I32) {
            slots.pushLow(c, slot);
        } else {
            slots.push(c, slot);
        }
    }

    /** Pushes a slot from the state array. */
    void pushFromArray(int slot, Type t) {
        c.loadRef(Locals.STATE, Locals.STATE_TYPE);
        c.constant(slot);
        c.op(LALOAD);
        if (t == Type.I32) {
            c.op(L2I);
        }
    }

    private void done(Value v) {
        v.uses--;
        if (v.uses == 0) {
            if (v.where == Where.TEMP) {
                locals.release(v.at);
            } else {
                inSlot.get(v.at).remove(v);
            }
        }
    }

    // Effects between definition and use.

    /** Before an effect that evaluates {@code first} first: a waiting load that is not the very first thing in there is executed now. */
    void settleBefore(Insn first) {
        if (waiting != null && (first == null || !leads(first))) {
            settle();
        }
    }

    /** Executes a waiting load now. */
    void settle() {
        if (waiting != null) {
            materialize(waiting);
        }
    }

    /** True if computing {@code i} starts with the waiting load, before anything is on the JVM stack. */
    boolean leads(Insn i) {
        if (i.isConst()) {
            return false;
        }
        Value v = of(i);
        if (v.where != Where.PENDING) {
            return false;
        }
        if (v == waiting) {
            return true;
        }
        return switch (i.op()) {
            case ADD, MUL, AND, OR, XOR -> leads(i.arg(0)) || leads(i.arg(1));
            case AUX_ADD, AUX_SUB -> false;
            default -> i.argCount() > 0 && leads(i.arg(0));
        };
    }

    /** Prepares a value that will be computed on one of two paths only: nothing that others need is left to be computed in it. */
    void settleForOnePath(Insn i) {
        if (isRepeatable(i)) {
            return;
        }
        Value v = of(i);
        if (v == waiting || v.uses > 1 || i.op() == Op.AUX_ADD || i.op() == Op.AUX_SUB) {
            materialize(v);
            return;
        }
        for (int a = 0; a < i.argCount(); a++) {
            settleForOnePath(i.arg(a));
        }
    }

    /** Before a slot's local changes: values that live there move to temporaries. */
    void overwrite(int slot) {
        List<Value> there = inSlot.remove(slot);
        if (there != null) {
            for (Value v : there) {
                pushSlot(slot, v.insn.resultType());
                keep(v);
            }
        }
    }

    /** Before every slot may change. */
    void overwriteAll() {
        for (int slot : List.copyOf(inSlot.keySet())) {
            overwrite(slot);
        }
    }

    /** After a PUT whose value has more uses: the slot's local is the value from now on. */
    void nowIn(Insn i, int slot) {
        alias(of(i), slot);
    }
}
