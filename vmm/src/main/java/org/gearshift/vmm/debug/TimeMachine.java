package org.gearshift.vmm.debug;

/** A machine that can be put back into a state that it was in before, from where it does the same again. On the thread that runs it, between runs of code. */
public interface TimeMachine {
    /** A state. */
    interface Snapshot {
        /** Instructions that had been retired. */
        long retired();

        /** What it takes in memory that another does not, in bytes, about. @param earlier null: none */
        long bytesBeyond(Snapshot earlier);
    }

    /** Keeps the present state. @param like one that shares much with it; may be null */
    Snapshot snapshot(Snapshot like);

    /** Puts the machine into a state it was in. */
    void restore(Snapshot to);

    /** Whether what runs is a recording, which has an end. */
    boolean isReplay();

    /** What happened after the present moment is not to happen again: it will be another machine. Nothing can be done about a recording. */
    void forgetFuture();
}
