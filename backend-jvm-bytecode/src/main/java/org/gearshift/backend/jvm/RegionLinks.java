package org.gearshift.backend.jvm;

/**
 * The ways from region to region that need nobody in between. A region that leaves for a pc it knows asks for the region there and runs it itself, as a call that returns when control
 * leaves that one for somewhere else: HotSpot's inline cache makes it a direct call. A region that was left by a guest's call instruction goes on where that returns to.
 *
 * <p>Calls nest, so whoever implements this bounds how many regions follow each other. All of it runs on the thread of the one vCPU whose regions they are.
 */
public abstract class RegionLinks {
    /** Entry number for the region that {@link #follow} has given. */
    public int entry;
    /** Stands for the region that runs and how it was entered: a region keeps it while it runs another. */
    public Object place;

    /** One exit of one region, and what is known of where it leads. */
    public abstract static class Link {
    }

    /** A link for an exit of a region to be. */
    public abstract Link make();

    /**
     * The region that control goes on to. All state slots, pc and budget are exact; the mode may be another than the region's.
     *
     * @param link of the exit that control takes
     * @return null if the region is to return
     */
    public abstract CompiledRegion follow(Link link);

    /**
     * Whether a region that has run another goes on.
     *
     * @param place what {@link #place} was in the region that asks
     * @param pc where control must be for that
     */
    public abstract boolean resume(Object place, long pc);

    /**
     * Whether the region that runs goes on at one of its own entries, behind an instruction after which mode, mappings or interrupts may be others. All state slots, pc and budget
     * are exact.
     */
    public abstract boolean stays();
}
