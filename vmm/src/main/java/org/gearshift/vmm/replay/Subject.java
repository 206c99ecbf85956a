package org.gearshift.vmm.replay;

/** A machine whose input goes by way of a {@link Timeline}. On the thread that runs it. */
public interface Subject {
    /** Instructions retired by all processors since power-on. */
    long retired();

    /** A checksum of the processors' state. */
    int processorState();

    /** Ends the run: the user wanted it so. */
    void quit();

    /** Ends the run: the recording has no more to say. @param message one line */
    void breakOff(String message);

    /** Ends the run: what the machine does is not what was recorded. @param message one line */
    void diverged(String message);
}
