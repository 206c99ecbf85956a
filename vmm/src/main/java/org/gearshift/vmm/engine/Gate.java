package org.gearshift.vmm.engine;

/**
 * One entry of a compiled region, open to whoever comes from another: all that has to be looked at on the way, in one object. In flat code, such as an operating system's, every few
 * instructions lead into another region, and each object that is touched then is a line of cache that is not there.
 *
 * <p>A gate opens when its translation has been found valid where it is, and closes for good when the translation or its code is no longer what it was.
 */
final class Gate extends Passage {
    final long pc;
    final Translation translation;
    private final Crossings crossings;
    /** {@code ShadowMmu.mappingEpoch()}, or {@code globalEpoch()}, in which the translation's pages are known to be mapped as they were. */
    int epoch;
    /** Budget with which the region executes anything from here; more than there ever is if the gate is closed. */
    int stretch;

    Gate(Translation t, Crossings crossings) {
        this.crossings = crossings;
        pc = t.pc;
        mode = t.mode;
        translation = t;
        code = t.code;
        entry = t.entry;
        epoch = t.checkedEpoch;
        stretch = code.stretch(entry);
    }

    @Override
    Gate gate() {
        return this;
    }

    void close() {
        stretch = Integer.MAX_VALUE;
        crossings.closed();
    }

    boolean closed() {
        return stretch == Integer.MAX_VALUE;
    }
}
