package org.gearshift.backend.jvm;

import java.lang.invoke.VarHandle;
import org.gearshift.ir.GuestContext;

/**
 * Accesses that their window does not cover: they translate by themselves, and take the slow path only if that fails. Called from generated code; the
 * last argument packs fault site (from bit 8) and access size in bits. All are ordered as {@link OrderedRam} says, whether or not there are other vCPUs: it is rare enough.
 */
final class WindowFallback {
    private WindowFallback() {
    }

    static int load(GuestContext ctx, int va, int siteAndBits) {
        long at = index(ctx, va, siteAndBits, false);
        return at >= 0 ? (int) get(ctx, at, siteAndBits) : CompiledRegion.loadSlow(ctx, va, siteAndBits);
    }

    static int loadRmw(GuestContext ctx, int va, int siteAndBits) {
        long at = index(ctx, va, siteAndBits, true);
        return at >= 0 ? (int) get(ctx, at, siteAndBits) : CompiledRegion.loadRmwSlow(ctx, va, siteAndBits);
    }

    static long load64(GuestContext ctx, int va, int siteAndBits) {
        return load64(ctx, va, siteAndBits, false);
    }

    static long loadRmw64(GuestContext ctx, int va, int siteAndBits) {
        return load64(ctx, va, siteAndBits, true);
    }

    private static long load64(GuestContext ctx, int va, int siteAndBits, boolean rmw) {
        long at = index(ctx, va, siteAndBits, rmw);
        if (at >= 0) {
            return get(ctx, at, siteAndBits);
        }
        ctx.faultSite = siteAndBits >>> 8;
        return ctx.loadSlow(va, Long.SIZE, rmw);
    }

    static void store(GuestContext ctx, int va, int value, int siteAndBits) {
        long at = index(ctx, va, siteAndBits, true);
        if (at >= 0) {
            put(ctx, at, value, siteAndBits);
        } else {
            CompiledRegion.storeSlow(ctx, va, value, siteAndBits);
        }
    }

    static void store64(GuestContext ctx, int va, long value, int siteAndBits) {
        long at = index(ctx, va, siteAndBits, true);
        if (at >= 0) {
            put(ctx, at, value, siteAndBits);
        } else {
            ctx.faultSite = siteAndBits >>> 8;
            ctx.storeSlow(va, value, Long.SIZE);
        }
    }

    // The same by 64-bit address.

    static int load(GuestContext ctx, long va, int siteAndBits) {
        long at = ctx.wideIndex(va, bytes(siteAndBits), false);
        return at >= 0 ? (int) get(ctx, at, siteAndBits) : CompiledRegion.loadSlow(ctx, va, siteAndBits);
    }

    static int loadRmw(GuestContext ctx, long va, int siteAndBits) {
        long at = ctx.wideIndex(va, bytes(siteAndBits), true);
        return at >= 0 ? (int) get(ctx, at, siteAndBits) : CompiledRegion.loadRmwSlow(ctx, va, siteAndBits);
    }

    static long load64(GuestContext ctx, long va, int siteAndBits) {
        long at = ctx.wideIndex(va, Long.BYTES, false);
        return at >= 0 ? get(ctx, at, siteAndBits) : CompiledRegion.loadSlow64(ctx, va, siteAndBits);
    }

    static long loadRmw64(GuestContext ctx, long va, int siteAndBits) {
        long at = ctx.wideIndex(va, Long.BYTES, true);
        return at >= 0 ? get(ctx, at, siteAndBits) : CompiledRegion.loadRmwSlow64(ctx, va, siteAndBits);
    }

    static void store(GuestContext ctx, long va, int value, int siteAndBits) {
        long at = ctx.wideIndex(va, bytes(siteAndBits), true);
        if (at >= 0) {
            put(ctx, at, value, siteAndBits);
        } else {
            CompiledRegion.storeSlow(ctx, va, value, siteAndBits);
        }
    }

    static void store64(GuestContext ctx, long va, long value, int siteAndBits) {
        long at = ctx.wideIndex(va, Long.BYTES, true);
        if (at >= 0) {
            put(ctx, at, value, siteAndBits);
        } else {
            CompiledRegion.storeSlow(ctx, va, value, siteAndBits);
        }
    }

    private static int bytes(int siteAndBits) {
        return siteAndBits >>> 3 & 0x1f;
    }

    private static long index(GuestContext ctx, int va, int siteAndBits, boolean write) {
        return ctx.ramIndex(va & 0xffffffffL, bytes(siteAndBits), write);
    }

    private static long get(GuestContext ctx, long at, int siteAndBits) {
        long value = ctx.hostRam.get(at, siteAndBits & 0xff);
        VarHandle.acquireFence();
        return value;
    }

    private static void put(GuestContext ctx, long at, long value, int siteAndBits) {
        VarHandle.storeStoreFence();
        ctx.hostRam.put(at, value, siteAndBits & 0xff);
    }
}
