package org.gearshift.vmm.xen;

import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;

import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;

/** A 64-bit kernel: at CPL 3 as its programs are, each with page tables of its own; frames as Xen's create_bounce_frame lays them out (arch-x86/xen-x86_64.h). */
final class Ring3Kernel extends KernelMode {
    static final int KERNEL_CS = 0xe033;
    static final int KERNEL_SS = 0xe02b;
    /** VGCF_in_syscall: the frame was made by a system call, and need not restore what SYSRET does not. */
    private static final int IN_SYSCALL = 1 << 8;
    private static final int R11 = X86State.GPR + 11;
    private static final int GS_BASE = SEG_BASE + X86State.GS;

    /** Words of a frame for iret. */
    private static final int IRET_WORDS = 9;
    /** Most words of a frame that is put on the kernel's stack. */
    private static final int MOST_WORDS = 12;

    private final long[] words = new long[MOST_WORDS];
    private boolean kernel = true;

    Ring3Kernel(VirtualCpu v, Domain domain) {
        super(v, domain);
    }

    @Override
    boolean kernel() {
        return kernel;
    }

    @Override
    void useTables() {
        changeTables();
        cpu.refreshMode();
    }

    private void changeTables() {
        cpu.selectMaps(!kernel);
        s[X86State.CR3] = (long) (kernel ? v.kernelBase() : v.userBase()) << 12;
        cpu.refreshRoot();
    }

    @Override
    void useKernelTables() {
        s[X86State.CR3] = (long) v.kernelBase() << 12;
        cpu.refreshRoot();
    }

    @Override
    void firstSegments() {
        cpu.enterFlatUser64(KERNEL_CS, KERNEL_SS);
        for (int segment : new int[] {X86State.ES, X86State.DS, X86State.FS, X86State.GS}) {
            cpu.loadDataSegment(segment, 0);
        }
    }

    /** Changes between kernel and user mode, and with it tables and the base of GS; the caller refreshes the mode. */
    private boolean toggle() {
        if (kernel && v.userBase() == 0) {
            domain.crash("it returns to user mode without page tables for it");
            return false;
        }
        kernel = !kernel;
        long base = s[GS_BASE];
        s[GS_BASE] = s[X86State.KERNEL_GS_BASE];
        s[X86State.KERNEL_GS_BASE] = base;
        changeTables();
        return true;
    }

    @Override
    void enter(int selector, long entry, boolean maskEvents, int errorCode) {
        enter(entry, maskEvents, errorCode, false, (int) s[SEG_SELECTOR + X86State.CS], (int) s[SEG_SELECTOR + X86State.SS]);
    }

    private void enter(long entry, boolean maskEvents, int errorCode, boolean withSegments, int cs, int ss) {
        long pointer = cpu.stackPointer();
        boolean fromKernel = kernel;
        cpu.setFlatUser64(KERNEL_CS, KERNEL_SS);
        if (!fromKernel) {
            toggle();
        }
        int mask = v.info.upcallMask();
        int n = MOST_WORDS;
        words[--n] = ss & 0xffff;
        words[--n] = pointer;
        words[--n] = frameFlags(mask);
        words[--n] = (fromKernel ? cs & 0xfffc : cs & 0xffff) | (long) (mask & 0xff) << 32;
        words[--n] = s[RIP];
        if (errorCode != NO_ERROR_CODE) {
            words[--n] = errorCode & 0xffffffffL;
        }
        if (withSegments) {
            for (int seg : FAILSAFE_SEGMENTS) {
                words[--n] = s[SEG_SELECTOR + seg] & 0xffff;
            }
        }
        words[--n] = s[R11];
        words[--n] = s[RCX];
        long sp = ((fromKernel ? pointer : v.kernelStack()) & ~15L) - 8L * (MOST_WORDS - n);
        try {
            v.guest.writeLongs(sp, words, n, MOST_WORDS - n);
        } catch (GuestPointerFault f) {
            cpu.refreshMode();
            domain.crash(String.format("no frame can be put on its kernel stack at 0x%x; it was at 0x%x", sp, s[RIP]));
            return;
        }
        if (maskEvents) {
            v.info.setUpcallMask(1);
        }
        Eflags.set(s, Eflags.IF, CLEARED_ON_ENTRY | Eflags.IF);
        s[RSP] = sp;
        s[RIP] = entry;
        cpu.refreshMode();
    }

    @Override
    void systemCall(long next) {
        if (!X86Mode.is(cpu.mode(), X86Mode.CODE64)) {
            throw cpu.raise(VECTOR_UD, -1);
        }
        s[RCX] = next;
        s[R11] = Eflags.get(s) & 0xffffffffL;
        s[RIP] = next;
        if (kernel) {
            domain.hypercalls.enter(v);
        } else if (v.syscall.address == 0) {
            domain.crash("a system call, for which it has no callback");
        } else {
            v.counters.systemCalls++;
            enter(v.syscall.address, v.syscall.masksEvents, NO_ERROR_CODE, false, KERNEL_CS, KERNEL_SS);
        }
    }

    @Override
    void enterFromSysenter(VirtualCpu.Callback callback) {
        s[RIP] = 0;
        enter(callback.address, callback.masksEvents, NO_ERROR_CODE, false, 3, KERNEL_SS);
    }

    @Override
    boolean isHypercall(int vector) {
        return false;
    }

    @Override
    long iret() {
        try {
            return iret(s[RSP]);
        } catch (GuestPointerFault f) {
            domain.crash(String.format("the frame for iret at 0x%x cannot be read", s[RSP]));
            return 0;
        }
    }

    private long iret(long at) {
        // struct iret_context (arch-x86/xen-x86_64.h), as a whole like Xen.
        v.guest.readLongs(at, words, IRET_WORDS);
        long rax = words[0];
        long r11 = words[1];
        long rcx = words[2];
        long context = words[3];
        long rip = words[4];
        int cs = (int) words[5] & 0xffff;
        long flags = words[6];
        long rsp = words[7];
        int ss = (int) words[8] & 0xffff;
        boolean toUser = (cs & 3) == 3;
        if (toUser && !toggle()) {
            return rax;
        }
        takeFrameFlags(flags);
        boolean sysret = (context & IN_SYSCALL) != 0;
        Eflags.set(s, (int) flags & ~(Eflags.IOPL | Eflags.VM) | Eflags.IF, Eflags.ALL);
        s[RSP] = rsp;
        s[RIP] = rip;
        s[R11] = sysret ? flags : r11;
        s[RCX] = sysret ? rip : rcx;
        s[X86State.RAX] = rax;
        if (!sysret && !leaveThrough(cs | 3, ss | 3)) {
            return s[X86State.RAX];
        }
        if (!domain.abi.guestMayUse(rip)) {
            v.exception(VECTOR_GP, 0);
        }
        cpu.refreshMode();
        return s[X86State.RAX];
    }

    /** Loads CS and SS of an interrupted program; where they cannot be loaded, the failsafe callback gets to know. */
    private boolean leaveThrough(int cs, int ss) {
        if (cs == KERNEL_CS && ss == KERNEL_SS) {
            return true;
        }
        try {
            cpu.loadCodeAndStack(cs, ss);
            return true;
        } catch (GuestFault f) {
            if (v.failsafe.address == 0) {
                domain.crash(String.format("iret to 0x%x:0x%x, which is no code segment", cs, s[RIP]));
            } else {
                enter(v.failsafe.address, v.failsafe.masksEvents, NO_ERROR_CODE, true, cs, ss);
            }
            return false;
        }
    }

    @Override
    long setSegmentBase(int which, long base) {
        if (which == 3) {
            return setUserGsSelector((int) base & 0xffff);
        }
        int slot = switch (which) {
            case 0 -> SEG_BASE + X86State.FS;
            case 1 -> X86State.KERNEL_GS_BASE;
            case 2 -> GS_BASE;
            default -> -1;
        };
        if (slot < 0 || base << 16 >> 16 != base) {
            return Errno.EINVAL;
        }
        s[slot] = base;
        return 0;
    }

    /** Loads GS as user mode will see it, with its descriptor's base; a selector that cannot be loaded becomes null. */
    private long setUserGsSelector(int selector) {
        long kernelGs = s[GS_BASE];
        try {
            cpu.loadDataSegment(X86State.GS, selector);
        } catch (GuestFault f) {
            cpu.loadDataSegment(X86State.GS, 0);
        }
        s[X86State.KERNEL_GS_BASE] = s[GS_BASE];
        s[GS_BASE] = kernelGs;
        return 0;
    }
}
