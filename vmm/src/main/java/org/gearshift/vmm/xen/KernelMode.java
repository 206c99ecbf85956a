package org.gearshift.vmm.xen;

import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.VCpu;

/** How a vCPU's kernel is entered, with a frame on its stack, and left: at which privilege level it runs, and with which page tables. */
abstract class KernelMode {
    /** No error code belongs to what the kernel is entered for. */
    static final int NO_ERROR_CODE = -1;

    static final int VECTOR_UD = 6;
    static final int VECTOR_GP = 13;
    static final int CLEARED_ON_ENTRY = Eflags.TF | Eflags.NT | Eflags.AC | Eflags.RF | Eflags.VM | Eflags.IOPL;
    /** Data segments in the order in which the failsafe callback's frame has them, from its upper end. */
    static final int[] FAILSAFE_SEGMENTS = {X86State.GS, X86State.FS, X86State.ES, X86State.DS};

    final VirtualCpu v;
    final Domain domain;
    final VCpu cpu;
    final long[] s;

    KernelMode(VirtualCpu v, Domain domain) {
        this.v = v;
        this.domain = domain;
        this.cpu = v.cpu;
        this.s = v.cpu.s;
    }

    /** Whether the kernel runs now, not a program. */
    abstract boolean kernel();

    /** Has the processor use the page tables that are the vCPU's now. */
    abstract void useTables();

    /** The same when the kernel, which runs, has changed its own. */
    abstract void useKernelTables();

    /** Puts the vCPU's segment registers into the state in which a kernel begins. */
    abstract void firstSegments();

    /**
     * Enters the kernel with a frame of the state as it is.
     *
     * @param selector the entry's code segment, for kernels that choose it
     * @param maskEvents whether events are held back from then on
     * @param errorCode {@link #NO_ERROR_CODE}, or what the frame is to have
     */
    abstract void enter(int selector, long entry, boolean maskEvents, int errorCode);

    /** The hypercall iret: goes on as the frame at the stack pointer says. @return what RAX is to hold */
    abstract long iret();

    /** SYSCALL. @param next behind it */
    abstract void systemCall(long next);

    /** The state that the kernel finds behind SYSENTER, which leaves no trace of where it came from. */
    abstract void enterFromSysenter(VirtualCpu.Callback callback);

    /** Whether INT of a vector is a hypercall now. */
    abstract boolean isHypercall(int vector);

    /** set_segment_base. */
    abstract long setSegmentBase(int which, long base);

    /** Flags for a frame: IF stands for the mask of events, and IOPL is what the kernel believes it to be. */
    final long frameFlags(int mask) {
        return (Eflags.get(s) & ~(Eflags.IF | Eflags.IOPL) | (mask == 0 ? Eflags.IF : 0) | (domain.architecturalIopl ? v.iopl : 0)) & 0xffffffffL;
    }

    /** Takes the mask of events from the flags of a frame, and the I/O privilege level if the kernel keeps it there. */
    final void takeFrameFlags(long flags) {
        if (domain.architecturalIopl) {
            v.iopl = (int) flags & Eflags.IOPL;
        }
        v.info.setUpcallMask((flags & Eflags.IF) != 0 ? 0 : 1);
    }
}
