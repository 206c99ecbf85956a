package org.gearshift.vmm.xen;

import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/** A vCPU's timers, which raise its VIRQ_TIMER, and the time-out of its SCHEDOP_poll. For those who have the domain. */
final class VcpuTimers {
    private static final int FUTURE = 1;
    /** Shortest period of the periodic timer. */
    private static final long LEAST_PERIOD = 1_000_000;

    private final VirtualCpu vcpu;
    private final Domain domain;
    private final GuestClock clock;
    private final EventQueue.Event singleShot;
    private final EventQueue.Event periodic;
    private final EventQueue.Event pollTimeout;
    private long period;

    VcpuTimers(VirtualCpu vcpu, Domain domain, GuestClock clock, EventQueue events) {
        this.vcpu = vcpu;
        this.domain = domain;
        this.clock = clock;
        singleShot = events.event(this::raise);
        periodic = events.event(this::tick);
        pollTimeout = events.event(vcpu::endPoll);
    }

    private void raise() {
        domain.events.raiseVirq(vcpu, EventChannels.VIRQ_TIMER);
    }

    private void tick() {
        raise();
        periodic.arm(periodic.deadline() + period);
    }

    long startPeriodic(long nanos) {
        if (nanos < LEAST_PERIOD) {
            return Errno.EINVAL;
        }
        period = nanos;
        periodic.arm(clock.nanos() + nanos);
        return 0;
    }

    long stopPeriodic() {
        periodic.cancel();
        return 0;
    }

    long startSingleShot(long deadline, long flags) {
        if ((flags & FUTURE) != 0 && deadline < clock.nanos()) {
            return Errno.ETIME;
        }
        singleShot.arm(Math.max(0, deadline));
        return 0;
    }

    long stopSingleShot() {
        singleShot.cancel();
        return 0;
    }

    /** set_timer_op(deadline): 0 stops the timer. */
    long set(long deadline) {
        return deadline == 0 ? stopSingleShot() : startSingleShot(deadline, 0);
    }

    /** A SCHEDOP_poll begins. @param deadlineNanos system time, 0: none */
    void pollBegins(long deadlineNanos) {
        if (deadlineNanos == 0) {
            pollTimeout.cancel();
        } else {
            pollTimeout.arm(Math.max(0, deadlineNanos));
        }
    }

    /** The vCPU is taken down: its timers stop. */
    void stop() {
        singleShot.cancel();
        periodic.cancel();
        pollTimeout.cancel();
    }
}
