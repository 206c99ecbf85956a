package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/** FCOM and its relatives, FTST, FXAM (Intel SDM vol. 1, 8.3.6). */
public final class X87Comparison {
    private static final int CARRY = 0xc000_0000;
    /** FXAM of an empty register. */
    private static final int EMPTY = X87Status.C3 | X87Status.C0;

    private X87Comparison() {
    }

    private static void finish(long[] s, int codes, int pops) {
        int conditions = X87Status.C0 | X87Status.C2 | X87Status.C3;
        s[X86State.X87_STATUS] = s[X86State.X87_STATUS] & ~conditions | codes & conditions;
        for (int i = 0; i < pops && (codes & Extended.UNMASKED) == 0; i++) {
            X87Status.pop(s);
        }
    }

    private static int compareStack(long[] s, int i, boolean quiet) {
        int a = X87Status.physical(s, 0);
        int b = X87Status.physical(s, i);
        if (anyEmpty(s, i)) {
            return X87Status.underflow(s) ? Extended.UNORDERED : Extended.UNORDERED | Extended.UNMASKED;
        }
        return Extended.compare(s, Extended.significand(s, a), Extended.exponent(s, a), Extended.significand(s, b), Extended.exponent(s, b), quiet, false);
    }

    /** FCOM, FCOMP, FCOMPP with {@code quiet} 0; FUCOM ... with 1. */
    public static void fcom(GuestContext ctx, int i, int quiet, int pops) {
        X87Status.begin(ctx);
        finish(ctx.s, compareStack(ctx.s, i, quiet != 0), pops);
    }

    private static void memory(long[] s, long m, int e, boolean de, int pops) {
        int a = (int) s[X86State.X87_TOP];
        if (X87Status.isEmpty(s, a)) {
            finish(s, X87Status.underflow(s) ? Extended.UNORDERED : Extended.UNORDERED | Extended.UNMASKED, pops);
        } else {
            finish(s, Extended.compare(s, Extended.significand(s, a), Extended.exponent(s, a), m, e, false, de), pops);
        }
    }

    public static void fcom32(GuestContext ctx, long address, int pops) {
        int bits = X87Status.load32(ctx, address);
        memory(ctx.s, ExtendedConversion.significandOf32(bits), ExtendedConversion.exponentOf32(bits), ExtendedConversion.isDenormal32(bits), pops);
    }

    public static void fcom64(GuestContext ctx, long address, int pops) {
        long bits = X87Status.load64(ctx, address);
        memory(ctx.s, ExtendedConversion.significandOf64(bits), ExtendedConversion.exponentOf64(bits), ExtendedConversion.isDenormal64(bits), pops);
    }

    /** Integer of 2 or 4 bytes. */
    public static void ficom(GuestContext ctx, long address, int bytes, int pops) {
        long value = X87Status.loadInteger(ctx, address, bytes);
        memory(ctx.s, ExtendedConversion.significandOfInteger(value), ExtendedConversion.exponentOfInteger(value), false, pops);
    }

    public static void ftst(GuestContext ctx) {
        X87Status.begin(ctx);
        memory(ctx.s, 0, 0, false, 0);
    }

    /**
     * FCOMI, FCOMIP, FUCOMI, FUCOMIP: the result goes to ZF, PF, CF; OF, SF, AF are cleared. Operands that are invalid, where that is unmasked, leave the former
     * three as they were.
     */
    public static void fcomi(GuestContext ctx, int i, int quiet, int pops) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int codes = compareStack(s, i, quiet != 0);
        if (codes == (Extended.UNORDERED | Extended.UNMASKED) && !anyEmpty(s, i)) {
            codes = flags(s) | Extended.UNMASKED;
        }
        setFlags(s, codes & ~Extended.UNMASKED);
        for (int n = 0; n < pops && (codes & Extended.UNMASKED) == 0; n++) {
            X87Status.pop(s);
        }
    }

    private static boolean anyEmpty(long[] s, int i) {
        return X87Status.isEmpty(s, (int) s[X86State.X87_TOP]) || X87Status.isEmpty(s, X87Status.physical(s, i));
    }

    /** ZF, PF and CF as the condition codes that stand for them. */
    private static int flags(long[] s) {
        long res = s[X86State.FLAG_RES];
        int aux = (int) s[X86State.FLAG_AUX];
        boolean parity = (Integer.bitCount(((int) res ^ aux >>> 8) & 0xff) & 1) == 0;
        return (res == 0 ? X87Status.C3 : 0) | (parity ? X87Status.C2 : 0) | (aux < 0 ? X87Status.C0 : 0);
    }

    /** Writes a comparison's outcome to the arithmetic flag slots. */
    static void setFlags(long[] s, int codes) {
        s[X86State.FLAG_RES] = flagResult(codes);
        s[X86State.FLAG_AUX] = flagAux(codes);
    }

    static int flagResult(int codes) {
        return (codes & X87Status.C3) != 0 ? 0 : 1;
    }

    /** The result of ZF has even parity, the one of no ZF odd: bit 8 turns it round. */
    static int flagAux(int codes) {
        boolean zf = (codes & X87Status.C3) != 0;
        boolean pf = (codes & X87Status.C2) != 0;
        return ((codes & X87Status.C0) != 0 ? CARRY : 0) | (zf == pf ? 0 : 0x100);
    }

    public static void fxam(GuestContext ctx) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int a = (int) s[X86State.X87_TOP];
        long m = Extended.significand(s, a);
        int e = Extended.exponent(s, a);
        X87Status.setConditions(s, X87Status.isEmpty(s, a) ? (e & 0x8000) != 0 ? EMPTY | X87Status.C1 : EMPTY : classify(m, e));
    }

    /** What FXAM says of a register that is not empty. */
    static int classify(long m, int e) {
        int sign = (e & 0x8000) != 0 ? X87Status.C1 : 0;
        if (Extended.isUnsupported(m, e)) {
            return sign;
        }
        if (Extended.isNaN(m, e)) {
            return sign | X87Status.C0;
        }
        if ((e & Extended.MAX) == Extended.MAX) {
            return sign | X87Status.C2 | X87Status.C0;
        }
        if (m == 0) {
            return sign | X87Status.C3;
        }
        return sign | X87Status.C2 | ((e & Extended.MAX) == 0 ? X87Status.C3 : 0);
    }
}
