package org.gearshift.ir.interp;

import java.lang.invoke.VarHandle;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.OpSemantics;

/**
 * The interpreter's loop for code with 64-bit addresses: {@link MicroLoop} for the operations such code consists of, see {@link WideOp}. Memory is looked
 * up in place by the rule of {@link org.gearshift.ir.WideMap}. As there, {@link #run} must stay below 8,000 bytes of bytecode.
 *
 * <p>Accesses always keep the order that they must have where other vCPUs share the memory (see {@link RareOps#ordered}), so that one loop serves both kinds of machine: on x86
 * hosts the fences are no instructions, and nothing lives across micro-operations that HotSpot could keep in registers without them.
 */
final class WideLoop {
    private static final int MIN = Integer.MIN_VALUE;
    private static final long MIN64 = Long.MIN_VALUE;
    private static final long LOW = 0xffffffffL;

    private final MicroCode micro;
    private final RareOps rare;
    private final JumpCache jumps;
    private final int res;
    private final int aux;
    private final int pc;
    /** As in {@link MicroLoop}. */
    int stopOffset;

    WideLoop(MicroCode micro, RareOps rare, JumpCache jumps, int resSlot, int auxSlot, int pcSlot) {
        this.micro = micro;
        this.rare = rare;
        this.jumps = jumps;
        this.res = resSlot;
        this.aux = auxSlot;
        this.pc = pcSlot;
    }

    /** As {@link MicroLoop#run}; {@link Interpreter#OTHER_LOOP} where a block of the other loop follows. */
    int run(GuestContext ctx, int start) {
        final int[] code = micro.words;
        final long[] s = ctx.s;
        final byte[] ram = ctx.ram;
        final RamAccess access = rare.access(ctx);
        final long[] readMap = ctx.wideReadMap;
        final long[] writeMap = ctx.wideWriteMap;
        final int shift = ctx.wideShift;
        final int fold = shift - 12;
        final int mask = readMap.length - 1;
        final int res = this.res;
        final int aux = this.aux;
        int ip = start;
        int link = -1;
        while (true) {
            int w = code[ip];
            int d = w >>> 8 & 0xfff;
            long a = s[w >>> 20];
            switch (w & 0xff) {
                case WideOp.WBLOCK: {
                    if (--code[ip + 1] < 0) {
                        code[ip + 1] = 0;
                        return stop(Interpreter.EXIT_HOT, ip);
                    }
                    int left = ctx.budget - (w >>> 8);
                    if (left < 0) {
                        return stop(Interpreter.EXIT_BUDGET, ip);
                    }
                    ctx.budget = left;
                    ip += MicroOp.BLOCK_WORDS;
                    continue;
                }
                case WideOp.ADDZ: {
                    s[d] = a + s[code[ip + 1]] & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.ADDZI: {
                    s[d] = a + code[ip + 1] & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.SUBZ: {
                    s[d] = a - s[code[ip + 1]] & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.ANDZ: {
                    s[d] = a & s[code[ip + 1]] & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.ANDZI: {
                    s[d] = a & code[ip + 1] & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.ORZ: {
                    s[d] = (a | s[code[ip + 1]]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.ORZI: {
                    s[d] = (a | code[ip + 1]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.XORZ: {
                    s[d] = (a ^ s[code[ip + 1]]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.XORZI: {
                    s[d] = (a ^ code[ip + 1]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.SHLZI: {
                    s[d] = (long) ((int) a << code[ip + 1]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.SHRZI: {
                    s[d] = ((int) a >>> code[ip + 1]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.SARZI: {
                    s[d] = ((int) a >> code[ip + 1]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.SHLZ: {
                    s[d] = ((int) a << (int) s[code[ip + 1]]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.SHRZ: {
                    s[d] = ((int) a >>> (int) s[code[ip + 1]]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.SARZ: {
                    s[d] = ((int) a >> (int) s[code[ip + 1]]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.MULZ: {
                    s[d] = a * s[code[ip + 1]] & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.NOTZ: {
                    s[d] = ~a & LOW;
                    ip++;
                    continue;
                }
                case WideOp.SEXT8Z: {
                    s[d] = (byte) a & LOW;
                    ip++;
                    continue;
                }
                case WideOp.ROTLZI: {
                    s[d] = Integer.rotateLeft((int) a, code[ip + 1]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.ZEXT32: {
                    s[d] = a & LOW;
                    ip++;
                    continue;
                }
                case MicroOp.MOV: {
                    s[d] = a;
                    ip++;
                    continue;
                }
                case MicroOp.MOV32: {
                    s[d] = (int) a;
                    ip++;
                    continue;
                }
                case MicroOp.LI: {
                    s[d] = code[ip + 1];
                    ip += 2;
                    continue;
                }
                case WideOp.LEAZ: {
                    int k = code[ip + 1];
                    s[d] = a + ((int) s[k & 0xfff] << (k >>> 12)) + code[ip + 2] & LOW;
                    ip += 3;
                    continue;
                }
                case WideOp.LEA64: {
                    int k = code[ip + 1];
                    s[d] = a + (s[k & 0xfff] << (k >>> 12)) + code[ip + 2];
                    ip += 3;
                    continue;
                }
                case WideOp.SELECTZ: {
                    int k = code[ip + 1];
                    s[d] = ((int) a != 0 ? s[k & 0xfff] : s[k >>> 12]) & LOW;
                    ip += 2;
                    continue;
                }
                case WideOp.SELECT64: {
                    int k = code[ip + 1];
                    s[d] = (int) a != 0 ? s[k & 0xfff] : s[k >>> 12];
                    ip += 2;
                    continue;
                }
                case WideOp.ADD64: {
                    s[d] = a + s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case WideOp.SUB64: {
                    s[d] = a - s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case WideOp.AND64: {
                    s[d] = a & s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case WideOp.OR64: {
                    s[d] = a | s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case WideOp.XOR64: {
                    s[d] = a ^ s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case WideOp.ADDI64: {
                    s[d] = a + code[ip + 1];
                    ip += 2;
                    continue;
                }
                case WideOp.ANDI64: {
                    s[d] = a & code[ip + 1];
                    ip += 2;
                    continue;
                }
                case WideOp.SHLI64: {
                    s[d] = a << code[ip + 1];
                    ip += 2;
                    continue;
                }
                case WideOp.SHRI64: {
                    s[d] = a >>> code[ip + 1];
                    ip += 2;
                    continue;
                }
                case WideOp.SARI64: {
                    s[d] = a >> code[ip + 1];
                    ip += 2;
                    continue;
                }
                case WideOp.MUL64: {
                    s[d] = a * s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.WLOAD8: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = readMap[(page ^ page >>> fold) & mask] ^ va;
                    s[d] = at >>> shift == 0
                            ? access.get8(ram, at, va) : rare.wideSlow(ctx, ip, va, 8, false);
                    VarHandle.acquireFence();
                    ip += 2;
                    continue;
                }
                case MicroOp.WLOAD16: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = readMap[(page ^ page >>> fold) & mask] ^ va;
                    s[d] = at >>> shift == 0 && (va & 0xfff) <= 0xffe
                            ? access.get16(ram, at, va) : rare.wideSlow(ctx, ip, va, 16, false);
                    VarHandle.acquireFence();
                    ip += 2;
                    continue;
                }
                case MicroOp.WLOAD32: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = readMap[(page ^ page >>> fold) & mask] ^ va;
                    s[d] = at >>> shift == 0 && (va & 0xfff) <= 0xffc
                            ? access.get32(ram, at, va) & LOW : rare.wideSlow(ctx, ip, va, 32, false) & LOW;
                    VarHandle.acquireFence();
                    ip += 2;
                    continue;
                }
                case MicroOp.WLOAD64: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = readMap[(page ^ page >>> fold) & mask] ^ va;
                    s[d] = at >>> shift == 0 && (va & 0xfff) <= 0xff8
                            ? access.get64(ram, at, va) : rare.wideSlow(ctx, ip, va, 64, false);
                    VarHandle.acquireFence();
                    ip += 2;
                    continue;
                }
                case MicroOp.WRMW32: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = writeMap[(page ^ page >>> fold) & mask] ^ va;
                    s[d] = at >>> shift == 0 && (va & 0xfff) <= 0xffc
                            ? access.get32(ram, at, va) & LOW : rare.wideSlow(ctx, ip, va, 32, true) & LOW;
                    VarHandle.acquireFence();
                    ip += 2;
                    continue;
                }
                case MicroOp.WRMW64: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = writeMap[(page ^ page >>> fold) & mask] ^ va;
                    s[d] = at >>> shift == 0 && (va & 0xfff) <= 0xff8
                            ? access.get64(ram, at, va) : rare.wideSlow(ctx, ip, va, 64, true);
                    VarHandle.acquireFence();
                    ip += 2;
                    continue;
                }
                case MicroOp.WSTORE8: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = writeMap[(page ^ page >>> fold) & mask] ^ va;
                    VarHandle.storeStoreFence();
                    if (at >>> shift == 0) {
                        access.put8(ram, at, va, (int) s[d]);
                    } else {
                        rare.wideStoreSlow(ctx, ip, va, s[d], 8);
                    }
                    ip += 2;
                    continue;
                }
                case MicroOp.WSTORE32: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = writeMap[(page ^ page >>> fold) & mask] ^ va;
                    VarHandle.storeStoreFence();
                    if (at >>> shift == 0 && (va & 0xfff) <= 0xffc) {
                        access.put32(ram, at, va, (int) s[d]);
                    } else {
                        rare.wideStoreSlow(ctx, ip, va, s[d], 32);
                    }
                    ip += 2;
                    continue;
                }
                case MicroOp.WSTORE64: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = writeMap[(page ^ page >>> fold) & mask] ^ va;
                    VarHandle.storeStoreFence();
                    if (at >>> shift == 0 && (va & 0xfff) <= 0xff8) {
                        access.put64(ram, at, va, s[d]);
                    } else {
                        rare.wideStoreSlow(ctx, ip, va, s[d], 64);
                    }
                    ip += 2;
                    continue;
                }
                case WideOp.PUSH64: {
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = writeMap[(page ^ page >>> fold) & mask] ^ va;
                    VarHandle.storeStoreFence();
                    if (at >>> shift == 0 && (va & 0xfff) <= 0xff8) {
                        access.put64(ram, at, va, s[d]);
                    } else {
                        rare.wideStoreSlow(ctx, ip, va, s[d], 64);
                    }
                    s[w >>> 20] = va;
                    ip += 2;
                    continue;
                }
                case WideOp.CALL64: {
                    long v = code[ip + 2] & LOW | (long) code[ip + 3] << 32;
                    long va = a + code[ip + 1];
                    int page = (int) (va >>> 12);
                    long at = writeMap[(page ^ page >>> fold) & mask] ^ va;
                    VarHandle.storeStoreFence();
                    if (at >>> shift == 0 && (va & 0xfff) <= 0xff8) {
                        access.put64(ram, at, va, v);
                    } else {
                        rare.wideStoreSlow(ctx, ip, va, v, 64);
                    }
                    s[w >>> 20] = va;
                    link = ip + 4;
                    break;
                }
                case WideOp.POP64: {
                    long va = a;
                    int page = (int) (va >>> 12);
                    long at = readMap[(page ^ page >>> fold) & mask] ^ va;
                    s[d] = at >>> shift == 0 && (va & 0xfff) <= 0xff8 ? access.get64(ram, at, va) : rare.wideSlow(ctx, ip, va, 64, false);
                    VarHandle.acquireFence();
                    s[w >>> 20] = va + code[ip + 1];
                    ip += 2;
                    continue;
                }
                case WideOp.RET64: {
                    long va = a;
                    int page = (int) (va >>> 12);
                    long at = readMap[(page ^ page >>> fold) & mask] ^ va;
                    long to = at >>> shift == 0 && (va & 0xfff) <= 0xff8 ? access.get64(ram, at, va) : rare.wideSlow(ctx, ip, va, 64, false);
                    VarHandle.acquireFence();
                    int check = code[ip + 2];
                    if (to << (check >>> 24) >> (check >>> 24) != to) {
                        rare.check(ctx, ip, check, to);
                    }
                    s[d] = to;
                    s[w >>> 20] = va + code[ip + 1];
                    link = -1;
                    ip = jumps.lookup(to);
                    if (ip >= 0) {
                        continue;
                    }
                    s[pc] = to;
                    return stop(Interpreter.EXIT_INDIRECT, ip);
                }
                case WideOp.TCHECK: {
                    long to = a;
                    int check = code[ip + 1];
                    if (to << (check >>> 24) >> (check >>> 24) != to) {
                        rare.check(ctx, ip, check, to);
                    }
                    ip += 2;
                    continue;
                }
                case MicroOp.INDIRECT64: {
                    long to = a;
                    link = -1;
                    ip = jumps.lookup(to);
                    if (ip >= 0) {
                        continue;
                    }
                    s[pc] = to;
                    return stop(Interpreter.EXIT_INDIRECT, ip);
                }
                case WideOp.ADDZF: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    int r = x + b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = addCarries(x, b, r);
                    ip += 2;
                    continue;
                }
                case WideOp.ADDZFI: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    int r = x + b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = addCarries(x, b, r);
                    ip += 2;
                    continue;
                }
                case WideOp.ADDF64: {
                    long b = s[code[ip + 1]];
                    long r = a + b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = addCarries(a, b, r);
                    ip += 2;
                    continue;
                }
                case WideOp.ADDFI64: {
                    long b = code[ip + 1];
                    long r = a + b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = addCarries(a, b, r);
                    ip += 2;
                    continue;
                }
                case WideOp.SUBZF: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    int r = x - b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = subCarries(x, b, r);
                    ip += 2;
                    continue;
                }
                case WideOp.SUBZFI: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    int r = x - b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = subCarries(x, b, r);
                    ip += 2;
                    continue;
                }
                case WideOp.SUBF64: {
                    long b = s[code[ip + 1]];
                    long r = a - b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    ip += 2;
                    continue;
                }
                case WideOp.SUBFI64: {
                    long b = code[ip + 1];
                    long r = a - b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    ip += 2;
                    continue;
                }
                case WideOp.ANDZF: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    int r = x & b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = 0;
                    ip += 2;
                    continue;
                }
                case WideOp.ANDZFI: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    int r = x & b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = 0;
                    ip += 2;
                    continue;
                }
                case WideOp.ANDF64: {
                    long b = s[code[ip + 1]];
                    long r = a & b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = 0;
                    ip += 2;
                    continue;
                }
                case WideOp.ANDFI64: {
                    long b = code[ip + 1];
                    long r = a & b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = 0;
                    ip += 2;
                    continue;
                }
                case WideOp.ORZF: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    int r = x | b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = 0;
                    ip += 2;
                    continue;
                }
                case WideOp.ORF64: {
                    long b = s[code[ip + 1]];
                    long r = a | b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = 0;
                    ip += 2;
                    continue;
                }
                case WideOp.XORZF: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    int r = x ^ b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = 0;
                    ip += 2;
                    continue;
                }
                case WideOp.XORF64: {
                    long b = s[code[ip + 1]];
                    long r = a ^ b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = 0;
                    ip += 2;
                    continue;
                }
                case WideOp.LOGICZF: {
                    s[res] = (int) a;
                    s[aux] = 0;
                    ip++;
                    continue;
                }
                case WideOp.LOGICF64: {
                    s[res] = a;
                    s[aux] = 0;
                    ip++;
                    continue;
                }
                case MicroOp.SUBF8: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    int r = x - b;
                    s[res] = (byte) r;
                    s[aux] = OpSemantics.auxSub(8, x, b, r);
                    ip += 2;
                    continue;
                }
                case MicroOp.SUBF8I: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    int r = x - b;
                    s[res] = (byte) r;
                    s[aux] = OpSemantics.auxSub(8, x, b, r);
                    ip += 2;
                    continue;
                }
                case MicroOp.SUBF16: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    int r = x - b;
                    s[res] = (short) r;
                    s[aux] = OpSemantics.auxSub(16, x, b, r);
                    ip += 2;
                    continue;
                }
                case MicroOp.AUXADD32: {
                    int k = code[ip + 1];
                    s[d] = addCarries((int) a, (int) s[k & 0xfff], (int) s[k >>> 12]);
                    ip += 2;
                    continue;
                }
                case MicroOp.AUXSUB32: {
                    int k = code[ip + 1];
                    s[d] = subCarries((int) a, (int) s[k & 0xfff], (int) s[k >>> 12]);
                    ip += 2;
                    continue;
                }
                case WideOp.AUXADD64: {
                    int k = code[ip + 1];
                    s[d] = addCarries(a, s[k & 0xfff], s[k >>> 12]);
                    ip += 2;
                    continue;
                }
                case WideOp.AUXSUB64: {
                    int k = code[ip + 1];
                    s[d] = subCarries(a, s[k & 0xfff], s[k >>> 12]);
                    ip += 2;
                    continue;
                }
                case MicroOp.BEQ: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    link = x == b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BSLT: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    link = x < b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BSLE: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    link = x <= b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BULT: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    link = x + MIN < b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BULE: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    link = x + MIN <= b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BEQI: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    link = x == b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BSLTI: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    link = x < b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BSLEI: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    link = x <= b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BULTI: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    link = x + MIN < b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BULEI: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    link = x + MIN <= b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BEQ64: {
                    long b = s[code[ip + 1]];
                    link = a == b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BSLT64: {
                    long b = s[code[ip + 1]];
                    link = a < b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BSLE64: {
                    long b = s[code[ip + 1]];
                    link = a <= b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BULT64: {
                    long b = s[code[ip + 1]];
                    link = a + MIN64 < b + MIN64 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BULE64: {
                    long b = s[code[ip + 1]];
                    link = a + MIN64 <= b + MIN64 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BEQI64: {
                    long b = code[ip + 1];
                    link = a == b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BSLTI64: {
                    long b = code[ip + 1];
                    link = a < b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BSLEI64: {
                    long b = code[ip + 1];
                    link = a <= b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BULTI64: {
                    long b = code[ip + 1];
                    link = a + MIN64 < b + MIN64 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BULEI64: {
                    long b = code[ip + 1];
                    link = a + MIN64 <= b + MIN64 ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BTESTI: {
                    link = ((int) a & code[ip + 1]) == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.BTESTI64: {
                    link = (a & code[ip + 1]) == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.SUBZF_BEQ: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    int r = x - b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = subCarries(x, b, r);
                    link = x == b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.SUBZFI_BEQ: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    int r = x - b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = subCarries(x, b, r);
                    link = x == b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.SUBF64_BEQ: {
                    long b = s[code[ip + 1]];
                    long r = a - b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    link = a == b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.SUBFI64_BEQ: {
                    long b = code[ip + 1];
                    long r = a - b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    link = a == b ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.ANDZF_BEQ: {
                    int x = (int) a;
                    int b = (int) s[code[ip + 1]];
                    int r = x & b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = 0;
                    link = r == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.ANDZFI_BEQ: {
                    int x = (int) a;
                    int b = code[ip + 1];
                    int r = x & b;
                    s[d] = r & LOW;
                    s[res] = r;
                    s[aux] = 0;
                    link = r == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.ANDF64_BEQ: {
                    long b = s[code[ip + 1]];
                    long r = a & b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = 0;
                    link = r == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.ANDFI64_BEQ: {
                    long b = code[ip + 1];
                    long r = a & b;
                    s[d] = r;
                    s[res] = r;
                    s[aux] = 0;
                    link = r == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.LOGICZF_BEQ: {
                    int x = (int) a;
                    s[res] = x;
                    s[aux] = 0;
                    link = x == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.LOGICZF_BSLT: {
                    int x = (int) a;
                    s[res] = x;
                    s[aux] = 0;
                    link = x < 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.LOGICZF_BSLE: {
                    int x = (int) a;
                    s[res] = x;
                    s[aux] = 0;
                    link = x <= 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.LOGICF64_BEQ: {
                    s[res] = a;
                    s[aux] = 0;
                    link = a == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.LOGICF64_BSLT: {
                    s[res] = a;
                    s[aux] = 0;
                    link = a < 0 ? ip + 2 : ip + 5;
                    break;
                }
                case WideOp.LOGICF64_BSLE: {
                    s[res] = a;
                    s[aux] = 0;
                    link = a <= 0 ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SETEQ: {
                    s[d] = (int) a == (int) s[code[ip + 1]] ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case MicroOp.SETNE: {
                    s[d] = (int) a != (int) s[code[ip + 1]] ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case MicroOp.SETSLT: {
                    s[d] = (int) a < (int) s[code[ip + 1]] ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case MicroOp.SETULT: {
                    s[d] = (int) a + MIN < (int) s[code[ip + 1]] + MIN ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case WideOp.SETEQ64: {
                    s[d] = a == s[code[ip + 1]] ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case WideOp.SETNE64: {
                    s[d] = a != s[code[ip + 1]] ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case WideOp.SETSLT64: {
                    s[d] = a < s[code[ip + 1]] ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case WideOp.SETULT64: {
                    s[d] = a + MIN64 < s[code[ip + 1]] + MIN64 ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case MicroOp.GOTO: {
                    link = ip + 1;
                    break;
                }
                default: {
                    ip = rare.execute(ctx, code, ip, w);
                    if (ip < 0) {
                        return leave(ctx, ~ip, link);
                    }
                    continue;
                }
            }
            ip = code[link];
            if (ip < 0) {
                ip = follow(ctx, code, link);
                if (ip < 0) {
                    return stop(Interpreter.EXIT_UNLINKED, link);
                }
            }
        }
    }

    private int stop(int exit, int offset) {
        stopOffset = offset;
        return exit;
    }

    /** An exit without a linked successor: the target from the jump cache, or -1 with the pc slot set. */
    private int follow(GuestContext ctx, int[] code, int link) {
        long to = code[link + 1] & LOW | (long) code[link + 2] << 32;
        int ip = jumps.lookup(to);
        if (ip < 0) {
            ctx.s[pc] = to;
        }
        return ip;
    }

    private int leave(GuestContext ctx, int ip, int link) {
        int exit = micro.leave(ctx, ip, link, pc);
        return stop(exit, exit == Interpreter.EXIT_UNLINKED ? link : ip);
    }

    /** {@link org.gearshift.ir.Op#AUX_ADD} at 32 bits. */
    private static int addCarries(int a, int b, int r) {
        return (a & b | (a | b) & ~r) & 0xc0000008;
    }

    /** {@link org.gearshift.ir.Op#AUX_SUB} at 32 bits. */
    private static int subCarries(int a, int b, int r) {
        return (~a & b | (~a | b) & r) & 0xc0000008;
    }

    /** {@link org.gearshift.ir.Op#AUX_ADD} at 64 bits. */
    private static int addCarries(long a, long b, long r) {
        long c = a & b | (a | b) & ~r;
        return (int) (c >>> 32) & 0xc0000000 | (int) c & 8;
    }

    /** {@link org.gearshift.ir.Op#AUX_SUB} at 64 bits. */
    private static int subCarries(long a, long b, long r) {
        long c = ~a & b | (~a | b) & r;
        return (int) (c >>> 32) & 0xc0000000 | (int) c & 8;
    }
}
