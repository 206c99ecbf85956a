package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** x87 control: environment and state images (Intel SDM vol. 1, 8.1.10), FXSAVE (10.5), initialization. */
public final class X87Environment {
    /** Bytes of an FXSAVE image, all of which must be accessible, whatever is stored of them. */
    private static final int FX_IMAGE = 512;
    private static final int DEFAULT_CONTROL = 0x37f;
    /** MXCSR bits that may be set. */
    static final int MXCSR_MASK = 0xffff;

    /** Bits of the control word that can be changed, and the one that reads as 1. */
    private static final int CONTROL_BITS = 0x1f3f;
    private static final int CONTROL_ONES = 0x40;
    private static final long CR0_NE = 1 << 5;
    private static final int OPCODE = 0x7ff;
    private static final long LOW_HALF = 0xffff_ffffL;
    /** Bits of an FXSAVE layout: the number of XMM registers (0, 8 or 16), and whether pointers are 64 bits without selectors (REX.W). */
    static final int XMM_COUNT = 31;
    public static final int WIDE_POINTERS = 32;

    private X87Environment() {
    }

    /** FWAIT. */
    public static void fwait(GuestContext ctx) {
        X87Status.await(ctx);
    }

    /** State after FNINIT; register contents stay. */
    public static void fninit(GuestContext ctx) {
        long[] s = ctx.s;
        s[X86State.X87_CONTROL] = DEFAULT_CONTROL;
        setStatusWord(ctx, 0);
        s[X86State.X87_EMPTY] = 0xff;
        s[X86State.X87_FIP] = 0;
        s[X86State.X87_FCS] = 0;
        s[X86State.X87_FDP] = 0;
        s[X86State.X87_FDS] = 0;
        s[X86State.X87_FOP] = 0;
    }

    public static void fnclex(GuestContext ctx) {
        setStatus(ctx, ctx.s[X86State.X87_STATUS] & ~(long) (X87Status.EXCEPTIONS | X87Status.SF));
    }

    /** FINCSTP (1), FDECSTP (-1). */
    public static void rotate(GuestContext ctx, int by) {
        X87Status.begin(ctx);
        ctx.s[X86State.X87_TOP] = ctx.s[X86State.X87_TOP] + by & 7;
    }

    /** FFREE; FFREEP if {@code pop} is not 0, which pops as well. */
    public static void ffree(GuestContext ctx, int i, int pop) {
        X87Status.begin(ctx);
        ctx.s[X86State.X87_EMPTY] |= 1L << X87Status.physical(ctx.s, i);
        if (pop != 0) {
            X87Status.pop(ctx.s);
        }
    }

    /** FLDCW. */
    public static void fldcw(GuestContext ctx, long address) {
        X87Status.await(ctx);
        int value = GuestStores.load16(ctx, address);
        ctx.s[X86State.X87_CONTROL] = value & CONTROL_BITS | CONTROL_ONES;
        setStatus(ctx, ctx.s[X86State.X87_STATUS]);
    }

    /** Replaces the status, without TOP. ES and B follow from flags and masks; if ES is cleared and CR0.NE is, too, the pin FERR# goes inactive. */
    private static void setStatus(GuestContext ctx, long value) {
        long[] s = ctx.s;
        boolean was = (s[X86State.X87_STATUS] & X87Status.ES) != 0;
        long status = value & ~(long) (X87Status.ES | X87Status.BUSY);
        boolean pending = (status & ~s[X86State.X87_CONTROL] & X87Status.EXCEPTIONS) != 0;
        s[X86State.X87_STATUS] = pending ? status | X87Status.ES | X87Status.BUSY : status;
        if (was && !pending && (s[X86State.CR0] & CR0_NE) == 0) {
            ctx.vmcall(X86Service.X87_ERROR_GONE.ordinal(), 0, 0, 0);
        }
    }

    /** Status word with TOP in place. */
    static int statusWord(long[] s) {
        return (int) (s[X86State.X87_STATUS] | s[X86State.X87_TOP] << 11);
    }

    private static void setStatusWord(GuestContext ctx, int value) {
        ctx.s[X86State.X87_TOP] = value >> 11 & 7;
        setStatus(ctx, value & 0xc77f);
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

    private static int bytes(int kind) {
        return (kind & KIND_32) != 0 ? 28 : 14;
    }

    /** @param bytes how many are stored in all, registers included */
    private static void storeEnvironment(GuestContext ctx, long address, int kind, int bytes) {
        GuestStores.probe(ctx, address, bytes);
        long[] s = ctx.s;
        int fip = (int) s[X86State.X87_FIP];
        int fdp = (int) s[X86State.X87_FDP];
        int fcs = (int) s[X86State.X87_FCS] & 0xffff;
        int fds = (int) s[X86State.X87_FDS] & 0xffff;
        int fop = (int) s[X86State.X87_FOP] & OPCODE;
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
            s[X86State.X87_FOP] = w[4] & OPCODE;
            s[X86State.X87_FDP] = w[5] & 0xffff | (w[6] >>> 12 & 0xffff) << 16;
            s[X86State.X87_FCS] = 0;
            s[X86State.X87_FDS] = 0;
        } else {
            s[X86State.X87_FIP] = w[3];
            s[X86State.X87_FCS] = w[4] & 0xffff;
            s[X86State.X87_FOP] = (kind & KIND_32) != 0 ? w[4] >>> 16 & OPCODE : 0;
            s[X86State.X87_FDP] = w[5];
            s[X86State.X87_FDS] = w[6] & 0xffff;
        }
        s[X86State.X87_CONTROL] = w[0] & CONTROL_BITS | CONTROL_ONES;
        setStatusWord(ctx, w[1]);
        setTagWord(s, w[2]);
    }

    /** FNSTENV. {@code kind}: bit 0 for 32-bit operand size, bit 1 for real-address format. */
    public static void fnstenv(GuestContext ctx, long address, int kind) {
        storeEnvironment(ctx, address, kind, bytes(kind));
        ctx.s[X86State.X87_CONTROL] |= X87Status.EXCEPTIONS;
        setStatus(ctx, ctx.s[X86State.X87_STATUS]);
    }

    public static void fldenv(GuestContext ctx, long address, int kind) {
        X87Status.await(ctx);
        loadEnvironment(ctx, address, kind);
    }

    public static void fnsave(GuestContext ctx, long address, int kind) {
        long[] s = ctx.s;
        storeEnvironment(ctx, address, kind, bytes(kind) + 80);
        long a = address + bytes(kind);
        for (int i = 0; i < 8; i++, a += 10) {
            int r = X87Status.physical(s, i);
            GuestStores.store64(ctx, a, Extended.significand(s, r));
            GuestStores.store16(ctx, a + 8, Extended.exponent(s, r));
        }
        fninit(ctx);
    }

    public static void frstor(GuestContext ctx, long address, int kind) {
        X87Status.await(ctx);
        long registers = address + bytes(kind);
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
     * FXSAVE (SDM vol. 1, table 10-2 and figure 10-7).
     *
     * @param address linear, a multiple of 16
     * @param layout number of XMM registers stored, 8 or 16 in 64-bit mode, or 0 if CR4.OSFXSR is clear; and {@link #WIDE_POINTERS}
     */
    public static void fxsave(GuestContext ctx, long address, int layout) {
        GuestStores.probe(ctx, address, FX_IMAGE);
        storeX87(ctx, address, layout);
        storeMxcsr(ctx, address);
        storeXmm(ctx, address, layout);
    }

    /** The x87 state in an FXSAVE image: bytes 0 to 23 and 32 to 159. */
    static void storeX87(GuestContext ctx, long address, int layout) {
        long[] s = ctx.s;
        long valid = ~s[X86State.X87_EMPTY] & 0xff;
        long head = s[X86State.X87_CONTROL] & 0xffff | (long) statusWord(s) << 16 | valid << 32 | (s[X86State.X87_FOP] & OPCODE) << 48;
        boolean wide = (layout & WIDE_POINTERS) != 0;
        GuestStores.store64(ctx, address, head);
        GuestStores.store64(ctx, address + 8, pointer(s, X86State.X87_FIP, X86State.X87_FCS, wide));
        GuestStores.store64(ctx, address + 16, pointer(s, X86State.X87_FDP, X86State.X87_FDS, wide));
        for (int i = 0; i < 8; i++) {
            int r = X87Status.physical(s, i);
            GuestStores.store64(ctx, address + 32 + 16 * i, Extended.significand(s, r));
            GuestStores.store64(ctx, address + 40 + 16 * i, Extended.exponent(s, r) & 0xffff);
        }
    }

    /** MXCSR and its mask: bytes 24 to 31. */
    static void storeMxcsr(GuestContext ctx, long address) {
        GuestStores.store64(ctx, address + 24, ctx.s[X86State.MXCSR] & LOW_HALF | (long) MXCSR_MASK << 32);
    }

    /** As many XMM registers as the layout has, from byte 160 on. */
    static void storeXmm(GuestContext ctx, long address, int layout) {
        for (int i = 0; i < 2 * (layout & XMM_COUNT); i++) {
            GuestStores.store64(ctx, address + 160 + 8 * i, ctx.s[X86State.XMM + i]);
        }
    }

    private static long pointer(long[] s, int offset, int selector, boolean wide) {
        boolean is64 = (s[X86State.X87_FOP] & X86State.X87_POINTERS_64) != 0;
        long narrow = s[offset] & LOW_HALF;
        return wide ? is64 ? s[offset] : narrow : narrow | (s[selector] & 0xffff) << 32;
    }

    /** FXRSTOR; #GP(0) for reserved MXCSR bits. Arguments as for {@link #fxsave}. */
    public static void fxrstor(GuestContext ctx, long address, int layout) {
        GuestStores.load64(ctx, address);
        GuestStores.load64(ctx, address + FX_IMAGE - 8);
        int mxcsr = checkedMxcsr(ctx, address);
        ctx.s[X86State.MXCSR] = mxcsr;
        loadXmm(ctx, address, layout);
        loadX87(ctx, address, layout);
    }

    /** The image's MXCSR; #GP(0) for reserved bits. */
    static int checkedMxcsr(GuestContext ctx, long address) {
        int mxcsr = GuestStores.load32(ctx, address + 24);
        if ((mxcsr & ~MXCSR_MASK) != 0) {
            throw ctx.raise(13, 0);
        }
        return mxcsr;
    }

    /** The x87 state of an image whose first and last byte have been accessible. */
    static void loadX87(GuestContext ctx, long address, int layout) {
        long[] s = ctx.s;
        long head = GuestStores.load64(ctx, address);
        s[X86State.X87_CONTROL] = head & CONTROL_BITS | CONTROL_ONES;
        setStatusWord(ctx, (int) (head >>> 16) & 0xffff);
        s[X86State.X87_EMPTY] = ~(head >>> 32) & 0xff;
        s[X86State.X87_FOP] = head >>> 48 & OPCODE;
        loadPointers(s, GuestStores.load64(ctx, address + 8), GuestStores.load64(ctx, address + 16), (layout & WIDE_POINTERS) != 0);
        for (int i = 0; i < 8; i++) {
            int r = X87Status.physical(s, i);
            X87Status.set(s, r, GuestStores.load64(ctx, address + 32 + 16 * i), GuestStores.load16(ctx, address + 40 + 16 * i));
        }
    }

    /** The XMM registers of an image likewise. */
    static void loadXmm(GuestContext ctx, long address, int layout) {
        for (int i = 0; i < 2 * (layout & XMM_COUNT); i++) {
            ctx.s[X86State.XMM + i] = GuestStores.load64(ctx, address + 160 + 8 * i);
        }
    }

    /** The pointers of an FXSAVE image; without selectors those are 0. */
    private static void loadPointers(long[] s, long fip, long fdp, boolean wide) {
        if (wide) {
            s[X86State.X87_FOP] |= X86State.X87_POINTERS_64;
        }
        s[X86State.X87_FIP] = wide ? fip : (int) fip;
        s[X86State.X87_FCS] = wide ? 0 : fip >>> 32 & 0xffff;
        s[X86State.X87_FDP] = wide ? fdp : (int) fdp;
        s[X86State.X87_FDS] = wide ? 0 : fdp >>> 32 & 0xffff;
    }
}
