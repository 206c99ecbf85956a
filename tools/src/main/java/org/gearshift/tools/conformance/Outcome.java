package org.gearshift.tools.conformance;

/**
 * How a trial ended.
 *
 * @param vector exception, where it faulted
 * @param error error code, 0 where the vector has none
 * @param address CR2 after a page fault
 * @param ip instruction at fault, or behind the one that trapped; 0 where the code reached its end
 * @param registers as they were then
 * @param lines parts of the scratch pages that are not as the code found them; of the oracle only
 */
record Outcome(Kind kind, int vector, long error, long address, long ip, Registers registers, Line[] lines) {
    enum Kind {
        DONE,
        FAULT,
        /** The code ran for too long. */
        TIMEOUT
    }

    /** 64 bytes at an offset in the scratch pages. */
    record Line(int offset, byte[] bytes) {
    }

    private static final Line[] NONE = {};

    Outcome(Kind kind, int vector, long error, long address, long ip, Registers registers) {
        this(kind, vector, error, address, ip, registers, NONE);
    }

    /** Applies what the code wrote. */
    void apply(byte[] scratch) {
        for (Line l : lines) {
            System.arraycopy(l.bytes, 0, scratch, l.offset, l.bytes.length);
        }
    }

    String ending() {
        return switch (kind) {
            case DONE -> "reaches its end";
            case TIMEOUT -> "runs for too long";
            case FAULT -> "vector " + vector + " error " + Long.toHexString(error) + (vector == 14 ? " address " + Long.toHexString(address) : "")
                    + " at " + Long.toHexString(ip);
        };
    }
}
