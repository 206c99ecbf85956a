package org.gearshift.translator.x86.lift.fp;

import org.gearshift.ir.Insn;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.runtime.AlignmentCheck;

/** Memory operands in the shapes floating-point helpers take. */
final class FpOperands {
    private static final int TEN = 10;

    private FpOperands() {
    }

    /** Checked linear address of an operand of up to 10 bytes as I64, zero-extended; one of 10 is aligned if it is to 8 (SDM vol. 3, table 6-7). */
    static Insn address(LiftContext c, Operand o, int bytes, boolean write) {
        return bytes == TEN ? address(c, o, TEN, 8, write) : c.wideAddress(c.address(o, bytes, write));
    }

    /** The same with an alignment of its own, which the size does not tell. */
    static Insn address(LiftContext c, Operand o, int bytes, int alignment, boolean write) {
        Insn a = c.wideAddress(c.address(o, bytes, write));
        if (X86Mode.is(c.mode, X86Mode.ALIGN_CHECK)) {
            c.ir.call(AlignmentCheck.CHECK, a, c.ir.i32(alignment));
        }
        return a;
    }

    /**
     * Reports pending x87 exceptions where the address itself may fault, for instructions that wait: #MF comes before a fault of their operand. Helpers look again before
     * they touch memory.
     */
    static void await(LiftContext c, Operand o) {
        if (!X86Mode.isFlat(c.mode, o.segment) || o.segment == X86State.CS || X86Mode.is(c.mode, X86Mode.ALIGN_CHECK)) {
            c.ir.call(Vectors.PENDING);
        }
    }
}
