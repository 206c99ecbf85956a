package org.gearshift.translator.x86.lift.fp;

import java.util.BitSet;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;

/** Sets of state slots that floating-point helpers read and write, and how helpers are declared with them. */
final class FpSlots {
    static final BitSet NONE = new BitSet();
    static final BitSet MXCSR = of(X86State.MXCSR);
    static final BitSet X87_STATUS = of(X86State.X87_STATUS);
    /** Eight registers, control, status, TOP, tags. */
    static final BitSet X87 = x87();
    /** What decides whether and how exceptions are pending. */
    static final BitSet X87_AND_CR0 = union(X87, of(X86State.CR0));
    /** Arithmetic flags. */
    static final BitSet FLAGS = of(X86State.FLAG_RES, X86State.FLAG_AUX);
    /** {@link #X87}, pointers and opcode. */
    static final BitSet X87_STATE = union(X87, of(X86State.X87_FIP, X86State.X87_FCS, X86State.X87_FDP, X86State.X87_FDS, X86State.X87_FOP));
    /** {@link #X87_STATE} as read by instructions after which an exception may no longer be pending. */
    static final BitSet X87_STATE_AND_CR0 = union(X87_STATE, of(X86State.CR0));
    /** What FXSAVE images hold. */
    static final BitSet FX_STATE = union(union(X87_STATE, MXCSR), xmm());

    private FpSlots() {
    }

    private static BitSet of(int... slots) {
        BitSet b = new BitSet();
        for (int s : slots) {
            b.set(s);
        }
        return b;
    }

    private static BitSet x87() {
        BitSet b = of(X86State.X87_CONTROL, X86State.X87_STATUS, X86State.X87_TOP, X86State.X87_EMPTY);
        b.set(X86State.X87_MANTISSA, X86State.X87_MANTISSA + 8);
        b.set(X86State.X87_EXPONENT, X86State.X87_EXPONENT + 8);
        return b;
    }

    private static BitSet xmm() {
        BitSet b = new BitSet();
        b.set(X86State.XMM, X86State.XMM + 32);
        return b;
    }

    static BitSet union(BitSet a, BitSet b) {
        BitSet u = (BitSet) a.clone();
        u.or(b);
        return u;
    }

    /** A helper on the x87 state that reports pending exceptions, and so may fault. */
    static Helper x87(Class<?> owner, String method, Type... params) {
        return Helper.stateful("x87_" + method, owner, method, true, X87, X87, Type.VOID, params);
    }
}
