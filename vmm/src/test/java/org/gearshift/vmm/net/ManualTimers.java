package org.gearshift.vmm.net;

import java.util.function.LongConsumer;
import org.gearshift.vmm.clock.EventQueue;

/** Time that goes on when the test says so. */
final class ManualTimers implements Timers {
    private final EventQueue events = new EventQueue();
    private long now = 1_000_000_000L;

    @Override
    public long nanos() {
        return now;
    }

    @Override
    public Alarm alarm(Runnable action) {
        EventQueue.Event event = events.event(action);
        LongConsumer arm = event::arm;
        return new Alarm() {
            @Override
            public void arm(long deadlineNanos) {
                arm.accept(deadlineNanos);
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

    /** Lets time pass, running what comes due at its own time. */
    void advance(long nanos) {
        long end = now + nanos;
        while (events.nextDeadline() <= end) {
            now = Math.max(now, events.nextDeadline());
            events.runDue(now);
        }
        now = end;
    }
}
