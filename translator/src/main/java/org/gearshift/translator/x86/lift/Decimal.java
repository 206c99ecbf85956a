package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.runtime.DecimalAdjust;
import org.gearshift.translator.x86.runtime.IntegerDivision;

/** Decimal arithmetic (SDM vol. 1, 5.1.3). */
final class Decimal {
    private Decimal() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.DAA, (c, i) -> packed(c, DecimalAdjust.DAA));
        t.add(Mnemonic.DAS, (c, i) -> packed(c, DecimalAdjust.DAS));
        t.add(Mnemonic.AAA, (c, i) -> unpacked(c, true));
        t.add(Mnemonic.AAS, (c, i) -> unpacked(c, false));
        t.add(Mnemonic.AAM, Decimal::aam);
        t.add(Mnemonic.AAD, Decimal::aad);
    }

    private static void packed(LiftContext c, Helper h) {
        IrBuilder ir = c.ir;
        Insn v = ir.call(h, c.readRegister(8, 0), c.flags.carry(), c.flags.adjust());
        c.writeRegister(8, 0, v);
        Insn carry = ir.sar(ir.and(ir.shl(v, 31 - DecimalAdjust.CARRY_BIT), Flags.CARRY), 1);
        Insn adjust = ir.and(ir.shr(v, DecimalAdjust.ADJUST_BIT - 3), Flags.ADJUST);
        c.flags.setResult(8, v, ir.or(carry, adjust));
    }

    /** AAA, AAS: AX changes by 0x106 in all if the low digit needs it. */
    private static void unpacked(LiftContext c, boolean add) {
        IrBuilder ir = c.ir;
        Insn ax = c.readRegister(16, 0);
        Insn wrong = ir.or(ir.ult(ir.i32(9), ir.and(ax, 15)), c.flags.adjust());
        Insn by = ir.select(wrong, ir.i32(0x106), ir.i32(0));
        Insn parity = c.condition(Flags.P);
        Insn zero = c.condition(Flags.Z);
        Insn sign = c.condition(Flags.S);
        Insn overflow = c.condition(Flags.O);
        c.writeRegister(16, 0, ir.and(add ? ir.add(ax, by) : ir.sub(ax, by), 0xff0f));
        c.flags.setAll(wrong, parity, wrong, zero, sign, overflow);
    }

    private static void aam(LiftContext c, Instruction i) {
        int base = (int) i.op(0).value & 0xff;
        if (base == 0) {
            c.raise(0, -1);
            return;
        }
        IrBuilder ir = c.ir;
        // DIV8 leaves remainder:quotient; AAM wants them the other way round.
        Insn v = ir.call(IntegerDivision.DIV8, c.readRegister(8, 0), ir.i32(base));
        Insn low = ir.shr(v, 8);
        c.writeRegister(16, 0, ir.or(ir.shl(v, 8), low));
        c.flags.setLogic(8, low);
    }

    private static void aad(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn ax = c.readRegister(16, 0);
        Insn v = ir.zext8(ir.add(ax, ir.mul(ir.shr(ax, 8), ir.i32((int) i.op(0).value & 0xff))));
        c.writeRegister(16, 0, v);
        c.flags.setLogic(8, v);
    }
}
