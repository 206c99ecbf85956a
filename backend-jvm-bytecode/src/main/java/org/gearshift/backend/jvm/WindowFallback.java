package org.gearshift.backend.jvm;

import java.lang.invoke.VarHandle;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.WideMap;

/**
 * Accesses that their window does not cover: they translate by themselves, and take the slow path only if that fails. Called from generated code; the
 * last argument packs fault site (from bit 8) and access size in bits. All are ordered as {@link OrderedRam} says, whether or not there are other vCPUs: it is rare enough.
 */
final class WindowFallback {
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_MASK = 0xfff;
    private static final int PAGE_SIZE = 0x1000;

    private WindowFallback() {
    }

    static int load(GuestContext ctx, int va, int siteAndBits) {
        int at = index(ctx.readMap, va, siteAndBits);
        return at >= 0 ? (int) get(ctx.ram, at, siteAndBits) : CompiledRegion.loadSlow(ctx, va, siteAndBits);
    }

    static int loadRmw(GuestContext ctx, int va, int siteAndBits) {
        int at = index(ctx.writeMap, va, siteAndBits);
        return at >= 0 ? (int) get(ctx.ram, at, siteAndBits) : CompiledRegion.loadRmwSlow(ctx, va, siteAndBits);
    }

    static long load64(GuestContext ctx, int va, int siteAndBits) {
        return load64(ctx, ctx.readMap, va, siteAndBits, false);
    }

    static long loadRmw64(GuestContext ctx, int va, int siteAndBits) {
        return load64(ctx, ctx.writeMap, va, siteAndBits, true);
    }

    private static long load64(GuestContext ctx, int[] map, int va, int siteAndBits, boolean rmw) {
        int at = index(map, va, siteAndBits);
        if (at >= 0) {
            return get(ctx.ram, at, siteAndBits);
        }
        ctx.faultSite = siteAndBits >>> 8;
        return ctx.loadSlow(va, Long.SIZE, rmw);
    }

    static void store(GuestContext ctx, int va, int value, int siteAndBits) {
        int at = index(ctx.writeMap, va, siteAndBits);
        if (at >= 0) {
            put(ctx.ram, at, value, siteAndBits);
        } else {
            CompiledRegion.storeSlow(ctx, va, value, siteAndBits);
        }
    }

    static void store64(GuestContext ctx, int va, long value, int siteAndBits) {
        int at = index(ctx.writeMap, va, siteAndBits);
        if (at >= 0) {
            put(ctx.ram, at, value, siteAndBits);
        } else {
            ctx.faultSite = siteAndBits >>> 8;
            ctx.storeSlow(va, value, Long.SIZE);
        }
    }

    // The same by 64-bit address.

    static int load(GuestContext ctx, long va, int siteAndBits) {
        int at = WideMap.index(ctx.wideReadMap, ctx.wideShift, va, bytes(siteAndBits));
        return at >= 0 ? (int) get(ctx.ram, at, siteAndBits) : CompiledRegion.loadSlow(ctx, va, siteAndBits);
    }

    static int loadRmw(GuestContext ctx, long va, int siteAndBits) {
        int at = WideMap.index(ctx.wideWriteMap, ctx.wideShift, va, bytes(siteAndBits));
        return at >= 0 ? (int) get(ctx.ram, at, siteAndBits) : CompiledRegion.loadRmwSlow(ctx, va, siteAndBits);
    }

    static long load64(GuestContext ctx, long va, int siteAndBits) {
        int at = WideMap.index(ctx.wideReadMap, ctx.wideShift, va, Long.BYTES);
        return at >= 0 ? get(ctx.ram, at, siteAndBits) : CompiledRegion.loadSlow64(ctx, va, siteAndBits);
    }

    static long loadRmw64(GuestContext ctx, long va, int siteAndBits) {
        int at = WideMap.index(ctx.wideWriteMap, ctx.wideShift, va, Long.BYTES);
        return at >= 0 ? get(ctx.ram, at, siteAndBits) : CompiledRegion.loadRmwSlow64(ctx, va, siteAndBits);
    }

    static void store(GuestContext ctx, long va, int value, int siteAndBits) {
        int at = WideMap.index(ctx.wideWriteMap, ctx.wideShift, va, bytes(siteAndBits));
        if (at >= 0) {
            put(ctx.ram, at, value, siteAndBits);
        } else {
            CompiledRegion.storeSlow(ctx, va, value, siteAndBits);
        }
    }

    static void store64(GuestContext ctx, long va, long value, int siteAndBits) {
        int at = WideMap.index(ctx.wideWriteMap, ctx.wideShift, va, Long.BYTES);
        if (at >= 0) {
            put(ctx.ram, at, value, siteAndBits);
        } else {
            CompiledRegion.storeSlow(ctx, va, value, siteAndBits);
        }
    }

    private static int bytes(int siteAndBits) {
        return siteAndBits >>> 3 & 0x1f;
    }

    private static int index(int[] map, int va, int siteAndBits) {
        int frame = map[va >>> PAGE_SHIFT];
        int offset = va & PAGE_MASK;
        return frame >= 0 && offset <= PAGE_SIZE - bytes(siteAndBits) ? frame << PAGE_SHIFT | offset : -1;
    }

    private static long get(byte[] ram, int at, int siteAndBits) {
        long value = switch (siteAndBits & 0xff) {
            case 8 -> ram[at] & 0xff;
            case 16 -> (short) CheckedRam.SHORTS.get(ram, at) & 0xffff;
            case 32 -> (int) CheckedRam.INTS.get(ram, at);
            default -> (long) CheckedRam.LONGS.get(ram, at);
        };
        VarHandle.acquireFence();
        return value;
    }

    private static void put(byte[] ram, int at, long value, int siteAndBits) {
        VarHandle.storeStoreFence();
        switch (siteAndBits & 0xff) {
            case 8 -> ram[at] = (byte) value;
            case 16 -> CheckedRam.SHORTS.set(ram, at, (short) value);
            case 32 -> CheckedRam.INTS.set(ram, at, (int) value);
            default -> CheckedRam.LONGS.set(ram, at, value);
        }
    }
}
