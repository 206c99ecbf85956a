package org.gearshift.vmm.engine;

import java.util.EnumMap;
import java.util.Map;

/** Counters of one vCPU's engine; read by the summary at a run's end. */
public final class EngineStatistics {
    /** Why control came back from translated code to the loop. */
    public enum Exit { UNLINKED, INDIRECT, EXIT, BUDGET, FAULT, EXACT, MISS, HOT, REGION, STEP, RETRY }

    /** Blocks lifted for the interpreter; their guest instructions. */
    public long blocks;
    public long blockInsns;
    /** Regions compiled, their bytecode bytes, and how often one had to be made smaller. */
    public long regions;
    public long regionBytes;
    public long regionInsns;
    public long regionRetries;
    /** Regions compiled again with more entries. */
    public long extended;
    /** Regions that several others were merged into. */
    public long merged;
    /** Regions that another processor had compiled. */
    public long adopted;
    /** Regions formed as in an earlier run, before their blocks were hot in this one. */
    public long recalled;
    /** Regions handed to C2. */
    public long optimized;
    /** Regions compiled again because they left too often for accesses without a fast path. */
    public long calling;
    /** Regions and blocks thrown away because their code was written. */
    public long invalidatedRegions;
    public long invalidatedBlocks;
    /** Regions that the region before them ran, and returns from those to the region that did: control did not come back to the loop. */
    public long linked;
    /** How often a region went on behind an instruction that may have changed the mode, or let interrupts in. */
    public long stayed;
    /** Nanoseconds spent lifting, and forming and emitting regions. */
    public long translateNanos;
    public long compileNanos;
    public long interrupts;
    public long exceptions;
    /** Who is told of what is counted here, or null. */
    TranslationListener listener;
    private final long[] exits = new long[Exit.values().length];

    void count(Exit e) {
        exits[e.ordinal()]++;
    }

    void count(Exit e, long times) {
        exits[e.ordinal()] += times;
    }

    public Map<Exit, Long> exits() {
        Map<Exit, Long> m = new EnumMap<>(Exit.class);
        for (Exit e : Exit.values()) {
            m.put(e, exits[e.ordinal()]);
        }
        return m;
    }
}
