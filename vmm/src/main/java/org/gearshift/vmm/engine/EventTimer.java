package org.gearshift.vmm.engine;

/** What the run loop needs of the machine's clock and event queue: the time of the next event in retired instructions, or in host time. */
public interface EventTimer {
    /** Runs every event that is due and takes in host input. */
    void runDue();

    /** How many instructions may be retired before the next event is due, at least 1; a guess where time does not derive from the count. */
    long instructionsToNextEvent();

    /**
     * The guest waits in a loop (PAUSE): a clock that derives from the instruction count may let time pass, one that does not may let the host's processor
     * rest. Returns true if it did: events may be due.
     */
    boolean pause();

    /** True if events are due at exact instruction counts. */
    boolean exact();

    /**
     * Lets time pass with the processor halted: until the next event, or host input. Returns false if neither can ever come.
     *
     * @param forGood no interrupt can end the halt, as interrupts are off
     */
    boolean idle(boolean forGood);

    /** Where there are several processors: gives another a moment to come to a safe point. What this one derived from memory may be void afterwards. */
    default void breathe() {
    }

    /** Where there are several processors: another may want this one to stand still here for a moment. */
    default void safePoint() {
    }

    /** Whether {@link #safePoint} would wait. */
    default boolean wantsSafePoint() {
        return false;
    }
}
