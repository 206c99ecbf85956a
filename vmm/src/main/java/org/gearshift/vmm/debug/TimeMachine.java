package org.gearshift.vmm.debug;

import org.gearshift.vmm.engine.StopReason;

/** A machine that can be put back into a state that it was in before, from where it does the same again. On the thread that runs it, between runs of code. */
public interface TimeMachine {
    /** A state. */
    interface Snapshot {
        /** Instructions that had been retired by all processors. */
        long retired();

        /** The same of one. */
        long retired(int cpu);

        /** What it takes in memory that another does not, in bytes, about. @param earlier null: none */
        long bytesBeyond(Snapshot earlier);
    }

    /** Instructions retired by all processors since power-on. */
    long retired();

    /** Number of the processor whose turn it is. */
    int current();

    /**
     * Goes on from where the machine stands, as it would by itself.
     *
     * @param until instructions of all processors to stop at
     * @param cpu a processor that has a limit of its own
     * @param own instructions of that one to stop at, before it does anything else
     * @return LIMIT at one of the two, REQUESTED if somebody has stopped the processor that runs, another if the machine has come to its end
     */
    StopReason advance(long until, int cpu, long own);

    /** Keeps the present state. @param like one that shares much with it; may be null */
    Snapshot snapshot(Snapshot like);

    /** Puts the machine into a state it was in. */
    void restore(Snapshot to);

    /** Whether what runs is a recording, which has an end. */
    boolean isReplay();

    /** What happened after the present moment is not to happen again: it will be another machine. Nothing can be done about a recording. */
    void forgetFuture();
}
