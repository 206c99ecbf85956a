package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.MaskedStore;
import org.gearshift.translator.x86.runtime.PackedInteger;
import org.gearshift.translator.x86.runtime.SseControl;

/** MMX and SSE data transfer, shuffles, insertion and extraction, MXCSR, fences (SDM vol. 1, 5.4.1, 5.5, 5.6). */
final class SimdMoves {
    private static final Helper PMOVMSKB = Helper.pure("pmovmskb", PackedInteger.class, "pmovmskb", I32, I64);
    private static final Helper PSHUFW = Helper.pure("pshufw", PackedInteger.class, "pshufw", I64, I64, I32);
    private static final Helper MASKED = Helper.stateful("masked_store", MaskedStore.class, "store", true, FpSlots.NONE, FpSlots.NONE,
            Type.VOID, I64, I64, I64);
    private static final Helper LDMXCSR = Helper.stateful("ldmxcsr", SseControl.class, "ldmxcsr", true, FpSlots.MXCSR, FpSlots.MXCSR, Type.VOID, I32);
    private static final int ALL_EMPTY = 0xff;

    private SimdMoves() {
    }

    static void register(LiftTable t) {
        t.add(FpMode.simd((c, i) -> move128(c, i, true)), Mnemonic.MOVAPS, Mnemonic.MOVAPD, Mnemonic.MOVDQA, Mnemonic.MOVNTPS, Mnemonic.MOVNTPD,
                Mnemonic.MOVNTDQ, Mnemonic.MOVNTDQA);
        t.add(FpMode.simd((c, i) -> move128(c, i, false)), Mnemonic.MOVUPS, Mnemonic.MOVUPD, Mnemonic.MOVDQU, Mnemonic.LDDQU);
        t.add(FpMode.simd(SimdMoves::movd), Mnemonic.MOVD);
        t.add(FpMode.simd(SimdMoves::movq), Mnemonic.MOVQ, Mnemonic.MOVNTQ);
        t.add(Mnemonic.MOVSS, FpMode.simd(SimdMoves::movss));
        t.add(Mnemonic.MOVSD_SSE, FpMode.simd(SimdMoves::movsd));
        t.add(FpMode.simd(SimdMoves::moveLow), Mnemonic.MOVLPS, Mnemonic.MOVLPD);
        t.add(FpMode.simd(SimdMoves::moveHigh), Mnemonic.MOVHPS, Mnemonic.MOVHPD);
        t.add(Mnemonic.MOVHLPS, FpMode.simd((c, i) -> Vectors.writeLow(c, i.op(0), Vectors.high(c, i.op(1)))));
        t.add(Mnemonic.MOVLHPS, FpMode.simd((c, i) -> c.ir.put(Vectors.slot(i.op(0), 1), Vectors.read64(c, i.op(1)))));
        t.add(Mnemonic.MOVQ2DQ, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            Insn v = Vectors.read64(c, i.op(1));
            Vectors.enterMmx(c);
            Vectors.write128(c, i.op(0), v, c.ir.i64(0));
        }));
        t.add(Mnemonic.MOVDQ2Q, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            Vectors.writeMmx(c, i.op(0), Vectors.read64(c, i.op(1)));
        }));
        t.add(Mnemonic.MOVNTI, (c, i) -> c.storeMem(i.op(0), c.raw(i.op(1))));
        masks(t);
        shuffles(t);
        control(t);
    }

    private static void move128(LiftContext c, Instruction i, boolean aligned) {
        Operand d = i.op(0);
        Insn[] v = aligned ? Vectors.read128(c, i.op(1)) : Vectors.readUnaligned128(c, i.op(1));
        if (d.isMemory()) {
            c.storeMem128(d, aligned, v[0], v[1]);
        } else {
            Vectors.write128(c, d, v[0], v[1]);
        }
    }

    private static void movd(LiftContext c, Instruction i) {
        Operand d = i.op(0);
        Operand s = i.op(1);
        boolean mmx = Vectors.isMmx(d) || Vectors.isMmx(s);
        if (mmx) {
            Vectors.beginMmx(c);
        }
        Insn v = Vectors.read32(c, s);
        if (Vectors.isMmx(d)) {
            Vectors.writeMmx(c, d, c.ir.zext32(v));
        } else if (Vectors.isXmm(d)) {
            Vectors.write128(c, d, c.ir.zext32(v), c.ir.i64(0));
        } else {
            c.write(d, v);
            if (mmx) {
                Vectors.enterMmx(c);
            }
        }
    }

    private static void movq(LiftContext c, Instruction i) {
        Operand d = i.op(0);
        Operand s = i.op(1);
        boolean mmx = Vectors.isMmx(d) || Vectors.isMmx(s);
        if (mmx) {
            Vectors.beginMmx(c);
        }
        Insn v = Vectors.read64(c, s);
        if (Vectors.isMmx(d)) {
            Vectors.writeMmx(c, d, v);
        } else if (Vectors.isXmm(d)) {
            Vectors.write128(c, d, v, c.ir.i64(0));
        } else {
            if (d.isMemory()) {
                c.ir.store(64, c.address(d, 8, true), v);
            } else {
                c.write(d, v);
            }
            if (mmx) {
                Vectors.enterMmx(c);
            }
        }
    }

    private static void movss(LiftContext c, Instruction i) {
        Operand d = i.op(0);
        Operand s = i.op(1);
        Insn v = Vectors.read32(c, s);
        if (d.isMemory()) {
            c.ir.store(32, c.address(d, 4, true), v);
        } else if (s.isMemory()) {
            Vectors.write128(c, d, c.ir.zext32(v), c.ir.i64(0));
        } else {
            Vectors.writeLow32(c, d, v);
        }
    }

    private static void movsd(LiftContext c, Instruction i) {
        Operand d = i.op(0);
        Operand s = i.op(1);
        Insn v = Vectors.read64(c, s);
        if (d.isMemory()) {
            c.ir.store(64, c.address(d, 8, true), v);
        } else if (s.isMemory()) {
            Vectors.write128(c, d, v, c.ir.i64(0));
        } else {
            Vectors.writeLow(c, d, v);
        }
    }

    private static void moveLow(LiftContext c, Instruction i) {
        if (i.op(0).isMemory()) {
            c.ir.store(64, c.address(i.op(0), 8, true), Vectors.read64(c, i.op(1)));
        } else {
            Vectors.writeLow(c, i.op(0), Vectors.read64(c, i.op(1)));
        }
    }

    private static void moveHigh(LiftContext c, Instruction i) {
        if (i.op(0).isMemory()) {
            c.ir.store(64, c.address(i.op(0), 8, true), Vectors.high(c, i.op(1)));
        } else {
            c.ir.put(Vectors.slot(i.op(0), 1), Vectors.read64(c, i.op(1)));
        }
    }

    private static void masks(LiftTable t) {
        t.add(Mnemonic.PMOVMSKB, FpMode.simd((c, i) -> {
            Operand s = i.op(1);
            IrBuilder ir = c.ir;
            if (Vectors.isMmx(s)) {
                Vectors.beginMmx(c);
                writeInteger(c, i.op(0), ir.call(PMOVMSKB, Vectors.read64(c, s)));
                Vectors.enterMmx(c);
            } else {
                Insn[] v = Vectors.read128(c, s);
                writeInteger(c, i.op(0), ir.or(ir.call(PMOVMSKB, v[0]), ir.shl(ir.call(PMOVMSKB, v[1]), 8)));
            }
        }));
        t.add(Mnemonic.MOVMSKPD, FpMode.simd((c, i) -> {
            Insn[] v = Vectors.read128(c, i.op(1));
            IrBuilder ir = c.ir;
            writeInteger(c, i.op(0), ir.trunc(ir.or(ir.shr(v[0], 63), ir.shl(ir.shr(v[1], 63), 1))));
        }));
        t.add(Mnemonic.MOVMSKPS, FpMode.simd((c, i) -> {
            Insn[] v = Vectors.read128(c, i.op(1));
            IrBuilder ir = c.ir;
            writeInteger(c, i.op(0), ir.or(signs(ir, v[0]), ir.shl(signs(ir, v[1]), 2)));
        }));
        t.add(Mnemonic.MASKMOVQ, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            c.ir.call(MASKED, maskedAddress(c, i, 8), Vectors.read64(c, i.op(0)), Vectors.read64(c, i.op(1)));
            Vectors.enterMmx(c);
        }));
        t.add(Mnemonic.MASKMOVDQU, FpMode.simd((c, i) -> {
            Insn a = maskedAddress(c, i, 16);
            Insn[] v = Vectors.read128(c, i.op(0));
            Insn[] m = Vectors.read128(c, i.op(1));
            c.ir.call(MASKED, a, v[0], m[0]);
            c.ir.call(MASKED, c.ir.add(a, 8), v[1], m[1]);
        }));
    }

    private static Insn maskedAddress(LiftContext c, Instruction i, int bytes) {
        int segment = i.segment() >= 0 ? i.segment() : X86State.DS;
        Insn offset = c.asAddress(c.readRegister(i.addressBits(), 7));
        return FpOperands.wide(c, c.linear(segment, offset, bytes, true));
    }

    private static Insn signs(IrBuilder ir, Insn half) {
        return ir.trunc(ir.or(ir.and(ir.shr(half, 31), 1), ir.shl(ir.shr(half, 63), 1)));
    }

    /** Writes an I32 that is not negative to a 32- or 64-bit general register. */
    static void writeInteger(LiftContext c, Operand d, Insn v) {
        c.write(d, d.bits == 64 ? c.ir.zext32(v) : v);
    }

    private static void shuffles(LiftTable t) {
        t.add(Mnemonic.PSHUFD, FpMode.simd((c, i) -> {
            Insn[] v = Vectors.read128(c, i.op(1));
            int order = (int) i.op(2).value;
            Vectors.write128(c, i.op(0), doublewords(c.ir, v, order), doublewords(c.ir, v, order >> 4));
        }));
        t.add(Mnemonic.SHUFPS, FpMode.simd((c, i) -> {
            Insn[] b = Vectors.read128(c, i.op(1));
            Insn[] a = Vectors.read128(c, i.op(0));
            int order = (int) i.op(2).value;
            Vectors.write128(c, i.op(0), doublewords(c.ir, a, order), doublewords(c.ir, b, order >> 4));
        }));
        SimdInteger.whole(t, Mnemonic.UNPCKLPS, (ir, a, b) -> new Insn[] {
            pair(ir, low(ir, a[0]), low(ir, b[0])), pair(ir, highPart(ir, a[0]), highPart(ir, b[0]))});
        SimdInteger.whole(t, Mnemonic.UNPCKHPS, (ir, a, b) -> new Insn[] {
            pair(ir, low(ir, a[1]), low(ir, b[1])), pair(ir, highPart(ir, a[1]), highPart(ir, b[1]))});
        SimdInteger.whole(t, Mnemonic.UNPCKLPD, (ir, a, b) -> new Insn[] {a[0], b[0]});
        SimdInteger.whole(t, Mnemonic.UNPCKHPD, (ir, a, b) -> new Insn[] {a[1], b[1]});
        t.add(Mnemonic.SHUFPD, FpMode.simd((c, i) -> {
            Insn[] b = Vectors.read128(c, i.op(1));
            Insn[] a = Vectors.read128(c, i.op(0));
            int order = (int) i.op(2).value;
            Vectors.write128(c, i.op(0), a[order & 1], b[order >> 1 & 1]);
        }));
        t.add(Mnemonic.PSHUFLW, FpMode.simd((c, i) -> {
            Insn[] v = Vectors.read128(c, i.op(1));
            Vectors.write128(c, i.op(0), words(c, v[0], i), v[1]);
        }));
        t.add(Mnemonic.PSHUFHW, FpMode.simd((c, i) -> {
            Insn[] v = Vectors.read128(c, i.op(1));
            Vectors.write128(c, i.op(0), v[0], words(c, v[1], i));
        }));
        t.add(Mnemonic.PSHUFW, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            Insn v = Vectors.read64(c, i.op(1));
            Vectors.writeMmx(c, i.op(0), words(c, v, i));
        }));
        t.add(Mnemonic.PINSRW, FpMode.simd((c, i) -> insert(c, i, 16)));
        t.add(Mnemonic.PEXTRW, FpMode.simd((c, i) -> extract(c, i, 16)));
    }

    private static Insn words(LiftContext c, Insn v, Instruction i) {
        return c.ir.call(PSHUFW, v, c.ir.i32((int) i.op(2).value & 0xff));
    }

    private static Insn low(IrBuilder ir, Insn half) {
        return ir.and(half, 0xffff_ffffL);
    }

    private static Insn highPart(IrBuilder ir, Insn half) {
        return ir.shr(half, 32);
    }

    private static Insn pair(IrBuilder ir, Insn low, Insn high) {
        return ir.or(low, ir.shl(high, 32));
    }

    /** Two doublewords of a 128-bit value chosen by the low two fields of {@code order}. */
    static Insn doublewords(IrBuilder ir, Insn[] v, int order) {
        int a = order & 3;
        int b = order >> 2 & 3;
        if (b == a + 1 && (a & 1) == 0) {
            return v[a >> 1];
        }
        Insn low = (a & 1) == 0 ? low(ir, v[a >> 1]) : highPart(ir, v[a >> 1]);
        Insn high = (b & 1) == 0 ? ir.shl(v[b >> 1], 32) : ir.and(v[b >> 1], 0xffff_ffff_0000_0000L);
        return ir.or(low, high);
    }

    /** PINSRx: replaces one element of 8, 16, 32 or 64 bits. */
    static void insert(LiftContext c, Instruction i, int bits) {
        Operand d = i.op(0);
        IrBuilder ir = c.ir;
        boolean mmx = Vectors.isMmx(d);
        if (mmx) {
            Vectors.beginMmx(c);
        }
        Operand s = i.op(1);
        Insn v = s.isMemory() ? ir.load(bits, c.address(s, bits / 8, false)) : bits == 64 ? c.rawRegister(64, s.reg) : c.rawRegister(32, s.reg);
        int n = (int) i.op(2).value & (mmx ? 64 : 128) / bits - 1;
        int shift = n * bits & 63;
        Insn old = mmx ? Vectors.read64(c, d) : ir.get64(Vectors.slot(d, n * bits >> 6));
        Insn merged;
        if (bits == 64) {
            merged = v;
        } else {
            long mask = (1L << bits) - 1;
            merged = ir.or(ir.and(old, ~(mask << shift)), ir.shl(ir.and(ir.zext32(v), mask), shift));
        }
        if (mmx) {
            Vectors.writeMmx(c, d, merged);
        } else {
            ir.put(Vectors.slot(d, n * bits >> 6), merged);
        }
    }

    /** PEXTRx: one element, zero-extended into a register, or to memory. */
    static void extract(LiftContext c, Instruction i, int bits) {
        Operand d = i.op(0);
        Operand s = i.op(1);
        IrBuilder ir = c.ir;
        boolean mmx = Vectors.isMmx(s);
        if (mmx) {
            Vectors.beginMmx(c);
        }
        int n = (int) i.op(2).value & (mmx ? 64 : 128) / bits - 1;
        Insn half = mmx ? Vectors.read64(c, s) : ir.get64(Vectors.slot(s, n * bits >> 6));
        Insn v = ir.shr(half, n * bits & 63);
        if (bits != 64) {
            v = ir.trunc(bits < 32 ? ir.and(v, (1L << bits) - 1) : v);
        }
        if (d.isMemory()) {
            ir.store(bits, c.address(d, bits / 8, true), v);
        } else {
            c.writeRegister(bits == 64 ? 64 : 32, d.reg, v);
        }
        if (mmx) {
            Vectors.enterMmx(c);
        }
    }

    private static void control(LiftTable t) {
        t.add(Mnemonic.EMMS, FpMode.mmx((c, i) -> {
            Vectors.beginMmx(c);
            c.ir.put(X86State.X87_EMPTY, c.ir.i32(ALL_EMPTY));
        }));
        t.add(Mnemonic.LDMXCSR, FpMode.sse((c, i) -> c.ir.call(LDMXCSR, c.loadMem(i.op(0)))));
        t.add(Mnemonic.STMXCSR, FpMode.sse((c, i) -> c.storeMem(i.op(0), c.ir.get32(X86State.MXCSR))));
        t.add((c, i) -> { }, Mnemonic.SFENCE, Mnemonic.LFENCE, Mnemonic.MFENCE);
    }
}
