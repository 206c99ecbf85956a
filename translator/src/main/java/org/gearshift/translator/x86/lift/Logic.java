package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/** Logical instructions (SDM vol. 1, 5.1.4) and TEST. */
final class Logic {
    /** An operation of the builder on two values. */
    private interface Combine {
        Insn apply(IrBuilder ir, Insn a, Insn b);
    }

    private Logic() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.AND, (c, i) -> combine(c, i, IrBuilder::and));
        t.add(Mnemonic.OR, (c, i) -> combine(c, i, IrBuilder::or));
        t.add(Mnemonic.XOR, (c, i) -> combine(c, i, IrBuilder::xor));
        t.add(Mnemonic.NOT, Logic::not);
        t.add(Mnemonic.TEST, Logic::test);
    }

    private static void combine(LiftContext c, Instruction i, Combine op) {
        int bits = i.op(0).bits;
        LiftContext.Destination d = c.modify(i.op(0));
        Insn a = d.raw();
        Insn r = op.apply(c.ir, a, IntegerArithmetic.source(c, i.op(1), bits));
        d.write(r);
        c.flags.setLogic(bits, r);
    }

    private static void not(LiftContext c, Instruction i) {
        LiftContext.Destination d = c.modify(i.op(0));
        d.write(c.ir.not(d.raw()));
    }

    private static void test(LiftContext c, Instruction i) {
        int bits = i.op(0).bits;
        Insn a = c.raw(i.op(0));
        c.flags.setLogic(bits, c.ir.and(a, IntegerArithmetic.source(c, i.op(1), bits)));
    }
}
