package org.gearshift.ir.interp;

import org.gearshift.ir.GuestContext;
import org.gearshift.ir.OpSemantics;

/**
 * The interpreter's loop over packed micro-operations. HotSpot compiles no method above 8,000 bytes of bytecode and inlines little into one close to
 * it, so {@link #run} holds the frequent opcodes only; the rest is in {@link RareOps}.
 */
final class MicroLoop {
    private static final int MIN = Integer.MIN_VALUE;

    private final MicroCode micro;
    private final RareOps rare;
    private final JumpCache jumps;
    private final int res;
    private final int aux;
    private final int pc;
    /** Set at every return: where it happened, as {@link Interpreter} needs it. */
    int stopOffset;

    MicroLoop(MicroCode micro, RareOps rare, JumpCache jumps, int resSlot, int auxSlot, int pcSlot) {
        this.micro = micro;
        this.rare = rare;
        this.jumps = jumps;
        this.res = resSlot;
        this.aux = auxSlot;
        this.pc = pcSlot;
    }

    /**
     * Executes from the block at offset {@code ip} until something stops the chain.
     *
     * @return an {@code EXIT_} constant of {@link Interpreter}; {@link #stopOffset} is the offset of the successor word for EXIT_UNLINKED (negative: none),
     *     otherwise of the block
     */
    int run(GuestContext ctx, int start) {
        final int[] code = micro.words;
        final long[] s = ctx.s;
        final byte[] ram = ctx.ram;
        final RamAccess access = rare.access(ctx);
        final int[] readMap = ctx.readMap;
        final int[] writeMap = ctx.writeMap;
        final int res = this.res;
        final int aux = this.aux;
        int ip = start;
        int link = -1;
        while (true) {
            int w = code[ip];
            switch (w & 0xff) {
                case MicroOp.BLOCK: {
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
                case MicroOp.ADD: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] + (int) s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.ADDI: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] + code[ip + 1];
                    ip += 2;
                    continue;
                }
                case MicroOp.SUB: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] - (int) s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.AND: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] & (int) s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.ANDI: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] & code[ip + 1];
                    ip += 2;
                    continue;
                }
                case MicroOp.OR: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] | (int) s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.ORI: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] | code[ip + 1];
                    ip += 2;
                    continue;
                }
                case MicroOp.XOR: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] ^ (int) s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.XORI: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] ^ code[ip + 1];
                    ip += 2;
                    continue;
                }
                case MicroOp.MUL: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] * (int) s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.SHL: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] << (int) s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.SHLI: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] << code[ip + 1];
                    ip += 2;
                    continue;
                }
                case MicroOp.SHR: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] >>> (int) s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.SHRI: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] >>> code[ip + 1];
                    ip += 2;
                    continue;
                }
                case MicroOp.SAR: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] >> (int) s[code[ip + 1]];
                    ip += 2;
                    continue;
                }
                case MicroOp.SARI: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] >> code[ip + 1];
                    ip += 2;
                    continue;
                }
                case MicroOp.NEG: {
                    s[w >>> 8 & 0xfff] = -(int) s[w >>> 20];
                    ip++;
                    continue;
                }
                case MicroOp.NOT: {
                    s[w >>> 8 & 0xfff] = ~(int) s[w >>> 20];
                    ip++;
                    continue;
                }
                case MicroOp.SEXT8: {
                    s[w >>> 8 & 0xfff] = (byte) s[w >>> 20];
                    ip++;
                    continue;
                }
                case MicroOp.SEXT16: {
                    s[w >>> 8 & 0xfff] = (short) s[w >>> 20];
                    ip++;
                    continue;
                }
                case MicroOp.MOV: {
                    s[w >>> 8 & 0xfff] = s[w >>> 20];
                    ip++;
                    continue;
                }
                case MicroOp.MOV32: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20];
                    ip++;
                    continue;
                }
                case MicroOp.LI: {
                    s[w >>> 8 & 0xfff] = code[ip + 1];
                    ip += 2;
                    continue;
                }
                case MicroOp.LEA: {
                    int k = code[ip + 1];
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] + ((int) s[k & 0xfff] << (k >>> 12)) + code[ip + 2];
                    ip += 3;
                    continue;
                }
                case MicroOp.SELECT: {
                    int k = code[ip + 1];
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] != 0 ? (int) s[k & 0xfff] : (int) s[k >>> 12];
                    ip += 2;
                    continue;
                }
                case MicroOp.LOAD8: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = readMap[va >>> 12] ^ va;
                    s[w >>> 8 & 0xfff] = f >= 0 ? access.get8(ram, f, va) : rare.load(ctx, ip, va, 8, false);
                    ip += 2;
                    continue;
                }
                case MicroOp.LOAD16: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = readMap[va >>> 12] ^ va;
                    s[w >>> 8 & 0xfff] = f >= 0 && (va & 0xfff) <= 4094 ? access.get16(ram, f, va) : rare.load(ctx, ip, va, 16, false);
                    ip += 2;
                    continue;
                }
                case MicroOp.LOAD32: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = readMap[va >>> 12] ^ va;
                    s[w >>> 8 & 0xfff] = f >= 0 && (va & 0xfff) <= 4092 ? access.get32(ram, f, va) : rare.load(ctx, ip, va, 32, false);
                    ip += 2;
                    continue;
                }
                case MicroOp.RMW8: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    s[w >>> 8 & 0xfff] = f >= 0 ? access.get8(ram, f, va) : rare.load(ctx, ip, va, 8, true);
                    ip += 2;
                    continue;
                }
                case MicroOp.RMW16: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    s[w >>> 8 & 0xfff] = f >= 0 && (va & 0xfff) <= 4094 ? access.get16(ram, f, va) : rare.load(ctx, ip, va, 16, true);
                    ip += 2;
                    continue;
                }
                case MicroOp.RMW32: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    s[w >>> 8 & 0xfff] = f >= 0 && (va & 0xfff) <= 4092 ? access.get32(ram, f, va) : rare.load(ctx, ip, va, 32, true);
                    ip += 2;
                    continue;
                }
                case MicroOp.STORE8: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    if (f >= 0) {
                        access.put8(ram, f, va, (int) s[w >>> 8 & 0xfff]);
                    } else {
                        rare.store(ctx, ip, va, s[w >>> 8 & 0xfff], 8);
                    }
                    ip += 2;
                    continue;
                }
                case MicroOp.STORE16: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    if (f >= 0 && (va & 0xfff) <= 4094) {
                        access.put16(ram, f, va, (int) s[w >>> 8 & 0xfff]);
                    } else {
                        rare.store(ctx, ip, va, s[w >>> 8 & 0xfff], 16);
                    }
                    ip += 2;
                    continue;
                }
                case MicroOp.STORE32: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    if (f >= 0 && (va & 0xfff) <= 4092) {
                        access.put32(ram, f, va, (int) s[w >>> 8 & 0xfff]);
                    } else {
                        rare.store(ctx, ip, va, s[w >>> 8 & 0xfff], 32);
                    }
                    ip += 2;
                    continue;
                }
                case MicroOp.PUSH32: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    if (f >= 0 && (va & 0xfff) <= 0xffc) {
                        access.put32(ram, f, va, (int) s[w >>> 8 & 0xfff]);
                    } else {
                        rare.store(ctx, ip, va, s[w >>> 8 & 0xfff], 32);
                    }
                    s[w >>> 20] = va;
                    ip += 2;
                    continue;
                }
                case MicroOp.POP32: {
                    int va = (int) s[w >>> 20];
                    int f = readMap[va >>> 12] ^ va;
                    s[w >>> 8 & 0xfff] = f >= 0 && (va & 0xfff) <= 0xffc ? access.get32(ram, f, va) : rare.load(ctx, ip, va, 32, false);
                    s[w >>> 20] = va + code[ip + 1];
                    ip += 2;
                    continue;
                }
                case MicroOp.ADDF: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a + b;
                    s[res] = r;
                    s[aux] = addCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    ip += 2;
                    continue;
                }
                case MicroOp.ADDFI: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a + b;
                    s[res] = r;
                    s[aux] = addCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    ip += 2;
                    continue;
                }
                case MicroOp.SUBF: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    ip += 2;
                    continue;
                }
                case MicroOp.SUBFI: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    ip += 2;
                    continue;
                }
                case MicroOp.ANDF: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a & b;
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    ip += 2;
                    continue;
                }
                case MicroOp.ANDFI: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a & b;
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    ip += 2;
                    continue;
                }
                case MicroOp.ORF: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a | b;
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    ip += 2;
                    continue;
                }
                case MicroOp.XORF: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a ^ b;
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    ip += 2;
                    continue;
                }
                case MicroOp.LOGICF: {
                    int r = (int) s[w >>> 20];
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    ip++;
                    continue;
                }
                case MicroOp.BEQ: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    link = a == b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BSLT: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    link = a < b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BSLE: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    link = a <= b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BULT: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    link = a + MIN < b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BULE: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    link = a + MIN <= b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BEQI: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    link = a == b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BSLTI: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    link = a < b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BSLEI: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    link = a <= b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BULTI: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    link = a + MIN < b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BULEI: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    link = a + MIN <= b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBF_BEQ: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a == b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBF_BSLT: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a < b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBF_BSLE: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a <= b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBF_BULT: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a + MIN < b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBF_BULE: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a + MIN <= b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBFI_BEQ: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a == b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBFI_BSLT: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a < b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBFI_BSLE: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a <= b ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBFI_BULT: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a + MIN < b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SUBFI_BULE: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a - b;
                    s[res] = r;
                    s[aux] = subCarries(a, b, r);
                    s[w >>> 8 & 0xfff] = r;
                    link = a + MIN <= b + MIN ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.ANDF_BEQ: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a & b;
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    link = r == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.ANDFI_BEQ: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a & b;
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    link = r == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.BTESTI: {
                    link = ((int) s[w >>> 20] & code[ip + 1]) == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.STORE8I: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    if (f >= 0) {
                        access.put8(ram, f, va, code[ip + 2]);
                    } else {
                        rare.store(ctx, ip, va, code[ip + 2], 8);
                    }
                    ip += 3;
                    continue;
                }
                case MicroOp.STORE32I: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    if (f >= 0 && (va & 0xfff) <= 0xffc) {
                        access.put32(ram, f, va, code[ip + 2]);
                    } else {
                        rare.store(ctx, ip, va, code[ip + 2], 32);
                    }
                    ip += 3;
                    continue;
                }
                case MicroOp.PUSH32I: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    if (f >= 0 && (va & 0xfff) <= 0xffc) {
                        access.put32(ram, f, va, code[ip + 2]);
                    } else {
                        rare.store(ctx, ip, va, code[ip + 2], 32);
                    }
                    s[w >>> 20] = va;
                    ip += 3;
                    continue;
                }
                case MicroOp.SUBF8: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a - b;
                    s[res] = (byte) r;
                    s[aux] = OpSemantics.auxSub(8, a, b, r);
                    s[w >>> 8 & 0xfff] = (byte) r;
                    ip += 2;
                    continue;
                }
                case MicroOp.SUBF8I: {
                    int a = (int) s[w >>> 20];
                    int b = code[ip + 1];
                    int r = a - b;
                    s[res] = (byte) r;
                    s[aux] = OpSemantics.auxSub(8, a, b, r);
                    s[w >>> 8 & 0xfff] = (byte) r;
                    ip += 2;
                    continue;
                }
                case MicroOp.SUBF16: {
                    int a = (int) s[w >>> 20];
                    int b = (int) s[code[ip + 1]];
                    int r = a - b;
                    s[res] = (short) r;
                    s[aux] = OpSemantics.auxSub(16, a, b, r);
                    s[w >>> 8 & 0xfff] = (short) r;
                    ip += 2;
                    continue;
                }
                case MicroOp.AUXADD32: {
                    int k = code[ip + 1];
                    s[w >>> 8 & 0xfff] = addCarries((int) s[w >>> 20], (int) s[k & 0xfff], (int) s[k >>> 12]);
                    ip += 2;
                    continue;
                }
                case MicroOp.AUXSUB32: {
                    int k = code[ip + 1];
                    s[w >>> 8 & 0xfff] = subCarries((int) s[w >>> 20], (int) s[k & 0xfff], (int) s[k >>> 12]);
                    ip += 2;
                    continue;
                }
                case MicroOp.LOGICF_BEQI: {
                    int r = (int) s[w >>> 20];
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    link = r == 0 ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.LOGICF_BSLTI: {
                    int r = (int) s[w >>> 20];
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    link = r < 0 ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.LOGICF_BSLEI: {
                    int r = (int) s[w >>> 20];
                    s[res] = r;
                    s[aux] = 0;
                    s[w >>> 8 & 0xfff] = r;
                    link = r <= 0 ? ip + 2 : ip + 5;
                    break;
                }
                case MicroOp.SETEQ: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] == (int) s[code[ip + 1]] ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case MicroOp.SETNE: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] != (int) s[code[ip + 1]] ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case MicroOp.SETSLT: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] < (int) s[code[ip + 1]] ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case MicroOp.SETULT: {
                    s[w >>> 8 & 0xfff] = (int) s[w >>> 20] + MIN < (int) s[code[ip + 1]] + MIN ? 1 : 0;
                    ip += 2;
                    continue;
                }
                case MicroOp.GOTO: {
                    link = ip + 1;
                    break;
                }
                case MicroOp.CALL32: {
                    int va = (int) s[w >>> 20] + code[ip + 1];
                    int f = writeMap[va >>> 12] ^ va;
                    if (f >= 0 && (va & 0xfff) <= 0xffc) {
                        access.put32(ram, f, va, code[ip + 2]);
                    } else {
                        rare.store(ctx, ip, va, code[ip + 2], 32);
                    }
                    s[w >>> 20] = va;
                    link = ip + 3;
                    break;
                }
                case MicroOp.SEGCHECK: {
                    int how = code[ip + 1];
                    long offset = s[w >>> 20] & 0xffffffffL;
                    if (offset + (how >>> 8 & 0xffff) - 1 > s[w >>> 8 & 0xfff]) {
                        rare.segCheckSlow(ctx, ip, offset, how);
                    }
                    ip += 2;
                    continue;
                }
                case MicroOp.RET32: {
                    int va = (int) s[w >>> 20];
                    int f = readMap[va >>> 12] ^ va;
                    long to = f >= 0 && (va & 0xfff) <= 0xffc ? access.get32(ram, f, va) : rare.load(ctx, ip, va, 32, false);
                    s[w >>> 8 & 0xfff] = to;
                    s[w >>> 20] = va + code[ip + 1];
                    to &= 0xffffffffL;
                    link = -1;
                    ip = jumps.lookup(to);
                    if (ip >= 0) {
                        continue;
                    }
                    s[pc] = to;
                    return stop(Interpreter.EXIT_INDIRECT, ip);
                }
                case MicroOp.INDIRECT32: {
                    long to = s[w >>> 20] & 0xffffffffL;
                    link = -1;
                    ip = jumps.lookup(to);
                    if (ip >= 0) {
                        continue;
                    }
                    s[pc] = to;
                    return stop(Interpreter.EXIT_INDIRECT, ip);
                }
                default: {
                    ip = rare.execute(ctx, code, ip, w);
                    if (ip >= 0) {
                        continue;
                    }
                    ip = ~ip;
                    if ((w & 0xff) == MicroOp.INDIRECT64) {
                        long to = s[w >>> 20];
                        link = -1;
                        ip = jumps.lookup(to);
                        if (ip >= 0) {
                            continue;
                        }
                        s[pc] = to;
                        return stop(Interpreter.EXIT_INDIRECT, ip);
                    }
                    return leave(ctx, ip, link);
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
        long to = code[link + 1] & 0xffffffffL | (long) code[link + 2] << 32;
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
}
