package org.gearshift.tools.conformance;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** What a user program sees of the processor's registers, segment registers aside. */
final class Registers {
    /** An FXSAVE image (SDM vol. 1, 10.5.1). */
    static final int FX_BYTES = 512;
    /** The upper halves of YMM0..YMM15 behind it. */
    static final int FP_BYTES = FX_BYTES + 256;
    static final int ST = 32;
    static final int XMM = 160;
    static final int YMM_HIGH = FX_BYTES;

    /** In encoding order; 32-bit code has the first eight, zero-extended. */
    final long[] general = new long[16];
    int eflags = 0x202;
    /** x87, XMM and YMM registers, or null where a trial leaves them alone. */
    byte[] fp;

    Registers copy() {
        Registers c = new Registers();
        System.arraycopy(general, 0, c.general, 0, 16);
        c.eflags = eflags;
        c.fp = fp == null ? null : fp.clone();
        return c;
    }

    /** Gives the registers an initial floating-point state. */
    void clearFp() {
        fp = new byte[FP_BYTES];
        control(0x37f);
        mxcsr(0x1f80);
    }

    private ByteBuffer image() {
        return ByteBuffer.wrap(fp).order(ByteOrder.LITTLE_ENDIAN);
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
    int valid() {
        return fp[4] & 0xff;
    }

    void valid(int v) {
        fp[4] = (byte) v;
    }

    int mxcsr() {
        return image().getInt(24);
    }

    void mxcsr(int v) {
        image().putInt(24, v);
    }

    long significand(int st) {
        return image().getLong(ST + 16 * st);
    }

    int exponent(int st) {
        return image().getShort(ST + 8 + 16 * st) & 0xffff;
    }

    void st(int st, long significand, int exponent) {
        image().putLong(ST + 16 * st, significand);
        image().putShort(ST + 8 + 16 * st, (short) exponent);
    }

    /** Quarter {@code part} of YMM register {@code n}: 0 and 1 are the XMM register's low and high half. */
    long vector(int n, int part) {
        return image().getLong(vectorOffset(n, part));
    }

    void vector(int n, int part, long v) {
        image().putLong(vectorOffset(n, part), v);
    }

    private static int vectorOffset(int n, int part) {
        return part < 2 ? XMM + 16 * n + 8 * part : YMM_HIGH + 16 * n + 8 * (part - 2);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Registers r && Arrays.equals(general, r.general) && eflags == r.eflags && Arrays.equals(fp, r.fp);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(general) * 31 + eflags;
    }
}
