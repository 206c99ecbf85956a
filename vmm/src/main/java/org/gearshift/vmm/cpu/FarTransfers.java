package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_LIMIT;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SS;

import org.gearshift.translator.x86.X86Service;

/** Far JMP, CALL and RET: SDM vol. 2 under JMP, CALL, RET; vol. 3A section 5.8. */
final class FarTransfers {
    private final VCpu cpu;
    private final long[] s;
    private final StackFrame frame;
    private final StackReader stack;
    private final StackSwitch inner;

    FarTransfers(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
        this.frame = cpu.frame;
        this.stack = cpu.stack;
        this.inner = cpu.inner;
    }

    void register(ServiceTable table) {
        table.put(X86Service.FAR_JUMP, (selector, offset, packed) ->
                jump((int) selector & 0xffff, truncate(offset, (int) (packed >>> 32)), (int) packed));
        table.put(X86Service.FAR_CALL, (selector, offset, packed) -> {
            int bits = (int) (packed >>> 32);
            return call((int) selector & 0xffff, truncate(offset, bits), bits, s[RIP] + (packed & 0xffffffffL) & cpu.addressMask());
        });
        table.put(X86Service.FAR_RETURN, (bits, bytes, c) -> farReturn((int) bits, (int) bytes & 0xffff));
    }

    private static long truncate(long offset, int bits) {
        return bits == 64 ? offset : bits == 32 ? offset & 0xffffffffL : offset & 0xffff;
    }

    private long jump(int selector, long offset, int length) {
        if (!cpu.segmented()) {
            jumpReal(selector, offset);
            return 0;
        }
        long d = target(selector);
        int attr = Descriptor.attributes(d);
        if (Descriptor.isSegment(attr)) {
            sameLevelCode(selector, d, offset);
            return 0;
        }
        if (cpu.longMode()) {
            longGate(selector, d, s[RIP], false);
            return 0;
        }
        switch (Descriptor.type(attr)) {
            case Descriptor.CALL_GATE16, Descriptor.CALL_GATE32 -> {
                gateAccess(selector, attr);
                int code = Descriptor.gateSelector(d);
                long target = codeBehindGate(code, true);
                enter(code, target, Descriptor.gateOffset(d), (int) s[CPL]);
            }
            default -> taskTarget(selector, d, TaskSwitch.Cause.JUMP, s[RIP] + length & 0xffffffffL);
        }
        return 0;
    }

    private void jumpReal(int selector, long offset) {
        long limit = cpu.v86() ? 0xffff : s[SEG_LIMIT + CS];
        if (offset > limit) {
            cpu.raise(Vector.GP, 0);
        }
        cpu.segments.loadReal(CS, selector);
        s[RIP] = offset;
        cpu.refreshMode();
    }

    /** The descriptor a far pointer names; a null selector is #GP(0). */
    private long target(int selector) {
        if ((selector & ~3) == 0) {
            cpu.raise(Vector.GP, 0);
        }
        return cpu.segments.descriptor(selector, Vector.GP, 0);
    }

    private void sameLevelCode(int selector, long d, long offset) {
        checkDirectCode(selector, Descriptor.attributes(d));
        enter(selector, d, offset, (int) s[CPL]);
    }

    private void checkDirectCode(int selector, int attr) {
        boolean allowed = Descriptor.isCode(attr) && (Descriptor.isConforming(attr)
                ? Descriptor.dpl(attr) <= s[CPL]
                : Descriptor.dpl(attr) == s[CPL] && (selector & 3) <= s[CPL]);
        if (!allowed || hasNoWidth(attr)) {
            cpu.raise(Vector.GP, selector & 0xfffc);
        }
        cpu.segments.requirePresent(attr, selector, Vector.NP, 0);
    }

    /** In IA-32e mode L and D must not both be set. */
    private boolean hasNoWidth(int attr) {
        return cpu.longMode() && (attr & (Descriptor.LONG | Descriptor.BIG)) == (Descriptor.LONG | Descriptor.BIG);
    }

    static void checkOffset(VCpu cpu, long d, long offset) {
        if (cpu.longMode() && Descriptor.isCode64(Descriptor.attributes(d))) {
            cpu.requireCanonical(offset);
        } else if (offset < 0 || offset > Descriptor.limit(d)) {
            cpu.raise(Vector.GP, 0);
        }
    }

    private void enter(int selector, long d, long offset, int cpl) {
        checkOffset(cpu, d, offset);
        cpu.segments.setCode(selector, cpl, cpu.segments.accessed(selector, d));
        s[RIP] = offset;
        cpu.refreshMode();
    }

    private void gateAccess(int selector, int attr) {
        if (Descriptor.dpl(attr) < s[CPL] || Descriptor.dpl(attr) < (selector & 3)) {
            cpu.raise(Vector.GP, selector & 0xfffc);
        }
        cpu.segments.requirePresent(attr, selector, Vector.NP, 0);
    }

    /** Code a gate leads to; a jump may not change the privilege level. */
    private long codeBehindGate(int code, boolean jump) {
        long target = target(code);
        int attr = Descriptor.attributes(target);
        boolean inward = Descriptor.dpl(attr) != s[CPL] && !Descriptor.isConforming(attr);
        if (!Descriptor.isCode(attr) || Descriptor.dpl(attr) > s[CPL] || jump && inward) {
            cpu.raise(Vector.GP, code & 0xfffc);
        }
        cpu.segments.requirePresent(attr, code, Vector.NP, 0);
        return target;
    }

    /** In IA-32e mode the only system descriptors to jump to or call are 64-bit call gates. */
    private void longGate(int selector, long d, long next, boolean call) {
        int attr = Descriptor.attributes(d);
        if (Descriptor.type(attr) != Descriptor.CALL_GATE32) {
            cpu.raise(Vector.GP, selector & 0xfffc);
        }
        gateAccess(selector, attr);
        cpu.gates.throughCallGate(selector, d, next, call);
    }

    private void taskTarget(int selector, long d, TaskSwitch.Cause cause, long returnRip) {
        int attr = Descriptor.attributes(d);
        switch (Descriptor.type(attr)) {
            case Descriptor.TASK_GATE -> {
                gateAccess(selector, attr);
                cpu.tasks.throughGate(Descriptor.gateSelector(d), cause, returnRip, 0);
            }
            case Descriptor.TSS16_AVAILABLE, Descriptor.TSS32_AVAILABLE -> {
                if ((selector & 4) != 0) {
                    cpu.raise(Vector.GP, selector & 0xfffc);
                }
                gateAccess(selector, attr);
                cpu.tasks.switchTo(selector, d, cause, returnRip, 0);
            }
            default -> cpu.raise(Vector.GP, selector & 0xfffc);
        }
    }

    private long call(int selector, long offset, int bits, long next) {
        if (!cpu.segmented()) {
            pushReturn(bits, next);
            long limit = cpu.v86() ? 0xffff : s[SEG_LIMIT + CS];
            if (offset > limit) {
                cpu.raise(Vector.GP, 0);
            }
            finishSameStack();
            jumpReal(selector, offset);
            return 0;
        }
        long d = target(selector);
        int attr = Descriptor.attributes(d);
        if (Descriptor.isSegment(attr)) {
            checkDirectCode(selector, attr);
            pushReturn(bits, next);
            checkOffset(cpu, d, offset);
            d = cpu.segments.accessed(selector, d);
            finishSameStack();
            enter(selector, d, offset, (int) s[CPL]);
            return 0;
        }
        if (cpu.longMode()) {
            longGate(selector, d, next, true);
            return 0;
        }
        int type = Descriptor.type(attr);
        if (type == Descriptor.CALL_GATE16 || type == Descriptor.CALL_GATE32) {
            gateAccess(selector, attr);
            callGate(d, next);
        } else {
            taskTarget(selector, d, TaskSwitch.Cause.CALL, next);
        }
        return 0;
    }

    private void pushReturn(int bits, long next) {
        frame.onCurrentStack(bits, 0);
        frame.push(s[SEG_SELECTOR + CS]);
        frame.push(next);
    }

    private void finishSameStack() {
        frame.commit();
        s[RSP] = frame.pointer();
    }

    private void callGate(long gate, long next) {
        int code = Descriptor.gateSelector(gate);
        long target = codeBehindGate(code, false);
        int attr = Descriptor.attributes(target);
        long offset = Descriptor.gateOffset(gate);
        int bits = (Descriptor.attributes(gate) & Descriptor.WIDE) != 0 ? 32 : 16;
        if (Descriptor.isConforming(attr) || Descriptor.dpl(attr) == s[CPL]) {
            pushReturn(bits, next);
            checkOffset(cpu, target, offset);
            target = cpu.segments.accessed(code, target);
            finishSameStack();
            enter(code, target, offset, (int) s[CPL]);
            return;
        }
        int dpl = Descriptor.dpl(attr);
        inner.find(dpl, 0);
        inner.begin(frame, bits, 0);
        frame.push(s[SEG_SELECTOR + SS]);
        frame.push(s[RSP]);
        pushParameters(Descriptor.gateParameters(gate), bits);
        frame.push(s[SEG_SELECTOR + CS]);
        frame.push(next);
        checkOffset(cpu, target, offset);
        target = cpu.segments.accessed(code, target);
        frame.commit();
        inner.commit(frame);
        enter(code, target, offset, dpl);
    }

    private void pushParameters(int count, int bits) {
        long mask = cpu.stackMask();
        int bytes = bits >>> 3;
        for (int i = count - 1; i >= 0; i--) {
            long at = s[RSP] + (long) i * bytes & mask;
            cpu.checkSegment(SS, at, bytes, false);
            frame.push(cpu.memory.load(s[SEG_BASE + SS] + at, bits, cpu.user()));
        }
    }

    private long farReturn(int bits, int parameterBytes) {
        stack.start(bits);
        long offset = stack.pop();
        int selector = (int) stack.pop() & 0xffff;
        if (!cpu.segmented()) {
            long limit = cpu.v86() ? 0xffff : s[SEG_LIMIT + CS];
            if (offset > limit) {
                cpu.raise(Vector.GP, 0);
            }
            stack.skip(parameterBytes);
            s[RSP] = stack.pointer();
            jumpReal(selector, offset);
            return 0;
        }
        long d = returnCode(selector);
        int rpl = selector & 3;
        stack.skip(parameterBytes);
        if (rpl == s[CPL]) {
            checkOffset(cpu, d, offset);
            d = cpu.segments.accessed(selector, d);
            s[RSP] = stack.pointer();
            enter(selector, d, offset, rpl);
        } else {
            long newPointer = stack.pop();
            int newStack = (int) stack.pop() & 0xffff;
            toOuterLevel(selector, d, offset, newStack, newPointer, parameterBytes);
        }
        return 0;
    }

    /** Checks the code selector of a far return or IRET. */
    long returnCode(int selector) {
        long d = target(selector);
        int attr = Descriptor.attributes(d);
        int rpl = selector & 3;
        boolean allowed = Descriptor.isCode(attr) && rpl >= s[CPL]
                && (Descriptor.isConforming(attr) ? Descriptor.dpl(attr) <= rpl : Descriptor.dpl(attr) == rpl);
        if (!allowed || hasNoWidth(attr)) {
            cpu.raise(Vector.GP, selector & 0xfffc);
        }
        cpu.segments.requirePresent(attr, selector, Vector.NP, 0);
        return d;
    }

    /** The last part of a return to an outer level: checks the stack, then commits everything but EFLAGS. */
    void toOuterLevel(int selector, long d, long offset, int newStack, long newPointer, int parameterBytes) {
        toOtherStack(selector, d, offset, newStack, newPointer + parameterBytes);
        cpu.segments.dropInnerSegments();
        cpu.refreshMode();
    }

    /** Returns to code and stack of the level in the code selector's RPL. */
    void toOtherStack(int selector, long d, long offset, int newStack, long newPointer) {
        int rpl = selector & 3;
        boolean to64 = cpu.longMode() && Descriptor.isCode64(Descriptor.attributes(d));
        boolean nullStack = SegmentLoads.nullStackAllowed(newStack, rpl, to64);
        long stackDescriptor = nullStack ? 0 : cpu.segments.checkedStack(newStack, rpl, Vector.GP, 0);
        checkOffset(cpu, d, offset);
        cpu.segments.setCode(selector, rpl, cpu.segments.accessed(selector, d));
        if (nullStack) {
            cpu.segments.setNull(SS, newStack);
        } else {
            cpu.segments.set(SS, newStack, stackDescriptor);
        }
        long mask = cpu.stackMask();
        // A 16-bit stack segment takes only SP: the upper half of ESP keeps the inner level's bits, as on hardware.
        long pointer = s[RSP] & ~mask | newPointer & mask;
        s[RSP] = to64 ? pointer : (int) pointer;
        s[RIP] = offset;
        cpu.refreshMode();
    }
}
