package org.gearshift.vmm.engine;

import java.util.List;
import java.util.Map;
import org.gearshift.backend.jvm.BackendOptions.Breadth;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.backend.jvm.Without;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.X87Knowledge;

/**
 * A compiled region as the code cache knows it: its blocks, and which virtual pages must be mapped to which frames for it to be entered.
 */
final class RegionRecord {
    /** A region that has missed so often, and retires fewer instructions between two misses, is better off calling its slow paths: leaving costs a microsecond or two. */
    private static final long MANY_MISSES = 2000;
    private static final long RETIRED_PER_MISS = 2000;
    /** The same where broader code would miss less, and run almost as fast. */
    private static final long RETIRED_PER_UNUSUAL = 40_000;

    /** Guest instructions for each entry from which merging gains too little. */
    private static final int LONG_STAY = 200;
    private static final int X87_GAIN = 6;
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    final List<Translation> members;
    CompiledRegion code;
    /** The same region as C2 is compiling it, or null. */
    CompiledRegion awaited;
    /** Linear page numbers and the frames they must map to. */
    final long[] pages;
    final int[] frames;
    int checkedEpoch;
    boolean valid = true;
    /** Guest instructions retired in it since the last look, and whether C2 has been asked for. */
    long retired;
    long entered;
    boolean optimizing;
    /** Whether it calls its slow paths rather than leave. */
    final boolean calling;
    /** How broad its code for C2 is: broader than at first if code that was narrower left too often. */
    Breadth breadth = Without.NARROW.set() ? Breadth.FULL : Breadth.USUAL;
    private long misses;
    /** Instructions retired when the code that runs took over: misses are those of this code. */
    private long missesFrom;
    private boolean condemned;
    /** Entries after which it is asked next whether the region belongs together with others. */
    private long lookAt;
    /** 0 for a region formed from interpreted blocks, one more with each merging. */
    final int generation;
    /** Instructions retired in the hottest of the regions this one was merged from. */
    private final long inherited;

    /** States of the x87 register stack that blocks were compiled for, by pc. */
    private Map<Long, Integer> x87States;
    private Map<Long, Integer> awaitedX87States;
    private long awaitedSince = System.nanoTime();
    private boolean surprised;
    /** What is remembered of it for later runs, or null. */
    KnownRegion known;

    RegionRecord(RegionFormer.Candidate from, CompiledRegion code, long[] pages, int[] frames, int epoch, boolean calling, int generation, long inherited) {
        this.calling = calling;
        this.members = from.members();
        this.x87States = from.x87States();
        this.code = code;
        this.pages = pages;
        this.frames = frames;
        this.checkedEpoch = epoch;
        this.generation = generation;
        this.inherited = inherited;
    }

    /** Of two regions with the same block, the one with the higher rank runs. */
    int rank() {
        return 2 * generation + (calling ? 1 : 0);
    }

    /** Whether it runs in C2's code, and there is some that leaves less often and is hardly slower otherwise. */
    boolean isNarrow() {
        return optimizing && awaited == null && !calling && breadth != Breadth.FULL && code.hasUsualCases();
    }

    /** Notes an access that left the region; true, once, if there are too many of them. */
    boolean missesTooOften() {
        misses++;
        if (condemned || misses < MANY_MISSES || (retired - missesFrom) / misses >= (isNarrow() ? RETIRED_PER_UNUSUAL : RETIRED_PER_MISS)) {
            return false;
        }
        condemned = true;
        return true;
    }

    /**
     * Notes in which state the x87 register stack was where the region was left: if that is where one of its blocks begins to use it, and the state is not what that
     * was compiled for, the region is better off compiled once more.
     */
    void seenAtMiss(long[] s) {
        if (x87States.isEmpty()) {
            return;
        }
        int x87State = X87Knowledge.stateOf(s);
        for (Translation t : members) {
            if (t.firstX87 == s[X86State.RIP]) {
                t.x87State = x87State;
                surprised |= x87States.getOrDefault(t.pc, X87Knowledge.UNKNOWN) != x87State;
            }
        }
    }

    /** Whether compiling it once more would give other code, since other states of the x87 register stack have been seen. */
    boolean surprised() {
        return surprised;
    }

    /** Whether control, once in it, stays for so long that ways into and out of it cost next to nothing. One that has hardly been entered yet counts as such. */
    boolean staysLong() {
        return entered == 0 || retired / entered >= LONG_STAY;
    }

    /** True for the first time after so many entries, again after four times as many, and so on. */
    boolean looksAtSuccessors(long first) {
        lookAt = Math.max(lookAt, first);
        if (entered < lookAt) {
            return false;
        }
        lookAt *= 4;
        return true;
    }

    /** Compiled once more, with the same entries. @param from what was compiled, null if another processor did */
    void await(CompiledRegion better, RegionFormer.Candidate from) {
        awaited = better;
        awaitedSince = System.nanoTime();
        awaitedX87States = from == null ? x87States : from.x87States();
    }

    /** HotSpot gives no word of methods it gives up on: what has not come after so long will not. */
    boolean awaitsInVain() {
        return System.nanoTime() - awaitedSince > PATIENCE_NANOS;
    }

    /** What was awaited is there. */
    void replaceCode() {
        for (Translation m : members) {
            if (m.code == code) {
                m.code = awaited;
                m.closeGate();
            }
        }
        code = awaited;
        awaited = null;
        misses = 0;
        missesFrom = retired;
        x87States = awaitedX87States;
    }

    /** Nothing will enter it any more. */
    void retire() {
        valid = false;
        for (Translation m : members) {
            m.memberOf.remove(this);
        }
    }

    /** Guest instructions retired in this code, whichever region it was part of. */
    long heat() {
        return retired + inherited;
    }

    /** What C2 makes of an instruction here compared with others: arithmetic that C1 calls, it has in line. */
    int gain() {
        return x87States.isEmpty() ? 1 : X87_GAIN;
    }
}
