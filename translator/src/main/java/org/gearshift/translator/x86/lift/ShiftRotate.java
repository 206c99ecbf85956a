package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * Shifts and rotates (SDM vol. 1, 5.1.5). Counts are taken modulo 32, or 64 for 64-bit operands; a count of 0 then changes no flag.
 *
 * <p>In FLAG_AUX, bit 31 is CF and bit 30 is CF ^ OF. Most carry vectors fall out of shifting one less.
 */
final class ShiftRotate {
    /** One shift or rotate of a value by a count that is not 0; for a count of 0 the result must be the value, the vector does not matter. */
    private interface Shift {
        /** The result; bits above the width do not matter. */
        Insn result(IrBuilder ir, int bits, Insn a, Insn n);

        /** Carry vector: bits 31 and 30 of FLAG_AUX, others 0 (rotates: others do not matter). */
        Insn aux(IrBuilder ir, int bits, Insn a, Insn n, Insn result);
    }

    private ShiftRotate() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.SHL, (c, i) -> shift(c, i, new Shl()));
        t.add(Mnemonic.SHR, (c, i) -> shift(c, i, new Shr()));
        t.add(Mnemonic.SAR, (c, i) -> shift(c, i, new Sar()));
        t.add(Mnemonic.ROL, (c, i) -> rotate(c, i, new Rol()));
        t.add(Mnemonic.ROR, (c, i) -> rotate(c, i, new Ror()));
        t.add(Mnemonic.RCL, (c, i) -> rotateThroughCarry(c, i, true));
        t.add(Mnemonic.RCR, (c, i) -> rotateThroughCarry(c, i, false));
        t.add(Mnemonic.SHLD, (c, i) -> shiftDouble(c, i, true));
        t.add(Mnemonic.SHRD, (c, i) -> shiftDouble(c, i, false));
    }

    private static Insn count(LiftContext c, Operand o, int bits) {
        int mask = bits == 64 ? 63 : 31;
        return o.kind == Operand.Kind.IMMEDIATE ? c.ir.i32((int) o.value & mask) : c.ir.and(c.rawRegister(32, 1), mask);
    }

    private static void shift(LiftContext c, Instruction i, Shift s) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = s instanceof Sar ? c.ir.sext(bits, d.raw()) : s instanceof Shr ? d.read() : d.raw();
        Insn n = count(c, i.op(1), bits);
        Insn r = s.result(c.ir, bits, a, n);
        d.write(r);
        if (!n.isConst()) {
            c.flags.setResultIf(n, bits, r, s.aux(c.ir, bits, a, n, r));
        } else if (n.imm() != 0) {
            c.flags.setResult(bits, r, s.aux(c.ir, bits, a, n, r));
        }
    }

    private static void rotate(LiftContext c, Instruction i, Shift s) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.read();
        Insn n = count(c, i.op(1), bits);
        Insn r = s.result(c.ir, bits, a, n);
        d.write(r);
        setCarryOverflow(c, n, s.aux(c.ir, bits, a, n, r));
    }

    private static void setCarryOverflow(LiftContext c, Insn n, Insn aux) {
        if (!n.isConst()) {
            c.flags.setCarryOverflowIf(n, aux);
        } else if (n.imm() != 0) {
            c.flags.setCarryOverflow(aux);
        }
    }

    /** The value with its top bit moved to bit 31 of an I32. */
    private static Insn top(IrBuilder ir, int bits, Insn v) {
        return bits == 64 ? ir.trunc(ir.shr(v, 32)) : ir.shl(v, 32 - bits);
    }

    private static Insn low32(IrBuilder ir, int bits, Insn v) {
        return bits == 64 ? ir.trunc(v) : v;
    }

    private static final class Shl implements Shift {
        @Override
        public Insn result(IrBuilder ir, int bits, Insn a, Insn n) {
            return ir.shl(a, n);
        }

        @Override
        public Insn aux(IrBuilder ir, int bits, Insn a, Insn n, Insn result) {
            // One less leaves CF on top and the result's top bit, CF ^ OF, below it.
            Insn less = ir.sub(n, 1);
            Insn v = bits == 64 ? ir.trunc(ir.shr(ir.shl(a, less), 32)) : ir.shl(ir.shl(a, 32 - bits), less);
            return ir.and(v, Flags.CARRY_PAIR);
        }
    }

    private static final class Shr implements Shift {
        @Override
        public Insn result(IrBuilder ir, int bits, Insn a, Insn n) {
            return ir.shr(a, n);
        }

        @Override
        public Insn aux(IrBuilder ir, int bits, Insn a, Insn n, Insn result) {
            Insn last = ir.shl(low32(ir, bits, ir.shr(a, ir.sub(n, 1))), 31);
            Insn sign = ir.and(ir.shr(top(ir, bits, a), 1), 0x4000_0000);
            return ir.xor(ir.sar(last, 1), ir.select(ir.eq(n, 1), sign, ir.i32(0)));
        }
    }

    private static final class Sar implements Shift {
        @Override
        public Insn result(IrBuilder ir, int bits, Insn a, Insn n) {
            return ir.sar(a, n);
        }

        @Override
        public Insn aux(IrBuilder ir, int bits, Insn a, Insn n, Insn result) {
            return ir.sar(ir.shl(low32(ir, bits, ir.sar(a, ir.sub(n, 1))), 31), 1);
        }
    }

    private static final class Rol implements Shift {
        @Override
        public Insn result(IrBuilder ir, int bits, Insn a, Insn n) {
            if (bits >= 32) {
                return ir.rotl(a, n);
            }
            Insn m = ir.and(n, bits - 1);
            return ir.or(ir.shl(a, m), ir.shr(a, ir.sub(ir.i32(bits), m)));
        }

        @Override
        public Insn aux(IrBuilder ir, int bits, Insn a, Insn n, Insn result) {
            Insn sign = ir.and(ir.shr(top(ir, bits, result), 1), 0x4000_0000);
            return ir.or(ir.shl(low32(ir, bits, result), 31), sign);
        }
    }

    private static final class Ror implements Shift {
        @Override
        public Insn result(IrBuilder ir, int bits, Insn a, Insn n) {
            if (bits >= 32) {
                return ir.rotr(a, n);
            }
            Insn m = ir.and(n, bits - 1);
            return ir.or(ir.shr(a, m), ir.shl(a, ir.sub(ir.i32(bits), m)));
        }

        @Override
        public Insn aux(IrBuilder ir, int bits, Insn a, Insn n, Insn result) {
            return top(ir, bits, result);
        }
    }

    // ---- through carry ----

    private static void rotateThroughCarry(LiftContext c, Instruction i, boolean left) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.read();
        Insn n = count(c, i.op(1), bits);
        Insn carry = c.flags.carry();
        Insn r;
        Insn out;
        if (bits >= 32) {
            r = ir.select(n, left ? rcl(ir, bits, a, carry, n) : rcr(ir, bits, a, carry, n), a);
            out = low32(ir, bits, ir.shr(a, left ? ir.sub(ir.i32(bits), n) : ir.sub(n, 1)));
            out = ir.shl(out, 31);
        } else {
            // Rotating bits + 1 bits: the operand with the carry on top.
            Insn v = ir.or(ir.zext32(a), ir.shl(ir.zext32(carry), bits));
            Insn m = bits == 8 ? modulo9(ir, n) : modulo17(ir, n);
            Insn rest = ir.sub(ir.i32(bits + 1), m);
            Insn turned = left ? ir.or(ir.shl(v, m), ir.shr(v, rest)) : ir.or(ir.shr(v, m), ir.shl(v, rest));
            r = ir.trunc(turned);
            out = ir.shl(ir.trunc(ir.shr(turned, bits)), 31);
        }
        d.write(r);
        // CF ^ OF is the top bit to the left; to the right OF is the xor of the top two bits.
        Insn sign = ir.shr(top(ir, bits, r), 1);
        Insn below = left ? sign : ir.xor(ir.xor(sign, top(ir, bits, r)), ir.shr(out, 1));
        setCarryOverflow(c, n, ir.or(out, ir.and(below, 0x4000_0000)));
    }

    /** For a count that is not 0; the value's own bits come back one place late, behind the carry. */
    private static Insn rcl(IrBuilder ir, int bits, Insn a, Insn carry, Insn n) {
        Insn in = ir.shl(bits == 64 ? ir.zext32(carry) : carry, ir.sub(n, 1));
        return ir.or(ir.or(ir.shl(a, n), in), ir.shr(ir.shr(a, 1), ir.sub(ir.i32(bits), n)));
    }

    private static Insn rcr(IrBuilder ir, int bits, Insn a, Insn carry, Insn n) {
        Insn in = ir.shl(bits == 64 ? ir.zext32(carry) : carry, ir.sub(ir.i32(bits), n));
        return ir.or(ir.or(ir.shr(a, n), in), ir.shl(ir.shl(a, 1), ir.sub(ir.i32(bits), n)));
    }

    /** n % 9 for n in 0..31. */
    private static Insn modulo9(IrBuilder ir, Insn n) {
        Insn quotient = ir.shr(ir.mul(n, ir.i32(57)), 9);
        return ir.sub(n, ir.mul(quotient, ir.i32(9)));
    }

    /** n % 17 for n in 0..31. */
    private static Insn modulo17(IrBuilder ir, Insn n) {
        return ir.select(ir.ult(n, ir.i32(17)), n, ir.sub(n, 17));
    }

    // ---- double ----

    private static void shiftDouble(LiftContext c, Instruction i, boolean left) {
        IrBuilder ir = c.ir;
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.read();
        Insn s = c.read(i.op(1));
        Insn n = count(c, i.op(2), bits);
        Insn less = ir.sub(n, 1);
        Insn r;
        Insn out;
        if (bits == 16) {
            Insn v = ir.or(ir.or(ir.shl(ir.zext32(a), 32), ir.shl(ir.zext32(s), 16)), ir.zext32(a));
            r = ir.trunc(left ? ir.shr(ir.shl(v, n), 32) : ir.shr(v, n));
            out = ir.trunc(left ? ir.shr(v, ir.sub(ir.i32(48), n)) : ir.shr(v, less));
        } else if (left) {
            r = ir.or(ir.shl(a, n), ir.shr(ir.shr(s, 1), ir.sub(ir.i32(bits - 1), n)));
            out = low32(ir, bits, ir.shr(a, ir.sub(ir.i32(bits), n)));
        } else {
            r = ir.or(ir.shr(a, n), ir.shl(ir.shl(s, 1), ir.sub(ir.i32(bits - 1), n)));
            out = low32(ir, bits, ir.shr(a, less));
        }
        d.write(r);
        Insn carry = ir.sar(ir.shl(out, 31), 1);
        Insn changed = ir.and(ir.shr(top(ir, bits, ir.xor(r, a)), 1), 0x4000_0000);
        Insn aux = ir.xor(carry, changed);
        if (!n.isConst()) {
            c.flags.setResultIf(n, bits, r, aux);
        } else if (n.imm() != 0) {
            c.flags.setResult(bits, r, aux);
        }
    }
}
