package org.gearshift.vmm;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.VirtualClock;
import org.gearshift.vmm.engine.EventTimer;
import org.gearshift.vmm.sched.VcpuSlot;

/** Ties the engine to the machine's clock and event queue: when to come back, what to do with idle time, when to look for host input. */
final class MachineTimer implements EventTimer {
    /** Instructions between looks at the host clock: 20 to 200 microseconds of compiled code. */
    private static final int HOST_SLICE = 50_000;
    /** What a PAUSE takes on the virtual clock: delay loops end after as many microseconds as they mean, not as many million instructions. */
    private static final long PAUSE_NANOS = 1000;
    /** PAUSEs closer together than this belong to one wait. */
    private static final long SPIN_GAP_NANOS = 20_000;
    /** Real time a wait may spin before the host's processor is given up in between: short delays stay precise, long ones cost little. */
    private static final long SPIN_NANOS = 100_000;
    /** Sleep between looks at what a spinning guest waits for. */
    private static final long SPIN_SLEEP_NANOS = 50_000;
    /** Longest sleep, so that a lost wake-up costs little. */
    private static final long MAX_SLEEP_NANOS = 50_000_000;
    /** Instructions a run with the virtual clock executes at most before it looks for host input. */
    private static final int VIRTUAL_SLICE = 2_000_000;

    private final GuestClock clock;
    private final EventQueue events;
    private final Runnable poll;
    /** Null if the machine runs whenever it wants to. */
    private VcpuSlot slot;
    private long spinningSince;
    private long lastPause = Long.MIN_VALUE / 2;
    private volatile Thread sleeper;
    private volatile boolean woken;
    /** Sources of host input that may still say something. */
    private final AtomicInteger inputs = new AtomicInteger();
    private Runnable onIdle = () -> { };
    private BooleanSupplier expected = () -> false;
    private BooleanSupplier outside = () -> false;
    /** Null unless virtual time is not to run ahead of the host's. */
    private GuestClock pace;
    /** What the world outside has to do, in time of {@link #pace}. */
    private EventQueue outsideEvents;

    /** @param poll drains host input into the devices; called on the vCPU thread */
    MachineTimer(GuestClock clock, EventQueue events, Runnable poll) {
        this.clock = clock;
        this.events = events;
        this.poll = poll;
    }

    /** Called when the processor goes idle: output may be flushed. All actions are called that were ever given. */
    void onIdle(Runnable action) {
        Runnable before = onIdle;
        onIdle = () -> {
            before.run();
            action.run();
        };
    }

    /** A source of host input opens or, later, ends: as long as there is one, an idle machine without events waits. Any thread. */
    void expectInput(boolean possible) {
        inputs.addAndGet(possible ? 1 : -1);
        wake();
    }

    /** What tells that a host thread works for the machine and will wake it: that is waited for, too. */
    void expect(BooleanSupplier hostWork) {
        expected = hostWork;
    }

    /** What tells that somebody outside may be about to send something: virtual time then does not run ahead of the host's while the machine is idle. */
    void pace(BooleanSupplier conversation) {
        outside = conversation;
    }

    /** Keeps virtual time from running ahead of the host's: an idle machine waits. @param outside what others have to do meanwhile, in the host's time */
    void keepTo(GuestClock host, EventQueue outside) {
        pace = host;
        outsideEvents = outside;
    }

    /** Makes the machine run only while it has a slot; before it runs. */
    void scheduleOn(VcpuSlot vcpu) {
        slot = vcpu;
        // What others bring is taken all the same, by a paused machine too: somebody may wait for that.
        vcpu.whileWaiting(poll);
    }

    /** A run begins, on the calling thread. */
    void begin() {
        if (slot != null) {
            sleeper = Thread.currentThread();
            slot.take();
            sleeper = null;
        }
    }

    /** A debugger holds the machine: others may have its slot. On the thread that runs it, as {@link #go}. */
    void stand() {
        end();
    }

    /** The debugger lets it go on. */
    void go() {
        begin();
    }

    /** The run has ended. */
    void end() {
        if (slot != null) {
            slot.leave();
        }
    }

    /** Ends a sleep; any thread. */
    void wake() {
        woken = true;
        Thread t = sleeper;
        if (t != null) {
            LockSupport.unpark(t);
        }
    }

    @Override
    public void runDue() {
        if (slot != null && slot.isDue()) {
            sleeper = Thread.currentThread();
            slot.check();
            sleeper = null;
        }
        poll.run();
        events.runDue(clock.nanos());
    }

    @Override
    public boolean pause() {
        if (clock instanceof VirtualClock v) {
            v.advanceTo(Math.min(events.nextDeadline(), v.nanos() + PAUSE_NANOS));
            return true;
        }
        long now = clock.nanos();
        if (now - lastPause > SPIN_GAP_NANOS) {
            spinningSince = now;
        }
        lastPause = now;
        if (now - spinningSince < SPIN_NANOS) {
            return false;
        }
        sleep(Math.min(SPIN_SLEEP_NANOS, events.nextDeadline() - now));
        lastPause = clock.nanos();
        return true;
    }

    @Override
    public boolean exact() {
        return clock.isVirtual();
    }

    @Override
    public long instructionsToNextEvent() {
        long deadline = events.nextDeadline();
        if (clock instanceof VirtualClock v) {
            return deadline == EventQueue.NEVER ? VIRTUAL_SLICE : Math.max(1, Math.min(VIRTUAL_SLICE, v.instructionsUntil(deadline)));
        }
        return HOST_SLICE;
    }

    @Override
    public boolean idle(boolean forGood) {
        if (forGood) {
            return false;
        }
        if (events.runEarly() > 0) {
            return true;
        }
        onIdle.run();
        long deadline = events.nextDeadline();
        if (clock instanceof VirtualClock v) {
            if (pace != null) {
                return idlePaced(v, deadline);
            }
            if (deadline != EventQueue.NEVER) {
                if (outside.getAsBoolean() && sleepUntilWoken(Math.min(MAX_SLEEP_NANOS, deadline - v.nanos()))) {
                    return true;
                }
                v.advanceTo(deadline);
                return true;
            }
            return (inputs.get() > 0 || woken || expected.getAsBoolean()) && sleep(MAX_SLEEP_NANOS);
        }
        if (deadline == EventQueue.NEVER && inputs.get() <= 0 && !woken && !expected.getAsBoolean()) {
            return false;
        }
        return sleep(Math.min(MAX_SLEEP_NANOS, deadline == EventQueue.NEVER ? MAX_SLEEP_NANOS : deadline - clock.nanos()));
    }

    /** Virtual time follows the host's, and catches up if it is behind. */
    private boolean idlePaced(VirtualClock v, long deadline) {
        if (deadline == EventQueue.NEVER && inputs.get() <= 0 && !woken && !expected.getAsBoolean()) {
            return false;
        }
        long now = pace.nanos();
        sleepUntilWoken(Math.min(MAX_SLEEP_NANOS, Math.min(deadline, outsideEvents.nextDeadline()) - now));
        v.advanceTo(Math.min(deadline, pace.nanos()));
        return true;
    }

    private boolean sleep(long nanos) {
        sleepUntilWoken(nanos);
        return true;
    }

    /** @return true if the sleep was cut short */
    private boolean sleepUntilWoken(long nanos) {
        sleeper = Thread.currentThread();
        if (!woken && nanos > 0) {
            if (slot != null) {
                slot.leave();
            }
            LockSupport.parkNanos(this, nanos);
            if (slot != null) {
                slot.take();
            }
        }
        sleeper = null;
        boolean early = woken;
        woken = false;
        return early;
    }
}
