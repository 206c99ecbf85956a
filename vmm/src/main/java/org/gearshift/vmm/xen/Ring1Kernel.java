package org.gearshift.vmm.xen;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;

import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;

/**
 * A 32-bit kernel: at CPL 1, its programs at CPL 3, on the same page tables; in compatibility mode, so that what is above 4 GiB is out of reach of both. Frames are
 * the processor's own but for the mask of events beside CS, and hypercalls are INT 0x82 (arch-x86/xen-x86_32.h; Xen's x86_64/compat/entry.S and compat_iret).
 */
final class Ring1Kernel extends KernelMode {
    static final int KERNEL_CS = 0xe019;
    static final int KERNEL_DS = 0xe021;
    private static final int USER_DS = 0xe033;
    private static final int HYPERCALL_VECTOR = 0x82;
    /** Bit of the levels 2 and 3, from which a trap changes stacks. */
    private static final int OUTER_LEVELS = 2;
    private static final int WORD = 4;
    private static final long LOW_32 = 0xffffffffL;

    Ring1Kernel(VirtualCpu v, Domain domain) {
        super(v, domain);
    }

    @Override
    boolean kernel() {
        return s[CPL] == 1;
    }

    @Override
    void useTables() {
        s[X86State.CR3] = (long) domain.space.baseFor(v.number, v.kernelBase()) << 12;
        cpu.refreshPaging();
    }

    @Override
    void useKernelTables() {
        s[X86State.CR3] = (long) domain.space.baseFor(v.number, v.kernelBase()) << 12;
        cpu.refreshRoot();
    }

    @Override
    void firstSegments() {
        cpu.loadCodeAndStack(KERNEL_CS, KERNEL_DS);
        for (int segment : new int[] {X86State.ES, X86State.DS, X86State.FS, X86State.GS}) {
            cpu.loadDataSegment(segment, KERNEL_DS);
        }
    }

    /** What a frame tells of the state before. */
    private record Before(int cs, long eip, int ss, long esp) {
    }

    private Before before() {
        return new Before((int) s[SEG_SELECTOR + X86State.CS], s[RIP], (int) s[SEG_SELECTOR + X86State.SS], cpu.stackPointer());
    }

    @Override
    void enter(int selector, long entry, boolean maskEvents, int errorCode) {
        enter(selector, entry, maskEvents, errorCode, before(), (s[CPL] & OUTER_LEVELS) != 0, false);
    }

    /** @param switches whether the frame goes to the kernel's stack, and has the pointer to the one before */
    private void enter(int selector, long entry, boolean maskEvents, int errorCode, Before was, boolean switches, boolean withSegments) {
        int[] data = new int[FAILSAFE_SEGMENTS.length];
        for (int i = 0; i < data.length; i++) {
            data[i] = (int) s[SEG_SELECTOR + FAILSAFE_SEGMENTS[i]];
        }
        try {
            cpu.loadCodeAndStack(Descriptors.fixed(selector), switches ? Descriptors.fixed(v.kernelStackSegment()) : was.ss);
        } catch (GuestFault f) {
            domain.crash(String.format("its kernel cannot be entered at 0x%x:0x%x with stack segment 0x%x; it was at 0x%x", selector, entry,
                    switches ? v.kernelStackSegment() : was.ss, was.eip));
            return;
        }
        int mask = v.info.upcallMask();
        long sp = (switches ? v.kernelStack() : was.esp) & LOW_32;
        try {
            if (switches) {
                sp = push(sp, was.ss & 0xffff);
                sp = push(sp, was.esp);
            }
            sp = push(sp, frameFlags(mask));
            sp = push(sp, was.cs & 0xffff | (long) (mask & 0xff) << 16);
            sp = push(sp, was.eip);
            if (errorCode != NO_ERROR_CODE) {
                sp = push(sp, errorCode & LOW_32);
            }
            for (int i = 0; withSegments && i < data.length; i++) {
                sp = push(sp, data[i] & 0xffff);
            }
        } catch (GuestPointerFault f) {
            domain.crash(String.format("no frame can be put on its kernel stack at 0x%x; it was at 0x%x", sp, was.eip));
            return;
        }
        if (maskEvents) {
            v.info.setUpcallMask(1);
        }
        Eflags.set(s, Eflags.IF, CLEARED_ON_ENTRY & ~Eflags.AC | Eflags.IF);
        s[RSP] = (int) sp;
        s[RIP] = entry;
        cpu.refreshMode();
    }

    private long push(long sp, long value) {
        long at = sp - WORD & LOW_32;
        v.guest.write32(s[SEG_BASE + X86State.SS] + at & LOW_32, value);
        return at;
    }

    private long word(long pointer, int index) {
        return v.guest.read32(s[SEG_BASE + X86State.SS] + pointer + (long) WORD * index & LOW_32);
    }

    @Override
    void systemCall(long next) {
        throw cpu.raise(VECTOR_UD, -1);
    }

    @Override
    void enterFromSysenter(VirtualCpu.Callback callback) {
        enter(callback.selector, callback.address, callback.masksEvents, NO_ERROR_CODE, new Before(3, 0, USER_DS, 0), true, false);
    }

    @Override
    boolean isHypercall(int vector) {
        return vector == HYPERCALL_VECTOR && s[CPL] <= 1;
    }

    @Override
    long iret() {
        try {
            return iret(cpu.stackPointer());
        } catch (GuestPointerFault f) {
            domain.crash(String.format("the frame for iret at 0x%x cannot be read", cpu.stackPointer()));
            return 0;
        }
    }

    private long iret(long at) {
        long eax = word(at, 0);
        long eip = word(at, 1);
        int cs = (int) word(at, 2) & 0xffff;
        long flags = word(at, 3);
        if ((cs & 3) == 0 || (flags & Eflags.VM) != 0) {
            domain.crash(String.format("iret to 0x%x:0x%x with flags 0x%x: %s", cs, eip, flags, (cs & 3) == 0 ? "level 0" : "there is no virtual-8086 mode"));
            return eax;
        }
        boolean inside = (cs & 3) == 1;
        int ss = inside ? (int) s[SEG_SELECTOR + X86State.SS] : (int) word(at, 5) & 0xffff;
        long esp = inside ? at + 4 * WORD : word(at, 4);
        takeFrameFlags(flags);
        Eflags.set(s, (int) flags & ~(Eflags.IOPL | Eflags.VM) | Eflags.IF, Eflags.ALL);
        try {
            cpu.loadCodeAndStack(cs, ss);
        } catch (GuestFault f) {
            if (v.failsafe.address == 0) {
                domain.crash(String.format("iret to 0x%x:0x%x with stack segment 0x%x, which cannot be loaded", cs, eip, ss));
            } else {
                s[X86State.RAX] = (int) eax;
                enter(v.failsafe.selector, v.failsafe.address, v.failsafe.masksEvents, NO_ERROR_CODE, new Before(cs, eip, ss, esp & LOW_32), !inside, true);
            }
            return eax;
        }
        s[RSP] = (int) esp;
        s[RIP] = eip;
        cpu.refreshMode();
        return eax;
    }

    @Override
    long setSegmentBase(int which, long base) {
        return Errno.ENOSYS;
    }
}
