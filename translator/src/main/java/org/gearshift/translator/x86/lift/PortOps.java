package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/** Input and output (SDM vol. 1, 5.1.9 and 5.1.10). */
final class PortOps {
    private static final int REPEATED = 1 << 16;
    private static final int SEGMENT_SHIFT = 8;

    private PortOps() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.IN, PortOps::in);
        t.add(Mnemonic.OUT, PortOps::out);
        t.add(Mnemonic.INS, (c, i) -> string(c, i, X86Service.INS, i.elementBits()));
        t.add(Mnemonic.OUTS, (c, i) -> string(c, i, X86Service.OUTS, i.elementBits() | i.segment() << SEGMENT_SHIFT));
    }

    private static Insn port(LiftContext c, Operand o) {
        return o.kind == Operand.Kind.IMMEDIATE ? c.ir.i32((int) o.value & 0xff) : c.readRegister(16, o.reg);
    }

    private static void in(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        Operand d = i.op(0);
        Insn v = c.service32(X86Service.IN, port(c, i.op(1)), ir.i32(d.bits));
        c.write(d, v);
        c.endExit();
    }

    private static void out(LiftContext c, Instruction i) {
        Operand s = i.op(1);
        c.serviceEnd(X86Service.OUT, port(c, i.op(0)), c.read(s), c.ir.i32(s.bits));
    }

    private static void string(LiftContext c, Instruction i, X86Service service, int form) {
        int address = i.addressBits() | (i.rep() || i.repne() ? REPEATED : 0);
        c.serviceExit(service, c.ir.i32(form), c.ir.i32(address), c.next());
    }
}
