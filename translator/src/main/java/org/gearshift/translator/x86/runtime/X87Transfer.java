package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86State;

/**
 * x87 loads and stores. Stores write guest memory themselves, so that exception flags and the pop are committed only once the store has
 * succeeded: on a fault the status word is put back.
 */
public final class X87Transfer {
    /** FLD constants in opcode order (1, L2T, L2E, PI, LG2, LN2, 0): exponent; significand rounded down; 1 where the nearest is one up. */
    private static final int[] CONSTANT_EXPONENT = {0x3fff, 0x4000, 0x3fff, 0x4000, 0x3ffd, 0x3ffe, 0};
    private static final long[] CONSTANT = {
        0x8000_0000_0000_0000L, 0xd49a_784b_cd1b_8afeL, 0xb8aa_3b29_5c17_f0bbL, 0xc90f_daa2_2168_c234L,
        0x9a20_9a84_fbcf_f798L, 0xb172_17f7_d1cf_79abL, 0};
    private static final boolean[] NEAREST_IS_UP = {false, false, true, true, true, true, false};

    /** Bytes of an extended number, and of a packed decimal. */
    private static final int TEN = 10;

    private X87Transfer() {
    }

    private static void push(GuestContext ctx, long m, int e) {
        int r = X87Status.push(ctx.s);
        if (r >= 0 && r < 8) {
            X87Status.set(ctx.s, r, m, e);
        }
    }

    /** FLD ST(i). An empty register comes before a full stack. */
    public static void fld(GuestContext ctx, int i) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int from = X87Status.physical(s, i);
        if (!X87Status.isEmpty(s, from)) {
            push(ctx, Extended.significand(s, from), Extended.exponent(s, from));
        } else if (X87Status.underflow(s)) {
            X87Arithmetic.pushPlain(s, X87Status.INDEFINITE, X87Status.INDEFINITE_EXPONENT);
        }
    }

    /** FLD of 80 bits: no exception but stack overflow. */
    public static void fld80(GuestContext ctx, long address) {
        X87Status.await(ctx);
        long m = GuestStores.load64(ctx, address);
        int e = GuestStores.load16(ctx, address + 8);
        X87Status.clearC1(ctx.s);
        push(ctx, m, e);
    }

    public static void fld32(GuestContext ctx, long address) {
        int bits = X87Status.load32(ctx, address);
        loadFloat(ctx, ExtendedConversion.significandOf32(bits), ExtendedConversion.exponentOf32(bits), ExtendedConversion.isDenormal32(bits));
    }

    public static void fld64(GuestContext ctx, long address) {
        long bits = X87Status.load64(ctx, address);
        loadFloat(ctx, ExtendedConversion.significandOf64(bits), ExtendedConversion.exponentOf64(bits), ExtendedConversion.isDenormal64(bits));
    }

    /** An unmasked denormal exception does not keep the number from being pushed. */
    private static void loadFloat(GuestContext ctx, long m, int e, boolean denormal) {
        long[] s = ctx.s;
        if (!X87Status.isEmpty(s, X87Status.physical(s, 7))) {
            push(ctx, 0, 0);
            return;
        }
        long value = m;
        if (Extended.isSignaling(m, e)) {
            if (X87Status.raise(s, X87Status.IE) != 0) {
                return;
            }
            value |= 1L << 62;
        } else if (denormal) {
            X87Status.raise(s, X87Status.DE);
        }
        push(ctx, value, e);
    }

    /** FILD of 2, 4 or 8 bytes. */
    public static void fild(GuestContext ctx, long address, int bytes) {
        long value = X87Status.loadInteger(ctx, address, bytes);
        push(ctx, ExtendedConversion.significandOfInteger(value), ExtendedConversion.exponentOfInteger(value));
    }

    /** FBLD. */
    public static void fbld(GuestContext ctx, long address) {
        X87Status.await(ctx);
        long low = GuestStores.load64(ctx, address);
        int high = GuestStores.load16(ctx, address + 8);
        X87Status.clearC1(ctx.s);
        long v = ExtendedConversion.fromBcd(low, high & 0xff);
        push(ctx, ExtendedConversion.significandOfInteger(v), ExtendedConversion.exponentOfInteger(v) | high & 0x8000);
    }

    /** Whether constant {@code index} is the same in all rounding modes. */
    public static boolean isExact(int index) {
        return CONSTANT[index] << 1 == 0;
    }

    /** Significand of constant {@code index} rounded to nearest. */
    public static long nearestSignificand(int index) {
        return NEAREST_IS_UP[index] ? CONSTANT[index] + 1 : CONSTANT[index];
    }

    /** Exponent of constant {@code index}. */
    public static int exponent(int index) {
        return CONSTANT_EXPONENT[index];
    }

    /** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ: {@code index} 0..6 in this order. */
    public static void constant(GuestContext ctx, int index) {
        X87Status.begin(ctx);
        int rc = X87Status.roundingControl(ctx.s);
        long m = CONSTANT[index];
        boolean inexact = index > 0 && index < 6;
        boolean up = rc == X87Status.ROUND_NEAREST ? NEAREST_IS_UP[index] : rc == X87Status.ROUND_UP && inexact;
        push(ctx, up ? m + 1 : m, CONSTANT_EXPONENT[index]);
    }

    /** FST, FSTP ST(i). */
    public static void fst(GuestContext ctx, int i, int pop) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int top = (int) s[X86State.X87_TOP];
        int to = X87Status.physical(s, i);
        if (X87Status.isEmpty(s, top)) {
            if (!X87Status.underflow(s, to)) {
                return;
            }
        } else {
            X87Status.set(s, to, Extended.significand(s, top), Extended.exponent(s, top));
            X87Status.markFull(s, to);
        }
        if (pop != 0) {
            X87Status.pop(s);
        }
    }

    /** FSTPNCE, the FSTP ST(i) of opcode D9: of an empty register nothing is stored and nothing is reported. */
    public static void fstpnce(GuestContext ctx, int i) {
        if (X87Status.isEmpty(ctx.s, (int) ctx.s[X86State.X87_TOP])) {
            X87Status.begin(ctx);
            X87Status.pop(ctx.s);
        } else {
            fst(ctx, i, 1);
        }
    }

    public static void fxch(GuestContext ctx, int i) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int a = (int) s[X86State.X87_TOP];
        int b = X87Status.physical(s, i);
        boolean emptyA = X87Status.isEmpty(s, a);
        boolean emptyB = X87Status.isEmpty(s, b);
        if (emptyA || emptyB) {
            if (!X87Status.underflow(s)) {
                return;
            }
            if (emptyA) {
                X87Status.setIndefinite(s, a);
                X87Status.markFull(s, a);
            }
            if (emptyB) {
                X87Status.setIndefinite(s, b);
                X87Status.markFull(s, b);
            }
        }
        long m = Extended.significand(s, a);
        int e = Extended.exponent(s, a);
        X87Status.set(s, a, Extended.significand(s, b), Extended.exponent(s, b));
        X87Status.set(s, b, m, e);
    }

    /** FCMOVcc with the condition already evaluated; C1 stays but for a stack underflow. */
    public static void fcmov(GuestContext ctx, int i, int condition) {
        X87Status.await(ctx);
        long[] s = ctx.s;
        int a = (int) s[X86State.X87_TOP];
        int b = X87Status.physical(s, i);
        if (X87Status.isEmpty(s, a) || X87Status.isEmpty(s, b)) {
            X87Status.clearC1(s);
            X87Status.underflow(s, a);
        } else if (condition != 0) {
            X87Status.set(s, a, Extended.significand(s, b), Extended.exponent(s, b));
        }
    }

    /** FST, FSTP binary32. */
    public static void fst32(GuestContext ctx, long address, int pop) {
        storeFloat(ctx, address, 24, pop);
    }

    /** FST, FSTP binary64. */
    public static void fst64(GuestContext ctx, long address, int pop) {
        storeFloat(ctx, address, 53, pop);
    }

    private static void storeFloat(GuestContext ctx, long address, int bits, int pop) {
        X87Status.await(ctx);
        long[] s = ctx.s;
        long before = s[X86State.X87_STATUS];
        int top = (int) s[X86State.X87_TOP];
        s[X86State.X87_STATUS] = before & ~(X87Status.EXCEPTIONS | X87Status.C1);
        long value;
        if (X87Status.isEmpty(s, top)) {
            s[X86State.X87_STATUS] |= X87Status.IE | X87Status.SF;
            value = bits == 53 ? 0xfff8_0000_0000_0000L : 0xffc0_0000L;
        } else {
            value = ExtendedConversion.toFloat(s, Extended.significand(s, top), Extended.exponent(s, top), bits);
        }
        if (proceeds(s, before)) {
            try {
                if (bits == 53) {
                    GuestStores.store64(ctx, address, value);
                } else {
                    GuestStores.store32(ctx, address, (int) value);
                }
            } catch (GuestFault f) {
                s[X86State.X87_STATUS] = before;
                throw f;
            }
            if (pop != 0) {
                X87Status.pop(s);
            }
        } else {
            probe(ctx, address, bits == 53 ? 8 : 4, before);
        }
    }

    /** A store that an unmasked exception calls off still faults if its operand is not accessible, and then there was no exception. */
    private static void probe(GuestContext ctx, long address, int bytes, long statusOnFault) {
        try {
            GuestStores.probe(ctx, address, bytes);
        } catch (GuestFault f) {
            ctx.s[X86State.X87_STATUS] = statusOnFault;
            throw f;
        }
    }

    /** Merges the exceptions recorded since the flags were cleared into the former status; false if the store is suppressed: then it is not inexact either. */
    private static boolean proceeds(long[] s, long before) {
        long now = s[X86State.X87_STATUS];
        int raised = (int) now & X87Status.EXCEPTIONS;
        if ((raised & ~s[X86State.X87_CONTROL] & (X87Status.OE | X87Status.UE)) != 0) {
            raised &= ~X87Status.PE;
            now &= ~(long) (X87Status.PE | X87Status.C1);
        }
        s[X86State.X87_STATUS] = now | before & ~(long) X87Status.C1;
        return raised == 0 || (X87Status.raise(s, raised) & ~X87Status.PE) == 0;
    }

    /** FIST, FISTP, and FISTTP with rounding mode 3; {@code mode} is the rounding mode, or -1 for FCW's; {@code bytes} is 2, 4 or 8. */
    public static void fist(GuestContext ctx, long address, int bytes, int mode, int pop) {
        X87Status.await(ctx);
        long[] s = ctx.s;
        long before = s[X86State.X87_STATUS];
        int top = (int) s[X86State.X87_TOP];
        s[X86State.X87_STATUS] = before & ~(X87Status.EXCEPTIONS | X87Status.C1);
        long value;
        if (X87Status.isEmpty(s, top)) {
            s[X86State.X87_STATUS] |= X87Status.IE | X87Status.SF;
            value = 1L << 8 * bytes - 1;
        } else {
            int rc = mode < 0 ? X87Status.roundingControl(s) : mode;
            value = ExtendedConversion.toInteger(s, Extended.significand(s, top), Extended.exponent(s, top), bytes, rc);
        }
        if (proceeds(s, before)) {
            try {
                switch (bytes) {
                    case 2 -> GuestStores.store16(ctx, address, (int) value);
                    case 4 -> GuestStores.store32(ctx, address, (int) value);
                    default -> GuestStores.store64(ctx, address, value);
                }
            } catch (GuestFault f) {
                s[X86State.X87_STATUS] = before;
                throw f;
            }
            if (pop != 0) {
                X87Status.pop(s);
            }
        } else {
            probe(ctx, address, bytes, before);
        }
    }

    /** FSTP of 80 bits. */
    public static void fstp80(GuestContext ctx, long address) {
        X87Status.await(ctx);
        long[] s = ctx.s;
        long before = s[X86State.X87_STATUS];
        X87Status.clearC1(s);
        int top = (int) s[X86State.X87_TOP];
        long m = Extended.significand(s, top);
        int e = Extended.exponent(s, top);
        if (X87Status.isEmpty(s, top)) {
            if (!X87Status.underflow(s)) {
                probe(ctx, address, TEN, before);
                return;
            }
            m = X87Status.INDEFINITE;
            e = X87Status.INDEFINITE_EXPONENT;
        }
        store10(ctx, address, m, e, before);
    }

    /** FBSTP. */
    public static void fbstp(GuestContext ctx, long address) {
        X87Status.await(ctx);
        long[] s = ctx.s;
        long before = s[X86State.X87_STATUS];
        int top = (int) s[X86State.X87_TOP];
        s[X86State.X87_STATUS] = before & ~(X87Status.EXCEPTIONS | X87Status.C1);
        int e = Extended.exponent(s, top);
        long v = 0;
        if (X87Status.isEmpty(s, top)) {
            s[X86State.X87_STATUS] |= X87Status.IE | X87Status.SF;
        } else {
            v = ExtendedConversion.toInteger(s, Extended.significand(s, top), e, 8, X87Status.roundingControl(s));
            if (v <= -1_000_000_000_000_000_000L || v >= 1_000_000_000_000_000_000L) {
                s[X86State.X87_STATUS] = before & ~(X87Status.EXCEPTIONS | X87Status.C1) | X87Status.IE;
            }
        }
        boolean invalid = (s[X86State.X87_STATUS] & X87Status.IE) != 0;
        if (proceeds(s, before)) {
            if (invalid) {
                store10(ctx, address, 0xc000_0000_0000_0000L, 0xffff, before);
            } else {
                long magnitude = Math.abs(v);
                int top2 = (int) (magnitude / 10_000_000_000_000_000L);
                store10(ctx, address, ExtendedConversion.toBcdLow(magnitude), e & 0x8000 | top2 / 10 << 4 | top2 % 10, before);
            }
        } else {
            probe(ctx, address, TEN, before);
        }
    }

    private static void store10(GuestContext ctx, long address, long low, int high, long statusOnFault) {
        try {
            if ((address & 0xfff) > 0x1000 - TEN) {
                GuestStores.probe(ctx, address, TEN);
            }
            GuestStores.store64(ctx, address, low);
            GuestStores.store16(ctx, address + 8, high);
        } catch (GuestFault f) {
            ctx.s[X86State.X87_STATUS] = statusOnFault;
            throw f;
        }
        X87Status.pop(ctx.s);
    }
}
