package org.gearshift.vmm.xen;

import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/** The hypercalls vcpu_op and set_timer_op: where the vCPU's shared data lie, and its timers (vcpu.h). */
final class VcpuOperations {
    private static final int FUTURE = 1;
    /** Shortest period of the periodic timer. */
    private static final long LEAST_PERIOD = 1_000_000;

    private final Domain domain;
    private final GuestPointer guest;
    private final GuestClock clock;
    private final EventQueue.Event singleShot;
    private final EventQueue.Event periodic;
    private long period;

    VcpuOperations(Domain domain, GuestClock clock, EventQueue events) {
        this.domain = domain;
        this.guest = domain.guest;
        this.clock = clock;
        singleShot = events.event(() -> domain.events.raiseVirq(EventChannels.VIRQ_TIMER));
        periodic = events.event(this::tick);
    }

    private void tick() {
        domain.events.raiseVirq(EventChannels.VIRQ_TIMER);
        periodic.arm(periodic.deadline() + period);
    }

    /** vcpu_op(command, vcpu, argument). */
    long operation(long[] a) {
        if (a[1] != 0) {
            return a[1] >= 0 && a[1] < 8192 ? Errno.ENOENT : Errno.EINVAL;
        }
        long at = a[2];
        return switch ((int) a[0]) {
            case 0 -> Errno.EEXIST;
            case 1 -> 0;
            case 2 -> down();
            case 3 -> 1;
            case 4 -> {
                domain.runstate.write(at);
                yield 0;
            }
            case 5 -> {
                domain.runstate.register(guest.read64(at));
                yield 0;
            }
            case 6 -> startPeriodic(guest.read64(at));
            case 7 -> {
                periodic.cancel();
                yield 0;
            }
            case 8 -> startSingleShot(guest.read64(at), guest.read32(at + 8));
            case 9 -> {
                singleShot.cancel();
                yield 0;
            }
            case 10 -> registerVcpuInfo(guest.read64(at), guest.read32(at + 8));
            case 11, 12 -> Errno.EINVAL;
            case 13 -> registerTime(guest.read64(at));
            default -> Errno.ENOSYS;
        };
    }

    /** The only vCPU stops for good. */
    private long down() {
        domain.crash("it takes its only vCPU down");
        return 0;
    }

    private long startPeriodic(long nanos) {
        if (nanos < LEAST_PERIOD || nanos < 0) {
            return Errno.EINVAL;
        }
        period = nanos;
        periodic.arm(clock.nanos() + nanos);
        return 0;
    }

    private long startSingleShot(long deadline, long flags) {
        if ((flags & FUTURE) != 0 && deadline < clock.nanos()) {
            return Errno.ETIME;
        }
        singleShot.arm(Math.max(0, deadline));
        return 0;
    }

    /** set_timer_op(deadline): 0 stops the timer. */
    long setTimer(long deadline) {
        if (deadline == 0) {
            singleShot.cancel();
        } else {
            singleShot.arm(Math.max(0, deadline));
        }
        return 0;
    }

    private long registerVcpuInfo(long frame, long offset) {
        if (offset > 0x1000 - 64) {
            return Errno.EINVAL;
        }
        if (domain.shared.moved() || domain.tables.getPageAndUse(frame, FrameTable.WRITABLE) != 0) {
            return Errno.EINVAL;
        }
        // The use is kept for good: the hypervisor writes there from now on.
        domain.shared.moveVcpuInfo((frame << 12) + offset);
        domain.shared.setTime();
        return 0;
    }

    private long registerTime(long va) {
        if ((va & 0xfff) + SharedInfo.TIME_BYTES > 0x1000) {
            return Errno.EFAULT;
        }
        guest.checkWritable(va, SharedInfo.TIME_BYTES);
        domain.shared.writeTime(domain.cpuMmu.translate(va, ShadowMmu.WRITE, true));
        return 0;
    }
}
