package org.gearshift.tools.unwind;

import org.gearshift.tools.symbols.OrcUnwinder.Memory;

/** Evaluates a DWARF expression as call frame information has it: a program for a stack of addresses (DWARF 5, section 2.5.1, numbers in section 7.7.1, restrictions in section 6.4.2). */
final class FrameExpression {
    private static final int DEEPEST = 1 << 6;
    private static final int MOST_OPERATIONS = 1 << 10;
    private static final int ADDRESS = 0x03;
    private static final int DEREF = 0x06;
    private static final int BRA = 0x28;
    private static final int SKIP = 0x2f;
    private static final int LITERAL = 0x30;
    private static final int BASE_REGISTER = 0x70;
    private static final int REGISTERS = 32;
    private static final int BASE_REGISTER_X = 0x92;
    private static final int DEREF_SIZE = 0x94;
    private static final int NOP = 0x96;

    private final FrameState state;
    private final DwarfRegisters machine;
    private final Memory memory;
    private final long slide;
    private final FrameBytes in;
    private final int begin;
    private final long[] stack = new long[DEEPEST];
    private int depth;

    private FrameExpression(FrameBytes expression, FrameState state, Memory memory, long slide) {
        this.in = expression.copy();
        this.begin = in.position();
        this.state = state;
        this.machine = state.machine();
        this.memory = memory;
        this.slide = slide;
    }

    /**
     * What an expression says.
     *
     * @param frameAddress what is on the stack at first, null for nothing
     * @param slide added to addresses in the expression: how far the code is from where it was linked for
     * @throws CallFrameException if the expression is damaged, or register or memory that it needs is not known
     */
    static long value(FrameBytes expression, Long frameAddress, FrameState state, Memory memory, long slide) throws CallFrameException {
        FrameExpression e = new FrameExpression(expression, state, memory, slide);
        if (frameAddress != null) {
            e.push(frameAddress);
        }
        int left = MOST_OPERATIONS;
        while (e.in.hasMore()) {
            if (left-- == 0) {
                throw new CallFrameException(String.format("the expression at 0x%x does not end", e.begin));
            }
            e.execute(e.in.u8());
        }
        return e.pop();
    }

    private void push(long v) throws CallFrameException {
        if (depth == DEEPEST) {
            throw new CallFrameException(String.format("the expression at 0x%x needs more than %d places of its stack", begin, DEEPEST));
        }
        stack[depth++] = machine.value(v);
    }

    private long pop() throws CallFrameException {
        return stack[--depth < 0 ? empty() : depth];
    }

    /** An entry counted from the top of the stack. */
    private long pick(int n) throws CallFrameException {
        return stack[n >= depth ? empty() : depth - 1 - n];
    }

    private int empty() throws CallFrameException {
        throw new CallFrameException(String.format("the expression at 0x%x takes more from its stack than is there", begin));
    }

    private void execute(int op) throws CallFrameException {
        if (op >= LITERAL && op < LITERAL + REGISTERS) {
            push(op - LITERAL);
        } else if (op >= BASE_REGISTER && op < BASE_REGISTER + REGISTERS) {
            push(register(op - BASE_REGISTER) + in.sleb());
        } else if (op >= 0x08 && op <= 0x0f) {
            // DW_OP_const1u, 1s, 2u, 2s, 4u, 4s, 8u, 8s
            int bytes = 1 << (op - 0x08 >> 1);
            push((op & 1) == 0 ? in.unsigned(bytes) : in.signed(bytes));
        } else {
            other(op);
        }
    }

    private void other(int op) throws CallFrameException {
        switch (op) {
            case ADDRESS -> push(in.unsigned(machine.word()) + slide);
            case DEREF -> push(load(pop(), machine.word()));
            case DEREF_SIZE -> {
                int bytes = in.u8();
                if (bytes > machine.word() || Integer.bitCount(bytes) != 1) {
                    throw new CallFrameException(String.format("the expression at 0x%x loads %d bytes", begin, bytes));
                }
                push(load(pop(), bytes));
            }
            case BASE_REGISTER_X -> push(register(in.uleb()) + in.sleb());
            case BRA, SKIP -> {
                long by = in.signed(2);
                if (op == SKIP || pop() != 0) {
                    in.jump(by, begin);
                }
            }
            case NOP -> { }
            default -> stackOperation(op);
        }
    }

    private void stackOperation(int op) throws CallFrameException {
        switch (op) {
            case 0x10 -> push(in.uleb());
            case 0x11 -> push(in.sleb());
            case 0x12 -> push(pick(0));
            case 0x13 -> pop();
            case 0x14 -> push(pick(1));
            case 0x15 -> push(pick(in.u8()));
            case 0x16 -> {
                long a = pop();
                long b = pop();
                push(a);
                push(b);
            }
            case 0x17 -> {
                long a = pop();
                long b = pop();
                long c = pop();
                push(a);
                push(c);
                push(b);
            }
            case 0x19 -> push(Math.abs(machine.signed(pop())));
            case 0x1f -> push(-pop());
            case 0x20 -> push(~pop());
            case 0x23 -> push(pop() + in.uleb());
            default -> {
                if (op < 0x1a || op > 0x2e) {
                    throw new CallFrameException(String.format("at 0x%x the operation 0x%02x, which is unknown or not for frames", in.position() - 1, op));
                }
                long second = pop();
                push(binary(op, pop(), second));
            }
        }
    }

    private long binary(int op, long a, long b) throws CallFrameException {
        long x = machine.signed(a);
        long y = machine.signed(b);
        if ((op == 0x1b || op == 0x1d) && b == 0) {
            throw new CallFrameException(String.format("the expression at 0x%x divides by zero", begin));
        }
        boolean beyond = b < 0 || b >= machine.word() * Byte.SIZE;
        return switch (op) {
            case 0x1a -> a & b;
            case 0x1b -> x / y;
            case 0x1c -> a - b;
            case 0x1d -> Long.remainderUnsigned(a, b);
            case 0x1e -> a * b;
            case 0x21 -> a | b;
            case 0x22 -> a + b;
            case 0x24 -> beyond ? 0 : a << b;
            case 0x25 -> beyond ? 0 : a >>> b;
            case 0x26 -> beyond ? x >> Long.SIZE - 1 : x >> b;
            case 0x27 -> a ^ b;
            case 0x29 -> x == y ? 1 : 0;
            case 0x2a -> x >= y ? 1 : 0;
            case 0x2b -> x > y ? 1 : 0;
            case 0x2c -> x <= y ? 1 : 0;
            case 0x2d -> x < y ? 1 : 0;
            default -> x != y ? 1 : 0;
        };
    }

    private long register(long number) throws CallFrameException {
        Long v = number < 0 || number >= machine.count() ? null : state.register((int) number);
        if (v == null) {
            throw new CallFrameException("the frame is found by " + (number < 0 ? "no register" : machine.name((int) Math.min(number, Integer.MAX_VALUE))) + ", which is not known any more");
        }
        return v;
    }

    private long load(long address, int bytes) throws CallFrameException {
        Long v = memory.read(address, bytes);
        if (v == null) {
            throw new CallFrameException("no memory at " + Long.toHexString(address));
        }
        return v;
    }
}
