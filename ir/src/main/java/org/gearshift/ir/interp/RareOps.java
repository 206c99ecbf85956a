package org.gearshift.ir.interp;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Op;
import org.gearshift.ir.OpSemantics;
import org.gearshift.ir.Ram;
import org.gearshift.ir.Type;

/** What the interpreter's loop does out of line: slow memory, 64-bit and uncommon operations, helpers, monitor services. */
final class RareOps {
    private static final Op[] OPS = Op.values();

    /** Other vCPUs access memory at the same time: accesses keep their order, but for stores before loads. */
    final boolean ordered;
    private final int pcSlot;
    private final Map<Helper, Integer> numbers = new HashMap<>();
    private final List<Helper> helpers = new ArrayList<>();
    private MethodHandle[] handles = new MethodHandle[64];
    /** Offset of the micro-operation that called out last: where a fault happened. */
    int callOffset;
    /** How far monitor services have moved the budget, for the count of instructions. */
    long budgetMoved;
    private Ram memory;
    private RamAccess access;

    RareOps(int pcSlot, boolean ordered) {
        this.pcSlot = pcSlot;
        this.ordered = ordered;
    }

    int number(Helper h) {
        Integer n = numbers.get(h);
        if (n == null) {
            n = helpers.size();
            helpers.add(h);
            numbers.put(h, n);
            if (n == handles.length) {
                handles = java.util.Arrays.copyOf(handles, n * 2);
            }
            handles[n] = h.uniform();
        }
        return n;
    }

    /** How the loops reach a context's RAM. */
    RamAccess access(GuestContext ctx) {
        if (memory != ctx.hostRam) {
            memory = ctx.hostRam;
            access = RamAccess.of(memory);
        }
        return access;
    }

    long load(GuestContext ctx, int ip, int va, int bits, boolean rmw) {
        callOffset = ip;
        return ctx.loadSlow(va & 0xffffffffL, bits, rmw);
    }

    void store(GuestContext ctx, int ip, int va, long value, int bits) {
        callOffset = ip;
        ctx.storeSlow(va & 0xffffffffL, value, bits);
    }

    /** Executes one out-of-line micro-operation. Returns the offset of the next, or {@code ~ip} if it ends the run. */
    int execute(GuestContext ctx, int[] code, int ip, int w) {
        switch (w & 0xff) {
            case MicroOp.PURE:
                pure(ctx.s, w, code[ip + 1], code[ip + 2]);
                return ip + 3;
            case MicroOp.LOAD64:
                load64(ctx, ip, w, code[ip + 1], ctx.readMap, false);
                return ip + 2;
            case MicroOp.RMW64:
                load64(ctx, ip, w, code[ip + 1], ctx.writeMap, true);
                return ip + 2;
            case MicroOp.STORE64:
                store64(ctx, ip, w, code[ip + 1]);
                return ip + 2;
            case MicroOp.SEGCHECK64:
                segCheck(ctx, ip, w, code[ip + 1], ctx.s[w >>> 20]);
                return ip + 2;
            case MicroOp.CALL:
                call(ctx, ip, w, code);
                return ip + 4;
            case MicroOp.VMCALL:
                vmcall(ctx, ip, w, code);
                return ip + 6;
            case MicroOp.LI64:
                ctx.s[w >>> 8 & 0xfff] = code[ip + 1] & 0xffffffffL | (long) code[ip + 2] << 32;
                return ip + 3;
            case MicroOp.SEGCHECK:
                segCheck(ctx, ip, w, code[ip + 1], ctx.s[w >>> 20] & 0xffffffffL);
                return ip + 2;
            case WideOp.NEGZ:
                ctx.s[w >>> 8 & 0xfff] = -ctx.s[w >>> 20] & 0xffffffffL;
                return ip + 1;
            case WideOp.SEXT16Z:
                ctx.s[w >>> 8 & 0xfff] = (short) ctx.s[w >>> 20] & 0xffffffffL;
                return ip + 1;
            case WideOp.WSTORE64I, WideOp.PUSH64I:
                storeConstant(ctx, ip, w, code);
                return ip + 4;
            default:
                return memory(ctx, ip, w, code[ip + 1]) ? ip + 2 : ~ip;
        }
    }

    /** Accesses by 64-bit address in {@link MicroLoop}'s code, by 32-bit address in {@link WideLoop}'s; false for anything else. */
    private boolean memory(GuestContext ctx, int ip, int w, int imm) {
        int opcode = w & 0xff;
        if (opcode >= MicroOp.LOAD8 && opcode <= MicroOp.STORE32) {
            narrow(ctx, ip, w, (int) ctx.s[w >>> 20] + imm);
            return true;
        }
        if (opcode < MicroOp.WLOAD8 || opcode > MicroOp.WSTORE64) {
            return opcode >= MicroOp.OLOAD8 && opcode <= MicroOp.OSTORE64 && ordered(ctx, ip, w, imm);
        }
        long[] s = ctx.s;
        long va = s[w >>> 20] + imm;
        int bits = 8 << (opcode - MicroOp.WLOAD8 & 3);
        if (opcode >= MicroOp.WSTORE8) {
            beforeStore();
            wideStore(ctx, ip, va, s[w >>> 8 & 0xfff], bits);
        } else {
            s[w >>> 8 & 0xfff] = wideLoad(ctx, ip, va, bits, opcode >= MicroOp.WRMW8);
            afterLoad();
        }
        return true;
    }

    private void afterLoad() {
        if (ordered) {
            VarHandle.acquireFence();
        }
    }

    private void beforeStore() {
        if (ordered) {
            VarHandle.storeStoreFence();
        }
    }

    /** Accesses by 32-bit address to memory that is shared. */
    private boolean ordered(GuestContext ctx, int ip, int w, int imm) {
        long[] s = ctx.s;
        int opcode = w & 0xff;
        long va = (int) s[w >>> 20] + imm & 0xffffffffL;
        int bits = 8 << (opcode - MicroOp.OLOAD8 & 3);
        boolean write = opcode >= MicroOp.ORMW8;
        long at = ctx.ramIndex(va, bits >>> 3, write);
        callOffset = ip;
        if (opcode >= MicroOp.OSTORE8) {
            VarHandle.storeStoreFence();
            if (at >= 0) {
                ctx.hostRam.put(at, s[w >>> 8 & 0xfff], bits);
            } else {
                ctx.storeSlow(va, s[w >>> 8 & 0xfff], bits);
            }
        } else {
            s[w >>> 8 & 0xfff] = at >= 0 ? ctx.hostRam.get(at, bits) : ctx.loadSlow(va, bits, write);
            VarHandle.acquireFence();
        }
        return true;
    }

    long wideLoad(GuestContext ctx, int ip, long va, int bits, boolean rmw) {
        long at = ctx.wideIndex(va, bits >>> 3, rmw);
        if (at < 0) {
            callOffset = ip;
            return ctx.loadSlow(va, bits, rmw);
        }
        return ctx.hostRam.get(at, bits);
    }

    void wideStore(GuestContext ctx, int ip, long va, long value, int bits) {
        callOffset = ip;
        put(ctx, ctx.wideIndex(va, bits >>> 3, true), va, value, bits);
    }

    /** Stores at an offset in RAM, or the slow way if it is negative. */
    private static void put(GuestContext ctx, long at, long va, long value, int bits) {
        if (at < 0) {
            ctx.storeSlow(va, value, bits);
            return;
        }
        ctx.hostRam.put(at, value, bits);
    }

    private void narrow(GuestContext ctx, int ip, int w, int address) {
        int kind = (w & 0xff) - MicroOp.LOAD8;
        int bits = 8 << kind % 3;
        long va = address & 0xffffffffL;
        long at = ctx.ramIndex(va, bits >>> 3, kind >= 3);
        callOffset = ip;
        if (kind >= 6) {
            beforeStore();
            put(ctx, at, va, ctx.s[w >>> 8 & 0xfff], bits);
        } else {
            long v = at >= 0 ? ctx.hostRam.get(at, bits) : ctx.loadSlow(va, bits, kind >= 3);
            ctx.s[w >>> 8 & 0xfff] = v & 0xffffffffL;
            afterLoad();
        }
    }

    /** A load by 64-bit address that missed. */
    long wideSlow(GuestContext ctx, int ip, long va, int bits, boolean rmw) {
        callOffset = ip;
        return ctx.loadSlow(va, bits, rmw);
    }

    void wideStoreSlow(GuestContext ctx, int ip, long va, long value, int bits) {
        callOffset = ip;
        ctx.storeSlow(va, value, bits);
    }

    private void storeConstant(GuestContext ctx, int ip, int w, int[] code) {
        long va = ctx.s[w >>> 20] + code[ip + 1];
        beforeStore();
        wideStore(ctx, ip, va, code[ip + 2] & 0xffffffffL | (long) code[ip + 3] << 32, 64);
        if ((w & 0xff) == WideOp.PUSH64I) {
            ctx.s[w >>> 20] = va;
        }
    }

    /** A target that {@link WideOp#TCHECK}'s own test did not pass: the helper decides. */
    void check(GuestContext ctx, int ip, int check, long target) {
        callOffset = ip;
        invoke(ctx, check & 0xffffff, target, 0, 0, 0, 0);
    }

    private static void pure(long[] s, int w, int bc, int how) {
        long a = s[w >>> 20];
        long b = s[bc & 0xfff];
        long c = s[bc >>> 12];
        if ((how & 1 << 9) != 0) {
            a = (int) a;
        }
        if ((how & 1 << 10) != 0) {
            b = (int) b;
        }
        if ((how & 1 << 11) != 0) {
            c = (int) c;
        }
        long v = OpSemantics.eval(OPS[how & 0xff], (how & 1 << 8) != 0 ? Type.I64 : Type.I32, how >>> 16, a, b, c);
        s[w >>> 8 & 0xfff] = (how & 1 << 12) != 0 ? v & 0xffffffffL : v;
    }

    private void load64(GuestContext ctx, int ip, int w, int imm, int[] map, boolean rmw) {
        int va = (int) ctx.s[w >>> 20] + imm;
        int f = map[va >>> 12] ^ va;
        ctx.s[w >>> 8 & 0xfff] = f >= 0 && (va & 0xfff) <= 0xff8 ? ctx.hostRam.get64(ctx.hostRam.offset(f, va)) : load(ctx, ip, va, 64, rmw);
        afterLoad();
    }

    private void store64(GuestContext ctx, int ip, int w, int imm) {
        int va = (int) ctx.s[w >>> 20] + imm;
        int f = ctx.writeMap[va >>> 12] ^ va;
        long v = ctx.s[w >>> 8 & 0xfff];
        beforeStore();
        if (f >= 0 && (va & 0xfff) <= 0xff8) {
            ctx.hostRam.put64(ctx.hostRam.offset(f, va), v);
        } else {
            store(ctx, ip, va, v, 64);
        }
    }

    private void segCheck(GuestContext ctx, int ip, int w, int how, long offset) {
        if (offset + (how >>> 8 & 0xffff) - 1 > ctx.s[w >>> 8 & 0xfff]) {
            segCheckSlow(ctx, ip, offset, how);
        }
    }

    void segCheckSlow(GuestContext ctx, int ip, long offset, int how) {
        callOffset = ip;
        ctx.segmentCheckSlow(how & 0xff, offset, how >>> 8 & 0xffff, (how & 1 << 24) != 0);
    }

    private void call(GuestContext ctx, int ip, int w, int[] code) {
        callOffset = ip;
        long[] s = ctx.s;
        int bc = code[ip + 1];
        int ef = code[ip + 3];
        beforeStore();
        s[w >>> 8 & 0xfff] = invoke(ctx, code[ip + 2], s[w >>> 20], s[bc & 0xfff], s[bc >>> 12], s[ef & 0xfff], s[ef >>> 12]);
        afterLoad();
    }

    private long invoke(GuestContext ctx, int number, long a, long b, long c, long d, long e) {
        try {
            return (long) handles[number].invokeExact(ctx, a, b, c, d, e);
        } catch (RuntimeException | Error t) {
            throw t;
        } catch (Throwable t) {
            throw new IllegalStateException("helper " + helpers.get(number) + " threw a checked exception", t);
        }
    }

    private void vmcall(GuestContext ctx, int ip, int w, int[] code) {
        callOffset = ip;
        long[] s = ctx.s;
        int bc = code[ip + 1];
        long a = (bc & 1 << 24) != 0 ? (int) s[w >>> 20] : s[w >>> 20];
        long b = (bc & 1 << 25) != 0 ? (int) s[bc & 0xfff] : s[bc & 0xfff];
        long c = (bc & 1 << 26) != 0 ? (int) s[bc >>> 12 & 0xfff] : s[bc >>> 12 & 0xfff];
        s[pcSlot] = code[ip + 4] & 0xffffffffL | (long) code[ip + 5] << 32;
        int rest = code[ip + 3];
        ctx.budget += rest;
        int before = ctx.budget;
        long v;
        try {
            v = ctx.vmcall(code[ip + 2], a, b, c);
        } catch (RuntimeException e) {
            ctx.budget -= rest;
            budgetMoved += ctx.budget + rest - (long) before;
            throw e;
        }
        budgetMoved += ctx.budget - (long) before;
        ctx.budget -= rest;
        s[w >>> 8 & 0xfff] = v;
    }
}
