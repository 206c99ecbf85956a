package org.gearshift.translator.x86.lift.fp;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.AlignmentCheck;
import org.gearshift.translator.x86.runtime.ExtendedState;
import org.gearshift.translator.x86.runtime.X87Environment;

/** Saving and restoring extended states, and the register that enables them (SDM vol. 1, 5.19 and chapter 13). */
final class Xsave {
    private Xsave() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.XSAVE, enabled((c, i) -> image(c, i, ExtendedState.SAVE, 0, true)));
        t.add(Mnemonic.XSAVEOPT, enabled((c, i) -> image(c, i, ExtendedState.SAVE, ExtendedState.OPTIMIZED, true)));
        t.add(Mnemonic.XSAVEC, enabled((c, i) -> image(c, i, ExtendedState.SAVE, ExtendedState.COMPACTED, true)));
        t.add(Mnemonic.XRSTOR, enabled((c, i) -> image(c, i, ExtendedState.RESTORE, 0, false)));
        t.add(Mnemonic.XGETBV, present((c, i) -> {
            IrBuilder ir = c.ir;
            Insn v = c.service(X86Service.XGETBV, ir.call(ExtendedState.IN_USE));
            c.writeRegister(32, 0, ir.trunc(v));
            c.writeRegister(32, 2, ir.trunc(ir.shr(v, 32)));
        }));
        t.add(Mnemonic.XSETBV, present((c, i) -> c.serviceEnd(X86Service.XSETBV)));
    }

    /** #UD unless CR4.OSXSAVE. */
    private static Lift present(Lift lift) {
        return (c, i) -> {
            if (X86Mode.is(c.mode, X86Mode.OSXSAVE)) {
                lift.lift(c, i);
            } else {
                c.undefined();
            }
        };
    }

    /** The same, then #NM if CR0.TS. */
    private static Lift enabled(Lift lift) {
        return present(FpMode.available(lift));
    }

    /** Accesses beyond the header are checked by the page only: a segment's end is looked at for what every form has. */
    private static void image(LiftContext c, Instruction i, Helper h, int form, boolean write) {
        Insn a = c.wideAddress(c.address(i.op(0), ExtendedState.HEADER_END, write));
        c.ir.call(AlignmentCheck.CHECK64, a);
        int registers = c.isCode64() ? 16 : 8;
        int wide = i.operandBits() == 64 ? X87Environment.WIDE_POINTERS : 0;
        c.ir.call(h, a, c.ir.i32(form | registers | wide));
    }
}
