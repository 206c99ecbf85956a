package org.gearshift.backend.jvm;

import static org.objectweb.asm.Opcodes.*;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Type;
import org.objectweb.asm.Label;

/** Bytecode of every operation that yields a value: arguments first, then the operation, result on the JVM stack. */
final class Expressions {
    /** Result bits of the AUX operations. */
    private static final int AUX_MASK = 0xC000_0008;
    private static final int AUX_TOP = 0xC000_0000;
    private static final int AUX_LOW = 8;

    /** Operations that are one JVM instruction: for I32, for I64. */
    private static final Map<Op, int[]> SIMPLE = new EnumMap<>(Op.class);
    /** Operations that are one call: method for I32 and I64 operands of this class. */
    private static final Map<Op, String> CALLS = new EnumMap<>(Op.class);
    /** Conditional jumps taken if the comparison holds: two ints, int or long comparison against 0, 0 against int. */
    private static final Map<Op, int[]> COMPARE = new EnumMap<>(Op.class);
    /** The jump with the opposite condition. */
    private static final int[] OPPOSITE = new int[256];

    static {
        SIMPLE.put(Op.ADD, new int[] {IADD, LADD});
        SIMPLE.put(Op.SUB, new int[] {ISUB, LSUB});
        SIMPLE.put(Op.MUL, new int[] {IMUL, LMUL});
        SIMPLE.put(Op.AND, new int[] {IAND, LAND});
        SIMPLE.put(Op.OR, new int[] {IOR, LOR});
        SIMPLE.put(Op.XOR, new int[] {IXOR, LXOR});
        SIMPLE.put(Op.SHL, new int[] {ISHL, LSHL});
        SIMPLE.put(Op.SHR, new int[] {IUSHR, LUSHR});
        SIMPLE.put(Op.SAR, new int[] {ISHR, LSHR});
        SIMPLE.put(Op.NEG, new int[] {INEG, LNEG});
        CALLS.put(Op.ROTL, "rotateLeft");
        CALLS.put(Op.ROTR, "rotateRight");
        CALLS.put(Op.BSWAP, "reverseBytes");
        CALLS.put(Op.CLZ, "numberOfLeadingZeros");
        CALLS.put(Op.CTZ, "numberOfTrailingZeros");
        CALLS.put(Op.POPCNT, "bitCount");
        COMPARE.put(Op.EQ, new int[] {IF_ICMPEQ, IFEQ, IFEQ});
        COMPARE.put(Op.NE, new int[] {IF_ICMPNE, IFNE, IFNE});
        COMPARE.put(Op.SLT, new int[] {IF_ICMPLT, IFLT, IFGT});
        COMPARE.put(Op.SLE, new int[] {IF_ICMPLE, IFLE, IFGE});
        COMPARE.put(Op.ULT, new int[] {IF_ICMPLT, IFLT, IFGT});
        COMPARE.put(Op.ULE, new int[] {IF_ICMPLE, IFLE, IFGE});
        opposite(IFEQ, IFNE);
        opposite(IFLT, IFGE);
        opposite(IFGT, IFLE);
        opposite(IF_ICMPEQ, IF_ICMPNE);
        opposite(IF_ICMPLT, IF_ICMPGE);
        opposite(IF_ICMPGT, IF_ICMPLE);
    }

    private final Code c;
    private final Values values;
    private final MemoryAccess memory;
    private final RmwPairs rmw;
    private Locals locals;
    private MemoryWindows windows;
    private WindowAccess windowed;

    Expressions(Code c, Values values, MemoryAccess memory, RmwPairs rmw) {
        this.c = c;
        this.values = values;
        this.memory = memory;
        this.rmw = rmw;
    }

    void locals(Locals l) {
        locals = l;
    }

    void windows(MemoryWindows w, WindowAccess access) {
        windows = w;
        windowed = access;
    }

    private static void opposite(int a, int b) {
        OPPOSITE[a] = b;
        OPPOSITE[b] = a;
    }

    /** Emits the operation of a value that is needed now. */
    void emit(Insn i) {
        boolean wide = i.type() == Type.I64;
        int[] simple = SIMPLE.get(i.op());
        if (simple != null) {
            arguments(i);
            c.op(simple[wide ? 1 : 0]);
            return;
        }
        switch (i.op()) {
            case NOT -> not(i, wide);
            case ROTL, ROTR -> rotate(i, wide);
            case BSWAP, CLZ, CTZ, POPCNT -> countOrSwap(i, wide);
            case MULHU, MULHS -> multiplyHigh(i);
            case SEXT8, SEXT16, ZEXT8, ZEXT16 -> extend(i, wide);
            case SEXT32 -> sext32(i);
            case ZEXT32 -> zext32(i);
            case TRUNC -> truncate(i);
            case EQ, NE, SLT, SLE, ULT, ULE -> comparison(i);
            case SELECT -> select(i);
            case PARITY -> parity(i);
            case AUX_ADD, AUX_SUB -> aux(i, wide);
            case LOAD, LOAD_RMW -> load(i);
            case CALL -> pureCall(i);
            default -> throw new IllegalStateException(i.op().text() + " is no expression");
        }
    }

    /** Pushes the arguments; of a commutative operation the one first that starts with a waiting load. */
    private void arguments(Insn i) {
        boolean swap = i.argCount() == 2 && isCommutative(i.op()) && values.leads(i.arg(1));
        if (swap) {
            values.push(i.arg(1));
            values.push(i.arg(0));
            return;
        }
        for (int a = 0; a < i.argCount(); a++) {
            values.push(i.arg(a));
        }
    }

    private static boolean isCommutative(Op op) {
        return op == Op.ADD || op == Op.MUL || op == Op.AND || op == Op.OR || op == Op.XOR;
    }

    private void not(Insn i, boolean wide) {
        values.push(i.arg(0));
        c.constant(i.type(), -1);
        c.op(wide ? LXOR : IXOR);
    }

    private void rotate(Insn i, boolean wide) {
        arguments(i);
        c.invoke(INVOKESTATIC, wide ? "java/lang/Long" : "java/lang/Integer", CALLS.get(i.op()), wide ? "(JI)J" : "(II)I", 2);
    }

    private void countOrSwap(Insn i, boolean wide) {
        values.push(i.arg(0));
        boolean longResult = wide && i.op() == Op.BSWAP;
        c.invoke(INVOKESTATIC, wide ? "java/lang/Long" : "java/lang/Integer", CALLS.get(i.op()),
                (wide ? "(J)" : "(I)") + (longResult ? "J" : "I"), 1);
        if (wide && !longResult) {
            c.op(I2L);
        }
    }

    private void multiplyHigh(Insn i) {
        arguments(i);
        if (i.op() == Op.MULHS) {
            c.invoke(INVOKESTATIC, "java/lang/Math", "multiplyHigh", "(JJ)J", 2);
        } else {
            c.invoke(INVOKESTATIC, RegionEmitter.PACKAGE + "Arithmetic", "multiplyHighUnsigned", "(JJ)J", 2);
        }
    }

    private void extend(Insn i, boolean wide) {
        values.push(i.arg(0));
        if (wide) {
            c.op(L2I);
        }
        switch (i.op()) {
            case SEXT8 -> c.op(I2B);
            case SEXT16 -> c.op(I2S);
            case ZEXT16 -> c.op(I2C);
            default -> {
                c.constant(0xff);
                c.op(IAND);
            }
        }
        if (wide) {
            c.op(I2L);
        }
    }

    private void sext32(Insn i) {
        values.push(i.arg(0));
        c.op(I2L);
    }

    private void zext32(Insn i) {
        values.push(i.arg(0));
        c.op(I2L);
        c.constant(0xffffffffL);
        c.op(LAND);
    }

    private void truncate(Insn i) {
        values.push(i.arg(0));
        c.op(L2I);
    }

    private void parity(Insn i) {
        values.push(i.arg(0));
        c.constant(0xff);
        c.op(IAND);
        c.invoke(INVOKESTATIC, "java/lang/Integer", "bitCount", "(I)I", 1);
        c.constant(1);
        c.op(IAND);
        c.constant(1);
        c.op(IXOR);
    }

    private void pureCall(Insn i) {
        arguments(i);
        call(i.helper());
    }

    /** Invokes a helper whose arguments are on the stack. */
    void call(Helper h) {
        int pops = h.params().size() + (h.takesContext() ? 1 : 0);
        c.invoke(INVOKESTATIC, org.objectweb.asm.Type.getInternalName(h.owner()), h.method(), h.methodType().toMethodDescriptorString(), pops);
    }

    private void load(Insn i) {
        MemoryWindows.Window window = windows.of(i);
        if (window != null) {
            windowed.load(window, i, values.site(i));
            return;
        }
        int index = MemoryAccess.NO_INDEX;
        if (rmw.isWanted(i)) {
            index = memory.allocateIndex();
            c.forget(index);
            rmw.indexIn(i, index);
        }
        values.push(i.arg(0));
        memory.load(i.arg(0).resultType(), (int) i.imm(), i.op() == Op.LOAD_RMW, values.site(i), index);
    }

    /**
     * The carry vector of an addition is {@code b} where the operand bits agree and {@code ~res} elsewhere, that of a subtraction
     * {@code res} where they agree and {@code b} elsewhere: two exclusive-ors and an AND select.
     */
    private void aux(Insn i, boolean wide) {
        Insn a = i.arg(0);
        Insn b = i.arg(1);
        Insn res = i.arg(2);
        int xor = wide ? LXOR : IXOR;
        boolean add = i.op() == Op.AUX_ADD;
        values.makeRepeatable(b);
        values.makeRepeatable(res);
        values.peek(add ? b : res);
        values.peek(res);
        if (add) {
            c.constant(i.type(), -1);
            c.op(xor);
        }
        values.peek(b);
        c.op(xor);
        values.push(a);
        values.peek(b);
        c.op(xor);
        c.op(wide ? LAND : IAND);
        c.op(xor);
        values.release(b);
        values.release(res);
        fold((int) i.imm(), wide);
    }

    /** Carry vector to bits 31 (carry out), 30 and 3. */
    private void fold(int width, boolean wide) {
        if (width == 64) {
            c.dup();
            c.constant(32);
            c.op(LUSHR);
            c.op(L2I);
            c.constant(AUX_TOP);
            c.op(IAND);
            // The vector is below: bring its low half up by way of long arithmetic, so that no local is needed.
            c.op(I2L);
            c.constant(32);
            c.op(LSHL);
            join64();
            return;
        }
        if (wide) {
            c.op(L2I);
        }
        if (width == 32) {
            c.constant(AUX_MASK);
            c.op(IAND);
            return;
        }
        c.dup();
        c.constant(AUX_TOP >>> 32 - width);
        c.op(IAND);
        c.constant(32 - width);
        c.op(ISHL);
        int top = locals.allocate(Type.I32);
        c.store(Type.I32, top);
        c.constant(AUX_LOW);
        c.op(IAND);
        c.load(Type.I32, top);
        c.op(IOR);
        locals.release(top);
    }

    private void join64() {
        int top = locals.allocate(Type.I64);
        c.store(Type.I64, top);
        c.constant((long) AUX_LOW);
        c.op(LAND);
        c.load(Type.I64, top);
        c.constant(32);
        c.op(LUSHR);
        c.op(LOR);
        c.op(L2I);
        locals.release(top);
    }

    private void comparison(Insn i) {
        Label yes = new Label();
        Label end = new Label();
        jump(i, true, yes);
        List<Object> below = c.stack();
        c.constant(0);
        c.jump(GOTO, 0, end);
        c.stack(below);
        c.label(yes);
        c.constant(1);
        c.label(end);
    }

    private void select(Insn i) {
        values.settleForOnePath(i.arg(1));
        values.settleForOnePath(i.arg(2));
        Label otherwise = new Label();
        Label end = new Label();
        jumpIf(i.arg(0), false, otherwise);
        List<Object> below = c.stack();
        values.push(i.arg(1));
        c.jump(GOTO, 0, end);
        c.stack(below);
        c.label(otherwise);
        values.push(i.arg(2));
        c.label(end);
    }

    /** Jumps if a condition (one use of it) is true, or is false. */
    void jumpIf(Insn condition, boolean sense, Label to) {
        if (COMPARE.containsKey(condition.op()) && values.isFusible(condition)) {
            jump(condition, sense, to);
            values.fused(condition);
        } else {
            values.push(condition);
            c.jump(sense ? IFNE : IFEQ, 1, to);
        }
    }

    /** Compares and jumps if the outcome is {@code sense}. */
    private void jump(Insn i, boolean sense, Label to) {
        int[] forms = COMPARE.get(i.op());
        Insn a = i.arg(0);
        Insn b = i.arg(1);
        boolean unsigned = i.op() == Op.ULT || i.op() == Op.ULE;
        int opcode;
        int pops = 1;
        if (i.type() == Type.I64) {
            operand(a, unsigned);
            operand(b, unsigned);
            c.op(LCMP);
            opcode = forms[1];
        } else if (!unsigned && isZero(b)) {
            values.push(a);
            opcode = forms[1];
        } else if (!unsigned && isZero(a)) {
            values.push(b);
            opcode = forms[2];
        } else {
            operand(a, unsigned);
            operand(b, unsigned);
            opcode = forms[0];
            pops = 2;
        }
        c.jump(sense ? opcode : OPPOSITE[opcode], pops, to);
    }

    private static boolean isZero(Insn i) {
        return i.isConst() && i.imm() == 0;
    }

    /** Pushes an operand; for unsigned comparison with its top bit flipped, in the form that C2 recognizes. */
    private void operand(Insn i, boolean unsigned) {
        boolean wide = i.resultType() == Type.I64;
        long min = wide ? Long.MIN_VALUE : Integer.MIN_VALUE;
        if (unsigned && i.isConst()) {
            c.constant(i.type(), i.imm() + min);
            return;
        }
        values.push(i);
        if (unsigned) {
            c.constant(wide ? Type.I64 : Type.I32, min);
            c.op(wide ? LADD : IADD);
        }
    }
}
