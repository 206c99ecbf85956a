package org.gearshift.translator.x86.runtime;

import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;

/** VMASKMOVPS, VMASKMOVPD, VPMASKMOVD, VPMASKMOVQ (SDM vol. 2): elements whose mask has its top bit clear are not accessed, and cannot fault. */
public final class MaskedMemory {
    /** Form bits, beside those of {@link VectorMemory}: registers of data and mask, number of I64s, quadword elements. */
    public static final int MASK_SHIFT = 4;
    public static final int PARTS_SHIFT = 8;
    public static final int QUADWORDS = 1 << 12;

    /** (offset, mask, form) -> 64 bits, zero where the mask is. */
    public static final Helper LOAD = Helper.stateful("masked_load", MaskedMemory.class, "load", true, segments(), new BitSet(), Type.I64,
            Type.I64, Type.I64, Type.I32);
    /** (offset, form): stores elements of one register by the mask in another. */
    public static final Helper STORE = Helper.stateful("masked_vector_store", MaskedMemory.class, "store", true, registers(), new BitSet(), Type.VOID,
            Type.I64, Type.I32);

    private MaskedMemory() {
    }

    static BitSet segments() {
        BitSet b = new BitSet();
        for (int first : new int[] {X86State.SEG_BASE, X86State.SEG_READ_LIMIT, X86State.SEG_WRITE_LIMIT}) {
            b.set(first, first + 6);
        }
        return b;
    }

    static BitSet registers() {
        BitSet b = segments();
        b.set(X86State.XMM, X86State.XMM + 32);
        b.set(X86State.YMM_HIGH, X86State.YMM_HIGH + 32);
        return b;
    }

    public static long load(GuestContext ctx, long offset, long mask, int form) {
        if ((form & QUADWORDS) != 0) {
            return mask < 0 ? element(ctx, form, offset, 8) : 0;
        }
        long low = (int) mask < 0 ? element(ctx, form, offset, 4) : 0;
        return mask < 0 ? element(ctx, form, offset + 4, 4) << 32 | low : low;
    }

    private static long element(GuestContext ctx, int form, long offset, int bytes) {
        return VectorMemory.load(ctx, VectorMemory.linear(ctx, form, offset, bytes, false), bytes);
    }

    /** All elements are looked at before the first is stored, so that a fault leaves memory as it was. */
    public static void store(GuestContext ctx, long offset, int form) {
        each(ctx, offset, form, false);
        each(ctx, offset, form, true);
    }

    private static void each(GuestContext ctx, long offset, int form, boolean store) {
        int bytes = (form & QUADWORDS) != 0 ? 8 : 4;
        for (int n = 0; n < (form >> PARTS_SHIFT & 7); n++) {
            long mask = part(ctx.s, form >> MASK_SHIFT & 15, n);
            long data = part(ctx.s, form & 15, n);
            for (int at = 0; at < 8; at += bytes) {
                if (mask << 64 - 8 * (at + bytes) < 0) {
                    long linear = VectorMemory.linear(ctx, form, offset + 8 * n + at, bytes, true);
                    if (store) {
                        VectorMemory.store(ctx, linear, bytes, data >>> 8 * at);
                    } else {
                        PageCrossing.probe(ctx, linear, bytes);
                    }
                }
            }
        }
    }

    /** Bits 64n to 64n + 63 of a vector register. */
    static long part(long[] s, int register, int n) {
        return s[slot(register, n)];
    }

    static int slot(int register, int n) {
        return n < 2 ? X86State.XMM + 2 * register + n : X86State.YMM_HIGH + 2 * register + n - 2;
    }
}
