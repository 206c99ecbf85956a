package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.L2I;
import static org.objectweb.asm.Opcodes.LALOAD;
import static org.objectweb.asm.Opcodes.LASTORE;

import java.util.BitSet;
import java.util.List;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.StateLayout;
import org.gearshift.ir.Type;
import org.objectweb.asm.Opcodes;

/**
 * Which state slots a region holds in locals, and the bytecode that moves them between locals and the state array; none of them if slots are used in place.
 *
 * <p>A slot of 64 bits that one block puts 32 bits into, extended, and another gets 32 bits of, has its lower half in a second local: C2 does not see that the two conversions cancel out across
 * blocks, and each is a cycle in what a loop computes from its own last round.
 */
final class SlotLocals {
    private final int[] local;
    private final Type[] type;
    /** Slots with a local. */
    private final BitSet held = new BitSet();
    /** Slots that the region puts: their locals may differ from the array. */
    private final BitSet written = new BitSet();
    /** Slots that helpers write. */
    private final BitSet helped = new BitSet();
    /** By slot: the local of the lower half, or 0. */
    private final int[] low;
    private final DeferredCarries deferred;
    private final boolean inPlace;
    private int end = Locals.FIRST_SLOT;

    SlotLocals(StateLayout layout, Region region, BackendOptions options) {
        local = new int[layout.slotCount()];
        type = new Type[layout.slotCount()];
        low = new int[layout.slotCount()];
        inPlace = options.slotsInPlace();
        for (Block b : inPlace ? List.<Block>of() : region.blocks()) {
            for (Insn i : b.insns()) {
                scan(i);
            }
        }
        deferred = DeferredCarries.of(region, this, options.deferCarries() && !inPlace);
        BitSet halved = inPlace ? new BitSet() : halved(region);
        for (int s = held.nextSetBit(0); s >= 0; s = held.nextSetBit(s + 1)) {
            local[s] = end;
            if (deferred.defers(s)) {
                end = deferred.place(s, end);
            } else {
                end += type[s] == Type.I64 ? 2 : 1;
            }
            if (halved.get(s)) {
                low[s] = end++;
            }
        }
    }

    /** Slots of 64 bits that 32 are put into, and that have 32 got from by a block which has not put anything yet. */
    private BitSet halved(Region region) {
        BitSet extended = new BitSet();
        BitSet gotten = new BitSet();
        for (Block b : region.blocks()) {
            BitSet put = new BitSet();
            for (Insn i : b.insns()) {
                if (i.op() == Op.PUT) {
                    put.set((int) i.imm());
                    extended.set((int) i.imm(), extended.get((int) i.imm()) || i.arg(0).op() == Op.ZEXT32);
                } else if (i.op() == Op.GET && i.type() == Type.I32 && type[(int) i.imm()] == Type.I64 && !put.get((int) i.imm())) {
                    gotten.set((int) i.imm());
                }
            }
        }
        extended.and(gotten);
        return extended;
    }

    private void scan(Insn i) {
        if (i.op() == Op.GET || i.op() == Op.PUT) {
            int slot = (int) i.imm();
            held.set(slot);
            if (type[slot] != Type.I64) {
                type[slot] = i.type();
            }
            if (i.op() == Op.PUT) {
                written.set(slot);
            }
        } else if (i.op() == Op.CALL) {
            helped.or(i.helper().writes());
        } else if (i.op() == Op.SEGCHECK) {
            held.set(i.segCheckLimitSlot());
            type[i.segCheckLimitSlot()] = Type.I64;
        }
    }

    /** Whether slots are used where they are, in the state array: none is held. */
    boolean inPlace() {
        return inPlace;
    }

    /** First local number after the slots. */
    int end() {
        return end;
    }

    BitSet held() {
        return held;
    }

    boolean holds(int slot) {
        return held.get(slot);
    }

    /** True if a PUT or a helper changes the slot somewhere in the region. (So may a service, but what follows it in its block works on the state array.) */
    boolean changes(int slot) {
        return written.get(slot) || helped.get(slot);
    }

    /** Width of the slot's local: I32 only if the whole region accesses it so. */
    Type type(int slot) {
        return type[slot];
    }

    /** Tells the code of the locals, from the prologue on. */
    void declare(Code c) {
        for (int s = held.nextSetBit(0); s >= 0; s = held.nextSetBit(s + 1)) {
            if (deferred.defers(s)) {
                deferred.declare(c, s);
            } else {
                c.declare(local[s], Code.item(type[s]));
            }
            if (low[s] != 0) {
                c.declare(low[s], Opcodes.INTEGER);
            }
        }
    }

    /** State array to locals, for the held ones among {@code slots}. */
    void fetch(Code c, BitSet slots) {
        for (int s = slots.nextSetBit(0); s >= 0; s = slots.nextSetBit(s + 1)) {
            if (held.get(s)) {
                c.loadRef(Locals.STATE, Locals.STATE_TYPE);
                c.constant(s);
                c.op(LALOAD);
                if (type[s] == Type.I32) {
                    c.op(L2I);
                }
                set(c, s);
            }
        }
    }

    /** Makes what is on the stack, of the slot's type, the slot's value. */
    void set(Code c, int slot) {
        if (deferred.defers(slot)) {
            deferred.fetch(c, slot);
        } else {
            if (low[slot] != 0) {
                c.dup();
                c.op(L2I);
                c.store(Type.I32, low[slot]);
            }
            c.store(type[slot], local[slot]);
        }
    }

    /** Pushes a held slot's value, of the slot's type. */
    void push(Code c, int slot) {
        if (deferred.defers(slot)) {
            deferred.push(c, slot);
        } else {
            c.load(type[slot], local[slot]);
        }
    }

    /** Pushes the lower half of a held slot of 64 bits. */
    void pushLow(Code c, int slot) {
        if (low[slot] != 0) {
            c.load(Type.I32, low[slot]);
        } else {
            push(c, slot);
            c.op(L2I);
        }
    }

    /** Whether a slot's value has to be computed when it is wanted: its local is no place to find it. */
    boolean isDeferred(int slot) {
        return deferred.defers(slot);
    }

    /** A PUT to a slot that {@link #isDeferred}. */
    void defer(Code c, Values values, int slot, Insn value) {
        deferred.put(c, values, slot, value);
    }

    void fetchAll(Code c) {
        fetch(c, held);
    }

    /** Locals to state array, for the slots among {@code slots} that the region puts. */
    void writeBack(Code c, BitSet slots) {
        for (int s = slots.nextSetBit(0); s >= 0; s = slots.nextSetBit(s + 1)) {
            if (written.get(s)) {
                c.loadRef(Locals.STATE, Locals.STATE_TYPE);
                c.constant(s);
                push(c, s);
                if (type[s] == Type.I32) {
                    c.op(I2L);
                }
                c.op(LASTORE);
            }
        }
    }

    void writeBackAll(Code c) {
        writeBack(c, written);
    }
}
