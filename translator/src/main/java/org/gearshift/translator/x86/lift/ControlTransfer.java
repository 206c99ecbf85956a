package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Terminator;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.runtime.BoundCheck;
import org.gearshift.translator.x86.runtime.CanonicalCheck;

/** Control transfer (SDM vol. 1, 5.1.7). */
final class ControlTransfer {
    private static final int CX = 1;

    private ControlTransfer() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.JMP, ControlTransfer::jmp);
        t.add(Mnemonic.JCC, (c, i) -> branch(c, i, i.op(0), c.condition(i.condition())));
        t.add(Mnemonic.JCXZ, (c, i) -> branch(c, i, i.op(0), zero(c, c.readRegister(i.addressBits(), CX))));
        t.add(Mnemonic.LOOP, (c, i) -> loop(c, i, null));
        t.add(Mnemonic.LOOPE, (c, i) -> loop(c, i, c.condition(Flags.Z)));
        t.add(Mnemonic.LOOPNE, (c, i) -> loop(c, i, c.condition(Flags.Z + 1)));
        t.add(Mnemonic.CALL, ControlTransfer::call);
        t.add(Mnemonic.RET, ControlTransfer::ret);
        t.add(Mnemonic.JMP_FAR, ControlTransfer::jmpFar);
        t.add(Mnemonic.CALL_FAR, ControlTransfer::callFar);
        t.add(Mnemonic.RET_FAR, ControlTransfer::retFar);
        t.add(Mnemonic.INT, (c, i) -> interrupt(c, 0, c.ir.i32((int) i.op(0).value & 0xff)));
        t.add(Mnemonic.INT3, (c, i) -> interrupt(c, 1, c.ir.i32(3)));
        t.add(Mnemonic.INTO, (c, i) -> interrupt(c, 2, c.ir.shl(c.condition(Flags.O), 2)));
        t.add(Mnemonic.INT1, (c, i) -> interrupt(c, 3, c.ir.i32(1)));
        t.add(Mnemonic.IRET, (c, i) -> c.serviceExit(X86Service.IRET, c.ir.i32(i.operandBits()), c.ir.i32(i.length())));
        t.add(Mnemonic.BOUND, ControlTransfer::bound);
        t.add(Mnemonic.SYSENTER, (c, i) -> c.serviceExit(X86Service.SYSENTER, c.next()));
        t.add(Mnemonic.SYSEXIT, (c, i) -> c.serviceExit(X86Service.SYSEXIT, c.ir.i32(i.operandBits())));
        t.add(Mnemonic.SYSCALL, (c, i) -> c.serviceExit(X86Service.SYSCALL, c.next()));
        t.add(Mnemonic.SYSRET, (c, i) -> c.serviceExit(X86Service.SYSRET, c.ir.i32(i.operandBits())));
    }

    private static Insn zero(LiftContext c, Insn v) {
        return c.ir.eq(v, c.ir.constant(v.resultType(), 0));
    }

    /** Pc of a relative operand. */
    private static long target(LiftContext c, Instruction i, Operand o) {
        long t = c.nextPc() + o.value;
        return c.isCode64() ? t : i.operandBits() == 16 ? t & 0xffff : t & 0xffff_ffffL;
    }

    /** #GP(0) in the jumping instruction if a target lies outside a code segment that is not flat. */
    private static void checkTarget(LiftContext c, Insn target) {
        if (!X86Mode.isFlat(c.mode, X86State.CS)) {
            c.ir.segCheck(target, X86State.SEG_LIMIT + X86State.CS, X86State.CS, 1, false);
        }
    }

    /** The same for a target that is read; in 64-bit code it must be canonical. */
    private static void checkIndirect(LiftContext c, Insn target) {
        if (c.isCode64()) {
            c.ir.call(CanonicalCheck.CHECK, target);
        } else {
            checkTarget(c, target);
        }
    }

    private static void jmp(LiftContext c, Instruction i) {
        Operand o = i.op(0);
        if (o.kind == Operand.Kind.RELATIVE) {
            long t = target(c, i, o);
            checkTarget(c, c.ir.i32((int) t));
            c.end(Terminator.jump(t));
        } else {
            Insn t = c.read(o);
            checkIndirect(c, t);
            c.end(Terminator.indirect(t));
        }
    }

    private static void branch(LiftContext c, Instruction i, Operand o, Insn condition) {
        long target = target(c, i, o);
        checkTargetIf(c, condition, target);
        c.end(Terminator.branch(condition, target, c.nextPc()));
    }

    /** The same for a target that counts only if the branch is taken; otherwise the instruction's own address stands in, which passes. */
    private static void checkTargetIf(LiftContext c, Insn condition, long target) {
        if (!X86Mode.isFlat(c.mode, X86State.CS)) {
            checkTarget(c, c.ir.select(condition, c.ir.i32((int) target), c.ir.i32((int) c.pc())));
        }
    }

    private static void loop(LiftContext c, Instruction i, Insn also) {
        IrBuilder ir = c.ir;
        int bits = i.addressBits();
        Insn left = ir.zext(bits, ir.sub(c.rawRegister(bits, CX), 1));
        Insn more = ir.ne(left, ir.constant(left.resultType(), 0));
        Insn taken = also == null ? more : ir.and(more, also);
        long target = target(c, i, i.op(0));
        checkTargetIf(c, taken, target);
        c.writeRegister(bits, CX, left);
        c.end(Terminator.branch(taken, target, c.nextPc()));
    }

    private static void call(LiftContext c, Instruction i) {
        Operand o = i.op(0);
        int bits = c.stackOperandBits();
        if (o.kind == Operand.Kind.RELATIVE) {
            long t = target(c, i, o);
            checkTarget(c, c.ir.i32((int) t));
            c.push(bits, c.next());
            c.end(Terminator.jump(t));
        } else {
            Insn t = c.read(o);
            checkIndirect(c, t);
            c.push(bits, c.next());
            c.end(Terminator.indirect(t));
        }
    }

    private static void ret(LiftContext c, Instruction i) {
        int bits = c.stackOperandBits();
        long release = i.operandCount() > 0 ? i.op(0).value & 0xffff : 0;
        Insn t = c.loadStack(bits, c.stackOffset(0));
        checkIndirect(c, t);
        c.writeStackPointer(c.stackOffset(bits / 8 + release));
        c.end(Terminator.indirect(t));
    }

    // ---- far ----

    /** Offset and selector of a far pointer operand. */
    static Insn[] farPointer(LiftContext c, Instruction i, Operand o) {
        int bits = i.operandBits();
        if (o.kind == Operand.Kind.FAR_POINTER) {
            return new Insn[] {c.constant(bits, o.value), c.ir.i32(o.reg & 0xffff)};
        }
        if (bits == 16) {
            // Two words to #AC, not a doubleword.
            Insn at = c.effectiveAddress(o);
            Insn low = c.ir.load(16, c.linear(o.segment, at, 2, false));
            return new Insn[] {low, c.ir.load(16, c.linear(o.segment, c.ir.add(at, 2), 2, false))};
        }
        Insn a = c.address(o, bits / 8 + 2, false);
        Insn offset = c.ir.load(bits, a);
        return new Insn[] {offset, c.ir.load(16, c.ir.add(a, bits / 8))};
    }

    private static void jmpFar(LiftContext c, Instruction i) {
        Insn[] p = farPointer(c, i, i.op(0));
        c.serviceExit(X86Service.FAR_JUMP, p[1], p[0], c.ir.i64((long) i.operandBits() << 32 | i.length()));
    }

    private static void callFar(LiftContext c, Instruction i) {
        Insn[] p = farPointer(c, i, i.op(0));
        c.serviceExit(X86Service.FAR_CALL, p[1], p[0], c.ir.i64((long) i.operandBits() << 32 | i.length()));
    }

    private static void retFar(LiftContext c, Instruction i) {
        int release = i.operandCount() > 0 ? (int) i.op(0).value & 0xffff : 0;
        c.serviceExit(X86Service.FAR_RETURN, c.ir.i32(i.operandBits()), c.ir.i32(release));
    }

    private static void interrupt(LiftContext c, int kind, Insn vector) {
        c.serviceExit(X86Service.INTERRUPT, c.ir.i32(kind), vector, c.next());
    }

    private static void bound(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int bits = i.operandBits();
        Insn index = ir.sext(bits, c.rawRegister(bits, i.op(0).reg));
        Operand pair = i.op(1);
        Insn offset = c.effectiveAddress(pair);
        // Two accesses: alignment is that of one bound.
        Insn low = ir.sext(bits, ir.load(bits, c.linear(pair.segment, offset, bits / 8, false)));
        Insn high = ir.sext(bits, ir.load(bits, c.linear(pair.segment, ir.add(offset, bits / 8), bits / 8, false)));
        ir.call(BoundCheck.CHECK, index, low, high);
    }
}
