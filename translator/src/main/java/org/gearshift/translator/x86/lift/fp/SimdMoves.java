package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import java.util.function.UnaryOperator;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.MaskedStore;
import org.gearshift.translator.x86.runtime.PackedInteger;
import org.gearshift.translator.x86.runtime.SseControl;

/** MMX, SSE and AVX data transfer, masks, MXCSR, fences (SDM vol. 1, 5.4.1, 5.5, 5.6). */
final class SimdMoves {
    private static final Helper PMOVMSKB = Helper.pure("pmovmskb", PackedInteger.class, "pmovmskb", I32, I64);
    private static final Helper MASKED = Helper.stateful("masked_store", MaskedStore.class, "store", true, FpSlots.NONE, FpSlots.NONE,
            Type.VOID, I64, I64, I64);
    private static final Helper LDMXCSR = Helper.stateful("ldmxcsr", SseControl.class, "ldmxcsr", true, FpSlots.MXCSR, FpSlots.MXCSR, Type.VOID, I32);
    private static final int ALL_EMPTY = 0xff;

    private SimdMoves() {
    }

    static void register(LiftTable t) {
        VectorForms.add(t, (c, i) -> move(c, i, true), Mnemonic.MOVAPS, Mnemonic.MOVAPD, Mnemonic.MOVDQA, Mnemonic.MOVNTPS, Mnemonic.MOVNTPD,
                Mnemonic.MOVNTDQ, Mnemonic.MOVNTDQA);
        VectorForms.add(t, (c, i) -> move(c, i, false), Mnemonic.MOVUPS, Mnemonic.MOVUPD, Mnemonic.MOVDQU, Mnemonic.LDDQU);
        VectorForms.add(t, SimdMoves::movd, Mnemonic.MOVD);
        VectorForms.add(t, SimdMoves::movq, Mnemonic.MOVQ, Mnemonic.MOVNTQ);
        VectorForms.add(t, SimdMoves::movss, Mnemonic.MOVSS);
        VectorForms.add(t, SimdMoves::movsd, Mnemonic.MOVSD_SSE);
        VectorForms.add(t, SimdMoves::moveLow, Mnemonic.MOVLPS, Mnemonic.MOVLPD);
        VectorForms.add(t, SimdMoves::moveHigh, Mnemonic.MOVHPS, Mnemonic.MOVHPD);
        VectorForms.add(t, (c, i) -> Vectors.writeLow(c, i, Vectors.high(c, Vectors.second(i))), Mnemonic.MOVHLPS);
        VectorForms.add(t, (c, i) -> writeHigh(c, i, Vectors.read64(c, Vectors.second(i))), Mnemonic.MOVLHPS);
        t.add(Mnemonic.MOVQ2DQ, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            Insn v = Vectors.read64(c, i.op(1));
            Vectors.enterMmx(c);
            Vectors.write(c, i.op(0), v, c.ir.i64(0));
        }));
        t.add(Mnemonic.MOVDQ2Q, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            Vectors.writeMmx(c, i.op(0), Vectors.read64(c, i.op(1)));
        }));
        t.add(Mnemonic.MOVNTI, (c, i) -> c.storeMem(i.op(0), c.raw(i.op(1))));
        masks(t);
        control(t);
    }

    private static void move(LiftContext c, Instruction i, boolean aligned) {
        Operand d = i.op(0);
        Insn[] v = aligned ? Vectors.readAligned(c, i.op(1)) : Vectors.readUnaligned(c, i.op(1));
        if (d.isMemory()) {
            c.storeVector(d, aligned, v);
        } else {
            Vectors.write(c, d, v);
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
            Vectors.write(c, d, c.ir.zext32(v), c.ir.i64(0));
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
            Vectors.write(c, d, v, c.ir.i64(0));
        } else {
            c.write(d, v);
            if (mmx) {
                Vectors.enterMmx(c);
            }
        }
    }

    private static void movss(LiftContext c, Instruction i) {
        Operand d = i.op(0);
        Insn v = Vectors.read32(c, i.op(i.operandCount() - 1));
        if (d.isMemory()) {
            c.storeMem(d, v);
        } else if (i.op(1).isMemory()) {
            Vectors.write(c, d, c.ir.zext32(v), c.ir.i64(0));
        } else {
            Vectors.writeLow32(c, i, v);
        }
    }

    private static void movsd(LiftContext c, Instruction i) {
        Operand d = i.op(0);
        Insn v = Vectors.read64(c, i.op(i.operandCount() - 1));
        if (d.isMemory()) {
            c.storeMem(d, v);
        } else if (i.op(1).isMemory()) {
            Vectors.write(c, d, v, c.ir.i64(0));
        } else {
            Vectors.writeLow(c, i, v);
        }
    }

    private static void moveLow(LiftContext c, Instruction i) {
        if (i.op(0).isMemory()) {
            c.storeMem(i.op(0), Vectors.read64(c, i.op(1)));
        } else {
            Vectors.writeLow(c, i, Vectors.read64(c, Vectors.second(i)));
        }
    }

    private static void moveHigh(LiftContext c, Instruction i) {
        if (i.op(0).isMemory()) {
            c.storeMem(i.op(0), Vectors.high(c, i.op(1)));
        } else {
            writeHigh(c, i, Vectors.read64(c, Vectors.second(i)));
        }
    }

    /** Writes the high half of a result whose low half is the first source's. */
    private static void writeHigh(LiftContext c, Instruction i, Insn high) {
        if (Vectors.isVex(i)) {
            Vectors.write(c, i.op(0), Vectors.read64(c, i.op(1)), high);
        } else {
            c.ir.put(Vectors.slot(i.op(0), 1), high);
        }
    }

    private static void masks(LiftTable t) {
        VectorForms.add(t, (c, i) -> {
            if (Vectors.isMmx(i.op(1))) {
                Vectors.beginMmx(c);
                writeInteger(c, i.op(0), c.ir.call(PMOVMSKB, Vectors.read64(c, i.op(1))));
                Vectors.enterMmx(c);
            } else {
                gather(c, i, 8, v -> c.ir.call(PMOVMSKB, v));
            }
        }, Mnemonic.PMOVMSKB);
        VectorForms.add(t, (c, i) -> gather(c, i, 1, v -> c.ir.trunc(c.ir.shr(v, 63))), Mnemonic.MOVMSKPD);
        VectorForms.add(t, (c, i) -> gather(c, i, 2, v -> signs(c.ir, v)), Mnemonic.MOVMSKPS);
        t.add(Mnemonic.MASKMOVQ, FpMode.simd((c, i) -> {
            Vectors.beginMmx(c);
            c.ir.call(MASKED, maskedAddress(c, i, 8), Vectors.read64(c, i.op(0)), Vectors.read64(c, i.op(1)));
            Vectors.enterMmx(c);
        }));
        VectorForms.add(t, (c, i) -> {
            Insn a = maskedAddress(c, i, 16);
            Insn[] v = Vectors.read(c, i.op(0));
            Insn[] m = Vectors.read(c, i.op(1));
            c.ir.call(MASKED, a, v[0], m[0]);
            c.ir.call(MASKED, c.ir.add(a, 8), v[1], m[1]);
        }, Mnemonic.MASKMOVDQU);
    }

    private static Insn maskedAddress(LiftContext c, Instruction i, int bytes) {
        Insn offset = c.asAddress(c.readRegister(i.addressBits(), 7));
        return c.wideAddress(c.linear(i.segment(), offset, bytes, true));
    }

    /** A mask with {@code bits} bits for each 64 bits of the source. */
    private static void gather(LiftContext c, Instruction i, int bits, UnaryOperator<Insn> mask) {
        Insn[] v = Vectors.read(c, i.op(1));
        Insn r = mask.apply(v[0]);
        for (int n = 1; n < v.length; n++) {
            r = c.ir.or(r, c.ir.shl(mask.apply(v[n]), bits * n));
        }
        writeInteger(c, i.op(0), r);
    }

    /** Sign bits of the two doublewords, as I32. */
    static Insn signs(IrBuilder ir, Insn half) {
        return ir.trunc(ir.or(ir.and(ir.shr(half, 31), 1), ir.shl(ir.shr(half, 63), 1)));
    }

    /** Writes an I32 to a 32- or, zero-extended, 64-bit general register. */
    static void writeInteger(LiftContext c, Operand d, Insn v) {
        c.write(d, d.bits == 64 ? c.ir.zext32(v) : v);
    }

    private static void control(LiftTable t) {
        t.add(Mnemonic.EMMS, FpMode.mmx((c, i) -> {
            Vectors.beginMmx(c);
            c.ir.put(X86State.X87_TOP, c.ir.i32(0));
            c.ir.put(X86State.X87_EMPTY, c.ir.i32(ALL_EMPTY));
        }));
        Lift load = (c, i) -> c.ir.call(LDMXCSR, c.loadMem(i.op(0)));
        Lift store = (c, i) -> c.storeMem(i.op(0), c.ir.get32(X86State.MXCSR));
        t.add(Mnemonic.LDMXCSR, FpMode.sse(load));
        t.add(Mnemonic.STMXCSR, FpMode.sse(store));
        t.add(Mnemonic.VLDMXCSR, FpMode.avx(load));
        t.add(Mnemonic.VSTMXCSR, FpMode.avx(store));
    }
}
