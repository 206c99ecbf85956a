package org.gearshift.vmm.net;

/** Bounds what all buffers of a network hold together. */
final class BufferBudget {
    private final long limit;
    private long used;

    BufferBudget(long limit) {
        this.limit = limit;
    }

    boolean reserve(int bytes) {
        if (used + bytes > limit) {
            return false;
        }
        used += bytes;
        return true;
    }

    void release(int bytes) {
        used -= bytes;
    }

    long used() {
        return used;
    }
}
