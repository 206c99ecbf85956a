package org.gearshift.vmm.trace;

import java.util.Locale;

/** What is traced. The comments say what an event's three numbers are. */
public enum TraceKind {
    /** A block was executed: instructions, 0, 0. */
    EXEC,
    /** Something was delivered: vector, error code or -1, {@link org.gearshift.vmm.cpu.CpuObserver.Delivery} ordinal. */
    INT,
    /**
     * The memory map: an access without a fast path (linear address, physical address, bytes, negative for stores), or, with 0 as third number, a control register written
     * (number, value), or INVLPG (-1, linear address).
     */
    MMU,
    /** Ports: port, value, bits, negative for output. Device memory: physical address, linear address, 0 for loads and 1 for stores. */
    IO,
    /** A hypercall: number, first argument, 0. */
    HYPERCALL,
    /** Blocks lifted (guest instructions, code bytes, 0) and regions compiled (guest instructions, bytes of bytecode, blocks). */
    TRANSLATE,
    /** A translation thrown away since its code was written: physical address of the code, code bytes, 0. */
    INVALIDATE;

    private static final TraceKind[] ALL = values();

    /** The kind of an ordinal, or null. */
    static TraceKind of(int ordinal) {
        return ordinal >= 0 && ordinal < ALL.length ? ALL[ordinal] : null;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
