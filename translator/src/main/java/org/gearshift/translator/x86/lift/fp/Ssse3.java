package org.gearshift.translator.x86.lift.fp;

import static org.gearshift.ir.Type.I64;

import org.gearshift.ir.Helper;
import org.gearshift.ir.Insn;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.PackedHorizontal;
import org.gearshift.translator.x86.runtime.PackedInteger;
import org.gearshift.translator.x86.runtime.PackedShuffle;

/** Supplemental SSE3 and its AVX forms (SDM vol. 1, 5.8). */
final class Ssse3 {
    private static final Helper PSHUFB = Helper.pure("pshufb", PackedShuffle.class, "pshufb", I64, I64, I64, I64);

    private Ssse3() {
    }

    static void register(LiftTable t) {
        absolute(t, Mnemonic.PABSB);
        absolute(t, Mnemonic.PABSW);
        absolute(t, Mnemonic.PABSD);
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PSIGNB, Mnemonic.PSIGNW, Mnemonic.PSIGND, Mnemonic.PMADDUBSW, Mnemonic.PMULHRSW}) {
            SimdInteger.half(t, m, PackedInteger.class);
        }
        for (Mnemonic m : new Mnemonic[] {Mnemonic.PHADDW, Mnemonic.PHADDSW, Mnemonic.PHADDD, Mnemonic.PHSUBW, Mnemonic.PHSUBSW, Mnemonic.PHSUBD}) {
            SimdInteger.pairwise(t, m, PackedHorizontal.class);
        }
        // Eight bytes as both halves: bit 3 of a selector does not count then.
        VectorForms.both(t, Mnemonic.PSHUFB, (ir, a, b) -> ir.call(PSHUFB, a, a, b),
                (ir, a, b) -> new Insn[] {ir.call(PSHUFB, a[0], a[1], b[0]), ir.call(PSHUFB, a[0], a[1], b[1])});
        VectorForms.bothBy(t, Mnemonic.PALIGNR, (ir, a, b, imm) -> SimdInteger.eight(ir, new Insn[] {b, a}, imm),
                (ir, a, b, imm) -> SimdInteger.window(ir, new Insn[] {b[0], b[1], a[0], a[1]}, imm));
    }

    /** Absolute values of the source's elements; the destination's old value does not count. */
    private static void absolute(LiftTable t, Mnemonic m) {
        String method = SimdInteger.name(m);
        Helper h = Helper.pure(method, PackedInteger.class, method, I64, I64);
        VectorForms.unaryHalf(t, m, (ir, v) -> ir.call(h, v));
    }
}
