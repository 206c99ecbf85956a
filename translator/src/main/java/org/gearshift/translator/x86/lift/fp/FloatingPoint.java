package org.gearshift.translator.x86.lift.fp;

import org.gearshift.translator.x86.lift.LiftGroup;
import org.gearshift.translator.x86.lift.LiftTable;

/** All groups of this package, found as a service. */
public final class FloatingPoint implements LiftGroup {
    @Override
    public void register(LiftTable table) {
        X87.register(table);
        X87Control.register(table);
        SimdMoves.register(table);
        SimdShuffles.register(table);
        SimdInteger.register(table);
        SseArithmetic.register(table);
        SseConversion.register(table);
        Sse3.register(table);
        Ssse3.register(table);
        Sse41.register(table);
        DotProduct.register(table);
        Sse42.register(table);
        Cryptography.register(table);
        Avx.register(table);
        VectorAccess.register(table);
        Fma.register(table);
        Xsave.register(table);
    }
}
