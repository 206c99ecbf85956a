package org.gearshift.vmm.replay;

/** Something outside processors, memory and devices whose state matters to a machine that goes back in time. On the thread that runs the machine. */
public interface Rewindable {
    /** The present state; never changed afterwards. */
    Object mark();

    /** Goes back to a state. @param mark what {@link #mark} gave */
    void rewind(Object mark);
}
