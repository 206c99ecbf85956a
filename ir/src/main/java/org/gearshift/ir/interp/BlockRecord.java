package org.gearshift.ir.interp;

/** What is known of a prepared block besides its micro-operations. */
final class BlockRecord {
    final int handle;
    final long pc;
    final int guestInsns;
    /** Offset of the first micro-operation of each guest instruction, relative to the block's start. */
    final int[] insnOffsets;
    /** Guest pc of each instruction. */
    final long[] insnPcs;
    /** Relative offsets of the exits' successor words, in the order taken, otherwise; -1 for an exit that cannot be reached. */
    final int[] exits;
    /** Position in the code array, and length in words. */
    int start;
    int length;
    int threshold;
    boolean live = true;

    BlockRecord(int handle, long pc, int guestInsns, int[] insnOffsets, long[] insnPcs, int[] exits) {
        this.handle = handle;
        this.pc = pc;
        this.guestInsns = guestInsns;
        this.insnOffsets = insnOffsets;
        this.insnPcs = insnPcs;
        this.exits = exits;
    }

    /** Index of the guest instruction that a micro-operation at an absolute offset belongs to; 0 in a block without any. */
    int insnAt(int offset) {
        int rel = offset - start;
        int i = Math.max(insnOffsets.length - 1, 0);
        while (i > 0 && insnOffsets[i] > rel) {
            i--;
        }
        return i;
    }
}
