package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/** Segment registers (SDM vol. 1, 5.1.12) and their bases. MOV and POP of segment registers are with the other MOVs and POPs. */
final class SegmentOps {
    private SegmentOps() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.LES, (c, i) -> loadFarPointer(c, i, X86State.ES));
        t.add(Mnemonic.LDS, (c, i) -> loadFarPointer(c, i, X86State.DS));
        t.add(Mnemonic.LSS, (c, i) -> loadFarPointer(c, i, X86State.SS));
        t.add(Mnemonic.LFS, (c, i) -> loadFarPointer(c, i, X86State.FS));
        t.add(Mnemonic.LGS, (c, i) -> loadFarPointer(c, i, X86State.GS));
        t.add(Mnemonic.SWAPGS, (c, i) -> c.serviceEnd(X86Service.SWAPGS));
        t.add(Mnemonic.RDFSBASE, (c, i) -> readBase(c, i.op(0), 0));
        t.add(Mnemonic.RDGSBASE, (c, i) -> readBase(c, i.op(0), 1));
        t.add(Mnemonic.WRFSBASE, (c, i) -> writeBase(c, i.op(0), 0));
        t.add(Mnemonic.WRGSBASE, (c, i) -> writeBase(c, i.op(0), 1));
    }

    private static void loadFarPointer(LiftContext c, Instruction i, int segment) {
        if (!i.op(1).isMemory()) {
            c.undefined();
            return;
        }
        Insn[] p = ControlTransfer.farPointer(c, i, i.op(1));
        Insn modeChanged = c.service32(X86Service.LOAD_SEGMENT, c.ir.i32(segment), p[1]);
        c.write(i.op(0), p[0]);
        if (segment == X86State.SS) {
            c.endExit();
        } else {
            goOn(c, segment, modeChanged);
        }
    }

    /** After MOV and POP have loaded a segment register. @param modeChanged what the service gave */
    static void loaded(LiftContext c, int segment, Insn modeChanged) {
        if (segment == X86State.SS) {
            c.ir.put(X86State.INT_SHADOW, c.ir.i32(X86State.SHADOW_SS));
            c.endExit();
        } else {
            goOn(c, segment, modeChanged);
        }
    }

    /** Nothing that code is translated for depends on FS and GS, nor in 64-bit code on DS and ES; and DS and ES hardly ever change it. */
    private static void goOn(LiftContext c, int segment, Insn modeChanged) {
        if (segment <= X86State.DS && !c.isCode64()) {
            c.goOnUnless(modeChanged);
        }
    }

    private static void readBase(LiftContext c, Operand o, int kind) {
        Insn v = c.service(X86Service.READ_SEGMENT_BASE, c.ir.i32(kind));
        c.write(o, o.bits == 64 ? v : c.ir.trunc(v));
    }

    private static void writeBase(LiftContext c, Operand o, int kind) {
        c.serviceEnd(X86Service.WRITE_SEGMENT_BASE, c.ir.i32(kind), c.readAs(64, o));
    }
}
