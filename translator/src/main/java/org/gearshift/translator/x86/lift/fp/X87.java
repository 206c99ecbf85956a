package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.Flags;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.X87Arithmetic;
import org.gearshift.translator.x86.runtime.X87Comparison;
import org.gearshift.translator.x86.runtime.X87Transcendental;
import org.gearshift.translator.x86.runtime.X87Transfer;

/** x87 data transfer, arithmetic, comparison, transcendental functions and constants (SDM vol. 1, 5.2.1 to 5.2.5). */
final class X87 {
    private static final Helper ARITH_STACK = FpSlots.x87(X87Arithmetic.class, "stack", I32, I32, I32, I32);
    private static final Helper ARITH_SINGLE = FpSlots.x87(X87Arithmetic.class, "single", I32, I64);
    private static final Helper ARITH_REAL = FpSlots.x87(X87Arithmetic.class, "real", I32, I64);
    private static final Helper ARITH_INTEGER = FpSlots.x87(X87Arithmetic.class, "integer", I32, I64, I32);
    private static final Helper FPREM = FpSlots.x87(X87Arithmetic.class, "fprem", I32);
    private static final Helper FLD = FpSlots.x87(X87Transfer.class, "fld", I32);
    private static final Helper FLD32 = FpSlots.x87(X87Transfer.class, "fld32", I64);
    private static final Helper FLD64 = FpSlots.x87(X87Transfer.class, "fld64", I64);
    private static final Helper FLD80 = FpSlots.x87(X87Transfer.class, "fld80", I64);
    private static final Helper FILD = FpSlots.x87(X87Transfer.class, "fild", I64, I32);
    private static final Helper FBLD = FpSlots.x87(X87Transfer.class, "fbld", I64);
    private static final Helper CONSTANT = FpSlots.x87(X87Transfer.class, "constant", I32);
    private static final Helper FST = FpSlots.x87(X87Transfer.class, "fst", I32, I32);
    private static final Helper FSTPNCE = FpSlots.x87(X87Transfer.class, "fstpnce", I32);
    private static final Helper FST32 = FpSlots.x87(X87Transfer.class, "fst32", I64, I32);
    private static final Helper FST64 = FpSlots.x87(X87Transfer.class, "fst64", I64, I32);
    private static final Helper FSTP80 = FpSlots.x87(X87Transfer.class, "fstp80", I64);
    private static final Helper FIST = FpSlots.x87(X87Transfer.class, "fist", I64, I32, I32, I32);
    private static final Helper FBSTP = FpSlots.x87(X87Transfer.class, "fbstp", I64);
    private static final Helper FXCH = FpSlots.x87(X87Transfer.class, "fxch", I32);
    private static final Helper FCMOV = FpSlots.x87(X87Transfer.class, "fcmov", I32, I32);
    private static final Helper FCOM = FpSlots.x87(X87Comparison.class, "fcom", I32, I32, I32);
    private static final Helper FCOM32 = FpSlots.x87(X87Comparison.class, "fcom32", I64, I32);
    private static final Helper FCOM64 = FpSlots.x87(X87Comparison.class, "fcom64", I64, I32);
    private static final Helper FICOM = FpSlots.x87(X87Comparison.class, "ficom", I64, I32, I32);
    private static final Helper FCOMI = Helper.stateful("x87_fcomi", X87Comparison.class, "fcomi", true,
            FpSlots.union(FpSlots.X87, FpSlots.FLAGS), FpSlots.union(FpSlots.X87, FpSlots.FLAGS), Type.VOID, I32, I32, I32);

    /** D9 D8+i, by the decoder an FSTP ST(i): opcode and ModRM without the register. */
    static final int FSTPNCE_OPCODE = 0x1d8 >> 3;

    private X87() {
    }

    private static void add(LiftTable t, Mnemonic m, Lift lift) {
        t.add(m, FpMode.x87(X87Pointers.kept(X87Usual.or(lift))));
    }

    static void register(LiftTable t) {
        arithmetic(t, X87Arithmetic.ADD, Mnemonic.FADD, Mnemonic.FADDP, Mnemonic.FIADD);
        arithmetic(t, X87Arithmetic.MUL, Mnemonic.FMUL, Mnemonic.FMULP, Mnemonic.FIMUL);
        arithmetic(t, X87Arithmetic.SUB, Mnemonic.FSUB, Mnemonic.FSUBP, Mnemonic.FISUB);
        arithmetic(t, X87Arithmetic.SUBR, Mnemonic.FSUBR, Mnemonic.FSUBRP, Mnemonic.FISUBR);
        arithmetic(t, X87Arithmetic.DIV, Mnemonic.FDIV, Mnemonic.FDIVP, Mnemonic.FIDIV);
        arithmetic(t, X87Arithmetic.DIVR, Mnemonic.FDIVR, Mnemonic.FDIVRP, Mnemonic.FIDIVR);
        for (Mnemonic m : new Mnemonic[] {Mnemonic.FCHS, Mnemonic.FABS, Mnemonic.FSQRT, Mnemonic.FRNDINT, Mnemonic.FSCALE, Mnemonic.FXTRACT}) {
            plain(t, m, X87Arithmetic.class);
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.FSIN, Mnemonic.FCOS, Mnemonic.FSINCOS, Mnemonic.FPTAN, Mnemonic.FPATAN, Mnemonic.F2XM1,
            Mnemonic.FYL2X, Mnemonic.FYL2XP1}) {
            plain(t, m, X87Transcendental.class);
        }
        plain(t, Mnemonic.FXAM, X87Comparison.class);
        plain(t, Mnemonic.FTST, X87Comparison.class);
        add(t, Mnemonic.FPREM, (c, i) -> c.ir.call(FPREM, c.ir.i32(0)));
        add(t, Mnemonic.FPREM1, (c, i) -> c.ir.call(FPREM, c.ir.i32(1)));
        transfers(t);
        comparisons(t);
    }

    private static void plain(LiftTable t, Mnemonic m, Class<?> owner) {
        Helper h = FpSlots.x87(owner, m.name().toLowerCase(java.util.Locale.ROOT));
        add(t, m, (c, i) -> c.ir.call(h));
    }

    private static void arithmetic(LiftTable t, int operation, Mnemonic plain, Mnemonic popping, Mnemonic integer) {
        add(t, plain, (c, i) -> {
            Operand o = i.op(0);
            IrBuilder ir = c.ir;
            if (!o.isMemory()) {
                stack(c, i, operation, 0);
            } else {
                ir.call(o.bits == 32 ? ARITH_SINGLE : ARITH_REAL, ir.i32(operation), load(c, o));
            }
        });
        add(t, popping, (c, i) -> stack(c, i, operation, 1));
        add(t, integer, (c, i) -> c.ir.call(ARITH_INTEGER, c.ir.i32(operation), load(c, i.op(0)), c.ir.i32(i.op(0).bits / 8)));
    }

    private static void stack(LiftContext c, Instruction i, int operation, int pop) {
        IrBuilder ir = c.ir;
        ir.call(ARITH_STACK, ir.i32(operation), ir.i32(i.op(0).reg), ir.i32(i.op(1).reg), ir.i32(pop));
    }

    private static void transfers(LiftTable t) {
        add(t, Mnemonic.FLD, X87::fld);
        add(t, Mnemonic.FILD, (c, i) -> c.ir.call(FILD, load(c, i.op(0)), c.ir.i32(i.op(0).bits / 8)));
        add(t, Mnemonic.FBLD, (c, i) -> c.ir.call(FBLD, load(c, i.op(0))));
        add(t, Mnemonic.FST, (c, i) -> fst(c, i, 0));
        add(t, Mnemonic.FSTP, (c, i) -> fst(c, i, 1));
        add(t, Mnemonic.FIST, (c, i) -> fist(c, i, -1, 0));
        add(t, Mnemonic.FISTP, (c, i) -> fist(c, i, -1, 1));
        add(t, Mnemonic.FISTTP, (c, i) -> fist(c, i, 3, 1));
        add(t, Mnemonic.FBSTP, (c, i) -> c.ir.call(FBSTP, store(c, i.op(0))));
        add(t, Mnemonic.FXCH, (c, i) -> c.ir.call(FXCH, c.ir.i32(i.op(i.operandCount() - 1).reg)));
        Mnemonic[] constants = {Mnemonic.FLD1, Mnemonic.FLDL2T, Mnemonic.FLDL2E, Mnemonic.FLDPI, Mnemonic.FLDLG2, Mnemonic.FLDLN2, Mnemonic.FLDZ};
        for (int n = 0; n < constants.length; n++) {
            int index = n;
            add(t, constants[n], (c, i) -> c.ir.call(CONSTANT, c.ir.i32(index)));
        }
        fcmov(t, Mnemonic.FCMOVB, Flags.B);
        fcmov(t, Mnemonic.FCMOVE, Flags.Z);
        fcmov(t, Mnemonic.FCMOVBE, Flags.BE);
        fcmov(t, Mnemonic.FCMOVU, Flags.P);
        fcmov(t, Mnemonic.FCMOVNB, Flags.B + 1);
        fcmov(t, Mnemonic.FCMOVNE, Flags.Z + 1);
        fcmov(t, Mnemonic.FCMOVNBE, Flags.BE + 1);
        fcmov(t, Mnemonic.FCMOVNU, Flags.P + 1);
    }

    private static void fcmov(LiftTable t, Mnemonic m, int condition) {
        add(t, m, (c, i) -> c.ir.call(FCMOV, c.ir.i32(i.op(1).reg), c.condition(condition)));
    }

    private static void fld(LiftContext c, Instruction i) {
        Operand o = i.op(0);
        if (!o.isMemory()) {
            c.ir.call(FLD, c.ir.i32(o.reg));
        } else {
            c.ir.call(o.bits == 80 ? FLD80 : o.bits == 64 ? FLD64 : FLD32, load(c, o));
        }
    }

    /** Address of an operand that the helper loads, once it has looked for pending exceptions. */
    private static Insn load(LiftContext c, Operand o) {
        FpOperands.await(c, o);
        return FpOperands.address(c, o, o.bits / 8, false);
    }

    /** Address of an operand that the helper stores. */
    private static Insn store(LiftContext c, Operand o) {
        FpOperands.await(c, o);
        return FpOperands.address(c, o, o.bits / 8, true);
    }

    private static void fst(LiftContext c, Instruction i, int pop) {
        Operand o = i.op(0);
        IrBuilder ir = c.ir;
        if (c.x87Opcode() >> 3 == FSTPNCE_OPCODE) {
            ir.call(FSTPNCE, ir.i32(o.reg));
        } else if (!o.isMemory()) {
            ir.call(FST, ir.i32(o.reg), ir.i32(pop));
        } else if (o.bits == 80) {
            ir.call(FSTP80, store(c, o));
        } else {
            ir.call(o.bits == 32 ? FST32 : FST64, store(c, o), ir.i32(pop));
        }
    }

    private static void fist(LiftContext c, Instruction i, int mode, int pop) {
        Operand o = i.op(0);
        IrBuilder ir = c.ir;
        ir.call(FIST, store(c, o), ir.i32(o.bits / 8), ir.i32(mode), ir.i32(pop));
    }

    private static void comparisons(LiftTable t) {
        compare(t, Mnemonic.FCOM, 0, 0);
        compare(t, Mnemonic.FCOMP, 0, 1);
        compare(t, Mnemonic.FUCOM, 1, 0);
        compare(t, Mnemonic.FUCOMP, 1, 1);
        add(t, Mnemonic.FCOMPP, (c, i) -> fcom(c, 1, 0, 2));
        add(t, Mnemonic.FUCOMPP, (c, i) -> fcom(c, 1, 1, 2));
        add(t, Mnemonic.FICOM, (c, i) -> ficom(c, i, 0));
        add(t, Mnemonic.FICOMP, (c, i) -> ficom(c, i, 1));
        add(t, Mnemonic.FCOMI, (c, i) -> fcomi(c, i, 0, 0));
        add(t, Mnemonic.FCOMIP, (c, i) -> fcomi(c, i, 0, 1));
        add(t, Mnemonic.FUCOMI, (c, i) -> fcomi(c, i, 1, 0));
        add(t, Mnemonic.FUCOMIP, (c, i) -> fcomi(c, i, 1, 1));
    }

    private static void ficom(LiftContext c, Instruction i, int pops) {
        c.ir.call(FICOM, load(c, i.op(0)), c.ir.i32(i.op(0).bits / 8), c.ir.i32(pops));
    }

    private static void compare(LiftTable t, Mnemonic m, int quiet, int pops) {
        add(t, m, (c, i) -> {
            Operand o = i.op(i.operandCount() - 1);
            if (o.isMemory()) {
                c.ir.call(o.bits == 32 ? FCOM32 : FCOM64, load(c, o), c.ir.i32(pops));
            } else {
                fcom(c, o.reg, quiet, pops);
            }
        });
    }

    private static void fcom(LiftContext c, int register, int quiet, int pops) {
        c.ir.call(FCOM, c.ir.i32(register), c.ir.i32(quiet), c.ir.i32(pops));
    }

    private static void fcomi(LiftContext c, Instruction i, int quiet, int pops) {
        c.ir.call(FCOMI, c.ir.i32(i.op(i.operandCount() - 1).reg), c.ir.i32(quiet), c.ir.i32(pops));
        c.flags.forget();
    }
}
