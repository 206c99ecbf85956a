package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.StringCompare;

/** String comparison and PCMPGTQ of SSE4.2 and their AVX forms (SDM vol. 1, 5.11; vol. 2, 4.1). CRC32 is an integer instruction. */
final class Sse42 {
    private static final Helper LENGTHS = Helper.pure("pcmpestr_lengths", StringCompare.class, "lengths", I32, I64, I64, I32);
    private static final Helper EXPLICIT = Helper.pure("pcmpestr", StringCompare.class, "explicit", I32, I64, I64, I64, I64, I32);
    private static final Helper IMPLICIT = Helper.pure("pcmpistr", StringCompare.class, "implicit", I32, I64, I64, I64, I64, I32);
    private static final Helper EXPAND = Helper.pure("pcmpstr_expand", StringCompare.class, "expand", I64, I32, I32);
    /** Immediate bit 6: the index is of the last element, the mask has elements and not bits. */
    private static final int OUTPUT = 0x40;

    private Sse42() {
    }

    static void register(LiftTable t) {
        VectorForms.half(t, Mnemonic.PCMPGTQ, (ir, a, b) -> ir.neg(ir.zext32(ir.slt(b, a))));
        VectorForms.add(t, (c, i) -> index(c, i, explicit(c, i)), Mnemonic.PCMPESTRI);
        VectorForms.add(t, (c, i) -> mask(c, i, explicit(c, i)), Mnemonic.PCMPESTRM);
        VectorForms.add(t, (c, i) -> index(c, i, implicit(c, i)), Mnemonic.PCMPISTRI);
        VectorForms.add(t, (c, i) -> mask(c, i, implicit(c, i)), Mnemonic.PCMPISTRM);
    }

    private static Insn explicit(LiftContext c, Instruction i) {
        Insn[] b = Vectors.readUnaligned(c, i.op(1));
        Insn[] a = Vectors.readUnaligned(c, i.op(0));
        boolean wide = i.operandBits() == 64;
        Insn control = c.ir.call(LENGTHS, length(c, 0, wide), length(c, 2, wide), c.ir.i32(Vectors.immediate(i)));
        return c.ir.call(EXPLICIT, a[0], a[1], b[0], b[1], control);
    }

    private static Insn length(LiftContext c, int register, boolean wide) {
        return wide ? c.rawRegister(64, register) : c.ir.sext32(c.rawRegister(32, register));
    }

    private static Insn implicit(LiftContext c, Instruction i) {
        Insn[] b = Vectors.readUnaligned(c, i.op(1));
        Insn[] a = Vectors.readUnaligned(c, i.op(0));
        return c.ir.call(IMPLICIT, a[0], a[1], b[0], b[1], c.ir.i32(Vectors.immediate(i)));
    }

    private static void index(LiftContext c, Instruction i, Insn outcome) {
        IrBuilder ir = c.ir;
        int elements = (Vectors.immediate(i) & 1) != 0 ? 8 : 16;
        Insn bits = ir.and(outcome, 0xffff);
        Insn n;
        if ((Vectors.immediate(i) & OUTPUT) != 0) {
            n = ir.select(ir.eq(bits, 0), ir.i32(elements), ir.sub(ir.i32(31), ir.clz(bits)));
        } else {
            n = ir.ctz(ir.or(bits, 1L << elements));
        }
        c.writeRegister(32, 1, n);
        flags(c, outcome);
    }

    private static void mask(LiftContext c, Instruction i, Insn outcome) {
        IrBuilder ir = c.ir;
        Operand xmm0 = Operand.register(Operand.Kind.XMM, 128, 0);
        int imm = Vectors.immediate(i);
        Insn bits = ir.and(outcome, 0xffff);
        if ((imm & OUTPUT) != 0) {
            Insn low = ir.call(EXPAND, bits, ir.i32(imm));
            Vectors.write(c, xmm0, low, ir.call(EXPAND, ir.shr(bits, (imm & 1) != 0 ? 4 : 8), ir.i32(imm)));
        } else {
            Vectors.write(c, xmm0, ir.zext32(bits), ir.i64(0));
        }
        flags(c, outcome);
    }

    /** CF: a result bit is set; ZF, SF: the second, the first string ends; OF: the first result bit. */
    private static void flags(LiftContext c, Insn outcome) {
        IrBuilder ir = c.ir;
        Insn zero = ir.i32(0);
        Insn zf = ir.and(ir.shr(outcome, StringCompare.B_ENDS), 1);
        Insn sf = ir.and(ir.shr(outcome, StringCompare.A_ENDS), 1);
        c.flags.setAll(ir.ne(ir.and(outcome, 0xffff), 0), zero, zero, zf, sf, ir.and(outcome, 1));
    }
}
