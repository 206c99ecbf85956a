package org.gearshift.vmm.xen;

import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.cpu.CpuExit;

/** The hypercall sched_op: giving the processor up, and ending (sched.h). */
final class SchedOperations {
    private final Domain domain;
    private final GuestPointer guest;
    private final GuestClock clock;

    SchedOperations(Domain domain, GuestClock clock) {
        this.domain = domain;
        this.guest = domain.guest;
        this.clock = clock;
    }

    long operation(long[] a) {
        long at = a[1];
        return switch ((int) a[0]) {
            case 0 -> {
                domain.yieldToBackends();
                // Whoever yields waits for somebody, as with PAUSE.
                domain.vcpu.cpu.exit = CpuExit.PAUSE;
                yield 0;
            }
            case 1 -> block();
            case 2 -> {
                domain.shutdown((int) guest.read32(at));
                yield 0;
            }
            case 3 -> {
                int word = domain.abi.word();
                long timeout = guest.read64(at + 2 * word);
                yield timeout != 0 && timeout < clock.nanos() ? 0 : domain.events.poll(guest.readWord(at), guest.read32(at + word), timeout);
            }
            case 4 -> Errno.EPERM;
            case 5 -> {
                guest.read32(at);
                yield 0;
            }
            // No watchdog, and no processors to be pinned to.
            case 6 -> Errno.ENOSYS;
            case 7 -> Errno.EPERM;
            default -> Errno.ENOSYS;
        };
    }

    /** The hypercall sched_op_compat, of Xen before 3.0.2: yield, block, shutdown, each with its argument itself. */
    long compat(long command, long argument) {
        return switch ((int) command) {
            case 0 -> operation(new long[] {0, 0});
            case 1 -> block();
            case 2 -> {
                domain.shutdown((int) argument);
                yield 0;
            }
            default -> Errno.ENOSYS;
        };
    }

    /** Takes events again and waits for one, unless one is there. */
    private long block() {
        domain.vcpu.info.setUpcallMask(0);
        if (!domain.vcpu.info.upcallPending()) {
            domain.vcpu.block();
        }
        return 0;
    }
}
