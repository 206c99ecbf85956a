package org.gearshift.translator.x86.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** State that an instruction on vectors may read and change, and how it ended. See vector_oracle.c for memory. */
final class VectorState {
    static final int WINDOW = 0x20000000;
    static final int SECOND_PAGE = WINDOW + 0x1000;
    /** What most tests have around the end of the first page. */
    static final int MIDDLE_BYTES = 256;
    static final int MIDDLE = SECOND_PAGE - MIDDLE_BYTES / 2;
    static final int END = WINDOW + 0x1fc0;
    static final int END_BYTES = 64;

    final long[] registers = new long[16];
    long flags = 0x202;
    /** An FXSAVE image, and the upper halves of YMM0 to YMM15. */
    final byte[] fx = new byte[512];
    final byte[] upper = new byte[256];
    final byte[] memory;
    final int middleBytes;
    /** Exception vector, or -1; its error code; the address of a page fault. */
    int vector = -1;
    int error;
    long address;

    VectorState() {
        this(MIDDLE_BYTES);
    }

    VectorState(int middleBytes) {
        this.middleBytes = middleBytes;
        memory = new byte[middleBytes + END_BYTES];
        image().putShort(0, (short) 0x37f);
        image().putInt(24, 0x1f80);
    }

    /** Bytes a state has in the program's requests and results. */
    static int bytes(int middleBytes) {
        return 16 * 8 + 8 + 512 + 256 + middleBytes + END_BYTES;
    }

    ByteBuffer image() {
        return ByteBuffer.wrap(fx).order(ByteOrder.LITTLE_ENDIAN);
    }

    ByteBuffer data() {
        return ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
    }

    int mxcsr() {
        return image().getInt(24);
    }

    void mxcsr(int v) {
        image().putInt(24, v);
    }

    /** Bits 64n to 64n + 63 of a YMM register. */
    long vector(int register, int n) {
        return n < 2 ? image().getLong(160 + 16 * register + 8 * n) : ByteBuffer.wrap(upper).order(ByteOrder.LITTLE_ENDIAN).getLong(16 * register + 8 * n - 16);
    }

    void vector(int register, int n, long v) {
        if (n < 2) {
            image().putLong(160 + 16 * register + 8 * n, v);
        } else {
            ByteBuffer.wrap(upper).order(ByteOrder.LITTLE_ENDIAN).putLong(16 * register + 8 * n - 16, v);
        }
    }

    /** Fills MMX register n; all are valid then. */
    void mmx(int n, long v) {
        image().putLong(32 + 16 * n, v);
        image().putShort(40 + 16 * n, (short) 0xffff);
        fx[4] = (byte) 0xff;
    }

    void write(ByteBuffer b) {
        for (long r : registers) {
            b.putLong(r);
        }
        b.putLong(flags).put(fx).put(upper).put(memory);
    }

    void read(ByteBuffer b) {
        for (int i = 0; i < 16; i++) {
            registers[i] = b.getLong();
        }
        flags = b.getLong();
        b.get(fx).get(upper).get(memory);
    }

    /** How this differs from what the processor did, or the empty string. {@code x87}: compare tags, TOP and registers of the x87 unit too. */
    String difference(VectorState real, boolean code64, boolean x87) {
        StringBuilder d = new StringBuilder();
        word(d, "vector", real.vector, vector);
        if (real.vector >= 0 && vector == real.vector) {
            word(d, "error", real.error, error);
            if (vector == 14) {
                word(d, "address", real.address, address);
            }
        }
        int count = code64 ? 16 : 8;
        for (int i = 0; i < count; i++) {
            word(d, "r" + i, real.registers[i], registers[i]);
        }
        word(d, "flags", real.flags & 0x8d5, flags & 0x8d5);
        word(d, "mxcsr", real.mxcsr(), mxcsr());
        word(d, "fcw", real.image().getShort(0), image().getShort(0));
        if (x87) {
            word(d, "fsw", real.image().getShort(2), image().getShort(2));
            word(d, "tags", real.fx[4], fx[4]);
        }
        for (int i = 0; i < 8 && x87; i++) {
            word(d, "mm" + i, real.image().getLong(32 + 16 * i), image().getLong(32 + 16 * i));
            word(d, "mm" + i + "x", real.image().getShort(40 + 16 * i), image().getShort(40 + 16 * i));
        }
        for (int i = 0; i < count; i++) {
            for (int n = 0; n < 4; n++) {
                word(d, "ymm" + i + "." + n, real.vector(i, n), vector(i, n));
            }
        }
        for (int i = 0; i < memory.length; i += 8) {
            word(d, "mem" + i, real.data().getLong(i), data().getLong(i));
        }
        return d.toString();
    }

    private static void word(StringBuilder d, String name, long real, long got) {
        if (real != got) {
            d.append(String.format(" %s %x got %x", name, real, got));
        }
    }
}
