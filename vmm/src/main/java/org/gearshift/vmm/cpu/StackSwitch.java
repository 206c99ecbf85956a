package org.gearshift.vmm.cpu;

import org.gearshift.translator.x86.X86State;

/** The stack a task state segment holds for an inner privilege level: SDM vol. 3A section 5.8.5. One at a time. */
final class StackSwitch {
    private final VCpu cpu;
    /** What {@link #find} found. */
    int selector;
    long descriptor;
    long pointer;

    StackSwitch(VCpu cpu) {
        this.cpu = cpu;
    }

    /** Reads and checks the stack for level {@code dpl} (0..2); faults are #TS and #SS with {@code ext}. */
    void find(int dpl, int ext) {
        long[] s = cpu.s;
        long base = s[X86State.TR + 1];
        boolean wide = (s[X86State.TR + 3] & Descriptor.WIDE) != 0;
        int offset = wide ? 4 + 8 * dpl : 2 + 4 * dpl;
        int last = offset + (wide ? 5 : 3);
        if (!Descriptor.present((int) s[X86State.TR + 3]) || last > s[X86State.TR + 2]) {
            cpu.raise(Vector.TS, (int) s[X86State.TR] & 0xfffc | ext);
        }
        pointer = cpu.memory.loadSystem(base + offset, wide ? 32 : 16);
        selector = (int) cpu.memory.loadSystem(base + offset + (wide ? 4 : 2), 16);
        descriptor = cpu.segments.checkedStack(selector, dpl, Vector.TS, ext);
    }

    /** Starts the frame of pushes on the stack found. */
    void begin(StackFrame frame, int bits, int ext) {
        frame.start(Descriptor.base(descriptor), Descriptor.limit(descriptor), Descriptor.attributes(descriptor), pointer,
                false, bits, selector & 0xfffc | ext);
    }

    /** Makes the stack found the current one, with the stack pointer the frame ended at. */
    void commit(StackFrame frame) {
        cpu.segments.set(X86State.SS, selector, descriptor);
        cpu.s[X86State.RSP] = frame.pointer();
    }
}
