package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/** PUSH, POP and stack frames. Stores come before the stack pointer moves, so that a fault leaves it. */
final class StackOps {
    private static final int SP = 4;
    private static final int BP = 5;

    private StackOps() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.PUSH, StackOps::push);
        t.add(Mnemonic.POP, StackOps::pop);
        t.add(Mnemonic.PUSHA, StackOps::pusha);
        t.add(Mnemonic.POPA, StackOps::popa);
        t.add(Mnemonic.ENTER, StackOps::enter);
        t.add(Mnemonic.LEAVE, StackOps::leave);
    }

    private static void push(LiftContext c, Instruction i) {
        int bits = c.stackOperandBits();
        Operand o = i.op(0);
        c.push(bits, o.bits == bits ? c.raw(o) : c.readAs(bits, o));
    }

    private static void pop(LiftContext c, Instruction i) {
        Operand o = i.op(0);
        int bits = c.stackOperandBits();
        Insn v = c.loadStack(bits, c.stackOffset(0));
        if (o.kind == Operand.Kind.SEGMENT) {
            popSegment(c, o.reg, bits, v);
            return;
        }
        if (o.isMemory()) {
            c.storeMem(afterPop(o, bits / 8), v);
        }
        c.writeStackPointer(c.stackOffset(bits / 8));
        if (!o.isMemory()) {
            c.write(o, v);
        }
    }

    /** The operand as POP addresses it: a base ESP counts after the pop. */
    private static Operand afterPop(Operand o, int bytes) {
        return o.base == SP ? Operand.memory(o.bits, o.segment, o.base, o.index, o.scale, o.disp + bytes) : o;
    }

    private static void popSegment(LiftContext c, int segment, int bits, Insn v) {
        Insn selector = c.ir.zext16(bits == 64 ? c.ir.trunc(v) : v);
        Insn modeChanged = c.service32(X86Service.LOAD_SEGMENT, c.ir.i32(segment), selector);
        c.writeStackPointer(c.stackOffset(bits / 8));
        SegmentOps.loaded(c, segment, modeChanged);
    }

    private static void pusha(LiftContext c, Instruction i) {
        int bits = i.operandBits();
        for (int r = 0; r < 8; r++) {
            c.storeStack(bits, c.stackOffset(-(bits / 8) * (r + 1)), c.rawRegister(bits, r));
        }
        c.writeStackPointer(c.stackOffset(-bits));
    }

    private static void popa(LiftContext c, Instruction i) {
        int bits = i.operandBits();
        Insn[] v = new Insn[8];
        for (int r = 7; r >= 0; r--) {
            if (r != SP) {
                v[r] = c.loadStack(bits, c.stackOffset(bits / 8 * (7 - r)));
            }
        }
        c.writeStackPointer(c.stackOffset(bits));
        for (int r = 7; r >= 0; r--) {
            if (r != SP) {
                c.writeRegister(bits, r, v[r]);
            }
        }
    }

    private static void enter(LiftContext c, Instruction i) {
        int bits = c.stackOperandBits();
        int bytes = bits / 8;
        int level = (int) i.op(1).value & 31;
        Insn sp = c.stackOffset(-bytes);
        c.storeStack(bits, sp, c.rawRegister(bits, BP));
        Insn frame = sp;
        if (level > 0) {
            Insn bp = c.stackOffset(c.rawRegister(c.stackBits(), BP), 0);
            for (int n = 1; n < level; n++) {
                Insn link = c.loadStack(bits, c.stackOffset(bp, -(long) bytes * n));
                sp = c.stackOffset(sp, -bytes);
                c.storeStack(bits, sp, link);
            }
            sp = c.stackOffset(sp, -bytes);
            c.storeStack(bits, sp, framePointer(c, bits, frame));
        }
        sp = c.stackOffset(sp, -(i.op(0).value & 0xffff));
        // The manual asks for the page fault a write at the new stack pointer would raise.
        c.ir.loadRmw(8, c.linearUnchecked(X86State.SS, sp));
        c.writeRegister(bits, BP, framePointer(c, bits, frame));
        c.writeStackPointer(sp);
    }

    /** A stack offset as a frame pointer of the operand size: its upper half is ESP's own where only SP counts. */
    private static Insn framePointer(LiftContext c, int bits, Insn frame) {
        if (c.stackBits() == 64 && bits == 16) {
            return c.ir.trunc(frame);
        }
        if (c.stackBits() == 16 && bits == 32) {
            return c.ir.or(c.ir.and(c.rawRegister(32, SP), 0xffff_0000), frame);
        }
        return frame;
    }

    private static void leave(LiftContext c, Instruction i) {
        int bits = c.stackOperandBits();
        Insn frame = c.stackOffset(c.rawRegister(c.stackBits(), BP), 0);
        Insn v = c.loadStack(bits, frame);
        c.writeStackPointer(c.stackOffset(frame, bits / 8));
        c.writeRegister(bits, BP, v);
    }
}
