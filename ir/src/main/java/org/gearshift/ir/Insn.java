package org.gearshift.ir;

import java.util.List;

/**
 * One IR instruction and, where it has a result, the value it defines. Values are used only inside the
 * block that defines them, after the definition; state slots carry everything across blocks.
 */
public final class Insn {
    private static final Insn[] NONE = {};

    private final Op op;
    private final Type type;
    private final long imm;
    private final Helper helper;
    private final Insn[] args;
    private int index;

    /**
     * @param op the operation
     * @param type the operation's type: of the operands for comparisons, {@link Op#PUT} and the AUX ops, of the result otherwise
     *     (for {@link Op#STORE} the type of the stored value, for {@link Op#SEGCHECK} of the offset, VOID for MARK)
     * @param imm constant, slot, width, monitor service or pc, as the operation says
     * @param helper the callee of {@link Op#CALL}, else null
     * @param args the operands
     */
    public Insn(Op op, Type type, long imm, Helper helper, Insn... args) {
        this.op = op;
        this.type = type;
        this.imm = imm;
        this.helper = helper;
        this.args = args.length == 0 ? NONE : args;
    }

    public Op op() {
        return op;
    }

    public Type type() {
        return type;
    }

    public long imm() {
        return imm;
    }

    public Helper helper() {
        return helper;
    }

    public int argCount() {
        return args.length;
    }

    public Insn arg(int i) {
        return args[i];
    }

    public List<Insn> args() {
        return List.of(args);
    }

    /** Scratch number a pass gives the instruction, usually its position; see {@link #setIndex}. */
    public int index() {
        return index;
    }

    /**
     * Sets the scratch number. It means something only within one pass over one block, and a block is worked on by one thread at a time;
     * a pass that reads numbers first sets those of all instructions of its block.
     */
    public void setIndex(int i) {
        index = i;
    }

    /** Type of the value this instruction defines; VOID if none. */
    public Type resultType() {
        return switch (op.resultSignature()) {
            case 'T' -> type;
            case 'i' -> Type.I32;
            case 'l' -> Type.I64;
            case 'v' -> Type.VOID;
            default -> op == Op.CALL ? helper.result() : imm == 64 ? Type.I64 : Type.I32;
        };
    }

    public boolean isConst() {
        return op == Op.CONST;
    }

    /** True if the instruction may be removed when its value is unused. */
    public boolean isPure() {
        return op == Op.CALL ? helper.isPure() : op.isPure();
    }

    /** True if the instruction may raise a guest fault. */
    public boolean mayFault() {
        return op == Op.CALL ? helper.mayFault() : op.mayFault();
    }

    /** Packs {@link Op#SEGCHECK}'s imm. {@code seg} is the segment number handed to the slow path, {@code bytes} the access size (1..512). */
    public static long segCheck(int limitSlot, int seg, int bytes, boolean write) {
        return (long) limitSlot | (long) seg << 16 | (long) bytes << 24 | (write ? 1L << 40 : 0);
    }

    public int segCheckLimitSlot() {
        return (int) imm & 0xffff;
    }

    public int segCheckSegment() {
        return (int) (imm >> 16) & 0xff;
    }

    public int segCheckBytes() {
        return (int) (imm >> 24) & 0xffff;
    }

    public boolean segCheckWrite() {
        return (imm >> 40 & 1) != 0;
    }
}
