package org.gearshift.backend.jvm;

import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;

/**
 * PUTs of what is known when code is generated, constants and slots that the region never changes, put off to the end of their block: of slots that every instruction
 * sets, but hardly anyone reads (the x87 unit's pointers, its top of stack). Where the block is left in between, at a fault site, {@link CompiledRegion} makes up for them.
 */
final class DeferredPuts {
    private static final long[] NONE = {};

    private final SlotLocals slots;
    private final Map<Integer, Insn> pending = new TreeMap<>();
    private long[] snapshot = NONE;

    DeferredPuts(SlotLocals slots) {
        this.slots = slots;
    }

    /** Takes a PUT if its value is of that kind; true if it need not be emitted now. */
    boolean take(Insn put) {
        int slot = (int) put.imm();
        Insn value = put.arg(0);
        boolean known = value.isConst() || value.op() == Op.GET && value.type() == Type.I32 && !slots.changes((int) value.imm());
        if (known) {
            pending.put(slot, value);
        } else {
            pending.remove(slot);
        }
        snapshot = null;
        return known;
    }

    /**
     * What is pending now: pairs of a slot and its value, the slot's complement if the value is the number of another slot whose low half it is.
     */
    long[] pending() {
        if (snapshot == null) {
            snapshot = new long[2 * pending.size()];
            int n = 0;
            for (Map.Entry<Integer, Insn> e : pending.entrySet()) {
                snapshot[n++] = e.getValue().isConst() ? e.getKey() : ~e.getKey();
                snapshot[n++] = e.getValue().imm();
            }
        }
        return snapshot;
    }

    /** Makes up for what was {@link #pending}. */
    static void restore(long[] state, long[] pending) {
        for (int i = 0; i < pending.length; i += 2) {
            int slot = (int) pending[i];
            if (slot >= 0) {
                state[slot] = pending[i + 1];
            } else {
                state[~slot] = (int) state[(int) pending[i + 1]];
            }
        }
    }

    boolean isPending(int slot) {
        return pending.containsKey(slot);
    }

    boolean isEmpty() {
        return pending.isEmpty();
    }

    /** Hands over what is pending of a slot. */
    void flush(int slot, BiConsumer<Integer, Insn> put) {
        Insn value = pending.remove(slot);
        if (value != null) {
            snapshot = null;
            put.accept(slot, value);
        }
    }

    /** Hands over all that is pending. */
    void flush(BiConsumer<Integer, Insn> put) {
        Iterator<Map.Entry<Integer, Insn>> it = pending.entrySet().iterator();
        while (it.hasNext()) {
            Map.Entry<Integer, Insn> e = it.next();
            it.remove();
            put.accept(e.getKey(), e.getValue());
        }
        snapshot = NONE;
    }
}
