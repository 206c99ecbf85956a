package org.gearshift.vmm.engine;

import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.backend.jvm.RegionLinks;

/** The last stretch of a way into a compiled region: its gate, or an exit of another region that has found it. Counts what goes by. */
abstract class Passage extends RegionLinks.Link {
    /** Entries between two looks at what they add up to; a power of two. */
    static final int ACCOUNTED = 64;

    /** Guest instructions retired by this way, and entries, since they were last added to the region's. */
    long retired;
    long mode;
    int entered;
    /** {@link Crossings#stamp} of the region when it was last known to be right, here and now. */
    int stamp;
    CompiledRegion code;
    int entry;

    abstract Gate gate();

    /** Whether the next entry is one at which to look what they add up to. */
    final boolean due() {
        return entered + 1 >= ACCOUNTED;
    }

    /** Adds to the region's sums what has gathered here. */
    final void account(RegionRecord r) {
        r.retired += retired;
        r.entered += entered;
        retired = 0;
        entered = 0;
    }
}
