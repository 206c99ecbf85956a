package org.gearshift.translator.x86.runtime;

import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;

/**
 * VGATHERxxx and VPGATHERxx (SDM vol. 2): loads elements at a base plus scaled indices where the mask's top bit is set. Each element that is loaded leaves the mask, so that the instruction goes
 * on with the others after a fault; before the first, top bits have been spread over their elements, as the manual's operation says,
 * and over those that are no elements, as it allows; above the vector's length the mask is zero by then, and the destination from the
 * first element on.
 */
public final class Gather {
    /** Form bits, beside those of {@link VectorMemory}: registers of destination, indices and mask, log2 of the scale, number of elements (2, 4 or 8). */
    public static final int INDEX_SHIFT = 4;
    public static final int MASK_SHIFT = 8;
    public static final int SCALE_SHIFT = 12;
    public static final int COUNT_SHIFT = 14;
    /** Elements are quadwords; indices are. */
    public static final int QUADWORDS = 1 << 18;
    public static final int WIDE_INDICES = 1 << 19;
    /** Offsets have 32 bits. */
    public static final int ADDRESS_32 = 1 << 20;

    /** (base and displacement, form). */
    public static final Helper GATHER = gather();

    private Gather() {
    }

    private static Helper gather() {
        BitSet written = MaskedMemory.registers();
        written.andNot(MaskedMemory.segments());
        return Helper.stateful("gather", Gather.class, "gather", true, MaskedMemory.registers(), written, Type.VOID, Type.I64, Type.I32);
    }

    public static void gather(GuestContext ctx, long base, int form) {
        long[] s = ctx.s;
        int destination = form & 15;
        int mask = form >> MASK_SHIFT & 15;
        int count = form >> COUNT_SHIFT & 15;
        int bytes = (form & QUADWORDS) != 0 ? 8 : 4;
        int length = count * ((form & (QUADWORDS | WIDE_INDICES)) != 0 ? 8 : 4);
        spread(s, mask, length, bytes);
        for (int i = 0; i < count; i++) {
            int at = i * bytes;
            int slot = MaskedMemory.slot(mask, at >> 3);
            int shift = 8 * (at & 7);
            long element = bytes == 8 ? -1 : 0xffff_ffffL << shift;
            if ((s[slot] & element) != 0) {
                long offset = base + (index(s, form, i) << (form >> SCALE_SHIFT & 3));
                offset = (form & ADDRESS_32) != 0 ? offset & 0xffff_ffffL : offset;
                long v = VectorMemory.load(ctx, VectorMemory.linear(ctx, form, offset, bytes, false), bytes);
                int to = MaskedMemory.slot(destination, at >> 3);
                s[to] = s[to] & ~element | v << shift;
                clear(s, destination, length >> 3);
            }
            s[slot] &= ~element;
        }
        clear(s, destination, (count * bytes + 7) / 8);
        clear(s, mask, 0);
    }

    /** Makes elements of a mask all ones or zero by their top bits, up to a vector's length in bytes; zero above. */
    private static void spread(long[] s, int mask, int length, int bytes) {
        for (int n = 0; n < length >> 3; n++) {
            int slot = MaskedMemory.slot(mask, n);
            long v = s[slot];
            s[slot] = bytes == 8 ? v >> 63 : (v >> 63) << 32 | (int) v >> 31 & 0xffff_ffffL;
        }
        clear(s, mask, length >> 3);
    }

    private static void clear(long[] s, int register, int from) {
        for (int n = from; n < 4; n++) {
            s[MaskedMemory.slot(register, n)] = 0;
        }
    }

    /** Sign-extended. */
    private static long index(long[] s, int form, int i) {
        int register = form >> INDEX_SHIFT & 15;
        if ((form & WIDE_INDICES) != 0) {
            return MaskedMemory.part(s, register, i);
        }
        return (int) (MaskedMemory.part(s, register, i >> 1) >>> 32 * (i & 1));
    }
}
