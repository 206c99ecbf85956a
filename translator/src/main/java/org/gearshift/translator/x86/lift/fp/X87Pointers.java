package org.gearshift.translator.x86.lift.fp;

import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftContext;

/**
 * The last instruction and data pointers and the opcode (SDM vol. 1, 8.1.8 and 8.1.9). All instructions set them except those that control the unit as a whole: FNINIT
 * and FNSAVE clear them, FNCLEX, FLDCW, FNSTCW, FNSTSW, FNSTENV and FWAIT leave them, FLDENV and FRSTOR load them. An instruction without memory operand leaves the data
 * pointer, which the manual then calls undefined. The opcode is kept always, as in fopcode compatibility mode, which includes what is kept without it.
 */
final class X87Pointers {
    private X87Pointers() {
    }

    /** An instruction that also sets the pointers, once nothing can fault any more. */
    static Lift kept(Lift lift) {
        return (c, i) -> {
            lift.lift(c, i);
            put(c, i);
        };
    }

    private static void put(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        ir.put(X86State.X87_FIP, c.isCode64() ? ir.i64(c.pc()) : ir.i32((int) c.pc()));
        ir.put(X86State.X87_FCS, ir.get32(X86State.SEG_SELECTOR + X86State.CS));
        ir.put(X86State.X87_FOP, ir.i32(c.x87Opcode() | (c.isCode64() ? X86State.X87_POINTERS_64 : 0)));
        if (i.operandCount() > 0 && i.op(0).isMemory()) {
            Operand o = i.op(0);
            ir.put(X86State.X87_FDP, c.effectiveAddress(o));
            ir.put(X86State.X87_FDS, ir.get32(X86State.SEG_SELECTOR + o.segment));
        }
    }
}
