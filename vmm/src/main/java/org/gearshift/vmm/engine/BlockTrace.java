package org.gearshift.vmm.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Which blocks ran, one after the other, over a short while: what belongs together in one region. Regions say where control leaves them, but not by which of their blocks it comes there.
 */
final class BlockTrace {
    /** Blocks written down: a system call has about a hundred. */
    private static final int LENGTH = 4096;
    /** Most blocks, if the last one is not where the trace is of use. */
    private static final int LIMIT = 3 * LENGTH;
    /** A block is worth having if it ran once while the seed ran so often. */
    private static final int RARELY = 32;

    private final Translation seed;
    private final Translation[] blocks = new Translation[LIMIT];
    private int length;

    /** @param seed a block that ran before the first of these, and will be run again */
    BlockTrace(Translation seed) {
        this.seed = seed;
    }

    Translation seed() {
        return seed;
    }

    /** Writes down a block that is about to run. True if that is enough. */
    boolean add(Translation t) {
        blocks[length++] = t;
        return length >= LENGTH && t.mode == seed.mode || length == LIMIT;
    }

    /** How often each block of the seed's mode ran, without those that ran but rarely. */
    Map<Translation, Integer> counts() {
        Map<Translation, Integer> counts = new LinkedHashMap<>();
        for (int i = 0; i < length; i++) {
            if (blocks[i].mode == seed.mode && blocks[i].valid) {
                counts.merge(blocks[i], 1, Integer::sum);
            }
        }
        int often = counts.getOrDefault(seed, 0);
        counts.values().removeIf(n -> n < 2 || n < often / RARELY);
        return counts;
    }

    /** For each block those that ran next, with how often they did. */
    Map<Translation, Map<Translation, Integer>> successors() {
        Map<Translation, Map<Translation, Integer>> next = new LinkedHashMap<>();
        for (int i = 1; i < length; i++) {
            next.computeIfAbsent(blocks[i - 1], t -> new LinkedHashMap<>()).merge(blocks[i], 1, Integer::sum);
        }
        return next;
    }

    /**
     * How often control would have come into a region from elsewhere.
     *
     * @param together blocks of a region to be, all of which it can be entered at; those of no other region count for it
     */
    int crossings(Set<Translation> together) {
        int n = 0;
        Object now = null;
        for (int i = 0; i < length; i++) {
            Translation t = blocks[i];
            Object here = together.contains(t) ? together : t.region;
            boolean stays = now != null && (here == now || now instanceof RegionRecord r && here != together && t.memberOf.contains(r));
            if (!stays) {
                n++;
                now = here;
            }
        }
        return n;
    }
}
