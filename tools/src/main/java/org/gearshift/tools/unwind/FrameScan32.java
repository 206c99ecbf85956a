package org.gearshift.tools.unwind;

import org.gearshift.tools.symbols.OrcUnwinder.Memory;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * What a 32-bit function that keeps frame pointers has on its stack at one of its instructions, by those before it from the function's beginning on: whether EBP leads to its frame, and if not, how far below the return
 * address the stack pointer is. Code is followed as it lies in memory, not as it jumps: what comes behind an unconditional end is in the state in which the function's body was.
 */
final class FrameScan32 {
    private static final long MODE = X86Mode.PROTECTED | X86Mode.CODE32;
    private static final int ESP = 4;
    private static final int EBP = 5;
    private static final int WORD = Integer.BYTES;
    private static final int LONGEST_CALL = 7;
    private static final int SHORTEST_CALL = 2;
    /** A function longer than that has made its frame before. */
    private static final int MOST_INSTRUCTIONS = 4000;

    private final Memory memory;
    private final Decoder decoder = new Decoder();
    private boolean framed;
    private boolean saved;
    private int depth;
    private boolean bodyFramed;
    private int bodyDepth;

    /**
     * The state at an instruction.
     *
     * @param framed whether EBP is the function's own frame pointer
     * @param saved if not, whether the caller's EBP is on the stack, below the return address
     * @param depth if not, bytes from the stack pointer to the return address
     */
    record Frame(boolean framed, boolean saved, int depth) {
    }

    private static final Frame FRAMED = new Frame(true, true, 0);

    FrameScan32(Memory memory) {
        this.memory = memory;
    }

    /** The state at {@code pc} of the function that begins at {@code start}; null if there is something else than code between. */
    Frame at(long start, long pc) {
        framed = saved = bodyFramed = false;
        depth = bodyDepth = 0;
        long at = start;
        for (int n = 0; at < pc; n++) {
            Instruction i = n == MOST_INSTRUCTIONS ? null : decode(at);
            if (i == null) {
                return bodyFramed ? FRAMED : null;
            }
            apply(i);
            at += i.length();
        }
        return at != pc ? null : framed ? FRAMED : new Frame(false, saved, depth);
    }

    private void apply(Instruction i) {
        switch (i.mnemonic()) {
            case PUSH -> {
                saved |= depth == 0 && isRegister(i, 0, EBP);
                depth += WORD;
            }
            case POP -> {
                depth -= WORD;
                if (isRegister(i, 0, EBP)) {
                    left();
                }
            }
            case LEAVE -> left();
            case MOV -> framed |= saved && isRegister(i, 0, EBP) && isRegister(i, 1, ESP);
            case SUB -> depth += amount(i);
            case ADD -> depth -= amount(i);
            case RET, JMP, UD2 -> {
                framed = bodyFramed;
                saved = bodyFramed;
                depth = bodyDepth;
            }
            default -> { }
        }
        bodyFramed |= framed;
        bodyDepth = framed ? 0 : Math.max(bodyDepth, depth);
    }

    private void left() {
        framed = false;
        saved = false;
        depth = 0;
    }

    private static boolean isRegister(Instruction i, int operand, int register) {
        Operand o = i.op(operand);
        return o.kind == Operand.Kind.GPR && o.bits == Integer.SIZE && o.reg == register;
    }

    /** What is added to or taken from the stack pointer. */
    private static int amount(Instruction i) {
        return isRegister(i, 0, ESP) && i.op(1).kind == Operand.Kind.IMMEDIATE ? (int) i.op(1).value : 0;
    }

    /** Whether a call ends at an address. */
    boolean isBehindCall(long address) {
        for (int length = SHORTEST_CALL; length <= LONGEST_CALL; length++) {
            Instruction i = decode(address - length);
            if (i != null && i.length() == length && i.mnemonic() == Mnemonic.CALL) {
                return true;
            }
        }
        return false;
    }

    private Instruction decode(long at) {
        long[] next = {at};
        boolean[] missing = {false};
        Instruction i = decoder.decode(() -> {
            Long b = memory.read(next[0]++ & 0xffffffffL, 1);
            missing[0] |= b == null;
            return b == null ? 0 : b.intValue();
        }, MODE);
        return missing[0] || i.mnemonic() == Mnemonic.INVALID || i.mnemonic() == Mnemonic.TOO_LONG ? null : i;
    }
}
