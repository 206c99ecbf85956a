package org.gearshift.vmm.xen;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import org.gearshift.translator.x86.X86State;

/** The hypercalls of a 64-bit paravirtual domain: one table of number, name, arguments and handler (xen.h; Xen's hypercall-defs.c). */
final class Hypercalls {
    private static final Logger LOG = System.getLogger(Hypercalls.class.getName());
    private static final int NUMBERS = 64;
    private static final int ARGUMENTS = 6;
    private static final int MULTICALL_BYTES = 64;
    /** Registers of the arguments: RDI, RSI, RDX, R10, R8; a sixth is in R9. */
    private static final int[] REGISTERS = {X86State.RDI, X86State.RSI, X86State.RDX, X86State.GPR + 10, X86State.GPR + 8, X86State.GPR + 9};

    /** Serves one hypercall. @throws GuestPointerFault for EFAULT */
    private interface Handler {
        long call(long[] arguments);
    }

    /** Serves one for a vCPU. */
    private interface OwnHandler {
        long call(VirtualCpu v, long[] arguments);
    }

    /** @param own whether it concerns nothing but the calling vCPU, so that others need not be kept away */
    private record Hypercall(String name, String arguments, OwnHandler handler, boolean own) {
    }

    private final Domain domain;
    private final Hypercall[] table = new Hypercall[NUMBERS];
    /** By vCPU and number; numbers that are none are counted behind them. */
    private final long[][] counts;
    private final long[][] arguments;
    private final boolean[] logged = new boolean[NUMBERS];
    private boolean inMulticall;

    Hypercalls(Domain domain) {
        this.domain = domain;
        counts = new long[domain.vcpus()][NUMBERS + 1];
        arguments = new long[domain.vcpus()][ARGUMENTS];
        GuestPointer g = domain.guest;
        put(0, "set_trap_table", "traps", a -> domain.vcpu.traps.set(g, a[0]));
        put(1, "mmu_update", "requests count done foreigndom", domain.mmu::mmuUpdate);
        put(2, "set_gdt", "frames entries", a -> domain.mmu.setGdt(a[0], a[1] & 0xffffffffL));
        own(3, "stack_switch", "ss sp", (v, a) -> stackSwitch(v, a[1]));
        put(4, "set_callbacks", "event failsafe syscall", this::setCallbacks);
        own(5, "fpu_taskswitch", "set", (v, a) -> taskSwitched(v, a[0] != 0));
        put(7, "platform_op", "operation", a -> Errno.EPERM);
        put(8, "set_debugreg", "number value", a -> setDebugRegister((int) a[0], a[1]));
        put(9, "get_debugreg", "number", a -> getDebugRegister((int) a[0]));
        put(10, "update_descriptor", "address descriptor", a -> domain.mmu.updateDescriptor(a[0], a[1]));
        put(12, "memory_op", "command argument", domain.memoryOperations::operation);
        put(13, "multicall", "calls count", a -> multicall(a[0], a[1] & 0xffffffffL));
        put(14, "update_va_mapping", "va entry flags", domain.mmu::updateVaMapping);
        put(15, "set_timer_op", "deadline", a -> domain.vcpu.timers.set(a[0]));
        put(17, "xen_version", "command argument", a -> domain.version.operation(a[0], a[1]));
        put(18, "console_io", "command count buffer", this::consoleIo);
        put(20, "grant_table_op", "command structures count", a -> domain.grants.operation(a));
        put(21, "vm_assist", "command type", a -> vmAssist((int) a[0], (int) a[1]));
        put(22, "update_va_mapping_otherdomain", "va entry flags domid", domain.mmu::updateVaMappingOtherDomain);
        own(23, "iret", "", (v, a) -> v.iret());
        put(24, "vcpu_op", "command vcpu argument", domain.vcpuOperations::operation);
        own(25, "set_segment_base", "which base", (v, a) -> v.setSegmentBase((int) a[0], a[1]));
        put(26, "mmuext_op", "operations count done foreigndom", domain.mmu::mmuext);
        put(28, "nmi_op", "command argument", a -> Errno.EINVAL);
        put(29, "sched_op", "command argument", domain.sched::operation);
        put(30, "callback_op", "command argument", a -> callbackOp((int) a[0], a[1]));
        put(32, "event_channel_op", "command argument", domain.events::operation);
        put(33, "physdev_op", "command argument", a -> physdev((int) a[0], a[1]));
        put(35, "sysctl", "operation", a -> Errno.EPERM);
        put(36, "domctl", "operation", a -> Errno.EPERM);
    }

    private void put(int number, String name, String arguments, Handler handler) {
        table[number] = new Hypercall(name, arguments, (v, a) -> handler.call(a), false);
    }

    private void own(int number, String name, String arguments, OwnHandler handler) {
        table[number] = new Hypercall(name, arguments, handler, true);
    }

    /** Serves the hypercall whose number and arguments are in a vCPU's registers. */
    void enter(VirtualCpu v) {
        long[] s = v.s;
        long[] a = arguments[v.number];
        for (int i = 0; i < ARGUMENTS; i++) {
            a[i] = s[REGISTERS[i]];
        }
        long number = s[X86State.RAX];
        Hypercall h = number >= 0 && number < NUMBERS ? table[(int) number] : null;
        if (h != null && h.own) {
            s[X86State.RAX] = serve(v, (int) number, h, a);
            return;
        }
        v.enter();
        try {
            s[X86State.RAX] = dispatch(v, number, a);
        } finally {
            v.leave();
        }
    }

    private long dispatch(VirtualCpu v, long number, long[] a) {
        Hypercall h = number >= 0 && number < NUMBERS ? table[(int) number] : null;
        if (h != null) {
            return serve(v, (int) number, h, a);
        }
        counts[v.number][NUMBERS]++;
        int slot = number >= 0 && number < NUMBERS ? (int) number : 0;
        if (!logged[slot]) {
            logged[slot] = true;
            LOG.log(Level.DEBUG, () -> "hypercall " + number + " is not one of this hypervisor: ENOSYS");
        }
        return Errno.ENOSYS;
    }

    private long serve(VirtualCpu v, int number, Hypercall h, long[] a) {
        counts[v.number][number]++;
        try {
            return h.handler.call(v, a);
        } catch (GuestPointerFault f) {
            return Errno.EFAULT;
        }
    }

    /** Hypercalls made so far, by name; those never made are left out. */
    Map<String, Long> counts() {
        Map<String, Long> m = new LinkedHashMap<>();
        for (int i = 0; i <= NUMBERS; i++) {
            long n = 0;
            for (long[] one : counts) {
                n += one[i];
            }
            if (n > 0) {
                m.put(i < NUMBERS ? table[i].name : "unknown", n);
            }
        }
        return m;
    }

    /** Several calls in one: {op, result, six arguments}, eight bytes each. */
    private long multicall(long at, long count) {
        if (inMulticall) {
            return Errno.EINVAL;
        }
        inMulticall = true;
        try {
            long[] own = new long[ARGUMENTS];
            for (long i = 0; i < count && !domain.ended(); i++) {
                long call = at + i * MULTICALL_BYTES;
                for (int k = 0; k < ARGUMENTS; k++) {
                    own[k] = domain.guest.read64(call + 16 + 8L * k);
                }
                long op = domain.guest.read64(call);
                // It would go on elsewhere, with the rest of the list undone.
                domain.guest.write64(call + 8, op == 23 ? Errno.ENOSYS : dispatch(domain.vcpu, op, own));
            }
            return 0;
        } finally {
            inMulticall = false;
        }
    }

    private static long stackSwitch(VirtualCpu v, long sp) {
        v.setKernelStack(sp);
        return 0;
    }

    private long setCallbacks(long[] a) {
        VirtualCpu v = domain.vcpu;
        long rc = register(v.eventCallback, 0, a[0]);
        rc = rc != 0 ? rc : register(v.failsafe, 0, a[1]);
        return rc != 0 ? rc : register(v.syscall, 0, a[2]);
    }

    private static long register(VirtualCpu.Callback callback, int flags, long address) {
        if (address != 0 && !HypervisorSpace.guestMayUse(address)) {
            return Errno.EINVAL;
        }
        callback.address = address;
        callback.masksEvents = (flags & 1) != 0;
        return 0;
    }

    /** callback_op: {type 16, flags 16, address} (callback.h). */
    private long callbackOp(int command, long at) {
        if (command != 0 && command != 1) {
            return Errno.ENOSYS;
        }
        VirtualCpu v = domain.vcpu;
        int type = domain.guest.read16(at);
        VirtualCpu.Callback callback = switch (type) {
            case 0 -> v.eventCallback;
            case 1 -> v.failsafe;
            case 2 -> v.syscall;
            case 3, 5 -> v.sysenter;
            case 7 -> v.syscall32;
            default -> null;
        };
        if (type == 4 && command == 0) {
            // No non-maskable interrupt ever comes.
            return 0;
        }
        if (callback == null) {
            return Errno.ENOSYS;
        }
        if (command == 1) {
            return type == 0 || type == 1 || type == 2 ? Errno.EINVAL : register(callback, 0, 0);
        }
        return register(callback, domain.guest.read16(at + 2), domain.guest.read64(at + 8));
    }

    private static long taskSwitched(VirtualCpu v, boolean on) {
        v.setTaskSwitched(on);
        return 0;
    }

    private long setDebugRegister(int number, long value) {
        if (number < 0 || number > 7 || !PrivilegedOperations.debugRegisterValid(number, value)) {
            return number == 4 || number == 5 ? Errno.ENODATA : number < 0 || number > 7 ? Errno.ENODATA : Errno.EPERM;
        }
        domain.vcpu.setDebugRegister(number, value);
        return 0;
    }

    private long getDebugRegister(int number) {
        return number < 0 || number > 7 || number == 4 || number == 5 ? Errno.ENODATA : domain.vcpu.s[X86State.DR + number];
    }

    private long consoleIo(long[] a) {
        if (a[0] != 0) {
            return Errno.EPERM;
        }
        byte[] text = new byte[(int) Math.min(a[1] & 0xffffffffL, 4096)];
        domain.guest.read(a[2], text);
        for (byte b : text) {
            domain.console.accept(b);
        }
        return 0;
    }

    private long vmAssist(int command, int type) {
        boolean known = type == 4 || type == 5 || type == 32;
        if (command != 0 && command != 1) {
            return Errno.ENOSYS;
        }
        if (type == 4) {
            domain.architecturalIopl = command == 0;
        }
        // Stores to level-1 tables are taken as updates whether asked for or not.
        return known || type == 2 ? 0 : Errno.EINVAL;
    }

    private long physdev(int command, long at) {
        return switch (command) {
            case 6 -> {
                long level = domain.guest.read32(at);
                if (level > 3) {
                    yield Errno.EINVAL;
                }
                domain.vcpu.iopl = (int) level << 12;
                yield 0;
            }
            // A bitmap with nothing in it, since a domain has no ports of its own.
            case 7 -> 0;
            case 8, 9, 10, 13, 14, 15, 16, 19, 20, 21, 25, 26 -> Errno.EPERM;
            default -> Errno.ENOSYS;
        };
    }
}
