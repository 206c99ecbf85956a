package org.gearshift.vmm.cpu;

import org.gearshift.translator.x86.X86State;

/** Pops of a far return or IRET, read without moving the stack pointer until everything has been checked. */
final class StackReader {
    private final VCpu cpu;
    private int bits;
    private long mask;
    private long pointer;

    StackReader(VCpu cpu) {
        this.cpu = cpu;
    }

    /** Starts at the current top of stack with pops of {@code bits} bits, 16 or 32. */
    void start(int bits) {
        this.bits = bits;
        mask = cpu.stackMask();
        pointer = cpu.s[X86State.RSP] & 0xffffffffL;
    }

    /** The next stack element, zero-extended. */
    long pop() {
        int bytes = bits >>> 3;
        long offset = pointer & mask;
        cpu.checkSegment(X86State.SS, offset, bytes, false);
        long v = cpu.memory.load(cpu.s[X86State.SEG_BASE + X86State.SS] + offset, bits, cpu.user());
        skip(bytes);
        return v & 0xffffffffL;
    }

    /** Moves on over {@code bytes} bytes. */
    void skip(int bytes) {
        pointer = pointer & ~mask | pointer + bytes & mask;
    }

    /** ESP after the pops, as a state slot holds it. */
    long pointer() {
        return (int) pointer;
    }
}
