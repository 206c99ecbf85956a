package org.gearshift.vmm.xen;

/** The hypercall vcpu_op: bringing vCPUs up and down, where their shared data lie, their timers (vcpu.h). */
final class VcpuOperations {
    private static final int MOST_VCPUS = 8192;

    private final Domain domain;
    private final GuestPointer guest;

    VcpuOperations(Domain domain) {
        this.domain = domain;
        this.guest = domain.guest;
    }

    /** vcpu_op(command, vcpu, argument). */
    long operation(long[] a) {
        if (a[1] < 0 || a[1] >= MOST_VCPUS) {
            return Errno.EINVAL;
        }
        VirtualCpu v = a[1] < domain.vcpus() ? domain.vcpu((int) a[1]) : null;
        if (v == null) {
            return Errno.ENOENT;
        }
        long at = a[2];
        return switch ((int) a[0]) {
            case 0 -> initialise(v, at);
            case 1 -> up(v);
            case 2 -> down(v);
            case 3 -> v.isUp() ? 1 : 0;
            case 4 -> {
                v.runstate.write(guest, at);
                yield 0;
            }
            case 5 -> {
                v.runstate.register(guest, guest.readWord(at));
                yield 0;
            }
            case 6, 7, 8, 9 -> timer((int) a[0], v, at);
            case 10 -> registerVcpuInfo(v, guest.read64(at), guest.read32(at + 8));
            // No non-maskable interrupts, and no physical processors that a domain may know.
            case 11, 12 -> Errno.EINVAL;
            case 13 -> {
                domain.vcpu.setTimeArea(guest.readWord(at));
                yield 0;
            }
            default -> Errno.ENOSYS;
        };
    }

    private long initialise(VirtualCpu v, long at) {
        if (v.isInitialised()) {
            return Errno.EEXIST;
        }
        VcpuContext context = VcpuContext.read(guest, at, domain.abi);
        long rc = context.take(domain, v);
        if (rc == 0) {
            v.initialise(context);
        }
        return rc;
    }

    private static long up(VirtualCpu v) {
        if (!v.isInitialised()) {
            return Errno.EINVAL;
        }
        if (!v.isUp()) {
            v.bringUp();
        }
        return 0;
    }

    private long down(VirtualCpu v) {
        if (!v.isUp()) {
            return 0;
        }
        for (int i = 0; i < domain.vcpus(); i++) {
            VirtualCpu other = domain.vcpu(i);
            if (other != v && other.isUp()) {
                v.timers.stop();
                v.takeDown();
                return 0;
            }
        }
        domain.crash("it takes its last vCPU down");
        return 0;
    }

    /** A vCPU's own timers only. */
    private long timer(int command, VirtualCpu v, long at) {
        if (command == 6 || command == 7) {
            return command == 6 ? v.timers.startPeriodic(guest.read64(at)) : v.timers.stopPeriodic();
        }
        if (v != domain.vcpu) {
            return Errno.EINVAL;
        }
        return command == 8 ? v.timers.startSingleShot(guest.read64(at), guest.read32(at + 8)) : v.timers.stopSingleShot();
    }

    private long registerVcpuInfo(VirtualCpu v, long frame, long offset) {
        if (offset > 0x1000 - VcpuInfo.BYTES || (offset & 7) != 0) {
            return Errno.ENXIO;
        }
        boolean stands = v == domain.vcpu || !v.isUp();
        if (!stands || v.info.moved() || domain.tables.getPageAndUse(frame, FrameTable.WRITABLE) != 0) {
            return Errno.EINVAL;
        }
        // The use is kept for good: the hypervisor writes there from now on.
        v.info.move((frame << 12) + offset);
        v.info.setTime();
        return 0;
    }
}
