package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.runtime.SseExceptions;

/** Floating-point instructions whose elements are computed by calls of their own, and whose exceptions must be seen together (SDM vol. 1, 11.5.2). */
final class FpExceptions {
    private static final Helper BEGIN = Helper.stateful("sse_begin", SseExceptions.class, "begin", false, FpSlots.MXCSR, FpSlots.MXCSR, I64);
    private static final Helper END = SseArithmetic.helper(SseExceptions.class, "end", Type.VOID, I64);

    private FpExceptions() {
    }

    /** From here to {@link #end}, helpers that work under MXCSR record exceptions and raise none. All memory operands have been read before. */
    static Insn begin(LiftContext c) {
        return c.ir.call(BEGIN);
    }

    /** Raises what has been recorded and is not masked. {@code before} is what {@link #begin} gave, or null: nothing to do. */
    static void end(LiftContext c, Insn before) {
        if (before != null) {
            c.ir.call(END, before);
        }
    }
}
