package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/** Flag control (SDM vol. 1, 5.1.11). */
final class FlagControl {
    private static final int IF_BIT = 9;
    private static final int DF_MASK = 0x400;
    /** PUSHF stores RF and VM as 0. */
    private static final int PUSHED_SYS = ~(1 << 16 | 1 << 17);

    private FlagControl() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.STC, (c, i) -> c.flags.setCarry(c.ir.i32(Flags.CARRY)));
        t.add(Mnemonic.CLC, (c, i) -> c.flags.setCarry(c.ir.i32(0)));
        t.add(Mnemonic.CMC, (c, i) -> c.flags.setCarry(c.ir.not(c.flags.aux())));
        t.add(Mnemonic.CLD, (c, i) -> c.ir.put(X86State.DF, c.ir.i32(1)));
        t.add(Mnemonic.STD, (c, i) -> c.ir.put(X86State.DF, c.ir.i32(-1)));
        t.add(Mnemonic.LAHF, FlagControl::lahf);
        t.add(Mnemonic.SAHF, FlagControl::sahf);
        t.add(Mnemonic.SALC, (c, i) -> c.writeRegister(8, 0, c.ir.neg(c.flags.carry())));
        t.add(Mnemonic.PUSHF, FlagControl::pushf);
        t.add(Mnemonic.POPF, FlagControl::popf);
        t.add(Mnemonic.CLI, FlagControl::cli);
        t.add(Mnemonic.STI, FlagControl::sti);
        t.add(Mnemonic.CLAC, (c, i) -> c.serviceEnd(X86Service.CLAC_STAC, c.ir.i32(0)));
        t.add(Mnemonic.STAC, (c, i) -> c.serviceEnd(X86Service.CLAC_STAC, c.ir.i32(1)));
    }

    private static void lahf(LiftContext c, Instruction i) {
        Insn ax = c.ir.and(c.rawRegister(16, 0), 0xff);
        c.writeRegister(16, 0, c.ir.or(ax, c.ir.shl(c.flags.lowByte(), 8)));
    }

    private static void sahf(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Insn ah = ir.shr(c.rawRegister(16, 0), 8);
        Insn of = c.condition(Flags.O);
        c.flags.setAll(bit(ir, ah, 0), bit(ir, ah, 2), bit(ir, ah, 4), bit(ir, ah, 6), bit(ir, ah, 7), of);
    }

    private static Insn bit(IrBuilder ir, Insn v, int n) {
        return ir.and(ir.shr(v, n), 1);
    }

    private static void pushf(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        int bits = c.stackOperandBits();
        Insn image;
        if (c.isV86()) {
            image = c.service32(X86Service.PUSHF_V86, ir.i32(bits));
        } else {
            image = ir.or(c.flags.lowByte(), ir.shl(c.condition(Flags.O), 11));
            image = ir.or(image, ir.and(ir.get32(X86State.DF), DF_MASK));
            image = ir.or(image, ir.and(ir.get32(X86State.EFLAGS_SYS), PUSHED_SYS));
        }
        c.push(bits, bits == 64 ? ir.zext32(image) : image);
    }

    private static void popf(LiftContext c, Instruction i) {
        int bits = c.stackOperandBits();
        Insn v = c.loadStack(bits, c.stackOffset(0));
        c.service(X86Service.POPF, v, c.ir.i32(bits));
        c.writeStackPointer(c.stackOffset(bits / 8));
        c.endExit();
    }

    private static void cli(LiftContext c, Instruction i) {
        if (c.isCpl0()) {
            c.ir.put(X86State.EFLAGS_SYS, c.ir.and(c.ir.get32(X86State.EFLAGS_SYS), ~(1 << IF_BIT)));
        } else {
            c.serviceEnd(X86Service.CLI_STI, c.ir.i32(0));
        }
    }

    private static void sti(LiftContext c, Instruction i) {
        if (!c.isCpl0()) {
            c.serviceEnd(X86Service.CLI_STI, c.ir.i32(1));
            return;
        }
        IrBuilder ir = c.ir;
        Insn sys = ir.get32(X86State.EFLAGS_SYS);
        ir.put(X86State.INT_SHADOW, ir.and(ir.not(ir.shr(sys, IF_BIT)), X86State.SHADOW_STI));
        ir.put(X86State.EFLAGS_SYS, ir.or(sys, 1 << IF_BIT));
        c.shadowNext();
    }
}
