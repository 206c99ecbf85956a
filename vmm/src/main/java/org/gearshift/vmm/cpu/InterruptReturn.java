package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_LIMIT;
import static org.gearshift.translator.x86.X86State.SS;

import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** IRET in all its forms: SDM vol. 2 under IRET. */
final class InterruptReturn {
    private static final int LOW_HALF = 0xffff;

    private final VCpu cpu;
    private final long[] s;
    private final StackReader stack;

    InterruptReturn(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
        this.stack = cpu.stack;
    }

    void register(ServiceTable table) {
        table.put(X86Service.IRET, (bits, length, c) -> iret((int) bits, (int) length));
    }

    private long iret(int bits, int length) {
        if (!cpu.protectedMode()) {
            returnReal(bits, Eflags.USER | Eflags.IF | Eflags.IOPL | Eflags.RF);
        } else if (cpu.v86()) {
            if (Eflags.iopl(s) < 3) {
                cpu.raise(Vector.GP, 0);
            }
            returnReal(bits, Eflags.USER | Eflags.IF | Eflags.RF);
        } else if (cpu.longMode()) {
            returnLongMode(bits);
        } else if ((s[X86State.EFLAGS_SYS] & Eflags.NT) != 0) {
            cpu.tasks.returnToPrevious(s[RIP] + length & 0xffffffffL);
        } else {
            returnProtected(bits);
        }
        cpu.nmiBlocked = false;
        return 0;
    }

    private void setFlags(int bits, long image, int mask) {
        Eflags.set(s, (int) image, bits == 16 ? mask & LOW_HALF : mask);
        cpu.debug.forgetResume();
    }

    private void returnReal(int bits, int mask) {
        stack.start(bits);
        long offset = stack.pop();
        int selector = (int) stack.pop() & 0xffff;
        long image = stack.pop();
        if (offset > (cpu.v86() ? 0xffff : s[SEG_LIMIT + CS])) {
            cpu.raise(Vector.GP, 0);
        }
        s[RSP] = stack.pointer();
        cpu.segments.loadReal(CS, selector);
        s[RIP] = offset;
        setFlags(bits, image, mask);
        cpu.refreshMode();
    }

    private void returnProtected(int bits) {
        stack.start(bits);
        long offset = stack.pop();
        int selector = (int) stack.pop() & 0xffff;
        long image = stack.pop();
        if (bits == 32 && (image & Eflags.VM) != 0 && s[CPL] == 0) {
            toV86(offset, selector, image);
            return;
        }
        int mask = changeableFlags();
        long d = cpu.far.returnCode(selector);
        if ((selector & 3) == s[CPL]) {
            sameStack(selector, d, offset);
        } else {
            long pointer = stack.pop();
            int newStack = (int) stack.pop() & 0xffff;
            cpu.far.toOuterLevel(selector, d, offset, newStack, pointer, 0);
        }
        setFlags(bits, image, mask);
        cpu.refreshMode();
    }

    /** Flags that code of the current level may change by IRET. */
    private int changeableFlags() {
        int mask = Eflags.USER | Eflags.RF;
        if (s[CPL] == 0) {
            mask |= Eflags.IOPL | Eflags.VIF | Eflags.VIP;
        }
        if (s[CPL] <= Eflags.iopl(s)) {
            mask |= Eflags.IF;
        }
        return mask;
    }

    private void sameStack(int selector, long d, long offset) {
        FarTransfers.checkOffset(cpu, d, offset);
        long code = cpu.segments.accessed(selector, d);
        s[RSP] = stack.pointer();
        cpu.segments.setCode(selector, selector & 3, code);
        s[RIP] = offset;
    }

    /** 64-bit code always takes a stack from the frame, compatibility-mode code at a change of level; there are no tasks. */
    private void returnLongMode(int bits) {
        if ((s[X86State.EFLAGS_SYS] & Eflags.NT) != 0) {
            cpu.raise(Vector.GP, 0);
        }
        stack.start(bits);
        long offset = stack.pop();
        int selector = (int) stack.pop() & 0xffff;
        long image = stack.pop();
        int mask = changeableFlags();
        long d = cpu.far.returnCode(selector);
        boolean outward = (selector & 3) != s[CPL];
        if (outward || cpu.code64()) {
            long pointer = stack.pop();
            int newStack = (int) stack.pop() & 0xffff;
            cpu.far.toOtherStack(selector, d, offset, newStack, pointer);
            if (outward) {
                cpu.segments.dropInnerSegments();
            }
        } else {
            sameStack(selector, d, offset);
        }
        setFlags(bits, image, mask);
        cpu.refreshMode();
    }

    private void toV86(long offset, int selector, long image) {
        long pointer = stack.pop();
        int newStack = (int) stack.pop() & 0xffff;
        int es = (int) stack.pop() & 0xffff;
        int ds = (int) stack.pop() & 0xffff;
        int fs = (int) stack.pop() & 0xffff;
        int gs = (int) stack.pop() & 0xffff;
        if (offset > 0xffff) {
            cpu.raise(Vector.GP, 0);
        }
        Eflags.set(s, (int) image, Eflags.ALL);
        cpu.debug.forgetResume();
        s[CPL] = 3;
        cpu.segments.loadReal(CS, selector);
        cpu.segments.loadReal(SS, newStack);
        cpu.segments.loadReal(X86State.ES, es);
        cpu.segments.loadReal(X86State.DS, ds);
        cpu.segments.loadReal(X86State.FS, fs);
        cpu.segments.loadReal(X86State.GS, gs);
        s[RSP] = (int) pointer;
        s[RIP] = offset;
        cpu.refreshMode();
    }
}
