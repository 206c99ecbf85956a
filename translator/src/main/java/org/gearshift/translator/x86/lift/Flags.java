package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;

/**
 * The arithmetic flags while a block is lifted: how instructions set them (slots FLAG_RES and FLAG_AUX, see {@link X86State}) and what a
 * condition is as a value. Remembers the last producer in the block, so that a condition becomes one comparison of its operands.
 *
 * <p>Undefined flags, and what is done with them (checked against an AMD Zen processor where the manuals leave the choice): see
 * {@link UndefinedFlags}.
 */
public final class Flags {
    /** Overflow, below, zero, below-or-equal, sign, parity, less, less-or-equal: condition codes without their lowest bit. */
    public static final int O = 0;
    public static final int B = 2;
    public static final int Z = 4;
    public static final int BE = 6;
    public static final int S = 8;
    public static final int P = 10;
    public static final int L = 12;
    public static final int LE = 14;

    /** Bit 31 of FLAG_AUX: the carry. */
    static final int CARRY = 0x8000_0000;
    /** Bits 31 and 30: flipping both changes CF and keeps OF. */
    static final int CARRY_PAIR = 0xc000_0000;
    static final int ADJUST = 8;

    private enum Producer {
        UNKNOWN,
        /** {@code res = a - b}. */
        SUB,
        /** {@code res = a + b}. */
        ADD,
        /** CF and OF are 0. */
        LOGIC,
        /** FLAG_AUX has zeros in bits 0 and 8..15. */
        RESULT
    }

    private final IrBuilder ir;
    private final Type resultType;
    private Producer producer = Producer.UNKNOWN;
    private int bits;
    private Insn a;
    private Insn b;

    Flags(IrBuilder ir, boolean code64) {
        this.ir = ir;
        this.resultType = code64 ? Type.I64 : Type.I32;
    }

    /** Forgets the producer: a service or helper may have written the flags. */
    public void forget() {
        producer = Producer.UNKNOWN;
    }

    /** Flags of {@code res = a - b}; operands' bits above the width do not matter. */
    public void setSub(int width, Insn left, Insn right, Insn res) {
        put(Producer.SUB, width, res, ir.auxSub(width, left, right, res));
        a = left;
        b = right;
    }

    /** Flags of {@code res = a + b}. */
    public void setAdd(int width, Insn left, Insn right, Insn res) {
        put(Producer.ADD, width, res, ir.auxAdd(width, left, right, res));
        a = left;
        b = right;
    }

    /** Flags of {@code res = a + b + carry}. */
    public void setAddCarry(int width, Insn left, Insn right, Insn res) {
        put(Producer.RESULT, width, res, ir.auxAdd(width, left, right, res));
    }

    /** Flags of {@code res = a - b - borrow}. */
    public void setSubBorrow(int width, Insn left, Insn right, Insn res) {
        put(Producer.RESULT, width, res, ir.auxSub(width, left, right, res));
    }

    /** ZF, SF, PF of the result; CF = OF = AF = 0. */
    public void setLogic(int width, Insn res) {
        put(Producer.LOGIC, width, res, ir.i32(0));
    }

    /** ZF, SF, PF of the result; CF, OF, AF as FLAG_AUX bits 31, 31 ^ 30 and 3 of {@code aux}, whose other bits are 0. */
    public void setResult(int width, Insn res, Insn aux) {
        put(Producer.RESULT, width, res, aux);
    }

    /** The same, except that CF stays: INC and DEC. */
    public void setResultKeepCarry(int width, Insn res, Insn aux) {
        Insn differs = ir.and(ir.xor(aux(), aux), CARRY);
        put(Producer.RESULT, width, res, ir.xor(aux, ir.sar(differs, 1)));
    }

    /** As {@link #setResult} if {@code condition} (I32) is not 0, otherwise all flags stay. */
    public void setResultIf(Insn condition, int width, Insn res, Insn aux) {
        Insn wide = widen(width, res);
        Insn old = res(wide.resultType());
        boolean plain = isPlain();
        ir.put(X86State.FLAG_RES, ir.select(condition, wide, old));
        ir.put(X86State.FLAG_AUX, ir.select(condition, aux, aux()));
        producer = plain ? Producer.RESULT : Producer.UNKNOWN;
    }

    /** Sets CF to bit 31 of {@code carry} (other bits do not matter); all others stay. */
    public void setCarry(Insn carry) {
        Insn differs = ir.and(ir.xor(aux(), carry), CARRY);
        putAux(ir.xor(aux(), ir.sar(differs, 1)));
    }

    /** Sets CF and OF to bits 31 and 31 ^ 30 of {@code aux}; all others stay. */
    public void setCarryOverflow(Insn aux) {
        putAux(ir.or(ir.and(aux(), ~CARRY_PAIR), ir.and(aux, CARRY_PAIR)));
    }

    /** The same if {@code condition} is not 0. */
    public void setCarryOverflowIf(Insn condition, Insn aux) {
        Insn changed = ir.or(ir.and(aux(), ~CARRY_PAIR), ir.and(aux, CARRY_PAIR));
        putAux(ir.select(condition, changed, aux()));
    }

    /** Sets ZF (I32, 0 or 1); all others stay. */
    public void setZero(Insn zero) {
        setAll(carry(), condition(P), adjust(), zero, condition(S), condition(O));
    }

    /** Sets all six flags, each an I32 0 or 1. */
    public void setAll(Insn cf, Insn pf, Insn af, Insn zf, Insn sf, Insn of) {
        Insn notZero = ir.xor(zf, 1);
        Insn parityByte = ir.xor(ir.xor(pf, 1), notZero);
        Insn aux = ir.or(ir.shl(cf, 31), ir.shl(ir.xor(cf, of), 30));
        aux = ir.or(aux, ir.or(ir.shl(af, 3), ir.shl(parityByte, 8)));
        ir.put(X86State.FLAG_AUX, ir.or(aux, sf));
        ir.put(X86State.FLAG_RES, resultType == Type.I64 ? ir.zext32(notZero) : notZero);
        producer = Producer.UNKNOWN;
    }

    /** CF as I32 0 or 1. */
    public Insn carry() {
        return condition(B);
    }

    /** AF as I32 0 or 1. */
    public Insn adjust() {
        return ir.and(ir.shr(aux(), 3), 1);
    }

    /** Value of FLAG_AUX. */
    public Insn aux() {
        return ir.get32(X86State.FLAG_AUX);
    }

    /** The low byte of EFLAGS: SF ZF AF PF and CF in place, bit 1 set. */
    public Insn lowByte() {
        Insn v = ir.or(condition(B), ir.shl(condition(P), 2));
        v = ir.or(v, ir.and(ir.shl(aux(), 1), 0x10));
        v = ir.or(v, ir.shl(condition(Z), 6));
        return ir.or(ir.or(v, ir.shl(condition(S), 7)), 2);
    }

    /** A condition code 0..15 as I32 0 or 1. */
    public Insn condition(int cc) {
        boolean negate = (cc & 1) != 0;
        int base = cc & 14;
        Insn v = null;
        switch (producer) {
            case SUB -> v = afterSub(base, negate);
            case LOGIC -> v = afterLogic(base, negate);
            case ADD -> v = base == B ? order(false, zx(res(a.resultType())), zx(a), negate, true) : null;
            default -> {
            }
        }
        if (v == null && isPlain()) {
            v = afterResult(base, negate);
        }
        return v != null ? v : generic(base, negate);
    }

    private Insn afterSub(int base, boolean negate) {
        return switch (base) {
            case B -> order(false, zx(a), zx(b), negate, true);
            case BE -> order(true, zx(a), zx(b), negate, true);
            case Z -> bits >= 32 ? equal(a, b, negate) : null;
            case L -> order(false, sx(a), sx(b), negate, false);
            case LE -> order(true, sx(a), sx(b), negate, false);
            default -> null;
        };
    }

    private Insn afterLogic(int base, boolean negate) {
        Insn r = res();
        return switch (base) {
            case O, B -> ir.i32(negate ? 1 : 0);
            case BE -> equal(r, ir.constant(r.resultType(), 0), negate);
            case L -> order(false, r, ir.constant(r.resultType(), 0), negate, false);
            case LE -> order(true, r, ir.constant(r.resultType(), 0), negate, false);
            default -> null;
        };
    }

    private Insn afterResult(int base, boolean negate) {
        Insn r = res();
        return switch (base) {
            case Z -> equal(r, ir.constant(r.resultType(), 0), negate);
            case S -> order(false, r, ir.constant(r.resultType(), 0), negate, false);
            case P -> not(ir.parity(low(r)), negate);
            default -> null;
        };
    }

    private Insn generic(int base, boolean negate) {
        Insn r = res();
        Insn zero = ir.constant(r.resultType(), 0);
        Insn x = aux();
        return switch (base) {
            case O -> not(ir.shr(ir.xor(x, ir.shl(x, 1)), 31), negate);
            case B -> not(ir.shr(x, 31), negate);
            case Z -> equal(r, zero, negate);
            case BE -> not(ir.or(ir.shr(x, 31), ir.eq(r, zero)), negate);
            case S -> not(sign(r, x), negate);
            case P -> not(ir.parity(ir.xor(low(r), ir.shr(x, 8))), negate);
            case L -> not(less(r, x), negate);
            default -> not(ir.or(less(r, x), ir.eq(r, zero)), negate);
        };
    }

    private Insn sign(Insn r, Insn x) {
        Insn s = ir.slt(r, ir.constant(r.resultType(), 0));
        return isPlain() ? s : ir.xor(s, ir.and(x, 1));
    }

    private Insn less(Insn r, Insn x) {
        return ir.xor(sign(r, x), ir.shr(ir.xor(x, ir.shl(x, 1)), 31));
    }

    private boolean isPlain() {
        return producer != Producer.UNKNOWN;
    }

    private void put(Producer p, int width, Insn res, Insn aux) {
        ir.put(X86State.FLAG_RES, widen(width, res));
        ir.put(X86State.FLAG_AUX, aux);
        producer = p;
        bits = width;
    }

    private void putAux(Insn aux) {
        ir.put(X86State.FLAG_AUX, aux);
        if (isPlain()) {
            producer = Producer.RESULT;
        }
    }

    private Insn widen(int width, Insn res) {
        Insn v = ir.sext(width, res);
        return v.resultType() == resultType || v.resultType() == Type.I64 ? v : ir.sext32(v);
    }

    private Insn res() {
        return res(resultType);
    }

    private Insn res(Type t) {
        return ir.get(t, X86State.FLAG_RES);
    }

    private Insn low(Insn r) {
        return r.resultType() == Type.I64 ? ir.trunc(r) : r;
    }

    private Insn zx(Insn v) {
        return ir.zext(bits, v);
    }

    private Insn sx(Insn v) {
        return ir.sext(bits, v);
    }

    private Insn equal(Insn x, Insn y, boolean negate) {
        return negate ? ir.ne(x, y) : ir.eq(x, y);
    }

    private Insn not(Insn v, boolean negate) {
        return negate ? ir.xor(v, 1) : v;
    }

    /** x < y, or x <= y; negated by exchanging the operands. */
    private Insn order(boolean orEqual, Insn x, Insn y, boolean negate, boolean unsigned) {
        boolean strict = orEqual == negate;
        Insn l = negate ? y : x;
        Insn r = negate ? x : y;
        if (unsigned) {
            return strict ? ir.ult(l, r) : ir.ule(l, r);
        }
        return strict ? ir.slt(l, r) : ir.sle(l, r);
    }
}
