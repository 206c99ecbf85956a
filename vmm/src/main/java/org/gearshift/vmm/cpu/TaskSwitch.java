package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.EFLAGS_SYS;
import static org.gearshift.translator.x86.X86State.GPR;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.SEG_LIMIT;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SS;

import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;

/** Hardware task switches between 16- and 32-bit task state segments: SDM vol. 3A chapter 7. */
final class TaskSwitch {
    /** What switches tasks: decides about busy bits, back link and NT (table 7-2). */
    enum Cause {
        JUMP,
        CALL,
        INTERRUPT,
        RETURN
    }

    /** Where a task state segment keeps things; all offsets in bytes (figures 7-2 and 7-10). */
    private enum Layout {
        WIDE(32, 0x67, 28, 32, 36, 40, 72, 6, 4, 96),
        NARROW(16, 0x2b, -1, 14, 16, 18, 34, 4, 2, 42);

        final int bits;
        final int minimumLimit;
        final int cr3;
        final int ip;
        final int flags;
        final int registers;
        final int segments;
        final int segmentCount;
        final int stride;
        final int ldt;

        Layout(int bits, int minimumLimit, int cr3, int ip, int flags, int registers, int segments, int segmentCount, int stride, int ldt) {
            this.bits = bits;
            this.minimumLimit = minimumLimit;
            this.cr3 = cr3;
            this.ip = ip;
            this.flags = flags;
            this.registers = registers;
            this.segments = segments;
            this.segmentCount = segmentCount;
            this.stride = stride;
            this.ldt = ldt;
        }

        static Layout of(int attr) {
            return (attr & Descriptor.WIDE) != 0 ? WIDE : NARROW;
        }
    }

    private static final int DEBUG_TRAP_OFFSET = 100;
    private static final int[] DATA_SEGMENTS = {X86State.ES, X86State.DS, X86State.FS, X86State.GS};

    private final VCpu cpu;
    private final long[] s;
    /** Loading a new task's state, which may fault, is under way or has faulted. */
    private boolean entering;

    TaskSwitch(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
    }

    /** Switches to the task a task gate names, whose own privilege has been checked. */
    void throughGate(int selector, Cause cause, long returnRip, int ext) {
        if ((selector & 4) != 0 || (selector & ~3) == 0) {
            cpu.raise(Vector.GP, selector & 0xfffc | ext);
        }
        long d = cpu.segments.descriptor(selector, Vector.GP, ext);
        int attr = Descriptor.attributes(d);
        int type = Descriptor.type(attr);
        if (Descriptor.isSegment(attr) || type != Descriptor.TSS16_AVAILABLE && type != Descriptor.TSS32_AVAILABLE) {
            cpu.raise(Vector.GP, selector & 0xfffc | ext);
        }
        cpu.segments.requirePresent(attr, selector, Vector.NP, ext);
        switchTo(selector, d, cause, returnRip, ext);
    }

    /** IRET with NT set: back to the task that the back link names. */
    void returnToPrevious(long returnRip) {
        int selector = (int) cpu.memory.loadSystem(s[X86State.TR + 1], 16);
        if ((selector & 4) != 0 || (selector & ~3) == 0) {
            cpu.raise(Vector.TS, selector & 0xfffc);
        }
        long d = cpu.segments.descriptor(selector, Vector.TS, 0);
        int attr = Descriptor.attributes(d);
        int type = Descriptor.type(attr);
        if (Descriptor.isSegment(attr) || type != Descriptor.TSS16_BUSY && type != Descriptor.TSS32_BUSY) {
            cpu.raise(Vector.TS, selector & 0xfffc);
        }
        cpu.segments.requirePresent(attr, selector, Vector.NP, 0);
        switchTo(selector, d, Cause.RETURN, returnRip, 0);
    }

    /**
     * Switches to a task whose descriptor has been checked for type and presence.
     *
     * @param returnRip EIP saved in the task that is left
     * @param ext EXT bit of error codes
     */
    void switchTo(int selector, long descriptor, Cause cause, long returnRip, int ext) {
        int attr = Descriptor.attributes(descriptor);
        Layout to = Layout.of(attr);
        Layout from = Layout.of((int) s[X86State.TR + 3]);
        long base = Descriptor.base(descriptor);
        if (Descriptor.limit(descriptor) < to.minimumLimit) {
            cpu.raise(Vector.TS, selector & 0xfffc | ext);
        }
        int oldSelector = (int) s[X86State.TR];
        long oldBase = s[X86State.TR + 1];
        cpu.memory.check(oldBase, from.minimumLimit + 1, ShadowMmu.WRITE, false);
        cpu.memory.check(base, to.minimumLimit + 1, ShadowMmu.WRITE, false);
        boolean nested = cause == Cause.CALL || cause == Cause.INTERRUPT;
        checkBusyBit(oldSelector);
        checkBusyBit(selector);
        Incoming in = read(to, base);
        if (!nested) {
            markBusy(oldSelector, false);
        }
        save(from, oldBase, returnRip, cause == Cause.RETURN);
        if (nested) {
            cpu.memory.storeSystem(base, oldSelector, 16);
            in.flags |= Eflags.NT;
        }
        if (cause != Cause.RETURN) {
            markBusy(selector, true);
        }
        load(selector, descriptor, to, in, ext);
    }

    private void checkBusyBit(int selector) {
        long address = cpu.segments.descriptorAddress(selector);
        if (address >= 0) {
            cpu.memory.check(address + 5, 1, ShadowMmu.WRITE, false);
        }
    }

    private void markBusy(int selector, boolean busy) {
        long address = cpu.segments.descriptorAddress(selector);
        if (address >= 0) {
            long access = cpu.memory.loadSystem(address + 5, 8);
            cpu.memory.storeSystem(address + 5, busy ? access | Descriptor.BUSY : access & ~Descriptor.BUSY, 8);
        }
    }

    private void save(Layout l, long base, long returnRip, boolean clearNested) {
        int flags = Eflags.get(s);
        put(l, base + l.ip, returnRip);
        put(l, base + l.flags, clearNested ? flags & ~Eflags.NT : flags);
        int bytes = l.bits >>> 3;
        for (int i = 0; i < 8; i++) {
            put(l, base + l.registers + (long) i * bytes, s[GPR + i]);
        }
        for (int i = 0; i < l.segmentCount; i++) {
            cpu.memory.storeSystem(base + l.segments + (long) i * l.stride, s[SEG_SELECTOR + i], 16);
        }
    }

    private void put(Layout l, long address, long value) {
        cpu.memory.storeSystem(address, value, l.bits);
    }

    /** What a task state segment holds. Tasks switch rarely; the object is short-lived. */
    private static final class Incoming {
        long cr3;
        long ip;
        int flags;
        int ldt;
        boolean trap;
        final long[] registers = new long[8];
        final int[] selectors = new int[6];
    }

    private Incoming read(Layout l, long base) {
        Incoming in = new Incoming();
        int bytes = l.bits >>> 3;
        in.ip = cpu.memory.loadSystem(base + l.ip, l.bits) & 0xffffffffL;
        in.flags = (int) cpu.memory.loadSystem(base + l.flags, l.bits);
        for (int i = 0; i < 8; i++) {
            long r = cpu.memory.loadSystem(base + l.registers + (long) i * bytes, l.bits);
            in.registers[i] = l == Layout.WIDE ? r : (int) (0xffff0000L | r);
        }
        for (int i = 0; i < l.segmentCount; i++) {
            in.selectors[i] = (int) cpu.memory.loadSystem(base + l.segments + (long) i * l.stride, 16);
        }
        in.ldt = (int) cpu.memory.loadSystem(base + l.ldt, 16);
        if (l == Layout.WIDE) {
            in.cr3 = cpu.memory.loadSystem(base + l.cr3, 32) & 0xffffffffL;
            in.trap = (cpu.memory.loadSystem(base + DEBUG_TRAP_OFFSET, 16) & 1) != 0;
        }
        return in;
    }

    /**
     * Whether the fault just raised is one of the task just entered, not of the instruction that led there: it must then be delivered with the
     * state as it is. Answers so once a fault.
     */
    boolean faultedEntering() {
        boolean was = entering;
        entering = false;
        return was;
    }

    /** Loads the new task; from here on every fault is one of the new task, taken before its first instruction. */
    private void load(int selector, long descriptor, Layout l, Incoming in, int ext) {
        entering = true;
        cpu.segments.setTaskRegister(selector, descriptor | (long) Descriptor.BUSY << 40);
        s[X86State.CR0] |= ControlRegisters.CR0_TS;
        if (l == Layout.WIDE && cpu.paging()) {
            cpu.control.reloadCr3(in.cr3);
        }
        s[RIP] = in.ip;
        Eflags.set(s, in.flags, l == Layout.WIDE ? Eflags.ALL : 0xffff & Eflags.ALL);
        if (l == Layout.NARROW) {
            s[EFLAGS_SYS] &= ~(Eflags.VM | Eflags.RF);
        }
        System.arraycopy(in.registers, 0, s, GPR, 8);
        cpu.debug.enterTask(in.trap);
        for (int i = 0; i < 6; i++) {
            cpu.segments.setNull(i, in.selectors[i]);
        }
        cpu.segments.setLdt(in.ldt, 0, 0, 0);
        if (cpu.v86()) {
            s[CPL] = 3;
            loadLdt(in.ldt, ext);
            for (int i = 0; i < 6; i++) {
                cpu.segments.loadReal(i, in.selectors[i]);
            }
            cpu.refreshMode();
        } else {
            s[CPL] = in.selectors[CS] & 3;
            cpu.refreshMode();
            loadLdt(in.ldt, ext);
            loadSegments(in, ext);
        }
        if (s[RIP] > s[SEG_LIMIT + CS]) {
            cpu.raise(Vector.GP, ext);
        }
        entering = false;
    }

    private void loadLdt(int selector, int ext) {
        if ((selector & ~3) != 0) {
            long d = cpu.segments.ldtDescriptor(selector, Vector.TS, Vector.TS, ext);
            cpu.segments.setLdt(selector, Descriptor.base(d), Descriptor.limit(d), Descriptor.attributes(d));
        }
    }

    private void loadSegments(Incoming in, int ext) {
        int code = in.selectors[CS];
        int cpl = code & 3;
        if ((code & ~3) == 0) {
            cpu.raise(Vector.TS, ext);
        }
        long d = cpu.segments.descriptor(code, Vector.TS, ext);
        int attr = Descriptor.attributes(d);
        boolean allowed = Descriptor.isCode(attr)
                && (Descriptor.isConforming(attr) ? Descriptor.dpl(attr) <= cpl : Descriptor.dpl(attr) == cpl);
        if (!allowed) {
            cpu.raise(Vector.TS, code & 0xfffc | ext);
        }
        cpu.segments.requirePresent(attr, code, Vector.NP, ext);
        cpu.segments.setCode(code, cpl, cpu.segments.accessed(code, d));
        int stack = in.selectors[SS];
        cpu.segments.set(SS, stack, cpu.segments.checkedStack(stack, cpl, Vector.TS, ext));
        cpu.refreshMode();
        for (int seg : DATA_SEGMENTS) {
            int selector = in.selectors[seg];
            if ((selector & ~3) != 0) {
                cpu.segments.set(seg, selector, cpu.segments.checkedData(selector, Vector.TS, ext));
            }
        }
        cpu.refreshMode();
    }
}
