package org.gearshift.translator.x86.runtime;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.gearshift.ir.GuestContext;

/** Loads and stores of helpers at linear addresses: the fast path of {@link GuestContext}, written once for this package. */
final class GuestStores {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private GuestStores() {
    }

    /** Index into RAM of {@code bytes} bytes that lie in one mapped page, or -1. */
    private static int locate(int[] map, int address, int bytes) {
        int frame = map[address >>> 12];
        int offset = address & 0xfff;
        return frame >= 0 && offset <= 0x1000 - bytes ? (frame << 12) + offset : -1;
    }

    static void store8(GuestContext ctx, int address, int value) {
        int i = locate(ctx.writeMap, address, 1);
        if (i >= 0) {
            ctx.ram[i] = (byte) value;
        } else {
            ctx.storeSlow(address, value, 8);
        }
    }

    static void store16(GuestContext ctx, int address, int value) {
        int i = locate(ctx.writeMap, address, 2);
        if (i >= 0) {
            SHORT.set(ctx.ram, i, (short) value);
        } else {
            ctx.storeSlow(address, value, 16);
        }
    }

    static void store32(GuestContext ctx, int address, int value) {
        int i = locate(ctx.writeMap, address, 4);
        if (i >= 0) {
            INT.set(ctx.ram, i, value);
        } else {
            ctx.storeSlow(address, value, 32);
        }
    }

    static void store64(GuestContext ctx, int address, long value) {
        int i = locate(ctx.writeMap, address, 8);
        if (i >= 0) {
            LONG.set(ctx.ram, i, value);
        } else {
            ctx.storeSlow(address, value, 64);
        }
    }

    /**
     * Faults where a store of up to 4 KiB would, and else does nothing: for stores in several parts, of which none may be seen if a later one
     * faults, and for those that are called off only after their operand was found accessible.
     */
    static void probe(GuestContext ctx, int address, int bytes) {
        if (ctx.writeMap[address >>> 12] < 0) {
            ctx.loadSlow(address, 8, true);
        }
        int last = address + bytes - 1;
        if ((address ^ last) >>> 12 != 0 && ctx.writeMap[last >>> 12] < 0) {
            ctx.loadSlow(last & -0x1000, 8, true);
        }
    }

    static int load16(GuestContext ctx, int address) {
        int i = locate(ctx.readMap, address, 2);
        return i >= 0 ? (short) SHORT.get(ctx.ram, i) & 0xffff : (int) ctx.loadSlow(address, 16, false) & 0xffff;
    }

    static int load32(GuestContext ctx, int address) {
        int i = locate(ctx.readMap, address, 4);
        return i >= 0 ? (int) INT.get(ctx.ram, i) : (int) ctx.loadSlow(address, 32, false);
    }

    static long load64(GuestContext ctx, int address) {
        int i = locate(ctx.readMap, address, 8);
        return i >= 0 ? (long) LONG.get(ctx.ram, i) : ctx.loadSlow(address, 64, false);
    }
}
