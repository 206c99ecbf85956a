package org.gearshift.translator.x86.runtime;

import java.lang.invoke.VarHandle;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Ram;
import org.gearshift.ir.Type;

/**
 * Locked read-modify-write operations where several vCPUs share memory (SDM vol. 3A, 9.1): the instruction loads, computes, and stores through one of these, which makes the
 * whole instruction begin anew if the location no longer holds what was loaded. Each is a full fence.
 *
 * <p>Arguments: linear address (zero-extended if it has 32 bits), the value loaded, the value to store.
 */
public final class LockedAccess {
    private static final Helper SWAP8 = locked("locked_swap8", "swap8", Type.I32);
    private static final Helper SWAP16 = locked("locked_swap16", "swap16", Type.I32);
    private static final Helper SWAP32 = locked("locked_swap32", "swap32", Type.I32);
    private static final Helper SWAP64 = locked("locked_swap64", "swap64", Type.I64);
    /** (address, both halves loaded, both halves to store): 16 bytes. */
    public static final Helper SWAP128 = Helper.stateful("locked_swap128", LockedAccess.class, "swap128", true, new java.util.BitSet(), new java.util.BitSet(), Type.VOID,
            Type.I64, Type.I64, Type.I64, Type.I64, Type.I64);
    /** MFENCE. */
    public static final Helper FENCE = Helper.stateful("fence", LockedAccess.class, "fence", true, new java.util.BitSet(), new java.util.BitSet(), Type.VOID);

    private LockedAccess() {
    }

    private static Helper locked(String name, String method, Type value) {
        return Helper.stateful(name, LockedAccess.class, method, true, new java.util.BitSet(), new java.util.BitSet(), Type.VOID, Type.I64, value, value);
    }

    /** The helper for a size of 8 to 64 bits. */
    public static Helper swap(int bits) {
        return switch (bits) {
            case 8 -> SWAP8;
            case 16 -> SWAP16;
            case 32 -> SWAP32;
            default -> SWAP64;
        };
    }

    public static void swap8(GuestContext ctx, long address, int expected, int value) {
        swap(ctx, address, expected, value, 8);
    }

    public static void swap16(GuestContext ctx, long address, int expected, int value) {
        swap(ctx, address, expected, value, 16);
    }

    public static void swap32(GuestContext ctx, long address, int expected, int value) {
        swap(ctx, address, expected, value, 32);
    }

    public static void swap64(GuestContext ctx, long address, long expected, long value) {
        swap(ctx, address, expected, value, 64);
    }

    private static void swap(GuestContext ctx, long address, long expected, long value, int bits) {
        long at = ctx.ramIndex(address, bits >>> 3, true);
        boolean done = at >= 0 && Ram.atomic(at, bits) ? ctx.hostRam.compareAndSwap(at, expected, value, bits)
                : ctx.compareAndSwapSlow(address, expected, value, bits);
        if (!done) {
            throw ctx.retry();
        }
    }

    public static void swap128(GuestContext ctx, long address, long expectedLow, long expectedHigh, long low, long high) {
        if (!ctx.compareAndSwapPair(address, expectedLow, expectedHigh, low, high)) {
            throw ctx.retry();
        }
    }

    public static void fence(GuestContext ctx) {
        VarHandle.fullFence();
    }
}
