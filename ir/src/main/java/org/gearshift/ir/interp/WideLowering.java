package org.gearshift.ir.interp;

import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.StateLayout;
import org.gearshift.ir.Type;

/**
 * Lowering for {@link WideLoop}. Values of 32 bits are computed zero-extended, as 64-bit code keeps them in registers, so that a value and its
 * zero-extension share one home.
 */
final class WideLowering extends Lowering {
    /** Bit of PURE's last word: the result is cut to 32 bits and zero-extended. */
    private static final int ZERO_EXTENDED = 1 << 12;

    WideLowering(StateLayout layout, ConstantPool constants, RareOps rare, int resSlot, int auxSlot) {
        super(layout, constants, rare, resSlot, new BlockAnalysis(resSlot, auxSlot, true));
    }

    @Override
    int blockOpcode() {
        return WideOp.WBLOCK;
    }

    private static boolean fits(Insn constant) {
        return constant.imm() == (int) constant.imm();
    }

    @Override
    boolean isPutForm(Insn v, Insn put) {
        return !BlockAnalysis.isMemory(v.op()) || put.resultType() == Type.I64;
    }

    // ---- pure values ----

    @Override
    int sumOpcode(Insn v) {
        return v.type() == Type.I32 ? WideOp.LEAZ : WideOp.LEA64;
    }

    @Override
    int simple(Insn v, int slot) {
        Insn b = v.argCount() == 2 ? v.arg(1) : null;
        if (b != null && b.isConst()) {
            int opcode = WideSelector.immediate(v);
            long imm = WideSelector.operand(v);
            if (opcode != 0 && imm == (int) imm) {
                return immediate(opcode, v, (int) imm, slot);
            }
        }
        int opcode = WideSelector.values(v);
        switch (v.argCount()) {
            case 1:
                if (opcode != 0) {
                    return unary(opcode, v, slot);
                }
                if (v.op() == Op.ZEXT8 || v.op() == Op.ZEXT16) {
                    return immediate(v.type() == Type.I32 ? WideOp.ANDZI : WideOp.ANDI64, v, v.op() == Op.ZEXT8 ? 0xff : 0xffff, slot);
                }
                break;
            case 2:
                if (opcode != 0) {
                    int a = use(v.arg(0));
                    int d2 = use(b);
                    int d = destination(v, slot);
                    out.op(opcode, d, a, d2);
                    return d;
                }
                break;
            default:
                if (opcode != 0 && (v.op() == Op.SELECT || v.imm() == v.type().bits())) {
                    int a = use(v.arg(0));
                    int bc = use(v.arg(1)) | use(v.arg(2)) << 12;
                    int d = destination(v, slot);
                    out.op(opcode, d, a, bc);
                    return d;
                }
                break;
        }
        boolean zeroExtended = v.resultType() == Type.I32 && v.op() != Op.AUX_ADD && v.op() != Op.AUX_SUB;
        return general(v, slot, zeroExtended ? ZERO_EXTENDED : 0);
    }

    private int unary(int opcode, Insn v, int slot) {
        int a = use(v.arg(0));
        int d = destination(v, slot);
        out.op(opcode, d, a);
        return d;
    }

    private int immediate(int opcode, Insn v, int imm, int slot) {
        int a = use(v.arg(0));
        int d = destination(v, slot);
        if (opcode != WideOp.ADDI64 || d != a || !updatesBase(a, imm)) {
            out.op(opcode, d, a, imm);
        }
        return d;
    }

    /** Lets the access just emitted add to its base register: PUSH and POP. */
    private boolean updatesBase(int base, int imm) {
        int last = out.lastOpcode();
        if (last != MicroOp.WSTORE64 && last != WideOp.WSTORE64I && last != MicroOp.WLOAD64 || out.lastWord(0) >>> 20 != base) {
            return false;
        }
        int d = out.lastWord(0) >>> 8 & 0xfff;
        if (last != MicroOp.WLOAD64 && out.lastWord(1) == imm) {
            out.changeLast(last == MicroOp.WSTORE64 ? WideOp.PUSH64 : WideOp.PUSH64I);
            return true;
        }
        if (last == MicroOp.WLOAD64 && out.lastWord(1) == 0 && d != base) {
            out.changeLast(WideOp.POP64, d, base, imm);
            return true;
        }
        return false;
    }

    // ---- flags ----

    @Override
    void group(FlagGroup g) {
        emit(g, g.op == null ? WideSelector.logic(g.width) : 0);
    }

    @Override
    void fusedGroup(FlagGroup g) {
        emit(g, WideSelector.fused(g, block.condition.op));
    }

    /** Emits a group; {@code opcode} 0: the operation's own. */
    private void emit(FlagGroup g, int opcode) {
        if (g.op == null) {
            int a = use(g.result);
            releaseNow();
            out.op(opcode, 0, a);
            if (WideOp.isBranch(opcode)) {
                out.word(0);
            }
            extended(g);
            return;
        }
        int withImmediate = g.b.isConst() && fits(g.b) ? opcode != 0 ? WideSelector.fusedImmediate(opcode) : WideSelector.flagsImmediate(g.op, g.width) : 0;
        int a = use(g.a);
        int b = withImmediate != 0 ? (int) g.b.imm() : use(g.b);
        releaseNow();
        int d = g.dstSlot >= 0 ? g.dstSlot : resSlot;
        out.op(withImmediate != 0 ? withImmediate : opcode != 0 ? opcode : WideSelector.flags(g.op, g.width), d, a, b);
        Insn r = g.result;
        if (block.lastUse[r.index()] > at && !(d == g.dstSlot || r.resultType() == Type.I64) | !settle(r, d)) {
            out.op(r.resultType() == Type.I64 ? MicroOp.MOV : WideOp.ZEXT32, newTemp(r), d);
        }
        extended(g);
    }

    /** Gives the sign-extended result a home, if it is wanted. */
    private void extended(FlagGroup g) {
        if (g.extended != null && block.lastUse[g.extended.index()] > at && !settle(g.extended, resSlot)) {
            out.op(MicroOp.MOV32, newTemp(g.extended), resSlot);
        }
    }

    // ---- memory and calls ----

    @Override
    void load(Insn v) {
        if (isWide(v)) {
            super.load(v);
            return;
        }
        int a = use(v.arg(0));
        out.op(narrowAccess(v, v.op() == Op.LOAD ? MicroOp.LOAD8 : MicroOp.RMW8, v.op() == Op.LOAD ? MicroOp.LOAD64 : MicroOp.RMW64), resultTemp(v), a, 0);
    }

    private static int narrowAccess(Insn v, int first, int last) {
        return v.imm() == 64 ? last : first + Long.numberOfTrailingZeros(v.imm()) - 3;
    }

    @Override
    void store(Insn v) {
        Insn x = v.arg(1);
        if (!isWide(v)) {
            int a = use(v.arg(0));
            out.op(narrowAccess(v, MicroOp.STORE8, MicroOp.STORE64), use(x), a, 0);
        } else if (x.isConst() && v.imm() == 64) {
            Insn base = block.base(v);
            out.op(WideOp.WSTORE64I, 0, base == null ? use0() : use(base), block.displacement(v));
            out.pc(x.imm());
        } else {
            super.store(v);
        }
    }

    @Override
    void call(Insn v) {
        int bits = v.helper().passesSignExtended();
        if (bits == 0) {
            super.call(v);
            return;
        }
        out.op(WideOp.TCHECK, 0, use(v.arg(0)), rare.number(v.helper()) | 64 - bits << 24);
    }

    // ---- ends ----

    @Override
    void jump() {
        if (out.lastOpcode() == WideOp.PUSH64I) {
            out.changeLast(WideOp.CALL64);
        } else {
            super.jump();
        }
    }

    @Override
    void indirect(Insn to) {
        int a = use(to);
        if (to.resultType() == Type.I32) {
            int t = resultTemp(to);
            out.op(WideOp.ZEXT32, t, a);
            out.op(MicroOp.INDIRECT64, 0, t);
        } else if (!isReturn(a)) {
            out.op(MicroOp.INDIRECT64, 0, a);
        }
    }

    /** Turns a load, the check of what was loaded, and the addition to the base of the load into one micro-operation. */
    private boolean isReturn(int target) {
        if (!out.endsWith(MicroOp.WLOAD64, WideOp.TCHECK, WideOp.ADDI64)) {
            return false;
        }
        int w = out.thirdLastWord(0);
        int base = w >>> 20;
        int add = out.lastWord(0);
        boolean same = (w >>> 8 & 0xfff) == target && target != base && out.thirdLastWord(1) == 0 && out.secondLastWord(0) >>> 20 == target
                && add >>> 20 == base && (add >>> 8 & 0xfff) == base;
        if (!same) {
            return false;
        }
        int imm = out.lastWord(1);
        int check = out.secondLastWord(1);
        out.dropThree();
        out.op(WideOp.RET64, target, base, imm);
        out.word(check);
        return true;
    }

    @Override
    void branchOn(Condition c) {
        int a = use(c.a);
        boolean zero = c.b == null;
        if (c.op == Op.AND) {
            out.op(c.wide ? WideOp.BTESTI64 : MicroOp.BTESTI, 0, a, (int) c.b.imm());
        } else if (zero || c.b.isConst() && fits(c.b)) {
            out.op(PureSelector.branch(c.wide ? WideOp.BEQI64 : MicroOp.BEQI, c.op), 0, a, zero ? 0 : (int) c.b.imm());
        } else {
            out.op(PureSelector.branch(c.wide ? WideOp.BEQ64 : MicroOp.BEQ, c.op), 0, a, use(c.b));
        }
    }
}
