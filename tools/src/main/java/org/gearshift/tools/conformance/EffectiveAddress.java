package org.gearshift.tools.conformance;

import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Operand;

/** Where a memory operand lies when a trial begins. */
final class EffectiveAddress {
    private EffectiveAddress() {
    }

    /** Offset within the segment, wrapped to the address size. */
    static long offset(Trial t, Instruction i, Operand o) {
        long[] g = t.start().general;
        long a = o.disp + (o.base == Operand.RIP_BASE ? t.code().start() + i.length() : o.base >= 0 ? g[o.base] : 0);
        if (o.index >= 0 && o.indexBits == 0) {
            a += g[o.index] * o.scale;
        }
        return i.addressBits() == 64 ? a : a & (1L << i.addressBits()) - 1;
    }

    /** Linear address. */
    static long linear(Trial t, Instruction i, Operand o) {
        long a = offset(t, i, o) + Encoder.segmentBase(o.segment, t.code().bits());
        return t.code().bits() == 32 ? a & 0xffff_ffffL : a;
    }
}
