package org.gearshift.vmm.engine;

import org.gearshift.backend.jvm.CompiledRegion;

/**
 * One entry of a compiled region, open to whoever comes from another: all that has to be looked at on the way, in one object. In flat code, such as an operating system's, every few
 * instructions lead into another region, and each object that is touched then is a line of cache that is not there.
 *
 * <p>A gate opens when its translation has been found valid where it is, and closes for good when the translation or its code is no longer what it was.
 */
final class Gate {
    /** Entries between two looks at what they add up to; a power of two. */
    static final int ACCOUNTED = RegionSuccessors.SAMPLING;

    final long pc;
    final long mode;
    final Translation translation;
    final CompiledRegion code;
    final int entry;
    /** {@code ShadowMmu.mappingEpoch()} in which the translation's pages are known to be mapped as they were. */
    int epoch;
    /** Budget with which the region executes anything from here; more than there ever is if the gate is closed. */
    int stretch;
    /** Guest instructions retired by way of this gate, and entries, since they were last added to the region's. */
    long retired;
    int entered;

    Gate(Translation t) {
        pc = t.pc;
        mode = t.mode;
        translation = t;
        code = t.code;
        entry = t.entry;
        epoch = t.checkedEpoch;
        stretch = code.stretch(entry);
    }

    void close() {
        stretch = Integer.MAX_VALUE;
    }

    boolean closed() {
        return stretch == Integer.MAX_VALUE;
    }

    /** Adds to the region's sums what has gathered here. */
    void account(RegionRecord r) {
        r.retired += retired;
        r.entered += entered;
        retired = 0;
        entered = 0;
    }
}
