package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/**
 * x87 control: environment and state images (Intel SDM vol. 1, 8.1.10), FXSAVE (10.5), initialization.
 *
 * <p>FIP and FDP hold the offsets of the last non-control instruction and its memory operand; selectors FCS and FDS and the opcode FOP
 * are stored as loaded and never updated by instructions, as on processors with CPUID.7.0:EBX[13] and without fopcode compatibility.
 */
public final class X87Environment {
    private static final int DEFAULT_CONTROL = 0x37f;
    /** MXCSR bits that may be set. */
    static final int MXCSR_MASK = 0xffff;

    private X87Environment() {
    }

    /** FWAIT. */
    public static void fwait(GuestContext ctx) {
        if ((ctx.s[X86State.X87_STATUS] & X87Status.ES) != 0) {
            X87Status.reportPending(ctx);
        }
    }

    public static void fninit(GuestContext ctx) {
        initialize(ctx.s);
    }

    /** State after FNINIT; register contents stay. */
    static void initialize(long[] s) {
        s[X86State.X87_CONTROL] = DEFAULT_CONTROL;
        s[X86State.X87_STATUS] = 0;
        s[X86State.X87_TOP] = 0;
        s[X86State.X87_EMPTY] = 0xff;
        s[X86State.X87_FIP] = 0;
        s[X86State.X87_FCS] = 0;
        s[X86State.X87_FDP] = 0;
        s[X86State.X87_FDS] = 0;
        s[X86State.X87_FOP] = 0;
    }

    public static void fnclex(GuestContext ctx) {
        ctx.s[X86State.X87_STATUS] &= ~(long) (X87Status.EXCEPTIONS | X87Status.SF | X87Status.ES | X87Status.BUSY);
    }

    /** FINCSTP (1), FDECSTP (-1). */
    public static void rotate(GuestContext ctx, int by) {
        X87Status.begin(ctx);
        ctx.s[X86State.X87_TOP] = ctx.s[X86State.X87_TOP] + by & 7;
    }

    /** FFREE; FFREEP if {@code pop} is not 0. */
    public static void ffree(GuestContext ctx, int i, int pop) {
        X87Status.begin(ctx);
        ctx.s[X86State.X87_EMPTY] |= 1L << X87Status.physical(ctx.s, i);
        if (pop != 0) {
            ctx.s[X86State.X87_TOP] = ctx.s[X86State.X87_TOP] + 1 & 7;
        }
    }

    /** FLDCW, after a check for pending exceptions. */
    public static void fldcw(GuestContext ctx, int value) {
        fwait(ctx);
        setControl(ctx.s, value);
    }

    private static void setControl(long[] s, int value) {
        s[X86State.X87_CONTROL] = value & 0x1f3f | 0x40;
        summarize(s);
    }

    /** ES and B follow from flags and masks. */
    private static void summarize(long[] s) {
        long status = s[X86State.X87_STATUS] & ~(long) (X87Status.ES | X87Status.BUSY);
        boolean pending = (status & ~s[X86State.X87_CONTROL] & X87Status.EXCEPTIONS) != 0;
        s[X86State.X87_STATUS] = pending ? status | X87Status.ES | X87Status.BUSY : status;
    }

    /** Status word with TOP in place. */
    static int statusWord(long[] s) {
        return (int) (s[X86State.X87_STATUS] | s[X86State.X87_TOP] << 11);
    }

    private static void setStatusWord(long[] s, int value) {
        s[X86State.X87_STATUS] = value & 0xc77f;
        s[X86State.X87_TOP] = value >> 11 & 7;
        summarize(s);
    }

    /** Full tag word: two bits a physical register. */
    static int tagWord(long[] s) {
        int tags = 0;
        for (int i = 0; i < 8; i++) {
            long m = Extended.significand(s, i);
            int x = Extended.exponent(s, i) & Extended.MAX;
            int tag = X87Status.isEmpty(s, i) ? 3 : m == 0 && x == 0 ? 1 : Extended.isNormal(m, x) ? 0 : 2;
            tags |= tag << 2 * i;
        }
        return tags;
    }

    private static void setTagWord(long[] s, int tags) {
        int empty = 0;
        for (int i = 0; i < 8; i++) {
            if ((tags >> 2 * i & 3) == 3) {
                empty |= 1 << i;
            }
        }
        s[X86State.X87_EMPTY] = empty;
    }

    /** Bits of {@code kind}: 32-bit operand size; real-address format (not protected, or virtual-8086). */
    private static final int KIND_32 = 1;
    private static final int KIND_REAL = 2;

    private static void storeEnvironment(GuestContext ctx, long address, int kind) {
        long[] s = ctx.s;
        int fip = (int) s[X86State.X87_FIP];
        int fdp = (int) s[X86State.X87_FDP];
        int fcs = (int) s[X86State.X87_FCS] & 0xffff;
        int fds = (int) s[X86State.X87_FDS] & 0xffff;
        int fop = (int) s[X86State.X87_FOP] & 0x7ff;
        int[] words = {(int) s[X86State.X87_CONTROL], statusWord(s), tagWord(s), fip, fcs, fdp, fds};
        if ((kind & KIND_REAL) != 0) {
            int ip = fip + (fcs << 4);
            int dp = fdp + (fds << 4);
            words[3] = ip;
            words[4] = ip >>> 16 << 12 | fop;
            words[5] = dp;
            words[6] = dp >>> 16 << 12;
        } else if ((kind & KIND_32) != 0) {
            words[4] |= fop << 16;
        }
        for (int i = 0; i < 7; i++) {
            if ((kind & KIND_32) != 0) {
                GuestStores.store32(ctx, address + 4 * i, i < 3 || i == 6 && (kind & KIND_REAL) == 0 ? words[i] | 0xffff0000 : realWord(words[i], i, kind));
            } else {
                GuestStores.store16(ctx, address + 2 * i, words[i]);
            }
        }
    }

    /** In the 32-bit real-address format instruction and data offsets are cut to 16 bits with ones above. */
    private static int realWord(int word, int i, int kind) {
        return (kind & KIND_REAL) != 0 && (i == 3 || i == 5) ? word & 0xffff | 0xffff0000 : word;
    }

    private static void loadEnvironment(GuestContext ctx, long address, int kind) {
        int[] w = new int[7];
        for (int i = 0; i < 7; i++) {
            w[i] = (kind & KIND_32) != 0 ? GuestStores.load32(ctx, address + 4 * i) : GuestStores.load16(ctx, address + 2 * i);
        }
        long[] s = ctx.s;
        if ((kind & KIND_REAL) != 0) {
            s[X86State.X87_FIP] = w[3] & 0xffff | (w[4] >>> 12 & 0xffff) << 16;
            s[X86State.X87_FOP] = w[4] & 0x7ff;
            s[X86State.X87_FDP] = w[5] & 0xffff | (w[6] >>> 12 & 0xffff) << 16;
            s[X86State.X87_FCS] = 0;
            s[X86State.X87_FDS] = 0;
        } else {
            s[X86State.X87_FIP] = w[3];
            s[X86State.X87_FCS] = w[4] & 0xffff;
            s[X86State.X87_FOP] = (kind & KIND_32) != 0 ? w[4] >>> 16 & 0x7ff : 0;
            s[X86State.X87_FDP] = w[5];
            s[X86State.X87_FDS] = w[6] & 0xffff;
        }
        s[X86State.X87_CONTROL] = w[0] & 0x1f3f | 0x40;
        setStatusWord(s, w[1]);
        setTagWord(s, w[2]);
    }

    /** FNSTENV. {@code kind}: bit 0 for 32-bit operand size, bit 1 for real-address format. */
    public static void fnstenv(GuestContext ctx, long address, int kind) {
        storeEnvironment(ctx, address, kind);
        ctx.s[X86State.X87_CONTROL] |= X87Status.EXCEPTIONS;
        summarize(ctx.s);
    }

    public static void fldenv(GuestContext ctx, long address, int kind) {
        fwait(ctx);
        loadEnvironment(ctx, address, kind);
    }

    public static void fnsave(GuestContext ctx, long address, int kind) {
        long[] s = ctx.s;
        storeEnvironment(ctx, address, kind);
        long a = address + ((kind & KIND_32) != 0 ? 28 : 14);
        for (int i = 0; i < 8; i++, a += 10) {
            int r = X87Status.physical(s, i);
            GuestStores.store64(ctx, a, Extended.significand(s, r));
            GuestStores.store16(ctx, a + 8, Extended.exponent(s, r));
        }
        initialize(s);
    }

    public static void frstor(GuestContext ctx, long address, int kind) {
        fwait(ctx);
        long registers = address + ((kind & KIND_32) != 0 ? 28 : 14);
        long[] m = new long[8];
        int[] e = new int[8];
        for (int i = 0; i < 8; i++) {
            m[i] = GuestStores.load64(ctx, registers + 10 * i);
            e[i] = GuestStores.load16(ctx, registers + 10 * i + 8);
        }
        loadEnvironment(ctx, address, kind);
        for (int i = 0; i < 8; i++) {
            X87Status.set(ctx.s, X87Status.physical(ctx.s, i), m[i], e[i]);
        }
    }

    /** Bits of the form of FXSAVE and FXRSTOR: number of XMM registers, 0, 8 or 16; 64-bit pointers instead of 32-bit ones with selectors (REX.W). */
    public static final int FX_REGISTERS = 31;
    public static final int FX_WIDE = 32;

    /**
     * FXSAVE.
     *
     * @param address linear, a multiple of 16
     * @param form {@link #FX_REGISTERS} (0 if CR4.OSFXSR is clear) and {@link #FX_WIDE}
     */
    public static void fxsave(GuestContext ctx, long address, int form) {
        long[] s = ctx.s;
        long valid = ~s[X86State.X87_EMPTY] & 0xff;
        long head = s[X86State.X87_CONTROL] & 0xffff | (long) statusWord(s) << 16 | valid << 32 | (s[X86State.X87_FOP] & 0x7ff) << 48;
        GuestStores.store64(ctx, address, head);
        GuestStores.store64(ctx, address + 8, pointer(form, s[X86State.X87_FIP], s[X86State.X87_FCS]));
        GuestStores.store64(ctx, address + 16, pointer(form, s[X86State.X87_FDP], s[X86State.X87_FDS]));
        GuestStores.store64(ctx, address + 24, s[X86State.MXCSR] & 0xffff_ffffL | (long) MXCSR_MASK << 32);
        for (int i = 0; i < 8; i++) {
            int r = X87Status.physical(s, i);
            GuestStores.store64(ctx, address + 32 + 16 * i, Extended.significand(s, r));
            GuestStores.store64(ctx, address + 40 + 16 * i, Extended.exponent(s, r) & 0xffff);
        }
        for (int i = 0; i < 2 * (form & FX_REGISTERS); i++) {
            GuestStores.store64(ctx, address + 160 + 8 * i, s[X86State.XMM + i]);
        }
    }

    private static long pointer(int form, long offset, long selector) {
        return (form & FX_WIDE) != 0 ? offset : offset & 0xffff_ffffL | (selector & 0xffff) << 32;
    }

    /** FXRSTOR; #GP(0) for reserved MXCSR bits. Arguments as for {@link #fxsave}. */
    public static void fxrstor(GuestContext ctx, long address, int form) {
        long[] s = ctx.s;
        int xmm = form & FX_REGISTERS;
        int mxcsr = GuestStores.load32(ctx, address + 24);
        long head = GuestStores.load64(ctx, address);
        long last = GuestStores.load64(ctx, address + 160 + 16 * Math.max(xmm, 0) - 8);
        if ((mxcsr & ~MXCSR_MASK) != 0) {
            throw ctx.raise(13, 0);
        }
        long fip = GuestStores.load64(ctx, address + 8);
        long fdp = GuestStores.load64(ctx, address + 16);
        boolean wide = (form & FX_WIDE) != 0;
        s[X86State.X87_CONTROL] = head & 0x1f3f | 0x40;
        setStatusWord(s, (int) (head >>> 16) & 0xffff);
        s[X86State.X87_EMPTY] = ~(head >>> 32) & 0xff;
        s[X86State.X87_FOP] = head >>> 48 & 0x7ff;
        s[X86State.X87_FIP] = wide ? fip : (int) fip;
        s[X86State.X87_FCS] = wide ? 0 : fip >>> 32 & 0xffff;
        s[X86State.X87_FDP] = wide ? fdp : (int) fdp;
        s[X86State.X87_FDS] = wide ? 0 : fdp >>> 32 & 0xffff;
        s[X86State.MXCSR] = mxcsr;
        for (int i = 0; i < 8; i++) {
            int r = X87Status.physical(s, i);
            X87Status.set(s, r, GuestStores.load64(ctx, address + 32 + 16 * i), GuestStores.load16(ctx, address + 40 + 16 * i));
        }
        for (int i = 0; i < 2 * xmm - 1; i++) {
            s[X86State.XMM + i] = GuestStores.load64(ctx, address + 160 + 8 * i);
        }
        if (xmm > 0) {
            s[X86State.XMM + 2 * xmm - 1] = last;
        }
    }
}
