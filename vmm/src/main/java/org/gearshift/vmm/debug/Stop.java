package org.gearshift.vmm.debug;

/**
 * Why a machine stands.
 *
 * @param reason what made it stop
 * @param cpu the processor that did
 * @param address for WATCH the address of the access, as the watchpoint counts; else the linear address of the next instruction
 * @param write for WATCH whether it was a store
 * @param cause the {@link Breakpoint}, {@link Watchpoint} or {@link EventCatch}, or null
 * @param text what happened, for people; empty where the reason says it all
 */
public record Stop(Reason reason, int cpu, long address, boolean write, Object cause, String text) {
    /** What the text of a WATCH ends with that no instruction's operand was: the processor delivers, pushes, walks. */
    public static final String BY_PROCESSOR = " by the processor itself";

    /** What makes a machine stop. */
    public enum Reason {
        /** Somebody asked for it; also where a machine stands before its first instruction. */
        PAUSE,
        /** A step is done, or has led into an exception. */
        STEP,
        BREAKPOINT,
        WATCH,
        EVENT,
        /** A triple fault: the run ends when it is resumed. */
        TRIPLE_FAULT,
        /** Going back has come to the first moment that is remembered. */
        HISTORY_BEGIN,
        /** A recording has come to its end: the run ends when it is resumed. */
        HISTORY_END,
        /** The run is over; nothing can be resumed. */
        ENDED
    }
}
