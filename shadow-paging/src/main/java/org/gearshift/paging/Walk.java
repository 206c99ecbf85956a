package org.gearshift.paging;

/** Result of one walk of guest page tables, reused from walk to walk. Step 0 is the root. */
final class Walk {
    private static final int MAX_STEPS = 4;

    /** Physical address of the table read at each step; -1 if the entry came from a register. */
    final long[] table = new long[MAX_STEPS];
    /** Shadow bits of the entry at each step, without frame. */
    final int[] bits = new int[MAX_STEPS];
    /** Steps taken; the last one found the leaf. */
    int steps;
    /** Physical address of the first byte of the page, not gated by A20. */
    long page;
    /** Physical address of the byte asked for, not gated by A20. */
    long physical;
    /** Error code if the walk ended in a page fault. */
    int errorCode;
    /** The walk failed because another vCPU changed an entry meanwhile: it must be made anew. */
    boolean overtaken;

    private int permissions;

    void start() {
        overtaken = false;
        steps = 0;
        permissions = ShadowEntry.PERMISSIONS;
    }

    void step(long tableAddress, int entryBits) {
        table[steps] = tableAddress;
        bits[steps++] = entryBits | ShadowEntry.VALID;
        permissions &= entryBits;
    }

    boolean again() {
        overtaken = true;
        return false;
    }

    boolean fault(int code) {
        errorCode = code;
        return false;
    }

    /** Permissions of the whole translation. */
    int permissions() {
        return permissions;
    }

    /** Shadow entry of the one page that was asked for, whose frame is in RAM: what {@link ShadowTable#lookup} would find if the walk's tables were kept. */
    int entry() {
        return bits[steps - 1] & (permissions | ~ShadowEntry.PERMISSIONS) | (int) (physical >>> 12);
    }
}
