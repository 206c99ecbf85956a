package org.gearshift.vmm.cpu;

import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;

/**
 * A run of pushes that happens as a whole or not at all: each push is checked against the stack segment and the page tables when it
 * is described, and the bytes are written by {@link #commit}. Restartability of everything that pushes rests on this.
 */
final class StackFrame {
    /** GS, FS, DS, ES, SS, ESP, EFLAGS, CS, EIP, error code of a frame from virtual-8086 mode, or 31 parameters and four of a call gate. */
    private static final int MAX_PUSHES = 48;
    private static final int STACK_FAULT = 12;

    private final VCpu cpu;
    private final long[] address = new long[MAX_PUSHES];
    private final long[] value = new long[MAX_PUSHES];
    private final int[] width = new int[MAX_PUSHES];
    private int count;
    private int bits;
    private long base;
    private long limit;
    private int attr;
    private long mask;
    private long pointer;
    /** 64-bit stack: no base, no limit. */
    private boolean wide;
    private boolean user;
    private int errorCode;

    StackFrame(VCpu cpu) {
        this.cpu = cpu;
    }

    /**
     * Starts on the stack in use.
     *
     * @param bits size of each push, 16, 32 or 64
     * @param errorCode error code of the #SS raised where the stack is too small
     */
    void onCurrentStack(int bits, int errorCode) {
        long[] s = cpu.s;
        if (cpu.code64()) {
            startWide(s[X86State.RSP], cpu.user(), bits, errorCode);
            return;
        }
        start(s[X86State.SEG_BASE + X86State.SS], s[X86State.SEG_LIMIT + X86State.SS],
                (int) s[X86State.SEG_ATTR + X86State.SS], s[X86State.RSP], cpu.user(), bits, errorCode);
    }

    /** Starts on a stack that is not loaded yet. */
    void start(long base, long limit, int attr, long pointer, boolean user, int bits, int errorCode) {
        this.base = base;
        this.limit = limit;
        this.attr = attr;
        this.pointer = pointer & 0xffffffffL;
        this.mask = (attr & Descriptor.BIG) != 0 ? 0xffffffffL : 0xffffL;
        this.user = user;
        this.bits = bits;
        this.errorCode = errorCode;
        wide = false;
        count = 0;
    }

    /** Starts on the stack of 64-bit code. */
    void startWide(long pointer, boolean user, int bits, int errorCode) {
        this.pointer = pointer;
        this.user = user;
        this.bits = bits;
        this.errorCode = errorCode;
        wide = true;
        count = 0;
    }

    /** Describes a push of the low bits of {@code v}. */
    void push(long v) {
        int bytes = bits >>> 3;
        long va;
        if (wide) {
            pointer -= bytes;
            va = pointer;
            if (!ShadowMmu.canonical(va) || !ShadowMmu.canonical(va + bytes - 1)) {
                cpu.raise(STACK_FAULT, errorCode);
            }
        } else {
            long offset = pointer - bytes & mask;
            if (!Descriptor.holds(attr, limit, offset, bytes)) {
                cpu.raise(STACK_FAULT, errorCode);
            }
            va = base + offset & 0xffffffffL;
            pointer = pointer & ~mask | offset;
        }
        cpu.memory.check(va, bytes, ShadowMmu.WRITE, user);
        address[count] = va;
        value[count] = v;
        width[count++] = bits;
    }

    /** Performs the pushes. The stack pointer is left to the caller: {@link #pointer}. */
    void commit() {
        for (int i = 0; i < count; i++) {
            cpu.memory.store(address[i], value[i], width[i], user);
        }
    }

    /** The stack pointer after the pushes, as a state slot holds it. */
    long pointer() {
        return wide ? pointer : (int) pointer;
    }
}
