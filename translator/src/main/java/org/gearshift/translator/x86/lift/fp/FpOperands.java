package org.gearshift.translator.x86.lift.fp;

import org.gearshift.ir.Insn;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;

/** Memory operands in the shapes floating-point helpers take. */
final class FpOperands {
    private FpOperands() {
    }

    static Insn narrow(LiftContext c, Insn address) {
        return address.resultType() == Type.I64 ? c.ir.trunc(address) : address;
    }

    /** Checked linear address as I32. */
    static Insn address32(LiftContext c, Operand o, int bytes, boolean write) {
        return narrow(c, c.address(o, bytes, write));
    }
}
