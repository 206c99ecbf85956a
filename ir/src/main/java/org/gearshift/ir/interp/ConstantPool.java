package org.gearshift.ir.interp;

/**
 * Constants in the frame behind the temporaries, growing down from its end, shared by all blocks. The frame's last word counts how many a frame has
 * already received.
 */
final class ConstantPool {
    /** Part of the frame for constants. */
    private static final int MAX = 1024;
    private static final int COUNT_WORD = org.gearshift.ir.GuestContext.FRAME_WORDS - 1;
    private static final int TABLE = 4096;

    private final long[] values = new long[MAX];
    private final int[] table = new int[TABLE];
    private int count;

    ConstantPool(int slots) {
        if (slots > firstWord() / 2) {
            throw new IllegalArgumentException(slots + " state slots do not fit the interpreter's frame");
        }
        index(0);
    }

    /** First frame index that may hold a constant. */
    static int firstWord() {
        return COUNT_WORD - MAX;
    }

    /** Frame index of a constant, or -1 if there is no room for another. */
    int index(long value) {
        int h = (int) (value ^ value >>> 32) * 0x9e3779b1 >>> 20;
        while (table[h] != 0) {
            if (values[table[h] - 1] == value) {
                return COUNT_WORD - table[h];
            }
            h = h + 1 & TABLE - 1;
        }
        if (count == MAX) {
            return -1;
        }
        values[count++] = value;
        table[h] = count;
        return COUNT_WORD - count;
    }

    /** Brings the constants of a frame up to date. */
    void load(long[] frame) {
        for (int i = (int) frame[COUNT_WORD]; i < count; i++) {
            frame[COUNT_WORD - 1 - i] = values[i];
        }
        frame[COUNT_WORD] = count;
    }
}
