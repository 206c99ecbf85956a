package org.gearshift.ir.interp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Little-endian accesses to guest RAM, unaligned and bounds-checked. */
final class RamAccess {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private RamAccess() {
    }

    static int get16(byte[] ram, int offset) {
        return (short) SHORT.get(ram, offset) & 0xffff;
    }

    static int get32(byte[] ram, int offset) {
        return (int) INT.get(ram, offset);
    }

    static long get64(byte[] ram, int offset) {
        return (long) LONG.get(ram, offset);
    }

    static void put16(byte[] ram, int offset, int value) {
        SHORT.set(ram, offset, (short) value);
    }

    static void put32(byte[] ram, int offset, int value) {
        INT.set(ram, offset, value);
    }

    static void put64(byte[] ram, int offset, long value) {
        LONG.set(ram, offset, value);
    }
}
