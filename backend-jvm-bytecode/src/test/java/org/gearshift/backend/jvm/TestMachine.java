package org.gearshift.backend.jvm;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.gearshift.ir.FlatMap;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Helper;
import org.gearshift.ir.StateLayout;
import org.gearshift.ir.Type;
import org.gearshift.ir.WideMap;
import org.gearshift.testing.TestRam;

/**
 * A small guest: eight 32-bit and four 64-bit registers, sixteen frames of RAM, and a monitor whose every reaction is a function of
 * the guest's state, so that two engines on equal machines must stay equal. Everything it is asked and that a guest could notice goes
 * into {@link #trace}; filling a page map is nothing a guest notices.
 */
public final class TestMachine extends GuestContext {
    static final int NARROW = 0;
    static final int NARROW_COUNT = 8;
    static final int WIDE = 8;
    static final int WIDE_COUNT = 4;
    static final int PC = 12;
    static final int LIMIT = 13;
    static final int HIDDEN = 14;
    static final StateLayout LAYOUT = new StateLayout(names(), PC);

    static final int FRAMES = 16;
    /** Pages 0x10.. of the address space are RAM; every fourth is read-only, every fifth filled lazily. */
    static final int FIRST_PAGE = 0x10;

    /** By 64-bit address the same pages are here as well. */
    static final long HIGH = 0xffff_8000_0000_0000L;
    static final int SHIFT = 18;

    private static final int PAGE_FAULT = 14;
    private static final int PROTECTION_FAULT = 13;

    long trace;

    /** Where the frames begin. */
    private final long base;

    TestMachine() {
        this(TestRam.ARRAY);
    }

    TestMachine(TestRam kind) {
        super(LAYOUT);
        useRam(kind.of(FRAMES << 12));
        base = kind.first;
        readMap = FlatMap.empty();
        writeMap = FlatMap.empty();
        wideShift = SHIFT;
        wideReadMap = WideMap.empty(SHIFT);
        wideWriteMap = WideMap.empty(SHIFT);
        reset();
    }

    private static List<String> names() {
        List<String> n = new ArrayList<>();
        for (int i = 0; i < NARROW_COUNT; i++) {
            n.add("r" + i);
        }
        for (int i = 0; i < WIDE_COUNT; i++) {
            n.add("q" + i);
        }
        n.add("pc");
        n.add("limit");
        n.add("hidden");
        return n;
    }

    private void reset() {
        for (int p = 0; p < FRAMES; p++) {
            if (p % 5 != 4) {
                present(p);
            }
        }
    }

    private void present(int p) {
        int page = FIRST_PAGE + p;
        put(readMap, page, p);
        long va = (long) page << 12;
        put(wideReadMap, va, p);
        put(wideReadMap, HIGH + va, p);
        if (!readOnly(p)) {
            put(writeMap, page, p);
            put(wideWriteMap, va, p);
            put(wideWriteMap, HIGH + va, p);
        }
    }

    private void put(int[] map, int page, int p) {
        if (base == 0) {
            FlatMap.put(map, page, frame(p));
        } else {
            FlatMap.putFrame(map, page, frame(p));
        }
    }

    private void put(long[] map, long va, int page) {
        if (base == 0) {
            WideMap.put(map, SHIFT, va, frame(page));
        } else {
            WideMap.putFrame(map, SHIFT, va, frame(page));
        }
    }

    private int frame(int page) {
        return (int) (base >>> 12) + (page * 7 & FRAMES - 1);
    }

    /** Of all bytes in RAM. */
    private long hash() {
        long h = 0;
        for (int i = 0; i < FRAMES << 12; i += Long.BYTES) {
            h = Long.rotateLeft(h, 7) * 0x9E3779B97F4A7C15L + hostRam.get64(base + i);
        }
        return h;
    }

    void fill(Random random) {
        for (int i = 0; i < FRAMES << 12; i += Long.BYTES) {
            hostRam.put64(base + i, random.nextLong());
        }
    }

    private static boolean readOnly(int page) {
        return page % 4 == 3;
    }

    /** Slow paths throw a fault of kind MISS in place of what they do. */
    boolean refusing;
    int refusals;

    /** Makes this machine equal to another in every respect. */
    void copyFrom(TestMachine m) {
        System.arraycopy(m.s, 0, s, 0, s.length);
        for (int i = 0; i < FRAMES << 12; i += 8) {
            hostRam.put64(base + i, m.hostRam.get64(m.base + i));
        }
        System.arraycopy(m.readMap, FIRST_PAGE, readMap, FIRST_PAGE, FRAMES);
        System.arraycopy(m.writeMap, FIRST_PAGE, writeMap, FIRST_PAGE, FRAMES);
        System.arraycopy(m.wideReadMap, 0, wideReadMap, 0, wideReadMap.length);
        System.arraycopy(m.wideWriteMap, 0, wideWriteMap, 0, wideWriteMap.length);
        budget = m.budget;
        exact = m.exact;
        trace = m.trace;
        faultPending = false;
    }

    private void note(long what) {
        trace = Long.rotateLeft(trace, 5) * 0x9E3779B97F4A7C15L + what;
    }

    private long translate(long va, boolean write) {
        int page = (int) va >>> 12;
        int p = page - FIRST_PAGE;
        boolean elsewhere = va >>> 32 != 0 && va >> 32 != HIGH >> 32;
        if (elsewhere || p < 0 || p >= FRAMES) {
            note((va & 0xffffffffL) ^ (write ? 1L << 40 : 0));
            if ((page & 1) == 0) {
                restartExact();
            }
            raise(PAGE_FAULT, write ? 2 : 0);
        }
        if (write && readOnly(p)) {
            raise(PAGE_FAULT, 3);
        }
        present(p);
        return (long) frame(p) << 12 | (int) va & 0xfff;
    }

    @Override
    public long loadSlow(long va, int bits, boolean rmw) {
        refuse();
        int bytes = bits / 8;
        translate(va, rmw);
        translate(va + bytes - 1, rmw);
        long v = 0;
        for (int i = 0; i < bytes; i++) {
            v |= (long) hostRam.get8(translate(va + i, rmw)) << 8 * i;
        }
        return bits == 32 ? (int) v : v;
    }

    @Override
    public void storeSlow(long va, long value, int bits) {
        refuse();
        store(va, value, bits);
    }

    private void refuse() {
        if (refusing) {
            refusals++;
            fault.kind = GuestFault.Kind.MISS;
            throw fault;
        }
    }

    private void store(long va, long value, int bits) {
        int bytes = bits / 8;
        translate(va, true);
        translate(va + bytes - 1, true);
        for (int i = 0; i < bytes; i++) {
            hostRam.put8(translate(va + i, true), (int) (value >>> 8 * i));
        }
    }

    @Override
    public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
        refuse();
        note(segment * 31L + bytes + (write ? 1 << 20 : 0) + (offset << 24));
        if ((offset & 3) != 0) {
            raise(PROTECTION_FAULT, segment);
        }
    }

    /** Checks that it is called with everything in place, changes some slots, sometimes the budget, sometimes faults half-way. */
    @Override
    public long vmcall(int number, long a, long b, long c) {
        note(number);
        note(a);
        note(b);
        note(c);
        note(budget);
        for (int i = 0; i < LAYOUT.slotCount(); i++) {
            note(s[i]);
        }
        s[NARROW + number % NARROW_COUNT] = (int) (trace >>> 7);
        s[WIDE + number % WIDE_COUNT] ^= trace;
        s[HIDDEN] += budget;
        if ((trace & 15) == 3) {
            raise(PROTECTION_FAULT, number);
        }
        if ((trace & 15) == 4) {
            budget -= 3;
        }
        s[NARROW + (number + 1) % NARROW_COUNT] = (int) a;
        if (number >= SETS_PC) {
            s[PC] = 0x5000 + (trace & 0xff);
        }
        return trace * 3;
    }

    /** Service numbers from here on set the pc slot. */
    static final int SETS_PC = 100;

    // Helpers.

    public static int mixPure(int a, int b) {
        return a * 31 ^ b;
    }

    public static long widePure(long a, int b) {
        return Long.rotateLeft(a, b) + 1;
    }

    /** Reads r0 and q0, writes r1 and q1, faults sometimes: before or after the first write. */
    public static int stateful(GuestContext ctx, int a, long b) {
        TestMachine m = (TestMachine) ctx;
        m.note(a ^ b);
        m.note(m.s[NARROW]);
        m.note(m.s[WIDE]);
        m.note(m.budget);
        if ((a & 31) == 5) {
            m.raise(PROTECTION_FAULT, 77);
        }
        m.s[NARROW + 1] = (int) (m.s[NARROW] + a);
        if ((a & 31) == 6) {
            m.raise(PROTECTION_FAULT, 78);
        }
        m.s[WIDE + 1] += m.s[WIDE] ^ b;
        return a + 1;
    }

    /** Touches memory only. */
    public static void touch(GuestContext ctx, int va) {
        ((TestMachine) ctx).store(va, va * 7L, 16);
    }

    private static BitSet bits(int... n) {
        BitSet s = new BitSet();
        for (int i : n) {
            s.set(i);
        }
        return s;
    }

    static final Helper MIX = Helper.pure("mix", TestMachine.class, "mixPure", Type.I32, Type.I32, Type.I32);
    static final Helper WIDE_MIX = Helper.pure("widemix", TestMachine.class, "widePure", Type.I64, Type.I64, Type.I32);
    static final Helper STATEFUL = Helper.stateful("stateful", TestMachine.class, "stateful", true, bits(NARROW, WIDE),
            bits(NARROW + 1, WIDE + 1), Type.I32, Type.I32, Type.I64);
    static final Helper TOUCH = Helper.stateful("touch", TestMachine.class, "touch", true, bits(), bits(), Type.VOID, Type.I32);

    /** Everything observable, for comparison. */
    String describe() {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < LAYOUT.slotCount(); i++) {
            b.append(LAYOUT.name(i)).append('=').append(Long.toHexString(s[i])).append(' ');
        }
        b.append("budget=").append(budget).append(" ram=").append(hash()).append(" trace=").append(Long.toHexString(trace));
        if (faultPending) {
            b.append(" fault=").append(fault.kind);
            if (fault.kind == org.gearshift.ir.GuestFault.Kind.EXCEPTION) {
                b.append(' ').append(fault.vector).append('/').append(fault.errorCode);
            }
        }
        return b.toString();
    }
}
