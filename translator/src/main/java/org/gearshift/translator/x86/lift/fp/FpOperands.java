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

    static Insn wide(LiftContext c, Insn address) {
        return address.resultType() == Type.I64 ? address : c.ir.zext32(address);
    }

    /** Checked linear address as I64, zero-extended. */
    static Insn address(LiftContext c, Operand o, int bytes, boolean write) {
        return wide(c, c.address(o, bytes, write));
    }

    /** Offset within the segment as I32. */
    static Insn offset(LiftContext c, Operand o) {
        return narrow(c, c.effectiveAddress(o));
    }

    /** A 16- or 32-bit integer operand as I32. */
    static Insn loadSigned32(LiftContext c, Operand o) {
        return c.ir.sext(o.bits, c.loadMem(o));
    }

    /** A 16-, 32- or 64-bit integer operand as I64. */
    static Insn loadSigned64(LiftContext c, Operand o) {
        return o.bits == 64 ? c.loadMem(o) : c.ir.sext32(loadSigned32(c, o));
    }
}
