package org.gearshift.vmm.cpu;

import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;

/** Pops of a far return or IRET, read without moving the stack pointer until everything has been checked. */
final class StackReader {
    private final VCpu cpu;
    private int bits;
    private long mask;
    private long pointer;
    private boolean wide;

    StackReader(VCpu cpu) {
        this.cpu = cpu;
    }

    /** Starts at the current top of stack with pops of {@code bits} bits: 16, 32, or in 64-bit code 64. */
    void start(int bits) {
        this.bits = bits;
        wide = cpu.code64();
        mask = cpu.stackMask();
        pointer = cpu.stackPointer();
    }

    /** The next stack element, zero-extended. */
    long pop() {
        int bytes = bits >>> 3;
        long offset = pointer & mask;
        if (wide && !ShadowMmu.canonical(offset)) {
            cpu.raise(Vector.SS, 0);
        }
        cpu.checkSegment(X86State.SS, offset, bytes, false);
        long va = wide ? offset : cpu.s[X86State.SEG_BASE + X86State.SS] + offset & 0xffffffffL;
        long v = cpu.memory.load(va, bits, cpu.user());
        skip(bytes);
        return bits == 64 ? v : v & 0xffffffffL;
    }

    /** Moves on over {@code bytes} bytes. */
    void skip(int bytes) {
        pointer = pointer & ~mask | pointer + bytes & mask;
    }

    /** The stack pointer after the pops, as a slot holds it. */
    long pointer() {
        return wide ? pointer : (int) pointer;
    }
}
