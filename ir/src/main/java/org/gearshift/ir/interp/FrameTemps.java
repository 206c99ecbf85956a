package org.gearshift.ir.interp;

/** Hands out frame words for values that have no state slot to live in. */
final class FrameTemps {
    private final int first;
    private final int end;
    private final int[] free;
    private int freeCount;
    private int next;

    FrameTemps(int first, int end) {
        this.first = first;
        this.end = end;
        free = new int[end - first];
    }

    void begin() {
        freeCount = 0;
        next = first;
    }

    int take() {
        if (freeCount > 0) {
            return free[--freeCount];
        }
        if (next == end) {
            throw new IllegalStateException("block needs more than " + (end - first) + " live values");
        }
        return next++;
    }

    void give(int index) {
        free[freeCount++] = index;
    }

    boolean owns(int index) {
        return index >= first && index < end;
    }
}
