package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Terminator;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.runtime.StringOperations;

/**
 * String instructions (SDM vol. 1, 5.1.8). Single ones are IR; repeated ones call {@link StringOperations} for a piece at a time and loop through
 * their own pc, so that interrupts come in between.
 */
final class StringOps {
    private static final int AX = 0;
    private static final int SI = 6;
    private static final int DI = 7;

    private StringOps() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.MOVS, (c, i) -> lift(c, i, StringOperations.MOVS, StringOps::movs));
        t.add(Mnemonic.STOS, (c, i) -> lift(c, i, StringOperations.STOS, StringOps::stos));
        t.add(Mnemonic.LODS, (c, i) -> lift(c, i, StringOperations.LODS, StringOps::lods));
        t.add(Mnemonic.SCAS, (c, i) -> lift(c, i, StringOperations.SCAS, StringOps::scas));
        t.add(Mnemonic.CMPS, (c, i) -> lift(c, i, StringOperations.CMPS, StringOps::cmps));
    }

    private static void lift(LiftContext c, Instruction i, Helper repeated, Lift single) {
        if (!i.rep() && !i.repne()) {
            single.lift(c, i);
            return;
        }
        Insn more = c.ir.call(repeated, c.ir.i32(form(c, i)));
        c.flags.forget();
        c.end(Terminator.branch(more, c.pc(), c.nextPc()));
    }

    private static int form(LiftContext c, Instruction i) {
        int form = Integer.numberOfTrailingZeros(i.elementBits() / 8);
        form |= Integer.numberOfTrailingZeros(i.addressBits() / 16) << StringOperations.ADDRESS_SHIFT;
        form |= i.segment() << StringOperations.SEGMENT_SHIFT;
        form |= i.repne() ? StringOperations.REPNE : 0;
        form |= X86Mode.isFlat(c.mode, i.segment()) ? StringOperations.FLAT_SOURCE : 0;
        form |= X86Mode.isFlat(c.mode, X86State.ES) ? StringOperations.FLAT_ES : 0;
        form |= c.isCode64() ? StringOperations.CODE64 : 0;
        return form | (X86Mode.is(c.mode, X86Mode.ALIGN_CHECK) ? StringOperations.ALIGN_CHECK : 0);
    }

    private static Insn address(LiftContext c, Instruction i, int register, int segment, boolean write) {
        Insn offset = c.asAddress(c.readRegister(i.addressBits(), register));
        return c.linear(segment, offset, i.elementBits() / 8, write);
    }

    private static Insn source(LiftContext c, Instruction i) {
        return address(c, i, SI, i.segment(), false);
    }

    private static Insn destination(LiftContext c, Instruction i, boolean write) {
        return address(c, i, DI, X86State.ES, write);
    }

    private static void advance(LiftContext c, Instruction i, int register) {
        IrBuilder ir = c.ir;
        int bits = i.addressBits();
        Insn df = ir.get(LiftContext.type(bits), X86State.DF);
        Insn step = ir.shl(df, Integer.numberOfTrailingZeros(i.elementBits() / 8));
        c.writeRegister(bits, register, ir.add(c.rawRegister(bits, register), step));
    }

    private static void movs(LiftContext c, Instruction i) {
        // The destination is not looked at before the source has been read.
        Insn v = c.ir.load(i.elementBits(), source(c, i));
        c.ir.store(i.elementBits(), destination(c, i, true), v);
        advance(c, i, SI);
        advance(c, i, DI);
    }

    private static void stos(LiftContext c, Instruction i) {
        c.ir.store(i.elementBits(), destination(c, i, true), c.rawRegister(i.elementBits(), AX));
        advance(c, i, DI);
    }

    private static void lods(LiftContext c, Instruction i) {
        Insn v = c.ir.load(i.elementBits(), source(c, i));
        c.writeRegister(i.elementBits(), AX, v);
        advance(c, i, SI);
    }

    private static void scas(LiftContext c, Instruction i) {
        Insn b = c.ir.load(i.elementBits(), destination(c, i, false));
        Insn a = c.rawRegister(i.elementBits(), AX);
        c.flags.setSub(i.elementBits(), a, b, c.ir.sub(a, b));
        advance(c, i, DI);
    }

    private static void cmps(LiftContext c, Instruction i) {
        Insn a = c.ir.load(i.elementBits(), source(c, i));
        Insn b = c.ir.load(i.elementBits(), destination(c, i, false));
        c.flags.setSub(i.elementBits(), a, b, c.ir.sub(a, b));
        advance(c, i, SI);
        advance(c, i, DI);
    }
}
