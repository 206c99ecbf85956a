package org.gearshift.vmm.engine;

import java.util.List;
import org.gearshift.backend.jvm.CompiledRegion;

/**
 * A compiled region as the code cache knows it: its blocks, and which virtual pages must be mapped to which frames for it to be entered.
 */
final class RegionRecord {
    final List<Translation> members;
    final CompiledRegion code;
    /** Linear page numbers and the frames they must map to. */
    final long[] pages;
    final int[] frames;
    int checkedEpoch;
    boolean valid = true;
    /** Guest instructions retired in it since the last look, and whether C2 has been asked for. */
    long retired;
    long entered;
    boolean optimizing;

    RegionRecord(List<Translation> members, CompiledRegion code, long[] pages, int[] frames, int epoch) {
        this.members = members;
        this.code = code;
        this.pages = pages;
        this.frames = frames;
        this.checkedEpoch = epoch;
    }
}
