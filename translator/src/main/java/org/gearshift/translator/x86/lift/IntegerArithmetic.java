package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.runtime.IntegerDivision;

/** Binary arithmetic (SDM vol. 1, 5.1.2). */
final class IntegerArithmetic {
    private static final int AX = 0;
    private static final int DX = 2;

    private IntegerArithmetic() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.ADD, IntegerArithmetic::add);
        t.add(Mnemonic.ADC, IntegerArithmetic::adc);
        t.add(Mnemonic.SUB, IntegerArithmetic::sub);
        t.add(Mnemonic.SBB, IntegerArithmetic::sbb);
        t.add(Mnemonic.CMP, IntegerArithmetic::cmp);
        t.add(Mnemonic.INC, IntegerArithmetic::inc);
        t.add(Mnemonic.DEC, IntegerArithmetic::dec);
        t.add(Mnemonic.NEG, IntegerArithmetic::neg);
        t.add(Mnemonic.MUL, IntegerArithmetic::mul);
        t.add(Mnemonic.IMUL, IntegerArithmetic::imul);
        t.add(Mnemonic.DIV, (c, i) -> divide(c, i, false));
        t.add(Mnemonic.IDIV, (c, i) -> divide(c, i, true));
        t.add(Mnemonic.ADCX, (c, i) -> addWith(c, i, Flags.B));
        t.add(Mnemonic.ADOX, (c, i) -> addWith(c, i, Flags.O));
    }

    /** A source operand at the destination's size, upper bits unspecified. */
    static Insn source(LiftContext c, Operand o, int bits) {
        return o.kind == Operand.Kind.IMMEDIATE ? c.ir.constant(LiftContext.type(bits), o.value) : c.raw(o);
    }

    private static void add(LiftContext c, Instruction i) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.raw();
        Insn b = source(c, i.op(1), bits);
        Insn r = c.ir.add(a, b);
        d.write(r);
        c.flags.setAdd(bits, a, b, r);
    }

    private static void adc(LiftContext c, Instruction i) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.raw();
        Insn b = source(c, i.op(1), bits);
        Insn r = c.ir.add(c.ir.add(a, b), carry(c, bits));
        d.write(r);
        c.flags.setAddCarry(bits, a, b, r);
    }

    private static Insn carry(LiftContext c, int bits) {
        Insn v = c.flags.carry();
        return bits == 64 ? c.ir.zext32(v) : v;
    }

    private static void sub(LiftContext c, Instruction i) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.raw();
        Insn b = source(c, i.op(1), bits);
        Insn r = c.ir.sub(a, b);
        d.write(r);
        c.flags.setSub(bits, a, b, r);
    }

    private static void sbb(LiftContext c, Instruction i) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.raw();
        Insn b = source(c, i.op(1), bits);
        Insn r = c.ir.sub(c.ir.sub(a, b), carry(c, bits));
        d.write(r);
        c.flags.setSubBorrow(bits, a, b, r);
    }

    private static void cmp(LiftContext c, Instruction i) {
        int bits = i.op(0).bits;
        Insn a = c.raw(i.op(0));
        Insn b = source(c, i.op(1), bits);
        c.flags.setSub(bits, a, b, c.ir.sub(a, b));
    }

    private static void inc(LiftContext c, Instruction i) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.raw();
        Insn r = c.ir.add(a, 1);
        d.write(r);
        c.flags.setResultKeepCarry(bits, r, c.ir.auxAdd(bits, a, c.constant(bits, 1), r));
    }

    private static void dec(LiftContext c, Instruction i) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.raw();
        Insn r = c.ir.sub(a, 1);
        d.write(r);
        c.flags.setResultKeepCarry(bits, r, c.ir.auxSub(bits, a, c.constant(bits, 1), r));
    }

    private static void neg(LiftContext c, Instruction i) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.raw();
        Insn r = c.ir.neg(a);
        d.write(r);
        c.flags.setSub(bits, c.constant(bits, 0), a, r);
    }

    private static void addWith(LiftContext c, Instruction i, int flag) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        Insn a = c.raw(i.op(0));
        Insn b = c.raw(i.op(1));
        Insn in = c.condition(flag);
        Insn r = ir.add(ir.add(a, b), bits == 64 ? ir.zext32(in) : in);
        c.write(i.op(0), r);
        Insn out = ir.and(ir.auxAdd(bits, a, b, r), Flags.CARRY);
        if (flag == Flags.B) {
            c.flags.setCarry(out);
        } else {
            // OF = bit 31 ^ bit 30, CF = bit 31 stays.
            Insn aux = ir.and(c.flags.aux(), Flags.CARRY);
            c.flags.setCarryOverflow(ir.or(aux, ir.shr(ir.xor(aux, out), 1)));
        }
    }

    // ---- multiplication ----

    private static void mul(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        Insn a = c.readRegister(bits, AX);
        Insn b = c.read(i.op(0));
        Insn low;
        Insn high;
        if (bits == 64) {
            low = ir.mul(a, b);
            high = ir.mulhu(a, b);
        } else if (bits == 32) {
            Insn p = ir.mul(ir.zext32(a), ir.zext32(b));
            low = ir.trunc(p);
            high = ir.trunc(ir.shr(p, 32));
        } else {
            low = ir.mul(a, b);
            high = ir.zext(bits, ir.shr(low, bits));
        }
        writeProduct(c, bits, low, high);
        c.flags.setResult(bits, low, ir.shl(ir.ne(high, ir.constant(high.resultType(), 0)), 31));
    }

    private static void writeProduct(LiftContext c, int bits, Insn low, Insn high) {
        if (bits == 8) {
            c.writeRegister(16, AX, low);
        } else {
            c.writeRegister(bits, AX, low);
            c.writeRegister(bits, DX, high);
        }
    }

    private static void imul(LiftContext c, Instruction i) {
        if (i.operandCount() > 1) {
            imulTruncating(c, i);
            return;
        }
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        Insn a = ir.sext(bits, c.rawRegister(bits, AX));
        Insn b = ir.sext(bits, c.raw(i.op(0)));
        Insn low;
        Insn high;
        if (bits == 64) {
            low = ir.mul(a, b);
            high = ir.mulhs(a, b);
        } else if (bits == 32) {
            Insn p = ir.mul(ir.sext32(a), ir.sext32(b));
            low = ir.trunc(p);
            high = ir.trunc(ir.shr(p, 32));
        } else {
            low = ir.mul(a, b);
            high = ir.sar(low, bits);
        }
        writeProduct(c, bits, low, high);
        Insn sign = ir.sar(ir.sext(bits, low), bits == 64 ? 63 : 31);
        c.flags.setResult(bits, low, ir.shl(ir.ne(high, sign), 31));
    }

    private static void imulTruncating(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        boolean three = i.operandCount() == 3;
        Insn a = c.raw(i.op(three ? 1 : 0));
        Insn b = source(c, i.op(three ? 2 : 1), bits);
        Insn r = bits == 16 ? ir.mul(ir.sext16(a), ir.sext16(b)) : ir.mul(a, b);
        Insn overflow;
        if (bits == 64) {
            overflow = ir.ne(ir.mulhs(a, b), ir.sar(r, 63));
        } else if (bits == 32) {
            overflow = ir.ne(ir.mul(ir.sext32(a), ir.sext32(b)), ir.sext32(r));
        } else {
            overflow = ir.ne(r, ir.sext16(r));
        }
        c.write(i.op(0), r);
        c.flags.setResult(bits, r, ir.shl(overflow, 31));
    }

    // ---- division ----

    private static void divide(LiftContext c, Instruction i, boolean signed) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        Insn divisor = c.raw(i.op(0));
        if (bits == 64) {
            Insn low = c.rawRegister(64, AX);
            Insn q = ir.call(signed ? IntegerDivision.IDIV64 : IntegerDivision.DIV64, low, c.rawRegister(64, DX), divisor);
            c.writeRegister(64, AX, q);
            c.writeRegister(64, DX, ir.sub(low, ir.mul(q, divisor)));
        } else if (bits == 32) {
            Helper h = signed ? IntegerDivision.IDIV32 : IntegerDivision.DIV32;
            Insn qr = ir.call(h, c.rawRegister(32, AX), c.rawRegister(32, DX), divisor);
            c.writeRegister(32, AX, ir.trunc(qr));
            c.writeRegister(32, DX, ir.trunc(ir.shr(qr, 32)));
        } else if (bits == 16) {
            Helper h = signed ? IntegerDivision.IDIV16 : IntegerDivision.DIV16;
            Insn qr = ir.call(h, c.rawRegister(16, AX), c.rawRegister(16, DX), divisor);
            c.writeRegister(16, AX, qr);
            c.writeRegister(16, DX, ir.shr(qr, 16));
        } else {
            c.writeRegister(16, AX, ir.call(signed ? IntegerDivision.IDIV8 : IntegerDivision.DIV8, c.rawRegister(16, AX), divisor));
        }
    }
}
