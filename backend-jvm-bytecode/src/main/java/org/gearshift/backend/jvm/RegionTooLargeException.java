package org.gearshift.backend.jvm;

/** The region's method would pass the size limit: HotSpot would never compile it. The caller splits the region and tries again. */
public final class RegionTooLargeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int bytes;

    RegionTooLargeException(int bytes, int limit) {
        super("region needs at least " + bytes + " bytes of bytecode, limit " + limit, null, false, false);
        this.bytes = bytes;
    }

    /** Bytecode bytes counted when emission gave up: a lower bound of what the region needs. */
    public int bytes() {
        return bytes;
    }
}
