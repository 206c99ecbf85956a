package org.gearshift.ir;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Builds one block at a time. Folds constants, applies algebraic identities, reuses equal pure values close by, and numbers
 * state slots: a GET after a PUT or GET of the same slot is the value itself, until a monitor service or a helper may have written the
 * slot. Lifters may therefore read and write slots naively.
 *
 * <p>Reusable: {@link #begin} starts the next block. Not thread-safe.
 */
public final class IrBuilder {
    /** How many instructions back an equal pure value is searched. */
    private static final int REUSE_WINDOW = 12;
    private static final int CONST_CACHE = 64;
    /** Scratch number of values that were put into a slot: sums are not folded through them, a slot is as good a base as any. */
    private static final int IN_SLOT = -1;

    private final List<Insn> insns = new ArrayList<>();
    private final Insn[] known32;
    private final Insn[] known64;
    /** Slot's known32 came from a PUT, so that the slot is its sign-extension. */
    private final boolean[] extended;
    private final Insn[] consts = new Insn[CONST_CACHE];
    private long pc;
    private int marks;
    private UnaryOperator<Insn> rewriter;

    public IrBuilder(StateLayout layout) {
        known32 = new Insn[layout.slotCount()];
        known64 = new Insn[layout.slotCount()];
        extended = new boolean[layout.slotCount()];
    }

    /**
     * Lets every instruction pass through a function before it is appended: what that returns is appended in its place, nothing if it returns null. The function
     * may itself emit. For tests that plant errors in lifted code.
     *
     * @param by null for none
     */
    public void rewrite(UnaryOperator<Insn> by) {
        rewriter = by;
    }

    /** Starts a block at a guest pc, forgetting any unfinished one. */
    public IrBuilder begin(long blockPc) {
        insns.clear();
        Arrays.fill(consts, null);
        forgetAll();
        pc = blockPc;
        marks = 0;
        return this;
    }

    /** Ends the block. A branch on a known condition becomes a jump. */
    public Block finish(Terminator t, int guestBytes) {
        Terminator end = t;
        if (t.kind() == Terminator.Kind.BRANCH && t.value().isConst()) {
            end = Terminator.jump(t.value().imm() != 0 ? t.target() : t.otherwise());
        }
        Block b = new Block(pc, insns, end, marks, guestBytes);
        insns.clear();
        return b;
    }

    /** Guest instructions marked so far. */
    public int guestInsns() {
        return marks;
    }

    /** IR instructions emitted so far. */
    public int size() {
        return insns.size();
    }

    /** Starts the guest instruction at an address. */
    public void mark(long guestPc) {
        marks++;
        emit(new Insn(Op.MARK, Type.VOID, guestPc, null));
    }

    public Insn i32(int value) {
        return constant(Type.I32, value);
    }

    public Insn i64(long value) {
        return constant(Type.I64, value);
    }

    /** A constant of a type; the value is narrowed to it. */
    public Insn constant(Type type, long value) {
        long v = type == Type.I32 ? (int) value : value;
        int h = (int) (v ^ v >>> 32) * 0x9e3779b1 >>> 26;
        Insn c = consts[h];
        if (c == null || c.imm() != v || c.type() != type) {
            c = emit(new Insn(Op.CONST, type, v, null));
            consts[h] = c;
        }
        return c;
    }

    /** Value of a slot. */
    public Insn get(Type type, int slot) {
        Insn v;
        if (type == Type.I32) {
            v = known32[slot];
            if (v == null) {
                v = known64[slot] != null ? trunc(known64[slot]) : emit(new Insn(Op.GET, type, slot, null));
                known32[slot] = v;
            }
        } else {
            v = known64[slot];
            if (v == null) {
                v = extended[slot] ? sext32(known32[slot]) : emit(new Insn(Op.GET, type, slot, null));
                known64[slot] = v;
            }
        }
        return v;
    }

    public Insn get32(int slot) {
        return get(Type.I32, slot);
    }

    public Insn get64(int slot) {
        return get(Type.I64, slot);
    }

    /** Writes a slot; an I32 value is stored sign-extended. */
    public void put(int slot, Insn value) {
        boolean narrow = value.resultType() == Type.I32;
        if (narrow ? extended[slot] && known32[slot] == value : known64[slot] == value) {
            return;
        }
        value.setIndex(IN_SLOT);
        known32[slot] = narrow ? value : null;
        known64[slot] = narrow ? null : value;
        extended[slot] = narrow;
        emit(new Insn(Op.PUT, value.resultType(), slot, null, value));
    }

    public Insn add(Insn a, Insn b) {
        return binary(Op.ADD, a, b);
    }

    public Insn add(Insn a, long b) {
        return add(a, like(a, b));
    }

    public Insn sub(Insn a, Insn b) {
        return binary(Op.SUB, a, b);
    }

    public Insn sub(Insn a, long b) {
        return sub(a, like(a, b));
    }

    public Insn mul(Insn a, Insn b) {
        return binary(Op.MUL, a, b);
    }

    public Insn and(Insn a, Insn b) {
        return binary(Op.AND, a, b);
    }

    public Insn and(Insn a, long b) {
        return and(a, like(a, b));
    }

    public Insn or(Insn a, Insn b) {
        return binary(Op.OR, a, b);
    }

    public Insn or(Insn a, long b) {
        return or(a, like(a, b));
    }

    public Insn xor(Insn a, Insn b) {
        return binary(Op.XOR, a, b);
    }

    public Insn xor(Insn a, long b) {
        return xor(a, like(a, b));
    }

    /** Shifts and rotates: {@code count} is I32, taken modulo the width of {@code a}'s type. */
    public Insn shl(Insn a, Insn count) {
        return binary(Op.SHL, a, count);
    }

    public Insn shl(Insn a, int count) {
        return shl(a, i32(count));
    }

    public Insn shr(Insn a, Insn count) {
        return binary(Op.SHR, a, count);
    }

    public Insn shr(Insn a, int count) {
        return shr(a, i32(count));
    }

    public Insn sar(Insn a, Insn count) {
        return binary(Op.SAR, a, count);
    }

    public Insn sar(Insn a, int count) {
        return sar(a, i32(count));
    }

    public Insn rotl(Insn a, Insn count) {
        return binary(Op.ROTL, a, count);
    }

    public Insn rotl(Insn a, int count) {
        return rotl(a, i32(count));
    }

    public Insn rotr(Insn a, Insn count) {
        return binary(Op.ROTR, a, count);
    }

    public Insn rotr(Insn a, int count) {
        return rotr(a, i32(count));
    }

    public Insn neg(Insn a) {
        return unary(Op.NEG, a);
    }

    public Insn not(Insn a) {
        return unary(Op.NOT, a);
    }

    public Insn mulhu(Insn a, Insn b) {
        return pure(Op.MULHU, Type.I64, 0, a, b);
    }

    public Insn mulhs(Insn a, Insn b) {
        return pure(Op.MULHS, Type.I64, 0, a, b);
    }

    public Insn sext8(Insn a) {
        return unary(Op.SEXT8, a);
    }

    public Insn sext16(Insn a) {
        return unary(Op.SEXT16, a);
    }

    public Insn zext8(Insn a) {
        return unary(Op.ZEXT8, a);
    }

    public Insn zext16(Insn a) {
        return unary(Op.ZEXT16, a);
    }

    /** Sign-extension of the low {@code bits} (8, 16, or the full width) within the value's type. */
    public Insn sext(int bits, Insn a) {
        return bits == 8 ? sext8(a) : bits == 16 ? sext16(a) : bits == 32 && a.resultType() == Type.I64 ? sext32(trunc(a)) : a;
    }

    /** Zero-extension of the low {@code bits} (8, 16, 32 or 64) within the value's type. */
    public Insn zext(int bits, Insn a) {
        return bits == 8 ? zext8(a) : bits == 16 ? zext16(a) : bits == 32 && a.resultType() == Type.I64 ? and(a, 0xffffffffL) : a;
    }

    public Insn sext32(Insn a) {
        return pure(Op.SEXT32, Type.I64, 0, a);
    }

    public Insn zext32(Insn a) {
        return pure(Op.ZEXT32, Type.I64, 0, a);
    }

    public Insn trunc(Insn a) {
        return pure(Op.TRUNC, Type.I32, 0, a);
    }

    public Insn eq(Insn a, Insn b) {
        return binary(Op.EQ, a, b);
    }

    public Insn eq(Insn a, long b) {
        return eq(a, like(a, b));
    }

    public Insn ne(Insn a, Insn b) {
        return binary(Op.NE, a, b);
    }

    public Insn ne(Insn a, long b) {
        return ne(a, like(a, b));
    }

    public Insn slt(Insn a, Insn b) {
        return binary(Op.SLT, a, b);
    }

    public Insn sle(Insn a, Insn b) {
        return binary(Op.SLE, a, b);
    }

    public Insn ult(Insn a, Insn b) {
        return binary(Op.ULT, a, b);
    }

    public Insn ule(Insn a, Insn b) {
        return binary(Op.ULE, a, b);
    }

    /** {@code condition != 0 ? a : b}; the condition is I32. */
    public Insn select(Insn condition, Insn a, Insn b) {
        return pure(Op.SELECT, a.resultType(), 0, condition, a, b);
    }

    public Insn bswap(Insn a) {
        return unary(Op.BSWAP, a);
    }

    public Insn clz(Insn a) {
        return unary(Op.CLZ, a);
    }

    public Insn ctz(Insn a) {
        return unary(Op.CTZ, a);
    }

    public Insn popcnt(Insn a) {
        return unary(Op.POPCNT, a);
    }

    /** 1 if the low byte of an I32 has an even number of ones. */
    public Insn parity(Insn a) {
        return pure(Op.PARITY, Type.I32, 0, a);
    }

    /** Carry vector of {@code res = a + b (+ carry)} at width {@code bits}; see {@link Op#AUX_ADD}. */
    public Insn auxAdd(int bits, Insn a, Insn b, Insn res) {
        return pure(Op.AUX_ADD, a.resultType(), bits, a, b, res);
    }

    /** Carry vector of {@code res = a - b (- borrow)} at width {@code bits}; see {@link Op#AUX_SUB}. */
    public Insn auxSub(int bits, Insn a, Insn b, Insn res) {
        return pure(Op.AUX_SUB, a.resultType(), bits, a, b, res);
    }

    /** Loads 8, 16 or 32 bits as I32 (zero-extended) or 64 as I64. */
    public Insn load(int bits, Insn address) {
        return emit(new Insn(Op.LOAD, loadType(bits), bits, null, address));
    }

    /** A load of a location the same guest instruction stores to. */
    public Insn loadRmw(int bits, Insn address) {
        return emit(new Insn(Op.LOAD_RMW, loadType(bits), bits, null, address));
    }

    public void store(int bits, Insn address, Insn value) {
        emit(new Insn(Op.STORE, loadType(bits), bits, null, address, value));
    }

    /** Faults unless {@code bytes} at {@code offset} lie within the segment whose limit slot is given. */
    public void segCheck(Insn offset, int limitSlot, int segment, int bytes, boolean write) {
        emit(new Insn(Op.SEGCHECK, offset.resultType(), Insn.segCheck(limitSlot, segment, bytes, write), null, offset));
    }

    /** Calls a helper. */
    public Insn call(Helper helper, Insn... args) {
        if (args.length != helper.params().size()) {
            throw new IllegalArgumentException(helper.name() + " takes " + helper.params().size() + " arguments, not " + args.length);
        }
        Insn v = emit(new Insn(Op.CALL, helper.result(), 0, helper, args));
        for (int s = helper.writes().nextSetBit(0); s >= 0; s = helper.writes().nextSetBit(s + 1)) {
            forget(s);
        }
        return v;
    }

    /** What follows in this block is for the case that a condition holds, an I32 other than 0; see {@link Expectation}. A condition known to hold costs nothing. */
    public void expect(Insn condition) {
        if (!condition.isConst() || condition.imm() == 0) {
            call(Expectation.HELPER, condition);
        }
    }

    /** The constant, an I32, whose sign-extension a slot is known to hold; null if none is. */
    public Insn constantIn(int slot) {
        return extended[slot] && known32[slot].isConst() ? known32[slot] : null;
    }

    /** From here on a slot is known to hold the sign-extension of a constant, since that has been compared. */
    public void assume(int slot, int value) {
        known32[slot] = i32(value);
        known64[slot] = null;
        extended[slot] = true;
    }

    /** Calls a monitor service with up to three arguments; the result is I64. */
    public Insn vmcall(int number, Insn... args) {
        Insn v = emit(new Insn(Op.VMCALL, Type.I64, number, null, args));
        forgetAll();
        return v;
    }

    private Insn like(Insn v, long value) {
        return constant(v.resultType(), value);
    }

    private Insn unary(Op op, Insn a) {
        return pure(op, a.resultType(), 0, a);
    }

    private Insn binary(Op op, Insn a, Insn b) {
        if (a.isConst() && !b.isConst() && Simplifier.isCommutative(op)) {
            return binary(op, b, a);
        }
        if (op == Op.ADD && b.isConst() && a.op() == Op.ADD && a.arg(1).isConst() && a.index() != IN_SLOT) {
            return add(a.arg(0), like(a, a.arg(1).imm() + b.imm()));
        }
        Insn narrow = op.resultSignature() == 'i' && a.resultType() == Type.I64 ? narrowComparison(op, a, b) : null;
        return narrow != null ? narrow : pure(op, a.resultType(), 0, a, b);
    }

    /** A comparison of two values extended from 32 bits in the same way, or of one and a constant, as one of 32-bit values; null if it is none. */
    private Insn narrowComparison(Op op, Insn a, Insn b) {
        Op extension = a.isConst() ? b.op() : a.op();
        boolean signed = op == Op.SLT || op == Op.SLE;
        if (extension != Op.SEXT32 && (extension != Op.ZEXT32 || signed)) {
            return null;
        }
        Insn left = beforeExtension(extension, a);
        Insn right = beforeExtension(extension, b);
        return left == null || right == null ? null : binary(op, left, right);
    }

    private Insn beforeExtension(Op extension, Insn v) {
        if (!v.isConst()) {
            return v.op() == extension ? v.arg(0) : null;
        }
        boolean fits = extension == Op.SEXT32 ? v.imm() == (int) v.imm() : v.imm() >>> 32 == 0;
        return fits ? i32((int) v.imm()) : null;
    }

    /** Any evaluable operation ({@link OpSemantics#isEvaluable}) by its table entry, folded and reused as with the named methods. */
    public Insn op(Op op, Type type, long imm, Insn... args) {
        if (args.length == 2 && op.argSignature().equals("TT")) {
            return binary(op, args[0], args[1]);
        }
        return pure(op, type, imm, args);
    }

    /** Appends an instruction that is not evaluable as it is; known slot values follow its effects. */
    public Insn append(Insn v) {
        switch (v.op()) {
            case CONST -> {
                return constant(v.type(), v.imm());
            }
            case GET -> {
                return get(v.type(), (int) v.imm());
            }
            case PUT -> put((int) v.imm(), v.arg(0));
            case MARK -> mark(v.imm());
            case CALL -> {
                return call(v.helper(), v.args().toArray(new Insn[0]));
            }
            case VMCALL -> {
                return vmcall((int) v.imm(), v.args().toArray(new Insn[0]));
            }
            default -> emit(v);
        }
        return v;
    }

    private Insn pure(Op op, Type type, long imm, Insn... args) {
        if (Simplifier.isFoldable(op, args)) {
            long v = Simplifier.fold(op, type, imm, args);
            return constant(resultType(op, type), v);
        }
        if (Simplifier.isKnownForSameOperands(op, args)) {
            return constant(resultType(op, type), Simplifier.sameOperandsValue(op));
        }
        Insn same = Simplifier.identity(op, type, args);
        if (same == null) {
            same = reusable(op, type, imm, args);
        }
        return same != null ? same : emit(new Insn(op, type, imm, null, args));
    }

    private Insn reusable(Op op, Type type, long imm, Insn[] args) {
        int stop = Math.max(0, insns.size() - REUSE_WINDOW);
        for (int i = insns.size() - 1; i >= stop; i--) {
            Insn v = insns.get(i);
            if (v.op() == op && v.type() == type && v.imm() == imm && v.argCount() == args.length && sameArgs(v, args)) {
                return v;
            }
        }
        return null;
    }

    private static boolean sameArgs(Insn v, Insn[] args) {
        for (int i = 0; i < args.length; i++) {
            if (v.arg(i) != args[i]) {
                return false;
            }
        }
        return true;
    }

    private static Type resultType(Op op, Type type) {
        return op.resultSignature() == 'i' ? Type.I32 : op.resultSignature() == 'l' ? Type.I64 : type;
    }

    private static Type loadType(int bits) {
        return bits == 64 ? Type.I64 : Type.I32;
    }

    private Insn emit(Insn i) {
        Insn v = rewriter == null ? i : rewritten(i);
        if (v != null) {
            insns.add(v);
        }
        return v;
    }

    private Insn rewritten(Insn i) {
        UnaryOperator<Insn> by = rewriter;
        rewriter = null;
        Insn v = by.apply(i);
        rewriter = by;
        return v;
    }

    private void forget(int slot) {
        known32[slot] = null;
        known64[slot] = null;
        extended[slot] = false;
    }

    private void forgetAll() {
        Arrays.fill(known32, null);
        Arrays.fill(known64, null);
        Arrays.fill(extended, false);
    }
}
