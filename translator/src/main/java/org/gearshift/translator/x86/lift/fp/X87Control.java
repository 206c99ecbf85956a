package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.AlignmentCheck;
import org.gearshift.translator.x86.runtime.X87Environment;

/** x87 control instructions, FXSAVE and FXRSTOR (SDM vol. 1, 5.2.6 and 5.3). */
final class X87Control {
    private static final int FX_BYTES = 512;
    private static final Helper FWAIT = FpSlots.x87(X87Environment.class, "fwait");
    private static final Helper FNINIT = state("fninit");
    private static final Helper FNCLEX = Helper.stateful("x87_fnclex", X87Environment.class, "fnclex", false, FpSlots.X87_AND_CR0, FpSlots.X87, Type.VOID);
    private static final Helper ROTATE = FpSlots.x87(X87Environment.class, "rotate", I32);
    private static final Helper FFREE = FpSlots.x87(X87Environment.class, "ffree", I32, I32);
    private static final Helper FLDCW = state("fldcw", I64);
    private static final Helper FNSTENV = state("fnstenv", I64, I32);
    private static final Helper FLDENV = state("fldenv", I64, I32);
    private static final Helper FNSAVE = state("fnsave", I64, I32);
    private static final Helper FRSTOR = state("frstor", I64, I32);
    private static final Helper FXSAVE = Helper.stateful("fxsave", X87Environment.class, "fxsave", true, FpSlots.FX_STATE, FpSlots.NONE,
            Type.VOID, I64, I32);
    private static final Helper FXRSTOR = Helper.stateful("fxrstor", X87Environment.class, "fxrstor", true, FpSlots.union(FpSlots.FX_STATE, FpSlots.X87_AND_CR0),
            FpSlots.FX_STATE,            Type.VOID, I64, I32);

    private X87Control() {
    }

    private static Helper state(String method, Type... params) {
        return Helper.stateful("x87_" + method, X87Environment.class, method, true, FpSlots.X87_STATE_AND_CR0, FpSlots.X87_STATE, Type.VOID, params);
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.FWAIT, FpMode.wait(X87Usual.or((c, i) -> c.ir.call(FWAIT))));
        t.add(Mnemonic.FNOP, FpMode.x87(X87Pointers.kept(X87Usual.or((c, i) -> c.ir.call(FWAIT)))));
        t.add(FpMode.x87((c, i) -> { }), Mnemonic.FENI, Mnemonic.FDISI, Mnemonic.FSETPM);
        t.add(Mnemonic.FNINIT, FpMode.x87(X87Usual.or((c, i) -> c.ir.call(FNINIT))));
        t.add(Mnemonic.FNCLEX, FpMode.x87(X87Usual.or((c, i) -> c.ir.call(FNCLEX))));
        t.add(Mnemonic.FINCSTP, FpMode.x87(X87Pointers.kept(X87Usual.or((c, i) -> c.ir.call(ROTATE, c.ir.i32(1))))));
        t.add(Mnemonic.FDECSTP, FpMode.x87(X87Pointers.kept(X87Usual.or((c, i) -> c.ir.call(ROTATE, c.ir.i32(-1))))));
        t.add(Mnemonic.FFREE, FpMode.x87(X87Pointers.kept(X87Usual.or((c, i) -> c.ir.call(FFREE, c.ir.i32(i.op(0).reg), c.ir.i32(0))))));
        t.add(Mnemonic.FFREEP, FpMode.x87(X87Pointers.kept(X87Usual.or((c, i) -> c.ir.call(FFREE, c.ir.i32(i.op(0).reg), c.ir.i32(1))))));
        t.add(Mnemonic.FNSTCW, FpMode.x87((c, i) -> c.storeMem(i.op(0), c.ir.get32(X86State.X87_CONTROL))));
        t.add(Mnemonic.FLDCW, FpMode.x87(X87Usual.or(X87Control::fldcw)));
        t.add(Mnemonic.FNSTSW, FpMode.x87(X87Control::fnstsw));
        t.add(Mnemonic.FNSTENV, FpMode.x87(X87Usual.or((c, i) -> image(c, i, FNSTENV, 28, 14, true))));
        t.add(Mnemonic.FLDENV, FpMode.x87(X87Usual.or((c, i) -> image(c, i, FLDENV, 28, 14, false))));
        t.add(Mnemonic.FNSAVE, FpMode.x87(X87Usual.or((c, i) -> image(c, i, FNSAVE, 108, 94, true))));
        t.add(Mnemonic.FRSTOR, FpMode.x87(X87Usual.or((c, i) -> image(c, i, FRSTOR, 108, 94, false))));
        t.add(Mnemonic.FXSAVE, FpMode.x87(X87Usual.or((c, i) -> fx(c, i, FXSAVE, true))));
        t.add(Mnemonic.FXRSTOR, FpMode.x87(X87Usual.or((c, i) -> fx(c, i, FXRSTOR, false))));
    }

    private static void fnstsw(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn word = ir.or(ir.get32(X86State.X87_STATUS), ir.shl(ir.get32(X86State.X87_TOP), 11));
        c.write(i.op(0), word);
    }

    private static void fldcw(LiftContext c, Instruction i) {
        FpOperands.await(c, i.op(0));
        c.ir.call(FLDCW, FpOperands.address(c, i.op(0), 2, false));
    }

    private static void image(LiftContext c, Instruction i, Helper h, int wide, int small, boolean write) {
        int kind = (i.operandBits() == 16 ? 0 : 1) | (c.isProtected() && !c.isV86() ? 0 : 2);
        boolean is32 = (kind & 1) != 0;
        if (!write) {
            FpOperands.await(c, i.op(0));
        }
        Insn a = FpOperands.address(c, i.op(0), is32 ? wide : small, is32 ? 4 : 2, write);
        c.ir.call(h, a, c.ir.i32(kind));
    }

    private static void fx(LiftContext c, Instruction i, Helper h, boolean write) {
        Operand o = i.op(0);
        Insn a = c.wideAddress(c.address(o, FX_BYTES, write));
        c.ir.call(AlignmentCheck.CHECK16, a);
        int xmm = !X86Mode.is(c.mode, X86Mode.OSFXSR) ? 0 : c.isCode64() ? 16 : 8;
        int wide = i.operandBits() == 64 ? X87Environment.WIDE_POINTERS : 0;
        c.ir.call(h, a, c.ir.i32(xmm | wide));
    }
}
