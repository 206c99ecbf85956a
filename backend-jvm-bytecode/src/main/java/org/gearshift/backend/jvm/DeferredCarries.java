package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.IADD;
import static org.objectweb.asm.Opcodes.INVOKESTATIC;
import static org.objectweb.asm.Opcodes.ISHL;

import java.util.HashMap;
import java.util.Map;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.Type;

/**
 * Slots of carry vectors whose computation is put off until the slot is wanted, which for most of them is never: the region holds operands and result
 * of the addition, in three locals.
 *
 * <p>A subtraction {@code a - b = res} is the addition {@code res + b = a}. What is no carry vector of such an addition is {@code v, v, 2v + 2}: there the third is
 * neither the sum of the first two nor that plus one, as it is with every addition, and the slot is the first, unchanged. For vectors with no bits but those
 * of a carry vector {@code v, v} will do, with anything as third.
 */
final class DeferredCarries {
    private static final int MASK = 0xc0000008;
    /** A region defers if at least so many vectors are put for each one that is got: getting them costs more than before. */
    private static final int PUTS_PER_GET = 2;

    private final Map<Integer, Integer> first = new HashMap<>();

    private DeferredCarries() {
    }

    /** Finds the slots worth it, among those of 32 bits. */
    static DeferredCarries of(Region region, SlotLocals slots, boolean enabled) {
        DeferredCarries d = new DeferredCarries();
        if (!enabled) {
            return d;
        }
        Map<Integer, Integer> balance = new HashMap<>();
        for (Block b : region.blocks()) {
            for (Insn i : b.insns()) {
                if (i.op() == Op.PUT && isSum(i.arg(0))) {
                    balance.merge((int) i.imm(), 1, Integer::sum);
                } else if (i.op() == Op.GET) {
                    balance.merge((int) i.imm(), -PUTS_PER_GET, Integer::sum);
                }
            }
        }
        balance.forEach((slot, n) -> {
            if (n > 0 && slots.type(slot) == Type.I32) {
                d.first.put(slot, -1);
            }
        });
        return d;
    }

    /** Whether a value is the carry vector of a 32-bit addition or subtraction whose result is really that. */
    private static boolean isSum(Insn v) {
        if (v.op() != Op.AUX_ADD && v.op() != Op.AUX_SUB || v.imm() != Integer.SIZE || v.arg(0).resultType() != Type.I32) {
            return false;
        }
        Insn a = v.arg(0);
        Insn b = v.arg(1);
        Insn res = v.arg(2);
        if (res.isConst()) {
            return a.isConst() && b.isConst() && (int) res.imm() == (int) (v.op() == Op.AUX_ADD ? a.imm() + b.imm() : a.imm() - b.imm());
        }
        if (v.op() == Op.AUX_ADD) {
            return res.op() == Op.ADD && (res.arg(0) == a && same(res.arg(1), b, 1) || res.arg(1) == a && res.arg(0) == b);
        }
        return res.op() == Op.SUB && res.arg(0) == a && same(res.arg(1), b, 1) || res.op() == Op.ADD && res.arg(0) == a && same(res.arg(1), b, -1);
    }

    /** Whether {@code x} is {@code sign * y}, as the same value or as a constant. */
    private static boolean same(Insn x, Insn y, int sign) {
        return sign > 0 && x == y || x.isConst() && y.isConst() && (int) x.imm() == (int) (sign * y.imm());
    }

    boolean defers(int slot) {
        return first.containsKey(slot);
    }

    /** Gives a slot its locals, three from {@code local} on. */
    void place(int slot, int local) {
        first.put(slot, local);
    }

    void declare(Code c, int slot) {
        for (int k = 0; k < 3; k++) {
            c.declare(first.get(slot) + k, Code.item(Type.I32));
        }
    }

    /** Makes the int on the stack the slot's value, whatever it is. */
    void set(Code c, int slot) {
        setVector(c, slot);
        c.load(Type.I32, first.get(slot));
        c.constant(1);
        c.op(IADD);
        c.constant(1);
        c.op(ISHL);
        c.store(Type.I32, first.get(slot) + 2);
    }

    /** The same if the int has no other bits than a carry vector. */
    private void setVector(Code c, int slot) {
        c.dup();
        c.store(Type.I32, first.get(slot));
        c.store(Type.I32, first.get(slot) + 1);
    }

    /** Emits a PUT. */
    void put(Code c, Values values, int slot, Insn value) {
        int local = first.get(slot);
        if (isSum(value) && values.isFusible(value)) {
            boolean add = value.op() == Op.AUX_ADD;
            values.fused(value);
            for (int k = 0; k < 3; k++) {
                values.makeRepeatable(value.arg(k));
            }
            for (int k = 0; k < 3; k++) {
                values.push(value.arg(add || k == 1 ? k : 2 - k));
                c.store(Type.I32, local + k);
            }
            return;
        }
        values.push(value);
        if (value.op() == Op.AUX_ADD || value.op() == Op.AUX_SUB || value.isConst() && ((int) value.imm() & ~MASK) == 0) {
            setVector(c, slot);
        } else {
            set(c, slot);
        }
    }

    /** Pushes the slot's value, an int. */
    void push(Code c, int slot) {
        for (int k = 0; k < 3; k++) {
            c.load(Type.I32, first.get(slot) + k);
        }
        c.invoke(INVOKESTATIC, RegionEmitter.PACKAGE + "DeferredCarries", "value", "(III)I", 3);
    }

    /** What three locals stand for. Called from generated code. */
    static int value(int a, int b, int sum) {
        return sum - a - b >>> 1 == 0 ? (a & b | (a | b) & ~sum) & MASK : a;
    }
}
