package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.EFLAGS_SYS;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SS;

import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;

/**
 * The gates of IA-32e mode, whose 16 bytes lead to 64-bit code: interrupt and trap gates with their stacks (SDM vol. 3A section 6.14), call gates
 * (section 5.8.3.1).
 */
final class LongModeGates {
    private static final int IDT = 2;
    private static final int GATE_BYTES = 16;
    /** In the 64-bit task state segment (figure 7-11): RSP0..RSP2, and IST1..IST7. */
    private static final int TSS_RSP0 = 4;
    private static final int TSS_IST1 = 36;
    private static final long STACK_ALIGNMENT = ~15L;

    private final VCpu cpu;
    private final long[] s;
    private final StackFrame frame;

    LongModeGates(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
        this.frame = cpu.frame;
    }

    /**
     * One delivery of an exception or interrupt; raises what goes wrong with nothing changed but memory below a stack pointer.
     *
     * @param errorCode what to push, or -1
     * @param software INT n, INT3 or INTO: the gate's privilege counts
     * @param ext EXT bit of error codes
     * @param image RFLAGS to push
     */
    void deliver(int vector, int errorCode, boolean software, int ext, long returnRip, int image) {
        int fault = vector << 3 | IDT | ext;
        if (vector * GATE_BYTES + GATE_BYTES - 1 > s[X86State.IDTR_LIMIT]) {
            cpu.raise(Vector.GP, fault);
        }
        long gate = cpu.memory.loadSystem(s[X86State.IDTR_BASE] + (long) vector * GATE_BYTES, 64);
        long upper = cpu.memory.loadSystem(s[X86State.IDTR_BASE] + (long) vector * GATE_BYTES + 8, 64);
        int attr = Descriptor.attributes(gate);
        boolean interruptOrTrap = !Descriptor.isSegment(attr)
                && (Descriptor.type(attr) == Descriptor.INTERRUPT_GATE32 || Descriptor.type(attr) == Descriptor.TRAP_GATE32);
        if (!interruptOrTrap || software && Descriptor.dpl(attr) < s[CPL]) {
            cpu.raise(Vector.GP, fault);
        }
        if (!Descriptor.present(attr)) {
            cpu.raise(Vector.NP, fault);
        }
        int selector = Descriptor.gateSelector(gate);
        long code = target(selector, true, ext);
        int cpl = newLevel(code);
        int ist = Descriptor.gateStack(gate);
        boolean inward = cpl < s[CPL];
        long stack = ist != 0 ? fromTaskState(TSS_IST1 + 8 * (ist - 1), ext) : inward ? fromTaskState(TSS_RSP0 + 8 * cpl, ext) : cpu.stackPointer();
        // Not even an empty frame fits where the stack pointer is not canonical: #SS with the code that SDM vol. 3A section 6.14.2 gives.
        frame.startWide(stack & STACK_ALIGNMENT, cpl == 3, 64, ext);
        frame.push(s[SEG_SELECTOR + SS]);
        frame.push(cpu.stackPointer());
        frame.push(image & 0xffffffffL);
        frame.push(s[SEG_SELECTOR + CS]);
        frame.push(returnRip);
        if (errorCode >= 0) {
            frame.push(errorCode);
        }
        long offset = Descriptor.gateOffset(gate, upper);
        if (!ShadowMmu.canonical(offset)) {
            cpu.raise(Vector.GP, ext);
        }
        code = cpu.segments.accessed(selector, code);
        frame.commit();
        enter(selector, code, offset, cpl, inward);
        s[EFLAGS_SYS] &= ~(Eflags.TF | Eflags.VM | Eflags.RF | Eflags.NT | ((attr & 1) == 0 ? Eflags.IF : 0));
        cpu.refreshMode();
    }

    /** CALL or JMP through a call gate, whose own privilege and presence have been checked. */
    void throughCallGate(int gateSelector, long gate, long next, boolean call) {
        long upper = cpu.segments.upperHalf(gateSelector, Vector.GP, 0);
        int selector = Descriptor.gateSelector(gate);
        long code = target(selector, call, 0);
        long offset = Descriptor.gateOffset(gate, upper);
        int cpl = newLevel(code);
        boolean inward = cpl < s[CPL];
        if (inward) {
            frame.startWide(fromTaskState(TSS_RSP0 + 8 * cpl, 0), false, 64, 0);
            frame.push(s[SEG_SELECTOR + SS]);
            frame.push(cpu.stackPointer());
        } else if (call) {
            frame.startWide(cpu.stackPointer(), cpu.user(), 64, 0);
        }
        if (call) {
            frame.push(s[SEG_SELECTOR + CS]);
            frame.push(next);
        }
        cpu.requireCanonical(offset);
        code = cpu.segments.accessed(selector, code);
        if (call) {
            frame.commit();
            enter(selector, code, offset, cpl, inward);
        } else {
            cpu.segments.setCode(selector, cpl, code);
            s[RIP] = offset;
        }
        cpu.refreshMode();
    }

    /** The 64-bit code a gate leads to: at the current level, or, where the way inward is open, at one further in. */
    private long target(int selector, boolean inward, int ext) {
        if ((selector & ~3) == 0) {
            cpu.raise(Vector.GP, ext);
        }
        long code = cpu.segments.descriptor(selector, Vector.GP, ext);
        int attr = Descriptor.attributes(code);
        if (!Descriptor.isCode64(attr) || Descriptor.dpl(attr) > s[CPL] || !inward && newLevel(code) != s[CPL]) {
            cpu.raise(Vector.GP, selector & 0xfffc | ext);
        }
        cpu.segments.requirePresent(attr, selector, Vector.NP, ext);
        return code;
    }

    private int newLevel(long code) {
        int attr = Descriptor.attributes(code);
        return Descriptor.isConforming(attr) ? (int) s[CPL] : Descriptor.dpl(attr);
    }

    private long fromTaskState(int offset, int ext) {
        if (!Descriptor.present((int) s[X86State.TR + 3]) || offset + 7 > s[X86State.TR + 2]) {
            cpu.raise(Vector.TS, (int) s[X86State.TR] & 0xfffc | ext);
        }
        return cpu.memory.loadSystem(s[X86State.TR + 1] + offset, 64);
    }

    /** Changes to the new code and stack; a new level has a null SS. */
    private void enter(int selector, long code, long offset, int cpl, boolean inward) {
        cpu.segments.setCode(selector, cpl, code);
        if (inward) {
            cpu.segments.setNull(SS, cpl);
        }
        s[RSP] = frame.pointer();
        s[RIP] = offset;
    }
}
