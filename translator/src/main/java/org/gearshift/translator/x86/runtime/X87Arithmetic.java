package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/** The x87 instructions that compute: basic arithmetic, remainder, scaling, sign, square root (Intel SDM vol. 1, 8.3.5 to 8.3.10). */
public final class X87Arithmetic {
    /** Operations of the arithmetic instructions, as in bits 3..5 of their opcodes. */
    public static final int ADD = 0;
    public static final int MUL = 1;
    public static final int SUB = 4;
    public static final int SUBR = 5;
    public static final int DIV = 6;
    public static final int DIVR = 7;

    private X87Arithmetic() {
    }

    private static boolean apply(int operation, long[] s, int dst, long am, int ae, long bm, int be, boolean de) {
        return switch (operation) {
            case ADD -> Extended.add(s, dst, am, ae, bm, be, de);
            case MUL -> Extended.multiply(s, dst, am, ae, bm, be, de);
            case SUB -> Extended.subtract(s, dst, am, ae, bm, be, de);
            case SUBR -> Extended.subtract(s, dst, bm, be, am, ae, de);
            case DIV -> Extended.divide(s, dst, am, ae, bm, be, de);
            default -> Extended.divide(s, dst, bm, be, am, ae, de);
        };
    }

    /** ST(dst) = ST(dst) op ST(src), then pops if {@code pop} is not 0. */
    public static void stack(GuestContext ctx, int operation, int dst, int src, int pop) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int a = X87Status.physical(s, dst);
        int b = X87Status.physical(s, src);
        boolean done;
        if (((s[X86State.X87_EMPTY] >>> a | s[X86State.X87_EMPTY] >>> b) & 1) != 0) {
            done = X87Status.underflow(s, a);
        } else {
            done = apply(operation, s, a, Extended.significand(s, a), Extended.exponent(s, a), Extended.significand(s, b), Extended.exponent(s, b), false);
        }
        if (done && pop != 0) {
            X87Status.pop(s);
        }
    }

    private static void memory(long[] s, int operation, long m, int e, boolean de) {
        int a = (int) s[X86State.X87_TOP];
        if (X87Status.isEmpty(s, a)) {
            X87Status.underflow(s, a);
        } else {
            apply(operation, s, a, Extended.significand(s, a), Extended.exponent(s, a), m, e, de);
        }
    }

    /** ST(0) = ST(0) op binary32. */
    public static void single(GuestContext ctx, int operation, long address) {
        int bits = X87Status.load32(ctx, address);
        memory(ctx.s, operation, ExtendedConversion.significandOf32(bits), ExtendedConversion.exponentOf32(bits), ExtendedConversion.isDenormal32(bits));
    }

    /** ST(0) = ST(0) op binary64. */
    public static void real(GuestContext ctx, int operation, long address) {
        long bits = X87Status.load64(ctx, address);
        memory(ctx.s, operation, ExtendedConversion.significandOf64(bits), ExtendedConversion.exponentOf64(bits), ExtendedConversion.isDenormal64(bits));
    }

    /** ST(0) = ST(0) op integer of 2 or 4 bytes. */
    public static void integer(GuestContext ctx, int operation, long address, int bytes) {
        long value = X87Status.loadInteger(ctx, address, bytes);
        memory(ctx.s, operation, ExtendedConversion.significandOfInteger(value), ExtendedConversion.exponentOfInteger(value), false);
    }

    /** Number of the register at the top for an instruction on ST(0) alone, or -1 if it is empty (then the response is given). */
    private static int top(GuestContext ctx) {
        X87Status.begin(ctx);
        int a = (int) ctx.s[X86State.X87_TOP];
        if (X87Status.isEmpty(ctx.s, a)) {
            X87Status.underflow(ctx.s, a);
            return -1;
        }
        return a;
    }

    public static void fchs(GuestContext ctx) {
        int a = top(ctx);
        if (a >= 0) {
            ctx.s[X86State.X87_EXPONENT + a] ^= 0x8000;
        }
    }

    public static void fabs(GuestContext ctx) {
        int a = top(ctx);
        if (a >= 0) {
            ctx.s[X86State.X87_EXPONENT + a] &= 0x7fff;
        }
    }

    public static void fsqrt(GuestContext ctx) {
        int a = top(ctx);
        if (a >= 0) {
            Extended.squareRoot(ctx.s, a, Extended.significand(ctx.s, a), Extended.exponent(ctx.s, a));
        }
    }

    public static void frndint(GuestContext ctx) {
        int a = top(ctx);
        if (a >= 0) {
            ExtendedConversion.roundToInteger(ctx.s, a, Extended.significand(ctx.s, a), Extended.exponent(ctx.s, a));
        }
    }

    /** FSCALE: ST(0) * 2^chop(ST(1)). */
    public static void fscale(GuestContext ctx) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int a = X87Status.physical(s, 0);
        int b = X87Status.physical(s, 1);
        if (X87Status.isEmpty(s, a) || X87Status.isEmpty(s, b)) {
            X87Status.underflow(s, a);
            return;
        }
        scale(s, a, Extended.significand(s, a), Extended.exponent(s, a), Extended.significand(s, b), Extended.exponent(s, b));
    }

    private static void scale(long[] s, int dst, long m, int e, long km, int ke) {
        if (Extended.isSpecial(m, e, km, ke)) {
            Extended.propagate(s, dst, m, e, km, ke);
            return;
        }
        boolean down = ke >> 15 != 0;
        if (Extended.isInfinite(km, ke)) {
            if (down ? Extended.isInfinite(m, e) : m == 0) {
                Extended.invalid(s, dst);
            } else if (Extended.denormal(s, Extended.isDenormal(m, e))) {
                X87Status.set(s, dst, down ? 0 : Long.MIN_VALUE, e & 0x8000 | (down ? 0 : Extended.MAX));
            }
            return;
        }
        if (!Extended.denormal(s, Extended.isDenormal(m, e) || Extended.isDenormal(km, ke)) || m == 0 || Extended.isInfinite(m, e)) {
            return;
        }
        int x = ke & Extended.MAX;
        int k = x < 16383 ? 0 : x >= 16383 + 16 ? 0xffff : (int) (km >>> 16383 + 63 - x);
        FloatRounding.register(s, dst, e >> 15, Extended.normalExponent(m, e) + (down ? -k : k), Extended.normalSignificand(m), 0, 64);
    }

    /** FXTRACT: the exponent replaces ST(0), the significand is pushed. */
    public static void fxtract(GuestContext ctx) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        int a = X87Status.physical(s, 0);
        int b = X87Status.physical(s, 7);
        if (X87Status.isEmpty(s, a) || !X87Status.isEmpty(s, b)) {
            boolean over = !X87Status.isEmpty(s, a);
            if (X87Status.raise(s, X87Status.IE | X87Status.SF | (over ? X87Status.C1 : 0)) == 0) {
                X87Status.setIndefinite(s, a);
                X87Status.markFull(s, a);
                pushPlain(s, X87Status.INDEFINITE, X87Status.INDEFINITE_EXPONENT);
            }
            return;
        }
        long m = Extended.significand(s, a);
        int e = Extended.exponent(s, a);
        if (Extended.isSpecial(m, e, m, e)) {
            if (Extended.propagate(s, a, m, e, m, e)) {
                pushPlain(s, Extended.significand(s, a), Extended.exponent(s, a));
            }
        } else if (m == 0) {
            if (X87Status.raise(s, X87Status.ZE) == 0) {
                Extended.infinity(s, a, 1);
                pushPlain(s, 0, e);
            }
        } else if (Extended.isInfinite(m, e)) {
            Extended.infinity(s, a, 0);
            pushPlain(s, m, e);
        } else if (Extended.denormal(s, Extended.isDenormal(m, e))) {
            long unbiased = Extended.normalExponent(m, e) - 16383L;
            X87Status.set(s, a, ExtendedConversion.significandOfInteger(unbiased), ExtendedConversion.exponentOfInteger(unbiased));
            pushPlain(s, Extended.normalSignificand(m), e & 0x8000 | 16383);
        }
    }

    /** Pushes onto a register known to be empty, or overwritten by a masked overflow. */
    static void pushPlain(long[] s, long m, int e) {
        int r = X87Status.physical(s, 7);
        s[X86State.X87_TOP] = r;
        X87Status.set(s, r, m, e);
        X87Status.markFull(s, r);
    }

    /** FPREM, or FPREM1 if {@code nearest} is not 0: partial remainder of ST(0) by ST(1). */
    public static void fprem(GuestContext ctx, int nearest) {
        X87Status.begin(ctx);
        long[] s = ctx.s;
        s[X86State.X87_STATUS] &= ~(long) X87Status.C2;
        int a = X87Status.physical(s, 0);
        int b = X87Status.physical(s, 1);
        if (X87Status.isEmpty(s, a) || X87Status.isEmpty(s, b)) {
            X87Status.underflow(s, a);
            return;
        }
        long am = Extended.significand(s, a);
        int ae = Extended.exponent(s, a);
        long bm = Extended.significand(s, b);
        int be = Extended.exponent(s, b);
        if (Extended.isSpecial(am, ae, bm, be)) {
            Extended.propagate(s, a, am, ae, bm, be);
        } else if (Extended.isInfinite(am, ae) || bm == 0) {
            Extended.invalid(s, a);
        } else if (Extended.denormal(s, Extended.isDenormal(am, ae) || Extended.isDenormal(bm, be))) {
            if (am == 0 || Extended.isInfinite(bm, be)) {
                X87Status.setConditions(s, 0);
                if (am != 0) {
                    FloatRounding.register(s, a, ae >> 15, Extended.normalExponent(am, ae), Extended.normalSignificand(am), 0, 64);
                }
            } else {
                remainder(s, a, ae >> 15, Extended.normalExponent(am, ae), Extended.normalSignificand(am),
                        Extended.normalExponent(bm, be), Extended.normalSignificand(bm), nearest != 0);
            }
        }
    }

    private static void remainder(long[] s, int dst, int sign, int ea, long a, int eb, long b, boolean nearest) {
        int d = ea - eb;
        if (d < -1 || d == -1 && !nearest) {
            X87Status.setConditions(s, 0);
            FloatRounding.register(s, dst, sign, ea, a, 0, 64);
            return;
        }
        if (d >= 64) {
            int n = d & 31 | 32;
            long r = modulo(a, b, n);
            X87Status.setConditions(s, X87Status.C2);
            exact(s, dst, sign, eb + d - n, r);
            return;
        }
        if (d < 0) {
            nearestBelow(s, dst, sign, ea, a, b);
            return;
        }
        long q = quotient(a, b, d);
        long r = modulo(a, b, d);
        int resultSign = sign;
        if (nearest) {
            int c = Long.compareUnsigned(r, b - r);
            if (c > 0 || c == 0 && (q & 1) != 0) {
                q++;
                r = b - r;
                resultSign ^= 1;
            }
        }
        conditions(s, q);
        if (r == 0) {
            X87Status.set(s, dst, 0, sign << 15);
        } else {
            exact(s, dst, resultSign, eb, r);
        }
    }

    /** FPREM1 of a number between a quarter and the whole of the divisor (exponents differ by one): the quotient is 0 or 1. */
    private static void nearestBelow(long[] s, int dst, int sign, int ea, long a, long b) {
        if (Long.compareUnsigned(a, b) <= 0) {
            X87Status.setConditions(s, 0);
            FloatRounding.register(s, dst, sign, ea, a, 0, 64);
        } else {
            conditions(s, 1);
            exact(s, dst, sign ^ 1, ea, 2 * b - a);
        }
    }

    /** The exact value r * 2^(exponent - 16383 - 63), r not 0 unless the result is zero. */
    private static void exact(long[] s, int dst, int sign, int exponent, long r) {
        if (r == 0) {
            X87Status.set(s, dst, 0, sign << 15);
            return;
        }
        int n = Long.numberOfLeadingZeros(r);
        FloatRounding.register(s, dst, sign, exponent - n, r << n, 0, 64);
    }

    private static void conditions(long[] s, long q) {
        X87Status.setConditions(s, ((q & 4) != 0 ? X87Status.C0 : 0) | ((q & 2) != 0 ? X87Status.C3 : 0) | ((q & 1) != 0 ? X87Status.C1 : 0));
    }

    /** Low 64 bits of floor(a * 2^d / b), d 0..63, both with the top bit set. */
    private static long quotient(long a, long b, int d) {
        long one = Long.compareUnsigned(a, b) >= 0 ? 1 : 0;
        long rest = one != 0 ? a - b : a;
        return d == 0 ? one : (one << d) + FloatArithmetic.divide(rest >>> 64 - d, rest << d, b);
    }

    /** a * 2^d mod b. */
    private static long modulo(long a, long b, int d) {
        long rest = Long.compareUnsigned(a, b) >= 0 ? a - b : a;
        if (d == 0) {
            return rest;
        }
        return (rest << d) - FloatArithmetic.divide(rest >>> 64 - d, rest << d, b) * b;
    }
}
