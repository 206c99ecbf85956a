package org.gearshift.ir;

/**
 * How a block ends. Targets are guest pcs; inside a region a target that is the pc of one of its blocks is an
 * internal edge, any other target leaves the region with the pc slot set to it.
 */
public final class Terminator {
    /** The kinds of block ends. */
    public enum Kind {
        /** Continues at {@code target}. */
        GOTO,
        /** Continues at {@code target} if {@code value} (I32) is not 0, else at {@code otherwise}. */
        BRANCH,
        /** Continues at the pc computed as {@code value} (I32 or I64), inside the region where it has such a block. */
        INDIRECT,
        /**
         * Leaves with the pc slot set to {@code target}, even if the region has a block there: mode, mappings or interrupts may be others. Who runs the region may
         * look at these, with all state where it belongs, and go on at such a block.
         */
        EXIT,
        /** Leaves likewise; the pc slot has already been set. */
        EXIT_TO_STATE
    }

    private final Kind kind;
    private final Insn value;
    private final long target;
    private final long otherwise;

    private Terminator(Kind kind, Insn value, long target, long otherwise) {
        this.kind = kind;
        this.value = value;
        this.target = target;
        this.otherwise = otherwise;
    }

    public static Terminator jump(long target) {
        return new Terminator(Kind.GOTO, null, target, 0);
    }

    public static Terminator branch(Insn condition, long target, long otherwise) {
        return new Terminator(Kind.BRANCH, condition, target, otherwise);
    }

    public static Terminator indirect(Insn pc) {
        return new Terminator(Kind.INDIRECT, pc, 0, 0);
    }

    public static Terminator exit(long target) {
        return new Terminator(Kind.EXIT, null, target, 0);
    }

    public static Terminator exitToState() {
        return new Terminator(Kind.EXIT_TO_STATE, null, 0, 0);
    }

    public Kind kind() {
        return kind;
    }

    /** Condition of a BRANCH, pc of an INDIRECT, else null. */
    public Insn value() {
        return value;
    }

    public long target() {
        return target;
    }

    public long otherwise() {
        return otherwise;
    }
}
