package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.runtime.BitFunctions;

/** BMI1 and BMI2 (SDM vol. 1, 5.1.14): general-register instructions with VEX encodings, 32 or 64 bits wide. */
final class BitManipulation {
    private BitManipulation() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.ANDN, BitManipulation::andn);
        t.add(Mnemonic.BEXTR, BitManipulation::bextr);
        t.add(Mnemonic.BLSI, BitManipulation::blsi);
        t.add(Mnemonic.BLSMSK, BitManipulation::blsmsk);
        t.add(Mnemonic.BLSR, BitManipulation::blsr);
        t.add(Mnemonic.BZHI, BitManipulation::bzhi);
        t.add(Mnemonic.PDEP, (c, i) -> spread(c, i, true));
        t.add(Mnemonic.PEXT, (c, i) -> spread(c, i, false));
        t.add(Mnemonic.MULX, BitManipulation::mulx);
        t.add(Mnemonic.RORX, (c, i) -> c.write(i.op(0), c.ir.rotr(c.raw(i.op(1)), (int) i.op(2).value & i.op(0).bits - 1)));
        t.add(Mnemonic.SARX, (c, i) -> c.write(i.op(0), c.ir.sar(c.raw(i.op(1)), count(c, i.op(2)))));
        t.add(Mnemonic.SHLX, (c, i) -> c.write(i.op(0), c.ir.shl(c.raw(i.op(1)), count(c, i.op(2)))));
        t.add(Mnemonic.SHRX, (c, i) -> c.write(i.op(0), c.ir.shr(c.raw(i.op(1)), count(c, i.op(2)))));
    }

    private static Insn count(LiftContext c, Operand o) {
        return c.rawRegister(32, o.reg);
    }

    private static void andn(LiftContext c, Instruction i) {
        Insn r = c.ir.and(c.ir.not(c.raw(i.op(1))), c.raw(i.op(2)));
        c.write(i.op(0), r);
        c.flags.setLogic(i.op(0).bits, r);
    }

    private static void bextr(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        Insn s = c.raw(i.op(1));
        Insn control = c.rawRegister(32, i.op(2).reg);
        Insn start = ir.zext8(control);
        Insn zero = ir.constant(s.resultType(), 0);
        Insn shifted = ir.select(ir.ult(start, ir.i32(bits)), ir.shr(s, start), zero);
        Insn r = keepLow(ir, bits, shifted, ir.zext8(ir.shr(control, 8)));
        c.write(i.op(0), r);
        c.flags.setLogic(bits, r);
    }

    /** The low n bits of a value; all of them if n is not below its width. */
    private static Insn keepLow(IrBuilder ir, int bits, Insn v, Insn n) {
        Insn mask = ir.sub(ir.shl(ir.constant(v.resultType(), 1), n), 1);
        return ir.select(ir.ult(n, ir.i32(bits)), ir.and(v, mask), v);
    }

    private static void blsi(LiftContext c, Instruction i) {
        Insn s = c.raw(i.op(1));
        finish(c, i, c.ir.and(c.ir.neg(s), s), c.ir.ne(s, 0));
    }

    private static void blsmsk(LiftContext c, Instruction i) {
        Insn s = c.raw(i.op(1));
        finish(c, i, c.ir.xor(c.ir.sub(s, 1), s), c.ir.eq(s, 0));
    }

    private static void blsr(LiftContext c, Instruction i) {
        Insn s = c.raw(i.op(1));
        finish(c, i, c.ir.and(c.ir.sub(s, 1), s), c.ir.eq(s, 0));
    }

    /** Result, CF as given, OF = 0. */
    private static void finish(LiftContext c, Instruction i, Insn r, Insn carry) {
        c.write(i.op(0), r);
        c.flags.setResult(i.op(0).bits, r, c.ir.sar(c.ir.shl(carry, 31), 1));
    }

    private static void bzhi(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        Insn n = ir.zext8(c.rawRegister(32, i.op(2).reg));
        finish(c, i, keepLow(ir, bits, c.raw(i.op(1)), n), ir.ule(ir.i32(bits), n));
    }

    private static void spread(LiftContext c, Instruction i, boolean deposit) {
        IrBuilder ir = c.ir;
        boolean wide = i.op(0).bits == 64;
        Insn v = c.raw(i.op(1));
        Insn mask = c.raw(i.op(2));
        Insn r = ir.call(deposit ? BitFunctions.PDEP : BitFunctions.PEXT, wide ? v : ir.zext32(v), wide ? mask : ir.zext32(mask));
        c.write(i.op(0), wide ? r : ir.trunc(r));
    }

    private static void mulx(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        Insn a = c.rawRegister(bits, 2);
        Insn b = c.raw(i.op(2));
        Insn low;
        Insn high;
        if (bits == 64) {
            low = ir.mul(a, b);
            high = ir.mulhu(a, b);
        } else {
            Insn p = ir.mul(ir.zext32(a), ir.zext32(b));
            low = ir.trunc(p);
            high = ir.trunc(ir.shr(p, 32));
        }
        c.write(i.op(1), low);
        c.write(i.op(0), high);
    }
}
