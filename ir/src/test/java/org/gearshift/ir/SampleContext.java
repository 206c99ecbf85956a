package org.gearshift.ir;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.gearshift.testing.TestRam;

/**
 * A small guest for tests: eight general slots and the usual others, 16 pages of RAM. Pages 0..9 are mapped, 10 and 11 read-only, 12 and 13 readable and
 * writable by the slow path only, the others absent.
 */
public final class SampleContext extends GuestContext {
    public static final StateLayout LAYOUT = new StateLayout(
            List.of("r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "flag_res", "flag_aux", "limit", "pc"), 11);
    public static final int RES = 8;
    public static final int AUX = 9;
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    public static final int LIMIT = 10;
    public static final int PC = 11;
    public static final int PAGES = 16;
    /** By 64-bit address the same pages are here, and at 0. */
    public static final long WIDE = 0xffff_8880_0000_0000L;
    public static final Helper MIX = Helper.pure("mix", SampleContext.class, "mix", Type.I32, Type.I32, Type.I64);
    public static final Helper SWAP = Helper.stateful("swap", SampleContext.class, "swap", true, bits(0, 1), bits(0, 1), Type.I64, Type.I32);
    /** Faults unless its argument is the sign-extension of 20 bits. */
    public static final Helper CHECK = Helper.signExtensionCheck("check", SampleContext.class, "check", 20);

    /** What services and slow paths saw. */
    public final List<String> log = new ArrayList<>();

    /** Number of the first page's frame. */
    private final int firstFrame;

    public SampleContext() {
        this(TestRam.ARRAY);
    }

    public SampleContext(TestRam kind) {
        super(LAYOUT);
        useRam(kind.of(PAGES << 12));
        firstFrame = (int) (kind.first >>> 12);
        readMap = FlatMap.empty();
        writeMap = FlatMap.empty();
        for (int p = 0; p < 12; p++) {
            put(readMap, p);
            if (p < 10) {
                put(writeMap, p);
            }
        }
        wideShift = 27;
        wideReadMap = WideMap.empty(wideShift);
        wideWriteMap = WideMap.empty(wideShift);
        for (int p = 0; p < 12; p++) {
            put(wideReadMap, WIDE + (p << 12), p);
            put(wideReadMap, p << 12, p);
            if (p < 10) {
                put(wideWriteMap, WIDE + (p << 12), p);
                put(wideWriteMap, p << 12, p);
            }
        }
    }

    private void put(int[] map, int page) {
        if (firstFrame == 0) {
            FlatMap.put(map, page, page);
        } else {
            FlatMap.putFrame(map, page, firstFrame + page);
        }
    }

    private void put(long[] map, long va, int page) {
        if (firstFrame == 0) {
            WideMap.put(map, wideShift, va, page);
        } else {
            WideMap.putFrame(map, wideShift, va, firstFrame + page);
        }
    }

    /** Place in RAM of a byte of the pages. */
    private long place(int at) {
        return ((long) firstFrame << 12) + at;
    }

    /** Offset of the first eight bytes of all pages that are others than these, or -1. */
    public int mismatch(byte[] all) {
        for (int i = 0; i < all.length; i += Long.BYTES) {
            if ((long) WORDS.get(all, i) != hostRam.get64(place(i))) {
                return i;
            }
        }
        return -1;
    }

    /** Sets the bytes of all pages. */
    public void fill(byte[] all) {
        for (int i = 0; i < all.length; i += Long.BYTES) {
            hostRam.put64(place(i), (long) WORDS.get(all, i));
        }
    }

    public static int mix(int a, long b) {
        return a * 31 + (int) (b >>> 7);
    }

    public static void check(GuestContext ctx, long v) {
        if (v << 44 >> 44 != v) {
            throw ctx.raise(13, 0);
        }
    }

    /** Exchanges r0 and r1, or faults if the argument's low bits are 5. */
    public static long swap(GuestContext ctx, int a) {
        if ((a & 7) == 5) {
            throw ctx.raise(5, -1);
        }
        long x = ctx.s[0];
        ctx.s[0] = ctx.s[1];
        ctx.s[1] = x;
        return x + a;
    }

    private static BitSet bits(int... b) {
        BitSet s = new BitSet();
        for (int i : b) {
            s.set(i);
        }
        return s;
    }

    @Override
    public long loadSlow(long va, int bits, boolean rmw) {
        int at = check(va, bits, rmw);
        long v = 0;
        for (int i = 0; i < bits / 8; i++) {
            v |= (long) hostRam.get8(place(at + i)) << 8 * i;
        }
        return bits == 32 ? (int) v : v;
    }

    @Override
    public void storeSlow(long va, long value, int bits) {
        int at = check(va, bits, true);
        for (int i = 0; i < bits / 8; i++) {
            hostRam.put8(place(at + i), (int) (value >>> 8 * i));
        }
    }

    private int check(long va, int bits, boolean write) {
        long at = va >= WIDE && va < 0 ? va - WIDE : va;
        for (int i = 0; i < bits / 8; i++) {
            long page = at + i >>> 12;
            if (page >= 14 || write && (page == 10 || page == 11)) {
                throw raise(14, write ? 2 : 0);
            }
        }
        return (int) at;
    }

    @Override
    public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
        if ((offset & 1) != 0) {
            throw raise(13, segment);
        }
    }

    @Override
    public long vmcall(int number, long a, long b, long c) {
        log.add(number + "(" + a + ", " + b + ", " + c + ") pc " + s[PC] + " budget " + budget + " slots "
                + Arrays.toString(Arrays.copyOf(s, PC)));
        if (number == 9) {
            throw raise(6, -1);
        }
        s[2] = a ^ b;
        s[(int) (c & 7)] += 3;
        return a * 5 + b - c;
    }
}
