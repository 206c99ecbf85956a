package org.gearshift.backend.jvm;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Map;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;

/**
 * IR executed as literally as possible, one operation after the other with every value in a map: the specification that
 * generated code is compared with. Each operation is written from its documentation in {@link Op}, bit by bit where that is clearer.
 */
final class ReferenceInterpreter {
    private final GuestContext ctx;
    private final Region region;
    private final int pcSlot;
    private final Map<Insn, Long> values = new IdentityHashMap<>();
    /** PUTs of the current guest instruction. */
    private final Map<Integer, Long> late = new HashMap<>();
    private long pc;
    private int begun;
    long retired;

    ReferenceInterpreter(GuestContext ctx, Region region, int pcSlot) {
        this.ctx = ctx;
        this.region = region;
        this.pcSlot = pcSlot;
    }

    void run(int entry) {
        runFrom(region.entries().get(entry));
    }

    void runFrom(long start) {
        Block b = region.blockAt(start);
        while (b != null) {
            if (ctx.budget < b.guestInsns()) {
                ctx.s[pcSlot] = b.pc();
                return;
            }
            ctx.budget -= b.guestInsns();
            retired += b.guestInsns();
            boolean inService = false;
            values.clear();
            late.clear();
            pc = b.pc();
            begun = 0;
            try {
                for (Insn i : b.insns()) {
                    inService = i.op() == Op.VMCALL;
                    values.put(i, execute(i, b));
                }
                inService = false;
            } catch (GuestFault f) {
                if (!inService) {
                    ctx.budget += left(b);
                }
                ctx.s[pcSlot] = pc;
                ctx.faultPending = true;
                return;
            }
            commitAll();
            b = next(b);
        }
    }

    private int left(Block b) {
        return b.guestInsns() - Math.max(0, begun - 1);
    }

    private Block next(Block b) {
        Terminator t = b.terminator();
        long target;
        switch (t.kind()) {
            case GOTO -> target = t.target();
            case BRANCH -> target = (int) val(t.value()) != 0 ? t.target() : t.otherwise();
            case INDIRECT -> {
                target = t.value().resultType() == Type.I32 ? val(t.value()) & 0xffffffffL : val(t.value());
                if (region.entries().contains(target)) {
                    return region.blockAt(target);
                }
                ctx.s[pcSlot] = target;
                return null;
            }
            case EXIT -> {
                ctx.s[pcSlot] = t.target();
                return null;
            }
            default -> {
                return null;
            }
        }
        if (region.blockAt(target) == null) {
            ctx.s[pcSlot] = target;
        }
        return region.blockAt(target);
    }

    private void commitAll() {
        late.forEach((slot, v) -> ctx.s[slot] = v);
        late.clear();
    }

    private void commitObserved(Helper h) {
        Iterator<Map.Entry<Integer, Long>> it = late.entrySet().iterator();
        while (it.hasNext()) {
            Map.Entry<Integer, Long> e = it.next();
            if (h.reads().get(e.getKey()) || h.writes().get(e.getKey())) {
                ctx.s[e.getKey()] = e.getValue();
                it.remove();
            }
        }
    }

    private long val(Insn i) {
        return values.get(i);
    }

    private long execute(Insn i, Block b) {
        long x = i.argCount() > 0 ? val(i.arg(0)) : 0;
        long y = i.argCount() > 1 ? val(i.arg(1)) : 0;
        long z = i.argCount() > 2 ? val(i.arg(2)) : 0;
        int slot = (int) i.imm();
        switch (i.op()) {
            case MARK -> {
                commitAll();
                pc = i.imm();
                begun++;
                return 0;
            }
            case GET -> {
                long v = late.containsKey(slot) ? late.get(slot) : ctx.s[slot];
                return i.type() == Type.I32 ? (int) v : v;
            }
            case PUT -> {
                late.put(slot, x);
                return 0;
            }
            case LOAD, LOAD_RMW -> {
                return load(i.arg(0).resultType(), x, (int) i.imm(), i.op() == Op.LOAD_RMW);
            }
            case STORE -> {
                store(i.arg(0).resultType(), x, y, (int) i.imm());
                return 0;
            }
            case SEGCHECK -> {
                segmentCheck(i, x);
                return 0;
            }
            case CALL -> {
                return call(i, x, y, b);
            }
            case VMCALL -> {
                commitAll();
                ctx.s[pcSlot] = pc;
                ctx.budget += left(b);
                long r = ctx.vmcall((int) i.imm(), x, y, z);
                ctx.budget -= left(b);
                return r;
            }
            default -> {
                long r = i.resultType() == Type.I64 ? wide(i, x, y, z) : narrow(i, x, y, z);
                return i.resultType() == Type.I32 ? (int) r : r;
            }
        }
    }

    private long load(Type address, long va, int bits, boolean rmw) {
        long at = place(address, va, bits / 8, rmw);
        if (at < 0) {
            return ctx.loadSlow(va, bits, rmw);
        }
        long v = 0;
        for (int k = 0; k < bits / 8; k++) {
            v |= (long) ctx.hostRam.get8(at + k) << 8 * k;
        }
        return bits == 32 ? (int) v : v;
    }

    private long place(Type address, long va, int bytes, boolean write) {
        if (address == Type.I64) {
            return ctx.wideIndex(va, bytes, write);
        }
        return ctx.ramIndex(va & 0xffffffffL, bytes, write);
    }

    private void store(Type address, long va, long value, int bits) {
        long at = place(address, va, bits / 8, true);
        if (at < 0) {
            ctx.storeSlow(va, value, bits);
            return;
        }
        for (int k = 0; k < bits / 8; k++) {
            ctx.hostRam.put8(at + k, (int) (value >>> 8 * k));
        }
    }

    private void segmentCheck(Insn i, long offset) {
        Long limit = late.remove(i.segCheckLimitSlot());
        if (limit != null) {
            ctx.s[i.segCheckLimitSlot()] = limit;
        }
        long o = i.arg(0).resultType() == Type.I32 ? offset & 0xffffffffL : offset;
        if (o + i.segCheckBytes() - 1 > ctx.s[i.segCheckLimitSlot()]) {
            ctx.segmentCheckSlow(i.segCheckSegment(), o, i.segCheckBytes(), i.segCheckWrite());
        }
    }

    private long call(Insn i, long x, long y, Block b) {
        commitObserved(i.helper());
        int held = ctx.budget;
        try {
            if (!i.helper().isPure()) {
                ctx.budget += left(b);
            }
            long r = (long) i.helper().uniform().invokeExact(ctx, x, y, 0L, 0L, 0L);
            ctx.budget = held;
            return r;
        } catch (GuestFault f) {
            ctx.budget = held;
            throw f;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static long bool(boolean b) {
        return b ? 1 : 0;
    }

    private long narrow(Insn i, long x, long y, long z) {
        int a = (int) x;
        int b = (int) y;
        return switch (i.op()) {
            case CONST -> i.imm();
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case SHL -> a << (b & 31);
            case SHR -> a >>> (b & 31);
            case SAR -> a >> (b & 31);
            case ROTL -> a << (b & 31) | a >>> (32 - (b & 31) & 31);
            case ROTR -> a >>> (b & 31) | a << (32 - (b & 31) & 31);
            case NEG -> -a;
            case NOT -> ~a;
            case SEXT8 -> (byte) a;
            case SEXT16 -> (short) a;
            case ZEXT8 -> a & 0xff;
            case ZEXT16 -> a & 0xffff;
            case TRUNC -> a;
            case EQ -> bool(x == y);
            case NE -> bool(x != y);
            case SLT -> bool(x < y);
            case SLE -> bool(x <= y);
            case ULT -> bool(unsigned(i, x).compareTo(unsigned(i, y)) < 0);
            case ULE -> bool(unsigned(i, x).compareTo(unsigned(i, y)) <= 0);
            case SELECT -> a != 0 ? y : z;
            case BSWAP -> a << 24 | (a & 0xff00) << 8 | a >>> 8 & 0xff00 | a >>> 24;
            case CLZ -> leadingZeros(x & 0xffffffffL, 32);
            case CTZ -> trailingZeros(x & 0xffffffffL, 32);
            case POPCNT -> ones(x & 0xffffffffL);
            case PARITY -> bool(ones(x & 0xff) % 2 == 0);
            case AUX_ADD -> fold(x & y | (x | y) & ~z, (int) i.imm());
            case AUX_SUB -> fold(~x & y | (~x | y) & z, (int) i.imm());
            default -> throw new AssertionError(i.op());
        };
    }

    private static java.math.BigInteger unsigned(Insn i, long v) {
        long u = i.type() == Type.I32 ? v & 0xffffffffL : v;
        return new java.math.BigInteger(Long.toUnsignedString(u));
    }

    private static long fold(long c, int width) {
        long r = (c >>> 3 & 1) << 3;
        r |= (c >>> width - 1 & 1) << 31;
        r |= (c >>> width - 2 & 1) << 30;
        return r;
    }

    private static int ones(long v) {
        int n = 0;
        for (int k = 0; k < 64; k++) {
            n += (int) (v >>> k & 1);
        }
        return n;
    }

    private static int leadingZeros(long v, int width) {
        int n = 0;
        while (n < width && (v >>> width - 1 - n & 1) == 0) {
            n++;
        }
        return n;
    }

    private static int trailingZeros(long v, int width) {
        int n = 0;
        while (n < width && (v >>> n & 1) == 0) {
            n++;
        }
        return n;
    }

    private long wide(Insn i, long x, long y, long z) {
        int n = (int) y & 63;
        return switch (i.op()) {
            case CONST -> i.imm();
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case AND -> x & y;
            case OR -> x | y;
            case XOR -> x ^ y;
            case SHL -> x << n;
            case SHR -> x >>> n;
            case SAR -> x >> n;
            case ROTL -> x << n | x >>> (64 - n & 63);
            case ROTR -> x >>> n | x << (64 - n & 63);
            case NEG -> -x;
            case NOT -> ~x;
            case MULHU -> high(unsigned(i, x).multiply(unsigned(i, y)));
            case MULHS -> high(java.math.BigInteger.valueOf(x).multiply(java.math.BigInteger.valueOf(y)));
            case SEXT8 -> (byte) x;
            case SEXT16 -> (short) x;
            case ZEXT8 -> x & 0xff;
            case ZEXT16 -> x & 0xffff;
            case SEXT32 -> (int) x;
            case ZEXT32 -> x & 0xffffffffL;
            case SELECT -> (int) x != 0 ? y : z;
            case BSWAP -> swap(x);
            case CLZ -> leadingZeros(x, 64);
            case CTZ -> trailingZeros(x, 64);
            case POPCNT -> ones(x);
            default -> throw new AssertionError(i.op());
        };
    }

    private static long high(java.math.BigInteger p) {
        return p.shiftRight(64).longValue();
    }

    private static long swap(long x) {
        long r = 0;
        for (int k = 0; k < 8; k++) {
            r = r << 8 | x >>> 8 * k & 0xff;
        }
        return r;
    }
}
