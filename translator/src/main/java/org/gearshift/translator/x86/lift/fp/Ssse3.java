package org.gearshift.translator.x86.lift.fp;

import java.util.Locale;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.runtime.PackedInteger;

/** Supplemental SSE3 (SDM vol. 1, 5.8), as far as it is there: CPUID does not claim it, and guests that ask do not use it. */
final class Ssse3 {
    private Ssse3() {
    }

    static void register(LiftTable t) {
        absolute(t, Mnemonic.PABSB);
        absolute(t, Mnemonic.PABSW);
        absolute(t, Mnemonic.PABSD);
    }

    /** Absolute values of the source's elements; the destination's old value does not count. */
    private static void absolute(LiftTable t, Mnemonic m) {
        String method = m.name().toLowerCase(Locale.ROOT);
        Helper h = Helper.pure(method, PackedInteger.class, method, Type.I64, Type.I64);
        SimdInteger.half(t, m, (ir, a, b) -> ir.call(h, b));
    }
}
