package org.gearshift.translator.x86.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What an instruction may read and change: an FXSAVE image, the bytes at EDI, EAX, ECX, EDX and flags; and the signal it ended with. */
final class MachineState {
    /** Bytes at EDI. */
    static final int MEMORY = 640;
    static final int SIGILL = 4;
    static final int SIGBUS = 7;
    static final int SIGFPE = 8;
    static final int SIGSEGV = 11;
    final byte[] fx = new byte[512];
    final byte[] memory = new byte[MEMORY];
    final long[] registers = new long[4];
    int signal;
    /** Offset of the instruction that ended with a signal. */
    int faultedAt;

    MachineState() {
        control(0x37f);
        tags(0);
        mxcsr(0x1f80);
        registers[3] = 0x202;
    }

    ByteBuffer image() {
        return ByteBuffer.wrap(fx).order(ByteOrder.LITTLE_ENDIAN);
    }

    ByteBuffer data() {
        return ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
    }

    int control() {
        return image().getShort(0) & 0xffff;
    }

    void control(int v) {
        image().putShort(0, (short) v);
    }

    int status() {
        return image().getShort(2) & 0xffff;
    }

    void status(int v) {
        image().putShort(2, (short) v);
    }

    /** Bit i: physical register i is not empty. */
    int tags() {
        return fx[4] & 0xff;
    }

    void tags(int v) {
        fx[4] = (byte) v;
    }

    int opcode() {
        return image().getShort(6) & 0x7ff;
    }

    int instructionOffset() {
        return image().getInt(8);
    }

    int instructionSelector() {
        return image().getShort(12) & 0xffff;
    }

    int dataOffset() {
        return image().getInt(16);
    }

    int dataSelector() {
        return image().getShort(20) & 0xffff;
    }

    /** Last instruction's offset, selector and opcode, and its operand's offset and selector. */
    void pointers(int fip, int fcs, int fop, int fdp, int fds) {
        image().putShort(6, (short) fop).putInt(8, fip).putShort(12, (short) fcs).putInt(16, fdp).putShort(20, (short) fds);
    }

    int mxcsr() {
        return image().getInt(24);
    }

    void mxcsr(int v) {
        image().putInt(24, v);
    }

    long significand(int st) {
        return image().getLong(32 + 16 * st);
    }

    int exponent(int st) {
        return image().getShort(40 + 16 * st) & 0xffff;
    }

    /** Fills a stack register and makes it valid. */
    void st(int st, long m, int e) {
        image().putLong(32 + 16 * st, m);
        image().putShort(40 + 16 * st, (short) e);
        tags(tags() | 1 << ((status() >> 11) + st & 7));
    }

    long xmm(int half) {
        return image().getLong(160 + 8 * half);
    }

    void xmm(int half, long v) {
        image().putLong(160 + 8 * half, v);
    }
}
