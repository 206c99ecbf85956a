package org.gearshift.vmm.debug;

import java.util.function.Predicate;

/** A place at which processors stop before the instruction there is executed. */
public final class Breakpoint {
    private final long address;
    private final boolean physical;
    private final Predicate<DebuggedCpu> condition;
    private final boolean temporary;
    private volatile boolean enabled = true;
    private volatile long hits;

    /**
     * @param address of the instruction's first byte: linear, zero-extended if it has 32 bits, in any address space; or physical
     * @param condition asked on the processor's thread, with all its state exact; it must change nothing
     * @param temporary whether it goes after the first stop
     */
    public Breakpoint(long address, boolean physical, Predicate<DebuggedCpu> condition, boolean temporary) {
        this.address = address;
        this.physical = physical;
        this.condition = condition;
        this.temporary = temporary;
    }

    /** One at a linear address without further conditions. */
    public static Breakpoint at(long linear) {
        return new Breakpoint(linear, false, c -> true, false);
    }

    public long address() {
        return address;
    }

    public boolean isPhysical() {
        return physical;
    }

    public boolean isTemporary() {
        return temporary;
    }

    public boolean isEnabled() {
        return enabled;
    }

    /** Lets it stop processors, or not. */
    public void enable(boolean on) {
        enabled = on;
    }

    /** How often processors have stopped here. */
    public long hits() {
        return hits;
    }

    boolean isAt(long linear, long where) {
        return address == (physical ? where : linear);
    }

    /** Whether a processor that has come here stops; counts it. */
    boolean stops(DebuggedCpu cpu) {
        if (!enabled || !condition.test(cpu)) {
            return false;
        }
        hits++;
        return true;
    }
}
