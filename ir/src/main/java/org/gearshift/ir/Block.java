package org.gearshift.ir;

import java.util.List;

/**
 * A straight run of guest instructions as IR: entered only at its start, left only through its terminator, a
 * fault, or the monitor.
 */
public final class Block {
    private final long pc;
    private final List<Insn> insns;
    private final Terminator terminator;
    private final int guestInsns;
    private final int guestBytes;

    /**
     * @param pc guest pc of the first instruction
     * @param insns IR in execution order; every guest instruction starts with a {@link Op#MARK}
     * @param guestInsns number of guest instructions (marks), at least 1 unless the block is pure glue
     * @param guestBytes number of guest code bytes the block was made from
     */
    public Block(long pc, List<Insn> insns, Terminator terminator, int guestInsns, int guestBytes) {
        this.pc = pc;
        this.insns = List.copyOf(insns);
        this.terminator = terminator;
        this.guestInsns = guestInsns;
        this.guestBytes = guestBytes;
    }

    public long pc() {
        return pc;
    }

    public List<Insn> insns() {
        return insns;
    }

    public Terminator terminator() {
        return terminator;
    }

    public int guestInsns() {
        return guestInsns;
    }

    public int guestBytes() {
        return guestBytes;
    }

    /** The same guest code with other IR; what passes return. */
    public Block with(List<Insn> newInsns, Terminator newTerminator) {
        return new Block(pc, newInsns, newTerminator, guestInsns, guestBytes);
    }
}
