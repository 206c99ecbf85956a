package org.gearshift.vmm.xen;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import org.gearshift.translator.x86.X86State;

/**
 * The hypercalls of a paravirtual domain: one table of number, name, arguments and handler (xen.h; Xen's hypercall-defs.c). Those of 32-bit kernels are brought into
 * the same form: arguments in other registers, and numbers of 64 bits in two.
 */
final class Hypercalls {
    private static final Logger LOG = System.getLogger(Hypercalls.class.getName());
    /** Versions of the operations {command 32, version 32, ...} that only domain 0 may ask for: of platform_op, and of sysctl and domctl. */
    private static final int PLATFORM_VERSION = 0x03000001;
    private static final int TOOLS_VERSION = 0x15;
    private static final long LOW_32 = 0xffffffffL;
    private static final long CR4_DE = 1 << 3;
    private static final int NUMBERS = 64;
    private static final int ARGUMENTS = 6;
    private static final int MULTICALL_WORDS = 8;
    /** Registers of the arguments: RDI, RSI, RDX, R10, R8; a sixth is in R9. */
    private static final int[] REGISTERS = {X86State.RDI, X86State.RSI, X86State.RDX, X86State.GPR + 10, X86State.GPR + 8, X86State.GPR + 9};
    private static final int[] REGISTERS_32 = {X86State.RBX, X86State.RCX, X86State.RDX, X86State.RSI, X86State.RDI, X86State.RBP};

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
        own(3, "stack_switch", "ss sp", (v, a) -> stackSwitch(v, (int) a[0] & 0xffff, a[1]));
        put(4, "set_callbacks", "event failsafe syscall", this::setCallbacks);
        own(5, "fpu_taskswitch", "set", (v, a) -> taskSwitched(v, a[0] != 0));
        put(6, "sched_op_compat", "command argument", a -> domain.sched.compat(a[0], a[1]));
        put(7, "platform_op", "operation", a -> privileged(a[0], PLATFORM_VERSION));
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
        put(28, "nmi_op", "command argument", a -> nmi((int) a[0], a[1]));
        put(29, "sched_op", "command argument", domain.sched::operation);
        put(30, "callback_op", "command argument", a -> callbackOp((int) a[0], a[1]));
        put(32, "event_channel_op", "command argument", domain.events::operation);
        put(33, "physdev_op", "command argument", a -> physdev((int) a[0], a[1]));
        put(35, "sysctl", "operation", a -> privileged(a[0], TOOLS_VERSION));
        put(36, "domctl", "operation", a -> privileged(a[0], TOOLS_VERSION));
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
        long number = s[X86State.RAX];
        if (domain.abi.is32()) {
            number &= LOW_32;
            for (int i = 0; i < ARGUMENTS; i++) {
                a[i] = s[REGISTERS_32[i]] & LOW_32;
            }
            join(number, a);
        } else {
            for (int i = 0; i < ARGUMENTS; i++) {
                a[i] = s[REGISTERS[i]];
            }
        }
        Hypercall h = number >= 0 && number < NUMBERS ? table[(int) number] : null;
        if (h != null && h.own) {
            answer(s, serve(v, (int) number, h, a));
            return;
        }
        v.enter();
        try {
            answer(s, dispatch(v, number, a));
        } finally {
            v.leave();
        }
    }

    /** Outside 64-bit code slots hold registers sign-extended. */
    private void answer(long[] s, long result) {
        s[X86State.RAX] = domain.abi.is32() ? (int) result : result;
    }

    /** Makes one of two arguments of a 32-bit kernel where a 64-bit kernel has one (the table's "lo, hi" in Xen's hypercall-defs.c). */
    private static void join(long number, long[] a) {
        switch ((int) number) {
            // set_timer_op
            case 15 -> a[0] |= a[1] << 32;
            // update_va_mapping and update_va_mapping_otherdomain
            case 14, 22 -> {
                a[1] |= a[2] << 32;
                a[2] = a[3];
                a[3] = a[4];
            }
            // update_descriptor
            case 10 -> {
                a[0] |= a[1] << 32;
                a[1] = a[2] | a[3] << 32;
            }
            default -> { }
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

    /** Several calls in one: {op, result, six arguments}, a word each. */
    private long multicall(long at, long count) {
        if (inMulticall) {
            return Errno.EINVAL;
        }
        inMulticall = true;
        try {
            long[] own = new long[ARGUMENTS];
            int word = domain.abi.word();
            for (long i = 0; i < count && !domain.ended(); i++) {
                long call = at + i * MULTICALL_WORDS * word;
                domain.guest.readWords(call + 2L * word, own, ARGUMENTS);
                long op = domain.guest.readWord(call);
                if (domain.abi.is32()) {
                    join(op, own);
                }
                // It would go on elsewhere, with the rest of the list undone.
                domain.guest.writeWord(call + word, op == 23 ? Errno.ENOSYS : dispatch(domain.vcpu, op, own));
            }
            return 0;
        } finally {
            inMulticall = false;
        }
    }

    private long stackSwitch(VirtualCpu v, int ss, long sp) {
        v.setKernelStack(ss, sp);
        return 0;
    }

    private long setCallbacks(long[] a) {
        VirtualCpu v = domain.vcpu;
        // What cannot be registered stays as it was, and nothing is said.
        if (domain.abi.is32()) {
            register(v.eventCallback, 0, (int) a[0] & 0xffff, a[1]);
            register(v.failsafe, 0, (int) a[2] & 0xffff, a[3]);
        } else {
            register(v.eventCallback, 0, 0, a[0]);
            register(v.failsafe, 0, 0, a[1]);
            register(v.syscall, 0, 0, a[2]);
        }
        return 0;
    }

    private long register(VirtualCpu.Callback callback, int flags, int selector, long address) {
        boolean possible = domain.abi.mayBeEntry(address) && (!domain.abi.is32() || address == 0 || Descriptors.isGuestCode(selector));
        if (!possible) {
            return Errno.EINVAL;
        }
        callback.selector = selector;
        callback.address = address;
        callback.masksEvents = (flags & 1) != 0;
        return 0;
    }

    /** callback_op: {type 16, flags 16, address} (callback.h); a 32-bit kernel's address is {code segment 32, offset 32}. */
    private long callbackOp(int command, long at) {
        if (command != 0 && command != 1) {
            return Errno.ENOSYS;
        }
        VirtualCpu v = domain.vcpu;
        int type = domain.guest.read16(at);
        if (command == 0 && !domain.abi.mayBeEntry(domain.guest.readWord(at + 8))) {
            return Errno.EINVAL;
        }
        VirtualCpu.Callback callback = switch (type) {
            case 0 -> v.eventCallback;
            case 1 -> v.failsafe;
            case 2 -> domain.abi.is32() ? null : v.syscall;
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
            return type == 0 || type == 1 || type == 2 ? Errno.EINVAL : register(callback, 0, 0, 0);
        }
        int selector = domain.abi.is32() ? (int) domain.guest.read32(at + 4) & 0xffff : 0;
        return register(callback, domain.guest.read16(at + 2), selector, domain.guest.readWord(at + 8));
    }

    private static long taskSwitched(VirtualCpu v, boolean on) {
        v.setTaskSwitched(on);
        return 0;
    }

    private long setDebugRegister(int number, long value) {
        int n = debugRegister(number);
        if (n < 0) {
            return Errno.ENODEV;
        }
        if (!PrivilegedOperations.debugRegisterValid(n, value, domain.abi)) {
            return Errno.EPERM;
        }
        domain.vcpu.setDebugRegister(n, value);
        return 0;
    }

    private long getDebugRegister(int number) {
        int n = debugRegister(number);
        return n < 0 ? Errno.ENODEV : domain.vcpu.s[X86State.DR + n];
    }

    /** Numbers 4 and 5 are other names of 6 and 7, without debugging extensions; -1 if there is none. */
    private int debugRegister(int number) {
        boolean aliases = (domain.vcpu.s[X86State.CR4] & CR4_DE) == 0;
        return number < 0 || number > 7 ? -1 : number == 4 || number == 5 ? aliases ? number + 2 : -1 : number;
    }

    private long privileged(long at, int version) {
        return domain.guest.read32(at + 4) == version ? Errno.EPERM : Errno.EACCES;
    }

    /** No non-maskable interrupt ever comes, whoever waits for it. */
    private long nmi(int command, long at) {
        if (command == 0) {
            domain.guest.readWord(at);
        }
        return command == 0 || command == 1 ? 0 : Errno.ENOSYS;
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
        // Types 0, 1 and 3 are for 32-bit kernels: segments up to 4 GiB, and base registers that name frames above it. There is nothing to be done for them.
        boolean known = type == 4 || type == 5 || type == 32 || domain.abi.is32() && (type == 0 || type == 1 || type == 3);
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
