package org.gearshift.vmm.xen;

import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RBX;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.SystemService;
import org.gearshift.vmm.cpu.VCpu;

/**
 * Privileged instructions of a domain's kernel: done for it where Xen emulates them (arch/x86/pv/emul-priv-op.c), refused with #GP where it does not. On a processor
 * they would trap first; here the translated code calls straight in.
 */
final class PrivilegedOperations {
    private static final Logger LOG = System.getLogger(PrivilegedOperations.class.getName());

    private static final int GP = 13;
    private static final int EXTENDED_FEATURES = 0x80000001;
    /** Features in EDX of that leaf that a 32-bit domain has no use for. */
    private static final long SYSCALL = 1 << 11;
    private static final long LONG_MODE = 1 << 29;
    private static final int HYPERVISOR_LEAVES = 0x40000000;
    private static final int HIGHEST_LEAF = HYPERVISOR_LEAVES + 2;
    /** "XenVMMXenVMM" in EBX, ECX, EDX (arch-x86/cpuid.h). */
    private static final int[] SIGNATURE = {HIGHEST_LEAF, 0x566e6558, 0x65584d4d, 0x4d4d566e};
    private static final int HYPERCALL_MSR = 0x40000000;
    private static final int FEATURE_PRESERVE_AD = 1;
    /** ud2; .ascii "xen"; cpuid. */
    private static final int[] FORCED_CPUID = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};

    private static final int MSR_TSC = 0x10;
    private static final int MSR_PLATFORM_ID = 0x17;
    private static final int MSR_MICROCODE = 0x8b;
    private static final int MSR_MISC_ENABLE = 0x1a0;
    private static final int MSR_EFER = 0xc0000080;
    private static final int MSR_FS_BASE = 0xc0000100;
    private static final int MSR_GS_BASE = 0xc0000101;
    private static final int MSR_SHADOW_GS_BASE = 0xc0000102;
    private static final int MSR_TSC_AUX = 0xc0000103;

    private static final long CR0_TS = 8;
    /** TSD, DE, OSXSAVE: bits of CR4 that are the guest's. */
    private static final long GUEST_CR4 = 1 << 2 | 1 << 3 | 1 << 18;

    private final Domain domain;
    private final VirtualCpu vcpu;
    private final VCpu cpu;
    private final long[] s;
    private final Set<Integer> loggedMsrs = new HashSet<>();
    private SystemService ownCpuid;
    private SystemService ownWriteCr;
    private SystemService ownWriteDr;

    PrivilegedOperations(Domain domain, VirtualCpu vcpu) {
        this.domain = domain;
        this.vcpu = vcpu;
        this.cpu = vcpu.cpu;
        this.s = cpu.s;
    }

    Map<X86Service, SystemService> services(Function<X86Service, SystemService> own) {
        ownCpuid = own.apply(X86Service.CPUID);
        ownWriteCr = own.apply(X86Service.WRITE_CR);
        ownWriteDr = own.apply(X86Service.WRITE_DR);
        Map<X86Service, SystemService> t = new EnumMap<>(X86Service.class);
        for (X86Service refused : new X86Service[] {X86Service.HLT, X86Service.LGDT, X86Service.LIDT, X86Service.LLDT, X86Service.LTR, X86Service.LMSW,
            X86Service.SWAPGS, X86Service.REQUIRE_CPL0, X86Service.INS, X86Service.OUTS}) {
            t.put(refused, (a, b, c) -> {
                throw cpu.raise(GP, 0);
            });
        }
        t.put(X86Service.READ_CR, (number, b, c) -> readControl((int) number));
        t.put(X86Service.WRITE_CR, (number, value, c) -> writeControl((int) number, moved(value)));
        t.put(X86Service.WRITE_DR, (number, value, c) -> writeDebug((int) number, moved(value)));
        t.put(X86Service.CLI_STI, (enable, b, c) -> {
            requireIoPrivilege();
            return 0;
        });
        t.put(X86Service.IN, (port, bits, c) -> in((int) bits));
        t.put(X86Service.OUT, (port, value, bits) -> {
            requireIoPrivilege();
            vcpu.counters.emulated++;
            return 0;
        });
        t.put(X86Service.CPUID, (a, b, c) -> cpuid());
        t.put(X86Service.RDMSR, (a, b, c) -> readMsr());
        t.put(X86Service.WRMSR, (a, b, c) -> writeMsr());
        return t;
    }

    private void requireKernel() {
        if (!vcpu.kernel()) {
            throw cpu.raise(GP, 0);
        }
        vcpu.counters.emulated++;
    }

    /** #GP(0) unless the I/O privilege level that the kernel has set allows ports and CLI: level 1 to itself, 3 to programs. */
    private void requireIoPrivilege() {
        int level = vcpu.iopl >>> 12;
        boolean allowed = vcpu.kernel() ? domain.architecturalIopl || level >= 1 : level >= 3;
        if (!allowed) {
            throw cpu.raise(GP, 0);
        }
    }

    /** No domain here has ports of its own: they read as all ones, and swallow writes. */
    private long in(int bits) {
        requireIoPrivilege();
        vcpu.counters.emulated++;
        return 0xffffffffL >>> 32 - bits;
    }

    private long readControl(int number) {
        requireKernel();
        return switch (number) {
            case 0 -> s[X86State.CR0];
            case 2 -> vcpu.info.cr2();
            case 3 -> domain.abi.baseOfFrame(vcpu.kernelBase());
            case 4 -> s[X86State.CR4];
            default -> throw cpu.raise(GP, 0);
        };
    }

    /** What a register holds that an instruction moves to a control or debug register: 32 bits of it outside 64-bit code. */
    private long moved(long value) {
        return domain.abi.is32() ? value & 0xffffffffL : value;
    }

    private long writeControl(int number, long value) {
        requireKernel();
        switch (number) {
            case 0 -> {
                if (((value ^ s[X86State.CR0]) & ~CR0_TS) != 0) {
                    throw cpu.raise(GP, 0);
                }
                setTaskSwitched((value & CR0_TS) != 0);
            }
            case 2 -> vcpu.info.setCr2(value);
            case 3 -> {
                if (!holding(() -> domain.mmu.newBase(domain.abi.frameOfBase(value)) == 0)) {
                    throw cpu.raise(GP, 0);
                }
            }
            case 4 -> ownWriteCr.call(4, s[X86State.CR4] & ~GUEST_CR4 | value & GUEST_CR4, 0);
            default -> throw cpu.raise(GP, 0);
        }
        return 0;
    }

    private boolean holding(BooleanSupplier action) {
        vcpu.enter();
        try {
            return action.getAsBoolean();
        } finally {
            vcpu.leave();
        }
    }

    /** CR0.TS, also the hypercall fpu_taskswitch. */
    void setTaskSwitched(boolean on) {
        s[X86State.CR0] = on ? s[X86State.CR0] | CR0_TS : s[X86State.CR0] & ~CR0_TS;
        cpu.refreshMode();
    }

    private long writeDebug(int number, long value) {
        requireKernel();
        if (!debugRegisterValid(number, value, domain.abi)) {
            throw cpu.raise(GP, 0);
        }
        return ownWriteDr.call(number, value, 0);
    }

    /** Breakpoints lie where the guest's own addresses are, and none is for ports; nothing detects accesses to the registers. */
    static boolean debugRegisterValid(int number, long value, Abi abi) {
        if (number < 4) {
            return abi.guestMayUse(value);
        }
        if (number < 6) {
            return false;
        }
        boolean generalDetect = number == 7 && (value & 1 << 13) != 0;
        if (value >>> 32 != 0 || generalDetect) {
            return false;
        }
        for (int i = 0; number == 7 && i < 4; i++) {
            if ((value >>> 2 * i & 3) != 0 && (value >>> 16 + 4 * i & 3) == 2) {
                return false;
            }
        }
        return true;
    }

    private long cpuid() {
        int leaf = (int) s[RAX];
        if (leaf < HYPERVISOR_LEAVES || leaf > HYPERVISOR_LEAVES + 0xff) {
            ownCpuid.call(0, 0, 0);
            if (domain.abi.is32() && leaf == EXTENDED_FEATURES) {
                s[RDX] &= ~(SYSCALL | LONG_MODE);
            }
            return 0;
        }
        vcpu.counters.emulated++;
        int[] v = switch (leaf - HYPERVISOR_LEAVES) {
            case 0 -> SIGNATURE;
            case 1 -> new int[] {Version.NUMBER, 0, 0, 0};
            case 2 -> new int[] {1, HYPERCALL_MSR, FEATURE_PRESERVE_AD, 0};
            default -> new int[4];
        };
        int[] slots = {RAX, RBX, RCX, RDX};
        for (int i = 0; i < 4; i++) {
            cpu.put32(slots[i], v[i]);
        }
        return 0;
    }

    /** After #UD: whether it was the prefix that asks for the hypervisor's CPUID; then that has been done. */
    boolean forcedCpuid() {
        long rip = s[RIP];
        try {
            for (int i = 0; i < FORCED_CPUID.length; i++) {
                if (vcpu.guest.read8(rip + i) != FORCED_CPUID[i]) {
                    return false;
                }
            }
        } catch (GuestPointerFault f) {
            return false;
        }
        vcpu.counters.forcedCpuid++;
        cpuid();
        s[RIP] = rip + FORCED_CPUID.length;
        s[X86State.EFLAGS_SYS] &= ~Eflags.RF;
        return true;
    }

    private long readMsr() {
        requireKernel();
        int number = (int) s[RCX];
        long value = switch (number) {
            case MSR_TSC -> cpu.tsc();
            case MSR_PLATFORM_ID, MSR_MICROCODE -> 0;
            // Fast strings enabled; no branch trace storage, no precise event sampling.
            case MSR_MISC_ENABLE -> 1 | 1 << 11 | 1 << 12;
            case MSR_EFER -> s[X86State.EFER];
            case MSR_FS_BASE -> s[SEG_BASE + X86State.FS];
            case MSR_GS_BASE -> s[SEG_BASE + X86State.GS];
            case MSR_SHADOW_GS_BASE -> s[X86State.KERNEL_GS_BASE];
            case MSR_TSC_AUX -> s[X86State.TSC_AUX];
            default -> throw refuse("RDMSR", number);
        };
        cpu.put32(RAX, (int) value);
        cpu.put32(RDX, (int) (value >>> 32));
        return 0;
    }

    private long writeMsr() {
        requireKernel();
        int number = (int) s[RCX];
        long value = s[RDX] << 32 | s[RAX] & 0xffffffffL;
        if (domain.abi.is32() && number >= MSR_FS_BASE && number <= MSR_SHADOW_GS_BASE) {
            throw refuse("WRMSR", number);
        }
        switch (number) {
            case MSR_FS_BASE -> setBase(SEG_BASE + X86State.FS, value);
            case MSR_GS_BASE -> setBase(SEG_BASE + X86State.GS, value);
            case MSR_SHADOW_GS_BASE -> setBase(X86State.KERNEL_GS_BASE, value);
            case MSR_EFER -> {
                if (value != s[X86State.EFER]) {
                    throw refuse("WRMSR", number);
                }
            }
            case MSR_MICROCODE -> { }
            case MSR_TSC_AUX -> {
                if (value >>> 32 != 0) {
                    throw refuse("WRMSR", number);
                }
                s[X86State.TSC_AUX] = value;
            }
            case HYPERCALL_MSR -> {
                if (!holding(() -> domain.writeHypercallPage(PageTables.frameOf(value)))) {
                    throw refuse("WRMSR", number);
                }
            }
            default -> throw refuse("WRMSR", number);
        }
        return 0;
    }

    private void setBase(int slot, long value) {
        if (value << 16 >> 16 != value) {
            throw cpu.raise(GP, 0);
        }
        s[slot] = value;
    }

    private RuntimeException refuse(String instruction, int number) {
        if (loggedMsrs.add(number)) {
            LOG.log(Level.DEBUG, () -> instruction + " of MSR 0x" + Integer.toHexString(number) + " at 0x" + Long.toHexString(s[RIP]) + ": #GP");
        }
        throw cpu.raise(GP, 0);
    }
}
