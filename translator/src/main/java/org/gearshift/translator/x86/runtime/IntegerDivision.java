package org.gearshift.translator.x86.runtime;

import java.math.BigInteger;
import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;

/** DIV and IDIV (SDM vol. 2A): quotient towards zero; #DE for a zero divisor and for a quotient that does not fit. */
public final class IntegerDivision {
    /** (AX, divisor) -> AH:AL. Bits above the operands' sizes do not matter. */
    public static final Helper DIV8 = helper("div8", Type.I32, Type.I32, Type.I32);
    public static final Helper IDIV8 = helper("idiv8", Type.I32, Type.I32, Type.I32);
    /** (AX, DX, divisor) -> remainder &lt;&lt; 16 | quotient. */
    public static final Helper DIV16 = helper("div16", Type.I32, Type.I32, Type.I32, Type.I32);
    public static final Helper IDIV16 = helper("idiv16", Type.I32, Type.I32, Type.I32, Type.I32);
    /** (EAX, EDX, divisor) -> remainder &lt;&lt; 32 | quotient. */
    public static final Helper DIV32 = helper("div32", Type.I64, Type.I32, Type.I32, Type.I32);
    public static final Helper IDIV32 = helper("idiv32", Type.I64, Type.I32, Type.I32, Type.I32);
    /** (RAX, RDX, divisor) -> quotient. */
    public static final Helper DIV64 = helper("div64", Type.I64, Type.I64, Type.I64, Type.I64);
    public static final Helper IDIV64 = helper("idiv64", Type.I64, Type.I64, Type.I64, Type.I64);

    private static final int DIVIDE_ERROR = 0;

    private IntegerDivision() {
    }

    private static Helper helper(String name, Type result, Type... params) {
        return Helper.stateful(name, IntegerDivision.class, name, true, new BitSet(), new BitSet(), result, params);
    }

    public static int div8(GuestContext ctx, int ax, int divisor) {
        int n = ax & 0xffff;
        int d = divisor & 0xff;
        if (n >>> 8 >= d) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        return n % d << 8 | n / d;
    }

    public static int idiv8(GuestContext ctx, int ax, int divisor) {
        int n = (short) ax;
        int d = (byte) divisor;
        if (d == 0) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        int q = n / d;
        if (q != (byte) q) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        return (n % d & 0xff) << 8 | q & 0xff;
    }

    public static int div16(GuestContext ctx, int ax, int dx, int divisor) {
        int n = dx << 16 | ax & 0xffff;
        int d = divisor & 0xffff;
        if (n >>> 16 >= d) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        return Integer.remainderUnsigned(n, d) << 16 | Integer.divideUnsigned(n, d);
    }

    public static int idiv16(GuestContext ctx, int ax, int dx, int divisor) {
        int n = dx << 16 | ax & 0xffff;
        int d = (short) divisor;
        if (d == 0) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        // In 64 bits: -2^31 / -1 does not overflow.
        long q = (long) n / d;
        if (q != (short) q) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        return n % d << 16 | (int) q & 0xffff;
    }

    public static long div32(GuestContext ctx, int eax, int edx, int divisor) {
        long d = divisor & 0xffff_ffffL;
        if ((edx & 0xffff_ffffL) >= d) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        long n = (long) edx << 32 | eax & 0xffff_ffffL;
        long q = n >= 0 ? n / d : Long.divideUnsigned(n, d);
        return n - q * d << 32 | q;
    }

    public static long idiv32(GuestContext ctx, int eax, int edx, int divisor) {
        long n = (long) edx << 32 | eax & 0xffff_ffffL;
        if (divisor == 0) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        long q = n / divisor;
        // -2^63 / -1 overflows to -2^63, which does not fit either.
        if (q != (int) q) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        return n - q * divisor << 32 | q & 0xffff_ffffL;
    }

    public static long div64(GuestContext ctx, long rax, long rdx, long divisor) {
        if (Long.compareUnsigned(rdx, divisor) >= 0) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        if (rdx == 0) {
            return Long.divideUnsigned(rax, divisor);
        }
        BigInteger n = unsigned(rdx).shiftLeft(64).or(unsigned(rax));
        return n.divide(unsigned(divisor)).longValue();
    }

    public static long idiv64(GuestContext ctx, long rax, long rdx, long divisor) {
        if (divisor == 0) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        if (rdx == rax >> 63 && (rax != Long.MIN_VALUE || divisor != -1)) {
            return rax / divisor;
        }
        BigInteger n = BigInteger.valueOf(rdx).shiftLeft(64).or(unsigned(rax));
        BigInteger q = n.divide(BigInteger.valueOf(divisor));
        if (q.bitLength() > 63) {
            throw ctx.raise(DIVIDE_ERROR, -1);
        }
        return q.longValue();
    }

    private static BigInteger unsigned(long v) {
        BigInteger b = BigInteger.valueOf(v);
        return v >= 0 ? b : b.add(BigInteger.ONE.shiftLeft(64));
    }
}
