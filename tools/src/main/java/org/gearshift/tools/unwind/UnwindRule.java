package org.gearshift.tools.unwind;

/**
 * How to find the value that a register had in the caller, or the canonical frame address (CFA), which is what the stack pointer was before the call (DWARF 5, section 6.4.1).
 *
 * @param register of {@link Kind#REGISTER} and {@link Kind#SUM}
 * @param offset bytes
 * @param expression of the last two kinds; to be copied before it is read
 */
record UnwindRule(Kind kind, int register, long offset, FrameBytes expression) {
    /** What a rule goes by. */
    enum Kind {
        /** It is lost. */
        UNDEFINED,
        /** It has not changed. */
        SAME,
        /** It is saved at CFA + offset. */
        OFFSET,
        /** It is CFA + offset. */
        VAL_OFFSET,
        /** It is in another register. */
        REGISTER,
        /** It is a register plus an offset: the CFA itself only. */
        SUM,
        /** It is saved where an expression says. */
        EXPRESSION,
        /** It is what an expression says. */
        VAL_EXPRESSION
    }

    static final UnwindRule UNDEFINED = new UnwindRule(Kind.UNDEFINED, 0, 0, null);
    static final UnwindRule SAME = new UnwindRule(Kind.SAME, 0, 0, null);

    static UnwindRule offset(Kind kind, long offset) {
        return new UnwindRule(kind, 0, offset, null);
    }

    static UnwindRule register(int register) {
        return new UnwindRule(Kind.REGISTER, register, 0, null);
    }

    static UnwindRule sum(int register, long offset) {
        return new UnwindRule(Kind.SUM, register, offset, null);
    }

    static UnwindRule expression(Kind kind, FrameBytes expression) {
        return new UnwindRule(kind, 0, 0, expression);
    }

    /** The rule as readers of such tables print it. @param names of registers */
    String text(DwarfRegisters names) {
        return switch (kind) {
            case UNDEFINED -> "u";
            case SAME -> "s";
            case OFFSET -> String.format("c%+d", offset);
            case VAL_OFFSET -> String.format("v%+d", offset);
            case REGISTER -> names.name(register);
            case SUM -> String.format("%s%+d", names.name(register), offset);
            case EXPRESSION -> "exp";
            case VAL_EXPRESSION -> "vexp";
        };
    }
}
