package org.gearshift.vmm.smp;

import java.util.concurrent.locks.LockSupport;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/** Runs the devices' events and takes in host input while processors run on threads of their own: a processor hears of it by its interrupt pin. */
public final class EventThread implements Runnable {
    private static final long MAX_SLEEP_NANOS = 50_000_000;

    private final DeviceLock devices;
    private final GuestClock clock;
    private final EventQueue events;
    private final Runnable poll;
    private volatile boolean ended;
    private volatile boolean woken;
    private volatile Thread thread;
    /** When it will look again by itself; guarded by the lock. */
    private long wakesAt;

    /** @param poll takes in host input and sends output on its way; called with the lock held */
    public EventThread(DeviceLock devices, GuestClock clock, EventQueue events, Runnable poll) {
        this.devices = devices;
        this.clock = clock;
        this.events = events;
        this.poll = poll;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        while (!ended) {
            long sleep = service();
            if (sleep > 0 && !woken && !ended) {
                LockSupport.parkNanos(this, sleep);
            }
            woken = false;
        }
    }

    /** Runs what is due. @return how long nothing will be */
    private long service() {
        devices.enter();
        try {
            poll.run();
            events.runDue(clock.nanos());
            long now = clock.nanos();
            wakesAt = Math.min(events.nextDeadline(), now + MAX_SLEEP_NANOS);
            return wakesAt - now;
        } finally {
            devices.leave();
        }
    }

    /** Called with the lock held: looks at the queue again if something has been armed for an earlier time. */
    public void eventsMayHaveMoved() {
        if (events.nextDeadline() < wakesAt && Thread.currentThread() != thread) {
            wake();
        }
    }

    /** Looks at input and events now. Any thread. */
    public void wake() {
        woken = true;
        LockSupport.unpark(thread);
    }

    /** Makes {@link #run} return soon. Any thread. */
    public void end() {
        ended = true;
        LockSupport.unpark(thread);
    }
}
