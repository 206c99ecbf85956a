package org.gearshift.vmm.debug;

/** Memory, or device registers in memory, that processors stop at behind the instruction which accesses it. */
public final class Watchpoint {
    /** Longest range, in bytes. */
    public static final int MAX_BYTES = 1 << 16;

    /** Which accesses count. */
    public enum Kind {
        WRITE, READ, ACCESS
    }

    private final long address;
    private final int bytes;
    private final Kind kind;
    private final boolean physical;
    private volatile boolean enabled = true;
    private volatile long hits;

    /**
     * @param address first byte: linear, zero-extended if it has 32 bits, in any address space; or physical
     * @param bytes 1 to {@link #MAX_BYTES}
     */
    public Watchpoint(long address, int bytes, Kind kind, boolean physical) {
        if (bytes < 1 || bytes > MAX_BYTES) {
            throw new IllegalArgumentException("a watchpoint of " + bytes + " bytes: 1 to " + MAX_BYTES + " are possible");
        }
        this.address = address;
        this.bytes = bytes;
        this.kind = kind;
        this.physical = physical;
    }

    public long address() {
        return address;
    }

    public int bytes() {
        return bytes;
    }

    public Kind kind() {
        return kind;
    }

    public boolean isPhysical() {
        return physical;
    }

    public boolean isEnabled() {
        return enabled;
    }

    /** Lets it stop processors, or not. */
    public void enable(boolean on) {
        enabled = on;
    }

    /** How often processors have stopped for it. */
    public long hits() {
        return hits;
    }

    void hit() {
        hits++;
    }

    boolean covers(long linear, long where, int length, boolean write) {
        if (!enabled || kind != Kind.ACCESS && write != (kind == Kind.WRITE)) {
            return false;
        }
        long at = physical ? where : linear;
        return at - address >= 0 ? at - address < bytes : address - at < length;
    }
}
