package org.gearshift.translator.x86.lift;

import java.util.IdentityHashMap;
import java.util.Map;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.runtime.X87Attempts;

/**
 * What is known of the x87 unit while a block is lifted for one state of its register stack: TOP and the tags, which registers hold numbers of the usual kind,
 * whether the control word has been looked at. What is taken for granted is compared first, once, by an {@link IrBuilder#expect expectation}.
 *
 * <p>A state of the stack is an int: TOP in bits 0 to 2, and above it a bit for each physical register that is empty.
 */
public final class X87Knowledge {
    /** No state of the stack. */
    public static final int UNKNOWN = -1;
    /** After FNINIT. */
    public static final int INITIAL = 0xff << 3;

    private static final int ERROR_SUMMARY = 0x80;
    private static final int MASKS = 0x3f;
    private static final int CONTROLS = 0xf3f;
    /** All exceptions masked, 64 bits of precision, rounding to nearest. */
    private static final int USUAL = 0x33f;

    private final IrBuilder ir;
    private final boolean specializes;
    private int state;
    private boolean compared;
    private Insn usualControl;
    private Insn maskedControl;
    private long firstUse = -1;
    /** Words of sign and exponent, and the significands with which they are numbers. */
    private final Map<Insn, Insn> numbers = new IdentityHashMap<>();

    /** @param state expected at the start of the block, or {@link #UNKNOWN}: then nothing is lifted for a state, whatever becomes known of it */
    X87Knowledge(IrBuilder ir, int state) {
        this.ir = ir;
        this.state = state;
        this.specializes = state != UNKNOWN;
    }

    /** A state of the stack in state slots. */
    public static int stateOf(long[] s) {
        return (int) (s[X86State.X87_TOP] | s[X86State.X87_EMPTY] << 3);
    }

    /** Whether instructions are lifted for a state. What is to be right in every state may expect nothing. */
    public boolean specializes() {
        return specializes;
    }

    /** Notes an x87 instruction. */
    public void used(long pc) {
        if (firstUse < 0) {
            firstUse = pc;
        }
    }

    /** Pc of the block's first x87 instruction, or -1. */
    public long firstUse() {
        return firstUse;
    }

    /** The state after what has been lifted so far, if all was as expected; or {@link #UNKNOWN}. */
    public int state() {
        Insn top = ir.constantIn(X86State.X87_TOP);
        Insn empty = ir.constantIn(X86State.X87_EMPTY);
        if (top != null && empty != null) {
            // As after MMX instructions.
            state = (int) top.imm() | (int) empty.imm() << 3;
        }
        return state;
    }

    /** What the state will be, though it is not known for certain: after an instruction lifted in another way. */
    public void expect(int after) {
        state = after;
    }

    /** Before an instruction that needs to know: compares what is only expected so far. False if nothing is. */
    public boolean compare() {
        if (state() == UNKNOWN) {
            return false;
        }
        if (compared && ir.constantIn(X86State.X87_TOP) != null && ir.constantIn(X86State.X87_EMPTY) != null) {
            return true;
        }
        Insn different = ir.or(ir.xor(ir.get32(X86State.X87_TOP), state & 7), ir.xor(ir.get32(X86State.X87_EMPTY), state >> 3));
        ir.expect(ir.eq(ir.or(different, ir.and(ir.get32(X86State.X87_STATUS), ERROR_SUMMARY)), 0));
        ir.assume(X86State.X87_TOP, state & 7);
        ir.assume(X86State.X87_EMPTY, state >> 3);
        compared = true;
        return true;
    }

    /** Number of the physical register ST(i) is. */
    public int register(int i) {
        return state + i & 7;
    }

    public boolean isFull(int register) {
        return (state >> 3 + register & 1) == 0;
    }

    /** The register becomes the top of the stack and full. */
    public void push() {
        int top = register(7);
        set(top, state >> 3 & ~(1 << top));
    }

    public void pop() {
        set(register(1), state >> 3 | 1 << register(0));
    }

    /** Changes TOP and tags. */
    public void set(int top, int empty) {
        state = top | empty << 3;
        ir.put(X86State.X87_TOP, ir.i32(top));
        ir.put(X86State.X87_EMPTY, ir.i32(empty));
    }

    /** A significand with a word of sign and exponent is zero or a normal number. Constants speak for themselves. */
    public void isNumber(Insn significand, Insn word) {
        if (!word.isConst()) {
            numbers.put(word, significand);
        }
    }

    /** Whether it is known to be. */
    public boolean isKnownNumber(Insn significand, Insn word) {
        return significand.isConst() && word.isConst() ? X87Attempts.isNumber(significand.imm(), (int) word.imm()) != 0 : numbers.get(word) == significand;
    }

    /** Expects rounding to nearest, to 64 bits, with all exceptions masked. */
    public void expectUsualControl() {
        Insn control = ir.get32(X86State.X87_CONTROL);
        if (control != usualControl) {
            ir.expect(ir.eq(ir.and(control, CONTROLS), USUAL));
            usualControl = control;
            maskedControl = control;
        }
    }

    /** Expects all exceptions to be masked. */
    public void expectMasked() {
        Insn control = ir.get32(X86State.X87_CONTROL);
        if (control != maskedControl) {
            ir.expect(ir.eq(ir.and(control, MASKS), MASKS));
            maskedControl = control;
        }
    }
}
