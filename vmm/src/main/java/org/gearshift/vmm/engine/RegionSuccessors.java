package org.gearshift.vmm.engine;

import java.util.ArrayList;
import java.util.List;

/** Where control goes when it leaves a region for other compiled code: a few samples are enough to find what should have been one region. */
final class RegionSuccessors {
    /** One in this many departures is looked at; a power of two. */
    static final int SAMPLING = 64;
    private static final int PLACES = 16;
    /** A successor counts if at least one sample in this many went there. */
    private static final int RELEVANCE = 24;

    private final Translation[] to = new Translation[PLACES];
    private final int[] count = new int[PLACES];
    private int samples;

    /** Counts a departure; of more successors than there is room for the rarest gives way. */
    void add(Translation t) {
        samples++;
        int rarest = 0;
        for (int i = 0; i < PLACES; i++) {
            if (to[i] == t) {
                count[i]++;
                return;
            }
            if (count[i] < count[rarest]) {
                rarest = i;
            }
        }
        to[rarest] = t;
        count[rarest] = 1;
    }

    /** The successors that matter. */
    List<Translation> relevant() {
        List<Translation> l = new ArrayList<>();
        for (int i = 0; i < PLACES; i++) {
            if (to[i] != null && to[i].valid && count[i] * RELEVANCE >= samples) {
                l.add(to[i]);
            }
        }
        return l;
    }
}
