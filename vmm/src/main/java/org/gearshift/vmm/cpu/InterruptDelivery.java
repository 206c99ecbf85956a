package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.EFLAGS_SYS;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SS;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** Exceptions, external and software interrupts through the IVT or IDT, up to the triple fault: SDM vol. 3A chapter 6, vol. 2 under INT n. */
final class InterruptDelivery {
    private static final Logger LOG = System.getLogger(InterruptDelivery.class.getName());
    /** Error-code bits: the event came from outside the program; the selector index is a vector. */
    private static final int EXT = 1;
    private static final int IDT = 2;
    private static final int NO_ERROR_CODE = -1;

    private static final int KIND_INT_N = 0;
    private static final int KIND_INTO = 2;
    private static final int KIND_INT1 = 3;

    private final VCpu cpu;
    private final long[] s;
    private final StackFrame frame;
    private final StackSwitch inner;
    private final LongModeGates longMode;

    InterruptDelivery(VCpu cpu) {
        this.cpu = cpu;
        this.longMode = cpu.gates;
        this.s = cpu.s;
        this.frame = cpu.frame;
        this.inner = cpu.inner;
    }

    void register(ServiceTable table) {
        table.put(X86Service.INTERRUPT, (kind, vector, next) -> software((int) kind, (int) vector & 0xff, next & cpu.addressMask()));
        table.put(X86Service.RAISE, (vector, errorCode, c) -> {
            throw cpu.raise((int) vector, (int) errorCode);
        });
    }

    private long software(int kind, int vector, long next) {
        if (kind == KIND_INTO && vector == 0) {
            s[X86State.RIP] = next;
            return 0;
        }
        if (kind == KIND_INT_N && cpu.v86() && Eflags.iopl(s) < 3) {
            cpu.raise(Vector.GP, 0);
        }
        cpu.debug.suppressSingleStep();
        boolean privileged = kind == KIND_INT1;
        attempt(vector, NO_ERROR_CODE, !privileged, privileged ? EXT : 0, next, Eflags.get(s));
        return 0;
    }

    /**
     * Delivers an exception or external interrupt, and whatever that leads to. Never throws: in the end there is a triple fault.
     *
     * @param errorCode what to push in protected mode, or -1
     * @param event exception vectors classify as faults for double-fault purposes only if {@code exception}
     * @param resume push RF set, so that an instruction breakpoint does not fire again on return
     */
    void deliver(int vector, int errorCode, boolean exception, boolean resume) {
        if (cpu.paravirtual != null) {
            s[X86State.INT_SHADOW] = 0;
            if (exception) {
                cpu.paravirtual.exception(vector, errorCode);
            } else {
                cpu.paravirtual.event();
            }
            return;
        }
        int v = vector;
        int code = errorCode;
        boolean fault = exception;
        boolean rf = resume;
        s[X86State.INT_SHADOW] = 0;
        while (true) {
            try {
                attempt(v, code, false, EXT, s[RIP], Eflags.get(s) | (rf ? Eflags.RF : 0));
                return;
            } catch (GuestFault f) {
                cpu.tasks.faultedEntering();
                if (fault && v == Vector.DF) {
                    tripleFault();
                    return;
                }
                if (fault && Vector.makesDoubleFault(v, f.vector)) {
                    v = Vector.DF;
                    code = 0;
                } else {
                    v = f.vector;
                    code = f.errorCode;
                }
                fault = true;
                rf = true;
            }
        }
    }

    private void tripleFault() {
        LOG.log(Level.INFO, () -> "triple fault at " + Long.toHexString(s[SEG_SELECTOR + CS]) + ":" + Long.toHexString(s[RIP]));
        cpu.exit = CpuExit.TRIPLE_FAULT;
    }

    /** One delivery; raises what goes wrong with nothing changed but memory below a stack pointer, or, after a task switch, in the new task. */
    private void attempt(int vector, int errorCode, boolean software, int ext, long returnRip, int image) {
        if (!cpu.protectedMode()) {
            throughVectorTable(vector, ext, returnRip, image);
            return;
        }
        if (cpu.longMode()) {
            longMode.deliver(vector, errorCode, software, ext, returnRip, image);
            return;
        }
        int fault = vector << 3 | IDT | ext;
        if (vector * 8 + 7 > s[X86State.IDTR_LIMIT]) {
            cpu.raise(Vector.GP, fault);
        }
        long gate = cpu.memory.loadSystem(s[X86State.IDTR_BASE] + vector * 8L, 64);
        int attr = Descriptor.attributes(gate);
        int type = Descriptor.isSegment(attr) ? 0 : Descriptor.type(attr);
        switch (type) {
            case Descriptor.TASK_GATE, Descriptor.INTERRUPT_GATE16, Descriptor.TRAP_GATE16, Descriptor.INTERRUPT_GATE32,
                    Descriptor.TRAP_GATE32 -> { }
            default -> cpu.raise(Vector.GP, fault);
        }
        if (software && Descriptor.dpl(attr) < s[CPL]) {
            cpu.raise(Vector.GP, fault);
        }
        if (!Descriptor.present(attr)) {
            cpu.raise(Vector.NP, fault);
        }
        if (type == Descriptor.TASK_GATE) {
            throughTaskGate(gate, errorCode, ext, returnRip);
        } else {
            throughGate(gate, attr, errorCode, ext, returnRip, image);
        }
    }

    private void throughVectorTable(int vector, int ext, long returnRip, int image) {
        if (vector * 4 + 3 > s[X86State.IDTR_LIMIT]) {
            cpu.raise(Vector.GP, vector << 3 | IDT | ext);
        }
        int entry = (int) cpu.memory.loadSystem(s[X86State.IDTR_BASE] + vector * 4L, 32);
        frame.onCurrentStack(16, ext);
        frame.push(image & ~Eflags.RF);
        frame.push(s[SEG_SELECTOR + CS]);
        frame.push(returnRip);
        frame.commit();
        s[RSP] = frame.pointer();
        cpu.segments.loadReal(CS, entry >>> 16);
        s[RIP] = entry & 0xffff;
        s[EFLAGS_SYS] &= ~(Eflags.IF | Eflags.TF | Eflags.AC | Eflags.RF);
        cpu.refreshMode();
    }

    private void throughTaskGate(long gate, int errorCode, int ext, long returnRip) {
        cpu.tasks.throughGate(Descriptor.gateSelector(gate), TaskSwitch.Cause.INTERRUPT, returnRip, ext);
        if (errorCode != NO_ERROR_CODE) {
            frame.onCurrentStack((s[X86State.TR + 3] & Descriptor.WIDE) != 0 ? 32 : 16, ext);
            frame.push(errorCode);
            frame.commit();
            s[RSP] = frame.pointer();
        }
    }

    private void throughGate(long gate, int gateAttr, int errorCode, int ext, long returnRip, int image) {
        int selector = Descriptor.gateSelector(gate);
        if ((selector & ~3) == 0) {
            cpu.raise(Vector.GP, ext);
        }
        long code = cpu.segments.descriptor(selector, Vector.GP, ext);
        int attr = Descriptor.attributes(code);
        int dpl = Descriptor.dpl(attr);
        if (!Descriptor.isCode(attr) || dpl > s[CPL]) {
            cpu.raise(Vector.GP, selector & 0xfffc | ext);
        }
        cpu.segments.requirePresent(attr, selector, Vector.NP, ext);
        int bits = (gateAttr & Descriptor.WIDE) != 0 ? 32 : 16;
        boolean inward = !Descriptor.isConforming(attr) && dpl < s[CPL];
        boolean fromV86 = cpu.v86();
        if (fromV86 && (!inward || dpl != 0)) {
            cpu.raise(Vector.GP, selector & 0xfffc | ext);
        }
        if (inward) {
            inner.find(dpl, ext);
            inner.begin(frame, bits, ext);
            if (fromV86) {
                frame.push(s[SEG_SELECTOR + X86State.GS]);
                frame.push(s[SEG_SELECTOR + X86State.FS]);
                frame.push(s[SEG_SELECTOR + X86State.DS]);
                frame.push(s[SEG_SELECTOR + X86State.ES]);
            }
            frame.push(s[SEG_SELECTOR + SS]);
            frame.push(s[RSP]);
        } else {
            frame.onCurrentStack(bits, ext);
        }
        frame.push(image);
        frame.push(s[SEG_SELECTOR + CS]);
        frame.push(returnRip);
        if (errorCode != NO_ERROR_CODE) {
            frame.push(errorCode);
        }
        long offset = Descriptor.gateOffset(gate);
        if (offset > Descriptor.limit(code)) {
            cpu.raise(Vector.GP, ext);
        }
        code = cpu.segments.accessed(selector, code);
        frame.commit();
        enter(selector, code, offset, inward ? dpl : (int) s[CPL], inward, fromV86, (gateAttr & 1) == 0);
    }

    private void enter(int selector, long code, long offset, int cpl, boolean inward, boolean fromV86, boolean interruptGate) {
        if (inward) {
            inner.commit(frame);
        } else {
            s[RSP] = frame.pointer();
        }
        if (fromV86) {
            cpu.segments.setNull(X86State.GS, 0);
            cpu.segments.setNull(X86State.FS, 0);
            cpu.segments.setNull(X86State.DS, 0);
            cpu.segments.setNull(X86State.ES, 0);
        }
        s[EFLAGS_SYS] &= ~(Eflags.TF | Eflags.VM | Eflags.RF | Eflags.NT | (interruptGate ? Eflags.IF : 0));
        cpu.segments.setCode(selector, cpl, code);
        s[RIP] = offset;
        cpu.refreshMode();
    }
}
