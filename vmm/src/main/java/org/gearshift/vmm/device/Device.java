package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** What every device can do besides its bus interface. */
public interface Device {
    /** Short name for counters, logs and snapshots, unique in a machine. */
    String name();

    /** Back to the state after the reset signal. */
    void reset();

    /** Writes all guest-visible state. */
    void save(DataOutput out) throws IOException;

    /** Reads what {@link #save} wrote; interrupt lines are driven to the restored state. */
    void restore(DataInput in) throws IOException;

    /** Tells every counter of the device. */
    default void counters(CounterSink sink) {
    }

    /** Receives counters. */
    @FunctionalInterface
    interface CounterSink {
        /** One counter: what, and how often since power-on. */
        void count(String counter, long value);
    }
}
