package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.I2L;
import static org.objectweb.asm.Opcodes.IADD;
import static org.objectweb.asm.Opcodes.INVOKESTATIC;
import static org.objectweb.asm.Opcodes.ISHL;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.Type;

/**
 * Slots of carry vectors whose computation is put off until the slot is wanted, which for most of them is never: the region holds operands and result
 * of the addition in locals. A subtraction {@code a - b = res} is the addition {@code res + b = a}.
 *
 * <p>If all additions have 32 bits there are three locals. What is no carry vector of such an addition is {@code v, v, 2v + 2}: there the third is
 * neither the sum of the first two nor that plus one, as it is with every addition, and the slot is the first, unchanged. For vectors with no bits but those
 * of a carry vector {@code v, v} will do, with anything as third.
 *
 * <p>If some have 64 bits the locals are longs, and a fourth says which width it was; 0 if the first is the slot's value.
 */
final class DeferredCarries {
    private static final int MASK = 0xc0000008;
    private static final int TOP = 0xc0000000;
    private static final int HALF = 8;
    /** A region defers if at least so many vectors are put for each one that is got: getting them costs more than before. */
    private static final int PUTS_PER_GET = 2;
    private static final int OPERANDS = 3;

    /** First of the locals, by slot. */
    private final Map<Integer, Integer> first = new HashMap<>();
    /** Slots that get vectors of 64-bit additions. */
    private final Set<Integer> wide = new HashSet<>();

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
                    if (i.arg(0).imm() == Long.SIZE) {
                        d.wide.add((int) i.imm());
                    }
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

    /** Whether a value is the carry vector of an addition or a subtraction of 32 or 64 bits whose result is really that. */
    private static boolean isSum(Insn v) {
        if (v.op() != Op.AUX_ADD && v.op() != Op.AUX_SUB || v.imm() != v.arg(0).resultType().bits()) {
            return false;
        }
        Insn a = v.arg(0);
        Insn b = v.arg(1);
        Insn res = v.arg(2);
        if (res.isConst()) {
            return a.isConst() && b.isConst() && equal(v, res.imm(), v.op() == Op.AUX_ADD ? a.imm() + b.imm() : a.imm() - b.imm());
        }
        if (v.op() == Op.AUX_ADD) {
            return res.op() == Op.ADD && (res.arg(0) == a && same(v, res.arg(1), b, 1) || res.arg(1) == a && res.arg(0) == b);
        }
        return res.op() == Op.SUB && res.arg(0) == a && same(v, res.arg(1), b, 1) || res.op() == Op.ADD && res.arg(0) == a && same(v, res.arg(1), b, -1);
    }

    /** Whether {@code x} is {@code sign * y}, as the same value or as a constant. */
    private static boolean same(Insn v, Insn x, Insn y, int sign) {
        return sign > 0 && x == y || x.isConst() && y.isConst() && equal(v, x.imm(), sign * y.imm());
    }

    private static boolean equal(Insn v, long x, long y) {
        return v.imm() == Long.SIZE ? x == y : (int) x == (int) y;
    }

    boolean defers(int slot) {
        return first.containsKey(slot);
    }

    /** Gives a slot its locals, from {@code local} on; returns the first behind them. */
    int place(int slot, int local) {
        first.put(slot, local);
        return local + OPERANDS * step(slot) + (wide.contains(slot) ? 1 : 0);
    }

    private int step(int slot) {
        return wide.contains(slot) ? 2 : 1;
    }

    private Type type(int slot) {
        return wide.contains(slot) ? Type.I64 : Type.I32;
    }

    private int operand(int slot, int k) {
        return first.get(slot) + k * step(slot);
    }

    private int width(int slot) {
        return operand(slot, OPERANDS);
    }

    void declare(Code c, int slot) {
        for (int k = 0; k < OPERANDS; k++) {
            c.declare(operand(slot, k), Code.item(type(slot)));
        }
        if (wide.contains(slot)) {
            c.declare(width(slot), Code.item(Type.I32));
        }
    }

    /** Makes the int on the stack the slot's value, whatever it is, and all its locals ready to be read. */
    void fetch(Code c, int slot) {
        set(c, slot);
        for (int k = 1; wide.contains(slot) && k < OPERANDS; k++) {
            c.constant(0L);
            c.store(Type.I64, operand(slot, k));
        }
    }

    private void set(Code c, int slot) {
        setVector(c, slot);
        if (!wide.contains(slot)) {
            c.load(Type.I32, operand(slot, 0));
            c.constant(1);
            c.op(IADD);
            c.constant(1);
            c.op(ISHL);
            c.store(Type.I32, operand(slot, 2));
        }
    }

    /** The same if the int has no other bits than a carry vector. */
    private void setVector(Code c, int slot) {
        if (wide.contains(slot)) {
            c.op(I2L);
            c.store(Type.I64, operand(slot, 0));
            width(c, slot, 0);
        } else {
            c.dup();
            c.store(Type.I32, operand(slot, 0));
            c.store(Type.I32, operand(slot, 1));
        }
    }

    private void width(Code c, int slot, int bits) {
        c.constant(bits);
        c.store(Type.I32, width(slot));
    }

    /** Emits a PUT. */
    void put(Code c, Values values, int slot, Insn value) {
        if (isSum(value) && values.isFusible(value)) {
            putSum(c, values, slot, value);
            return;
        }
        values.push(value);
        if (value.op() == Op.AUX_ADD || value.op() == Op.AUX_SUB || value.isConst() && ((int) value.imm() & ~MASK) == 0) {
            setVector(c, slot);
        } else {
            set(c, slot);
        }
    }

    private void putSum(Code c, Values values, int slot, Insn value) {
        boolean add = value.op() == Op.AUX_ADD;
        values.fused(value);
        for (int k = 0; k < OPERANDS; k++) {
            values.makeRepeatable(value.arg(k));
        }
        for (int k = 0; k < OPERANDS; k++) {
            values.push(value.arg(add || k == 1 ? k : 2 - k));
            if (wide.contains(slot) && value.imm() == Integer.SIZE) {
                c.op(I2L);
            }
            c.store(type(slot), operand(slot, k));
        }
        if (wide.contains(slot)) {
            width(c, slot, (int) value.imm());
        }
    }

    /** Pushes the slot's value, an int. */
    void push(Code c, int slot) {
        for (int k = 0; k < OPERANDS; k++) {
            c.load(type(slot), operand(slot, k));
        }
        if (wide.contains(slot)) {
            c.load(Type.I32, width(slot));
        }
        c.invoke(INVOKESTATIC, RegionEmitter.PACKAGE + "DeferredCarries", "value", wide.contains(slot) ? "(JJJI)I" : "(III)I", wide.contains(slot) ? 4 : 3);
    }

    /** What three locals stand for. Called from generated code. */
    static int value(int a, int b, int sum) {
        return sum - a - b >>> 1 == 0 ? (a & b | (a | b) & ~sum) & MASK : a;
    }

    /** What four locals stand for. Called from generated code. */
    static int value(long a, long b, long sum, int width) {
        if (width == 0) {
            return (int) a;
        }
        long carries = a & b | (a | b) & ~sum;
        return (int) (width == Integer.SIZE ? carries : carries >>> Integer.SIZE) & TOP | (int) carries & HALF;
    }
}
