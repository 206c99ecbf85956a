package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I32;
import static org.gearshift.ir.Type.I64;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
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
import org.gearshift.translator.x86.lift.X87Knowledge;
import org.gearshift.translator.x86.runtime.X87Attempts;
import org.gearshift.translator.x86.runtime.X87Transfer;

/**
 * x87 instructions in code for one state of the register stack ({@link X87Knowledge}), where registers are state slots like any others: numbers are loaded, computed
 * and stored in line, for as long as they are of the usual kind ({@link X87Attempts}). Whatever is not, an {@link IrBuilder#expect expectation} finds before the
 * instruction changes anything.
 */
final class X87Usual {
    /** Lifts an instruction; false if it can't, and then nothing has been emitted but expectations. */
    @FunctionalInterface
    private interface Form {
        boolean lift(X87Usual u, Instruction i);
    }

    private static final int IE_TO_PE = 0x3f;
    private static final int C0 = 0x100;
    private static final int C1 = 0x200;
    private static final int C3 = 0x4000;
    private static final int CONDITIONS = 0x4700;
    private static final int SIGN = 0x8000;
    private static final int WORD = 0xffff;
    private static final int CARRY = 0xc000_0000;
    private static final int CHOP = 3;
    private static final int TEN = 10;

    private static final Helper SECOND = local("second", I32);
    private static final Helper IS_NUMBER = Helper.pure("x87_is_number", X87Attempts.class, "isNumber", I32, I64, I32);
    private static final Helper STATUS = Helper.pure("x87_status", X87Attempts.class, "status", I32, I32, I32);
    private static final Helper ORDER = Helper.pure("x87_order", X87Attempts.class, "order", I32, I64, I32, I64, I32);
    private static final Helper EXAMINE = Helper.pure("x87_examine", X87Attempts.class, "examine", I32, I64, I32);
    private static final Helper SUM = local("sum", I64, I64, I32, I64, I32);
    private static final Helper PRODUCT = local("product", I64, I64, I32, I64, I32);
    private static final Helper QUOTIENT = local("quotient", I64, I64, I32, I64, I32);
    private static final Helper ROOT = local("root", I64, I64, I32);
    private static final Helper INTEGRAL = local("integral", I64, I64, I32, I32);
    private static final Helper OF_REAL = local("ofReal", I64, I64);
    private static final Helper OF_SINGLE = local("ofSingle", I64, I32);
    private static final Helper OF_INTEGER = local("ofInteger", I64, I64);
    private static final Helper TO_REAL = local("toReal", I64, I64, I32);
    private static final Helper TO_SINGLE = local("toSingle", I32, I64, I32);
    private static final Helper TO_INTEGER = local("toInteger", I64, I64, I32, I32, I32);

    private static final Map<Mnemonic, Form> FORMS = new EnumMap<>(Mnemonic.class);
    /** How instructions without a form here change the state of the stack: pushes less pops. Those without an entry leave it alone. */
    private static final Map<Mnemonic, Integer> PUSHES = new EnumMap<>(Mnemonic.class);
    private static final Set<Mnemonic> RESETTING = EnumSet.of(Mnemonic.FNINIT, Mnemonic.FNSAVE);
    private static final Set<Mnemonic> LOADING = EnumSet.of(Mnemonic.FLDENV, Mnemonic.FRSTOR, Mnemonic.FXRSTOR);

    static {
        arithmetic(Arithmetic.ADD, Mnemonic.FADD, Mnemonic.FADDP, Mnemonic.FIADD);
        arithmetic(Arithmetic.MUL, Mnemonic.FMUL, Mnemonic.FMULP, Mnemonic.FIMUL);
        arithmetic(Arithmetic.SUB, Mnemonic.FSUB, Mnemonic.FSUBP, Mnemonic.FISUB);
        arithmetic(Arithmetic.SUBR, Mnemonic.FSUBR, Mnemonic.FSUBRP, Mnemonic.FISUBR);
        arithmetic(Arithmetic.DIV, Mnemonic.FDIV, Mnemonic.FDIVP, Mnemonic.FIDIV);
        arithmetic(Arithmetic.DIVR, Mnemonic.FDIVR, Mnemonic.FDIVRP, Mnemonic.FIDIVR);
        FORMS.put(Mnemonic.FSQRT, (u, i) -> u.unary(() -> u.ir.call(ROOT, u.significand(0), u.word(0)), true));
        FORMS.put(Mnemonic.FRNDINT, (u, i) -> u.unary(() -> u.ir.call(INTEGRAL, u.significand(0), u.word(0), u.rounding()), false));
        FORMS.put(Mnemonic.FCHS, (u, i) -> u.sign(w -> u.ir.xor(w, SIGN)));
        FORMS.put(Mnemonic.FABS, (u, i) -> u.sign(w -> u.ir.and(w, SIGN - 1)));
        FORMS.put(Mnemonic.FXCH, X87Usual::exchange);
        FORMS.put(Mnemonic.FLD, X87Usual::load);
        FORMS.put(Mnemonic.FILD, X87Usual::loadInteger);
        Mnemonic[] constants = {Mnemonic.FLD1, Mnemonic.FLDL2T, Mnemonic.FLDL2E, Mnemonic.FLDPI, Mnemonic.FLDLG2, Mnemonic.FLDLN2, Mnemonic.FLDZ};
        for (int n = 0; n < constants.length; n++) {
            int index = n;
            FORMS.put(constants[n], (u, i) -> u.loadConstant(index));
        }
        FORMS.put(Mnemonic.FST, (u, i) -> u.store(i, 0));
        FORMS.put(Mnemonic.FSTP, (u, i) -> u.store(i, 1));
        FORMS.put(Mnemonic.FIST, (u, i) -> u.storeInteger(i, null, 0));
        FORMS.put(Mnemonic.FISTP, (u, i) -> u.storeInteger(i, null, 1));
        FORMS.put(Mnemonic.FISTTP, (u, i) -> u.storeInteger(i, u.ir.i32(CHOP), 1));
        FORMS.put(Mnemonic.FFREE, (u, i) -> u.free(i, 0));
        FORMS.put(Mnemonic.FFREEP, (u, i) -> u.free(i, 1));
        FORMS.put(Mnemonic.FINCSTP, (u, i) -> u.rotate(1));
        FORMS.put(Mnemonic.FDECSTP, (u, i) -> u.rotate(-1));
        FORMS.put(Mnemonic.FNOP, (u, i) -> true);
        FORMS.put(Mnemonic.FWAIT, (u, i) -> true);
        FORMS.put(Mnemonic.FLDCW, X87Usual::loadControl);
        comparisons();
        conditionalMoves();
        for (Mnemonic m : new Mnemonic[] {Mnemonic.FPTAN, Mnemonic.FSINCOS, Mnemonic.FXTRACT, Mnemonic.FBLD}) {
            PUSHES.put(m, 1);
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.FYL2X, Mnemonic.FYL2XP1, Mnemonic.FPATAN, Mnemonic.FBSTP}) {
            PUSHES.put(m, -1);
        }
    }

    /** The basic operations; {@code reversed} ones swap their operands. */
    private enum Arithmetic {
        ADD(SUM, false, false), MUL(PRODUCT, false, false), SUB(SUM, false, true), SUBR(SUM, true, true), DIV(QUOTIENT, false, false), DIVR(QUOTIENT, true, false);

        private final Helper helper;
        private final boolean reversed;
        private final boolean negates;

        Arithmetic(Helper helper, boolean reversed, boolean negates) {
            this.helper = helper;
            this.reversed = reversed;
            this.negates = negates;
        }
    }

    private final LiftContext c;
    private final IrBuilder ir;
    private final X87Knowledge known;

    private X87Usual(LiftContext c) {
        this.c = c;
        this.ir = c.ir;
        this.known = c.x87();
    }

    private static Helper local(String method, Type result, Type... params) {
        return Helper.stateful("x87_" + method.toLowerCase(java.util.Locale.ROOT), X87Attempts.class, method, false, FpSlots.NONE, FpSlots.NONE, result, params);
    }

    /** A way to lift an instruction that is taken where there is no form of it here, or the state of the stack is not known. */
    static Lift or(Lift general) {
        return (c, i) -> {
            if (!lift(c, i)) {
                general.lift(c, i);
                lifted(c, i);
            }
        };
    }

    /** Lifts an x87 instruction if the state of the stack is known and there is a form for it. False: it is to be lifted in general, and then {@link #lifted}. */
    private static boolean lift(LiftContext c, Instruction i) {
        c.x87().used(c.pc());
        Form form = FORMS.get(i.mnemonic());
        return form != null && c.x87().specializes() && c.x87().state() != X87Knowledge.UNKNOWN && c.x87().compare() && form.lift(new X87Usual(c), i);
    }

    /** An x87 instruction has been lifted in general: what the state of the stack will be then. */
    private static void lifted(LiftContext c, Instruction i) {
        X87Knowledge known = c.x87();
        int state = known.state();
        if (state == X87Knowledge.UNKNOWN && !RESETTING.contains(i.mnemonic())) {
            return;
        }
        int pushes = PUSHES.getOrDefault(i.mnemonic(), 0);
        int top = known.register(0);
        if (RESETTING.contains(i.mnemonic())) {
            known.expect(X87Knowledge.INITIAL);
        } else if (LOADING.contains(i.mnemonic()) || FORMS.containsKey(i.mnemonic())) {
            // Instructions that have a form end here at stack faults.
            known.expect(X87Knowledge.UNKNOWN);
        } else if (pushes > 0) {
            known.expect(top - 1 & 7 | (state >> 3 & ~(1 << (top - 1 & 7))) << 3);
        } else if (pushes < 0) {
            known.expect(top + 1 & 7 | (state >> 3 | 1 << top) << 3);
        }
    }

    // ---- registers ----

    private Insn significand(int i) {
        return ir.get64(X86State.X87_MANTISSA + known.register(i));
    }

    private Insn word(int i) {
        return ir.get32(X86State.X87_EXPONENT + known.register(i));
    }

    private void put(int register, Insn significand, Insn word) {
        ir.put(X86State.X87_MANTISSA + register, significand);
        ir.put(X86State.X87_EXPONENT + register, word);
    }

    private boolean isFull(int i) {
        return known.isFull(known.register(i));
    }

    /** Expects ST(i) to hold zero or a normal number. */
    private void expectNumber(int i) {
        expectNumber(significand(i), word(i));
    }

    private void expectNumber(Insn m, Insn w) {
        if (!known.isKnownNumber(m, w)) {
            ir.expect(ir.call(IS_NUMBER, m, w));
            known.isNumber(m, w);
        }
    }

    /** The second result of the call just made, if it has a first one that is good. */
    private Insn second() {
        Insn w = ir.call(SECOND);
        ir.expect(ir.sle(ir.i32(0), w));
        return w;
    }

    private Insn lower(Insn second) {
        return ir.and(second, WORD);
    }

    /** Clears C1 and sets what a second result has for the status word; null: nothing. */
    private void status(Insn second) {
        Insn s = ir.get32(X86State.X87_STATUS);
        ir.put(X86State.X87_STATUS, second == null ? ir.and(s, ~C1) : ir.call(STATUS, s, second));
    }

    private Insn rounding() {
        known.expectMasked();
        return ir.and(ir.shr(ir.get32(X86State.X87_CONTROL), 10), 3);
    }

    // ---- arithmetic ----

    private static void arithmetic(Arithmetic a, Mnemonic plain, Mnemonic popping, Mnemonic integer) {
        FORMS.put(plain, (u, i) -> i.op(0).isMemory() ? u.memory(a, i.op(0), false) : u.stack(a, i, 0));
        FORMS.put(popping, (u, i) -> u.stack(a, i, 1));
        FORMS.put(integer, (u, i) -> u.memory(a, i.op(0), true));
    }

    private boolean stack(Arithmetic a, Instruction i, int pops) {
        int dst = i.op(0).reg;
        int src = i.op(1).reg;
        if (!isFull(dst) || !isFull(src)) {
            return false;
        }
        known.expectUsualControl();
        expectNumber(dst);
        expectNumber(src);
        compute(a, dst, significand(src), word(src));
        if (pops != 0) {
            known.pop();
        }
        return true;
    }

    private boolean memory(Arithmetic a, Operand o, boolean integer) {
        if (!isFull(0)) {
            return false;
        }
        known.expectUsualControl();
        expectNumber(0);
        Insn m = integer ? integerOf(o) : realOf(o);
        compute(a, 0, m, integer ? ir.call(SECOND) : second());
        return true;
    }

    private void compute(Arithmetic a, int dst, Insn m, Insn w) {
        int r = known.register(dst);
        Insn am = a.reversed ? m : significand(dst);
        Insn aw = a.reversed ? w : word(dst);
        Insn bm = a.reversed ? significand(dst) : m;
        Insn bw = a.reversed ? word(dst) : w;
        Insn v = ir.call(a.helper, am, aw, bm, a.negates ? ir.xor(bw, SIGN) : bw);
        result(r, v, second());
    }

    private void result(int register, Insn m, Insn second) {
        Insn w = lower(second);
        put(register, m, w);
        known.isNumber(m, w);
        status(second);
    }

    /** Replaces ST(0) by a function of it. */
    private boolean unary(java.util.function.Supplier<Insn> f, boolean usual) {
        if (!isFull(0)) {
            return false;
        }
        if (usual) {
            known.expectUsualControl();
        }
        expectNumber(0);
        Insn v = f.get();
        result(known.register(0), v, second());
        return true;
    }

    private boolean sign(java.util.function.UnaryOperator<Insn> f) {
        if (!isFull(0)) {
            return false;
        }
        Insn w = f.apply(word(0));
        if (known.isKnownNumber(significand(0), word(0))) {
            known.isNumber(significand(0), w);
        }
        ir.put(X86State.X87_EXPONENT + known.register(0), w);
        status(null);
        return true;
    }

    // ---- transfer ----

    private boolean exchange(Instruction i, int st) {
        if (!isFull(0) || !isFull(st)) {
            return false;
        }
        Insn m = significand(0);
        Insn w = word(0);
        put(known.register(0), significand(st), word(st));
        put(known.register(st), m, w);
        status(null);
        return true;
    }

    private static boolean exchange(X87Usual u, Instruction i) {
        return u.exchange(i, i.op(i.operandCount() - 1).reg);
    }

    private static boolean load(X87Usual u, Instruction i) {
        Operand o = i.op(0);
        if (u.isFull(7)) {
            return false;
        }
        if (!o.isMemory()) {
            return u.isFull(o.reg) && u.push(u.significand(o.reg), u.word(o.reg));
        }
        if (o.bits != 80) {
            Insn m = u.realOf(o);
            return u.pushNumber(m, u.second());
        }
        Insn a = u.c.address(o, TEN, false);
        Insn m = u.ir.load(64, a);
        return u.push(m, u.ir.load(16, u.ir.add(a, 8)));
    }

    private static boolean loadInteger(X87Usual u, Instruction i) {
        if (u.isFull(7)) {
            return false;
        }
        Insn m = u.integerOf(i.op(0));
        return u.pushNumber(m, u.ir.call(SECOND));
    }

    private boolean loadConstant(int index) {
        if (isFull(7)) {
            return false;
        }
        if (!X87Transfer.isExact(index)) {
            known.expectUsualControl();
        }
        return push(ir.i64(X87Transfer.nearestSignificand(index)), ir.i32(X87Transfer.exponent(index)));
    }

    private boolean pushNumber(Insn m, Insn w) {
        known.isNumber(m, w);
        return push(m, w);
    }

    private boolean push(Insn m, Insn w) {
        known.push();
        put(known.register(0), m, w);
        status(null);
        return true;
    }

    /** A real number in memory, as significand and second result. */
    private Insn realOf(Operand o) {
        Insn v = ir.load(o.bits, c.address(o, o.bits / 8, false));
        return ir.call(o.bits == 64 ? OF_REAL : OF_SINGLE, v);
    }

    /** The same of an integer. */
    private Insn integerOf(Operand o) {
        Insn v = ir.load(o.bits, c.address(o, o.bits / 8, false));
        return ir.call(OF_INTEGER, o.bits == 64 ? v : ir.sext32(o.bits == 16 ? ir.sext16(v) : v));
    }

    private boolean store(Instruction i, int pops) {
        Operand o = i.op(0);
        if (!isFull(0) || c.x87Opcode() >> 3 == X87.FSTPNCE_OPCODE) {
            return false;
        }
        Insn second = null;
        if (!o.isMemory()) {
            int to = known.register(o.reg);
            put(to, significand(0), word(0));
            known.set(known.register(0), known.state() >> 3 & ~(1 << to));
        } else if (o.bits == 80) {
            Insn a = c.address(o, TEN, true);
            ir.expect(ir.ule(ir.and(a.resultType() == I64 ? ir.trunc(a) : a, 0xfff), ir.i32(0x1000 - TEN)));
            ir.store(64, a, significand(0));
            ir.store(16, ir.add(a, 8), word(0));
        } else {
            known.expectUsualControl();
            expectNumber(0);
            Insn a = c.address(o, o.bits / 8, true);
            Insn v = ir.call(o.bits == 64 ? TO_REAL : TO_SINGLE, significand(0), word(0));
            second = second();
            ir.store(o.bits, a, v);
        }
        status(second);
        if (pops != 0) {
            known.pop();
        }
        return true;
    }

    private boolean storeInteger(Instruction i, Insn mode, int pops) {
        if (!isFull(0)) {
            return false;
        }
        Operand o = i.op(0);
        known.expectMasked();
        expectNumber(0);
        Insn a = c.address(o, o.bits / 8, true);
        Insn v = ir.call(TO_INTEGER, significand(0), word(0), mode == null ? rounding() : mode, ir.i32(o.bits / 8));
        Insn second = second();
        ir.store(o.bits, a, o.bits == 64 ? v : ir.trunc(v));
        status(second);
        if (pops != 0) {
            known.pop();
        }
        return true;
    }

    private boolean free(Instruction i, int pops) {
        known.set(known.register(0), known.state() >> 3 | 1 << known.register(i.op(0).reg));
        if (pops != 0) {
            known.pop();
        }
        status(null);
        return true;
    }

    private boolean rotate(int by) {
        known.set(known.register(by), known.state() >> 3);
        status(null);
        return true;
    }

    private static boolean loadControl(X87Usual u, Instruction i) {
        IrBuilder ir = u.ir;
        Insn v = ir.load(16, u.c.address(i.op(0), 2, false));
        Insn control = ir.or(ir.and(v, 0x1f3f), 0x40);
        // What has been recorded must not become an exception.
        ir.expect(ir.eq(ir.and(ir.and(ir.get32(X86State.X87_STATUS), IE_TO_PE), ir.xor(control, -1)), 0));
        ir.put(X86State.X87_CONTROL, control);
        return true;
    }

    // ---- comparison ----

    private static void comparisons() {
        compare(Mnemonic.FCOM, 0);
        compare(Mnemonic.FCOMP, 1);
        compare(Mnemonic.FUCOM, 0);
        compare(Mnemonic.FUCOMP, 1);
        FORMS.put(Mnemonic.FCOMPP, (u, i) -> u.compareStack(1, 2));
        FORMS.put(Mnemonic.FUCOMPP, (u, i) -> u.compareStack(1, 2));
        FORMS.put(Mnemonic.FICOM, (u, i) -> u.compareMemory(i.op(0), true, 0));
        FORMS.put(Mnemonic.FICOMP, (u, i) -> u.compareMemory(i.op(0), true, 1));
        FORMS.put(Mnemonic.FTST, (u, i) -> u.isFull(0) && u.conditions(u.ordered(u.ir.i64(0), u.ir.i32(0)), 0));
        FORMS.put(Mnemonic.FXAM, (u, i) -> u.isFull(0) && u.conditions(u.ir.call(EXAMINE, u.significand(0), u.word(0)), 0));
        compareFlags(Mnemonic.FCOMI, 0);
        compareFlags(Mnemonic.FCOMIP, 1);
        compareFlags(Mnemonic.FUCOMI, 0);
        compareFlags(Mnemonic.FUCOMIP, 1);
    }

    private static void compare(Mnemonic m, int pops) {
        FORMS.put(m, (u, i) -> {
            Operand o = i.op(i.operandCount() - 1);
            return o.isMemory() ? u.compareMemory(o, false, pops) : u.compareStack(o.reg, pops);
        });
    }

    private static void compareFlags(Mnemonic m, int pops) {
        FORMS.put(m, (u, i) -> u.flags(i.op(i.operandCount() - 1).reg, pops));
    }

    /** Condition codes of ST(0) compared with a number. */
    private Insn ordered(Insn m, Insn w) {
        expectNumber(0);
        return ir.call(ORDER, significand(0), word(0), m, w);
    }

    private boolean compareStack(int st, int pops) {
        if (!isFull(0) || !isFull(st)) {
            return false;
        }
        expectNumber(st);
        return conditions(ordered(significand(st), word(st)), pops);
    }

    private boolean compareMemory(Operand o, boolean integer, int pops) {
        if (!isFull(0)) {
            return false;
        }
        Insn m = integer ? integerOf(o) : realOf(o);
        Insn w = integer ? ir.call(SECOND) : second();
        return conditions(ordered(m, w), pops);
    }

    private boolean conditions(Insn codes, int pops) {
        ir.put(X86State.X87_STATUS, ir.or(ir.and(ir.get32(X86State.X87_STATUS), ~CONDITIONS), codes));
        for (int n = 0; n < pops; n++) {
            known.pop();
        }
        return true;
    }

    private boolean flags(int st, int pops) {
        if (!isFull(0) || !isFull(st)) {
            return false;
        }
        expectNumber(st);
        Insn codes = ordered(significand(st), word(st));
        Insn equal = ir.ne(ir.and(codes, C3), 0);
        Insn less = ir.ne(ir.and(codes, C0), 0);
        Insn zero = ir.i32(0);
        c.setFlags(less, zero, zero, equal, zero, zero);
        status(null);
        for (int n = 0; n < pops; n++) {
            known.pop();
        }
        return true;
    }

    private static void conditionalMoves() {
        conditionalMove(Mnemonic.FCMOVB, Flags.B);
        conditionalMove(Mnemonic.FCMOVE, Flags.Z);
        conditionalMove(Mnemonic.FCMOVBE, Flags.BE);
        conditionalMove(Mnemonic.FCMOVU, Flags.P);
        conditionalMove(Mnemonic.FCMOVNB, Flags.B + 1);
        conditionalMove(Mnemonic.FCMOVNE, Flags.Z + 1);
        conditionalMove(Mnemonic.FCMOVNBE, Flags.BE + 1);
        conditionalMove(Mnemonic.FCMOVNU, Flags.P + 1);
    }

    private static void conditionalMove(Mnemonic m, int condition) {
        FORMS.put(m, (u, i) -> u.moveIf(i.op(1).reg, condition));
    }

    private boolean moveIf(int st, int condition) {
        if (!isFull(0) || !isFull(st)) {
            return false;
        }
        Insn yes = c.condition(condition);
        boolean numbers = known.isKnownNumber(significand(0), word(0)) && known.isKnownNumber(significand(st), word(st));
        Insn m = ir.select(yes, significand(st), significand(0));
        Insn w = ir.select(yes, word(st), word(0));
        put(known.register(0), m, w);
        if (numbers) {
            known.isNumber(m, w);
        }
        return true;
    }
}
