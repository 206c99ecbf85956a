package org.gearshift.vmm.clock;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** The machine's time: nanoseconds since power-on, never going back. */
public interface GuestClock {
    /** Nanoseconds since power-on, at least 0. */
    long nanos();

    /** True if time is computed from the guest's own progress alone. */
    boolean isVirtual();

    /** Saves the present time. */
    void save(DataOutput out) throws IOException;

    /** Continues from a saved time. */
    void restore(DataInput in) throws IOException;

    /** Stops time while the machine stands; nothing to do where it derives from what the guest executes. Any thread. */
    default void pause() {
    }

    /** Lets time go on from where it stopped. */
    default void resume() {
    }
}
