package org.gearshift.translator.x86.lift.fp;

import org.gearshift.ir.Insn;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.lift.LiftContext;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.Gather;
import org.gearshift.translator.x86.runtime.MaskedMemory;
import org.gearshift.translator.x86.runtime.VectorMemory;

/** Masked moves and gathers of AVX and AVX2 (SDM vol. 1, 5.13, 5.15): each element is accessed for itself, or not at all. */
final class VectorAccess {
    private VectorAccess() {
    }

    static void register(LiftTable t) {
        for (Mnemonic m : new Mnemonic[] {Mnemonic.VMASKMOVPS, Mnemonic.VPMASKMOVD}) {
            t.add(m, FpMode.avx((c, i) -> maskedMove(c, i, 0)));
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.VMASKMOVPD, Mnemonic.VPMASKMOVQ}) {
            t.add(m, FpMode.avx((c, i) -> maskedMove(c, i, MaskedMemory.QUADWORDS)));
        }
        gather(t, Mnemonic.VPGATHERDD, 0);
        gather(t, Mnemonic.VGATHERDPS, 0);
        gather(t, Mnemonic.VPGATHERDQ, Gather.QUADWORDS);
        gather(t, Mnemonic.VGATHERDPD, Gather.QUADWORDS);
        gather(t, Mnemonic.VPGATHERQD, Gather.WIDE_INDICES);
        gather(t, Mnemonic.VGATHERQPS, Gather.WIDE_INDICES);
        gather(t, Mnemonic.VPGATHERQQ, Gather.WIDE_INDICES | Gather.QUADWORDS);
        gather(t, Mnemonic.VGATHERQPD, Gather.WIDE_INDICES | Gather.QUADWORDS);
    }

    /** How elements in an operand's segment are reached. */
    private static int form(LiftContext c, Operand o) {
        int form = o.segment << VectorMemory.SEGMENT_SHIFT | (c.isCode64() ? VectorMemory.CODE64 : 0);
        if (c.isCode64()) {
            return o.segment >= X86State.FS ? form | VectorMemory.BASED : form;
        }
        // A flat CS may be read, not written.
        return X86Mode.isFlat(c.mode, o.segment) && o.segment != X86State.CS ? form : form | VectorMemory.CHECKED;
    }

    private static Insn wide(LiftContext c, Insn offset) {
        return offset.resultType() == Type.I64 ? offset : c.ir.zext32(offset);
    }

    private static void maskedMove(LiftContext c, Instruction i, int quadwords) {
        Operand mask = i.op(1);
        if (i.op(0).isMemory()) {
            Operand data = i.op(2);
            int form = form(c, i.op(0)) | quadwords | data.reg | mask.reg << MaskedMemory.MASK_SHIFT | data.bits / 64 << MaskedMemory.PARTS_SHIFT;
            c.ir.call(MaskedMemory.STORE, wide(c, c.effectiveAddress(i.op(0))), c.ir.i32(form));
            return;
        }
        Insn offset = wide(c, c.effectiveAddress(i.op(2)));
        Insn form = c.ir.i32(form(c, i.op(2)) | quadwords);
        Insn[] v = Vectors.read(c, mask);
        for (int n = 0; n < v.length; n++) {
            v[n] = c.ir.call(MaskedMemory.LOAD, c.ir.add(offset, 8 * n), v[n], form);
        }
        Vectors.write(c, i.op(0), v);
    }

    private static void gather(LiftTable t, Mnemonic m, int kind) {
        t.add(m, FpMode.avx((c, i) -> {
            Operand o = i.op(1);
            int elements = i.vexBits() / ((kind & (Gather.QUADWORDS | Gather.WIDE_INDICES)) != 0 ? 64 : 32);
            int form = form(c, o) | kind | i.op(0).reg | o.index << Gather.INDEX_SHIFT | i.op(2).reg << Gather.MASK_SHIFT
                    | Integer.numberOfTrailingZeros(o.scale) << Gather.SCALE_SHIFT | elements << Gather.COUNT_SHIFT
                    | (i.addressBits() == 32 ? Gather.ADDRESS_32 : 0);
            c.ir.call(Gather.GATHER, base(c, i, o), c.ir.i32(form));
        }));
    }

    /** Base register and displacement as I64; what overflows is cut off with the index. */
    private static Insn base(LiftContext c, Instruction i, Operand o) {
        Insn a = o.base < 0 ? c.ir.i64(0) : i.addressBits() == 64 ? c.rawRegister(64, o.base) : c.ir.zext32(c.rawRegister(32, o.base));
        return c.ir.add(a, o.disp);
    }
}
