package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.runtime.RequestedPrivilege;

/** Descriptor tables, selectors and access checks (SDM vol. 1, 5.20; vol. 3A chapter 5). */
final class DescriptorOps {
    private DescriptorOps() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.SGDT, (c, i) -> storeTable(c, i, X86State.GDTR_BASE, X86State.GDTR_LIMIT));
        t.add(Mnemonic.SIDT, (c, i) -> storeTable(c, i, X86State.IDTR_BASE, X86State.IDTR_LIMIT));
        t.add(Mnemonic.LGDT, (c, i) -> loadTable(c, i, X86Service.LGDT));
        t.add(Mnemonic.LIDT, (c, i) -> loadTable(c, i, X86Service.LIDT));
        t.add(Mnemonic.SLDT, (c, i) -> storeSelector(c, i, X86Service.SLDT));
        t.add(Mnemonic.STR, (c, i) -> storeSelector(c, i, X86Service.STR));
        t.add(Mnemonic.LLDT, (c, i) -> loadSelector(c, i, X86Service.LLDT));
        t.add(Mnemonic.LTR, (c, i) -> loadSelector(c, i, X86Service.LTR));
        t.add(Mnemonic.LAR, (c, i) -> inspect(c, i, 0));
        t.add(Mnemonic.LSL, (c, i) -> inspect(c, i, 1));
        t.add(Mnemonic.VERR, (c, i) -> verify(c, i, 0));
        t.add(Mnemonic.VERW, (c, i) -> verify(c, i, 1));
        t.add(Mnemonic.ARPL, DescriptorOps::arpl);
    }

    private static boolean requireProtected(LiftContext c) {
        if (c.isProtected() && !c.isV86()) {
            return true;
        }
        c.undefined();
        return false;
    }

    private static void storeTable(LiftContext c, Instruction i, int baseSlot, int limitSlot) {
        IrBuilder ir = c.ir;
        if (c.isV86() || !c.isCpl0()) {
            c.service(X86Service.REQUIRE_NO_UMIP);
        }
        int bits = c.isCode64() ? 64 : 32;
        Insn a = c.address(i.op(0), 2 + bits / 8, true);
        Insn base = ir.add(a, 2);
        // All pages are tried first, lowest address first, so that a fault leaves memory as it was.
        ir.loadRmw(16, a);
        ir.loadRmw(bits, base);
        ir.store(16, a, ir.get32(limitSlot));
        ir.store(bits, base, ir.get(LiftContext.type(bits), baseSlot));
    }

    private static void loadTable(LiftContext c, Instruction i, X86Service service) {
        IrBuilder ir = c.ir;
        if (!c.isCpl0()) {
            c.service(X86Service.REQUIRE_CPL0);
        }
        int bits = c.isCode64() ? 64 : 32;
        Insn a = c.address(i.op(0), 2 + bits / 8, false);
        Insn limit = ir.load(16, a);
        Insn base = ir.load(bits, ir.add(a, 2));
        boolean base24 = i.operandBits() == 16 && bits == 32;
        c.serviceEnd(service, base24 ? ir.and(base, 0xff_ffff) : base, limit);
    }

    private static void storeSelector(LiftContext c, Instruction i, X86Service service) {
        Operand o = i.op(0);
        if (!requireProtected(c)) {
            return;
        }
        if (!c.isCpl0()) {
            c.service(X86Service.REQUIRE_NO_UMIP);
        }
        Insn v = c.service(service);
        c.write(o, o.bits == 64 ? v : c.ir.trunc(v));
    }

    private static void loadSelector(LiftContext c, Instruction i, X86Service service) {
        if (!requireProtected(c)) {
            return;
        }
        if (!c.isCpl0()) {
            c.service(X86Service.REQUIRE_CPL0);
        }
        c.serviceEnd(service, c.ir.zext16(selector(c, i.op(0))));
    }

    /** The low 16 bits of a register or memory operand, the rest unspecified. */
    private static Insn selector(LiftContext c, Operand o) {
        return o.isMemory() ? c.ir.load(16, c.address(o, 2, false)) : c.rawRegister(32, o.reg);
    }

    private static void inspect(LiftContext c, Instruction i, int kind) {
        if (!requireProtected(c)) {
            return;
        }
        IrBuilder ir = c.ir;
        Operand d = i.op(0);
        Insn selector = ir.zext16(selector(c, i.op(1)));
        Insn r = c.service(X86Service.LAR_LSL, ir.i32(kind), selector);
        Insn accessible = ir.and(ir.trunc(ir.shr(r, 32)), 1);
        Insn value = ir.trunc(r);
        if (c.isCode64() && d.bits != 16) {
            c.writeRegister(64, d.reg, ir.select(accessible, ir.zext32(value), c.rawRegister(64, d.reg)));
        } else {
            c.write(d, ir.select(accessible, value, c.raw(d)));
        }
        c.flags.setZero(accessible);
    }

    private static void verify(LiftContext c, Instruction i, int kind) {
        if (!requireProtected(c)) {
            return;
        }
        Insn selector = c.ir.zext16(selector(c, i.op(0)));
        c.flags.setZero(c.ir.and(c.service32(X86Service.VERR_VERW, c.ir.i32(kind), selector), 1));
    }

    private static void arpl(LiftContext c, Instruction i) {
        if (!requireProtected(c)) {
            return;
        }
        IrBuilder ir = c.ir;
        Operand o = i.op(0);
        Insn rpl = ir.and(c.raw(i.op(1)), 3);
        if (o.isMemory()) {
            // A selector that is fine is not written: it may lie in a page that can only be read.
            Insn offset = c.effectiveAddress(o);
            boolean writable = X86Mode.isFlat(c.mode, o.segment) && o.segment != X86State.CS;
            Insn linear = c.wideAddress(c.linear(o.segment, offset, o.bits / 8, false));
            c.flags.setZero(ir.call(RequestedPrivilege.ADJUST, linear, rpl, ir.i32(writable ? -1 : o.segment), offset));
            return;
        }
        Insn a = c.read(o);
        Insn lower = ir.ult(ir.and(a, 3), rpl);
        c.write(o, ir.select(lower, ir.or(ir.and(a, ~3), rpl), a));
        c.flags.setZero(lower);
    }
}
