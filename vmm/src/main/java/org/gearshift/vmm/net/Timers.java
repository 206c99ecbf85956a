package org.gearshift.vmm.net;

import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/** Where a network's time comes from and who wakes it. */
public interface Timers {
    /** Nanoseconds since some moment, never going back. */
    long nanos();

    /** Makes an alarm that runs {@code action} on the network's thread. */
    Alarm alarm(Runnable action);

    /** Something to be done at a time. */
    interface Alarm {
        /** Sets or moves the time. */
        void arm(long deadlineNanos);

        /** Forgets it; no effect if it is not set. */
        void cancel();

        /** True from arming until it runs or is cancelled. */
        boolean isArmed();
    }

    /** The machine's own time. */
    static Timers of(GuestClock clock, EventQueue events) {
        return new Timers() {
            @Override
            public long nanos() {
                return clock.nanos();
            }

            @Override
            public Alarm alarm(Runnable action) {
                EventQueue.Event event = events.event(action);
                return new Alarm() {
                    @Override
                    public void arm(long deadlineNanos) {
                        event.arm(deadlineNanos);
                    }

                    @Override
                    public void cancel() {
                        event.cancel();
                    }

                    @Override
                    public boolean isArmed() {
                        return event.isArmed();
                    }
                };
            }
        };
    }
}
