package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.translator.x86.X86State;

/**
 * Memory accesses of single elements, whose addresses are known only at run time or that may not take place at all. An element's offset is checked against its segment
 * if that is not flat.
 *
 * <p>A form holds, from bit {@link #SEGMENT_SHIFT} on, the segment's number, and {@link #CHECKED}, {@link #BASED}, {@link #CODE64}; the bits below are the user's.
 */
public final class VectorMemory {
    public static final int SEGMENT_SHIFT = 24;
    /** The segment has limits, and a base. */
    public static final int CHECKED = 1 << 27;
    /** The segment has a base (FS and GS in 64-bit mode). */
    public static final int BASED = 1 << 28;
    public static final int CODE64 = 1 << 29;

    private VectorMemory() {
    }

    /** Linear address of {@code bytes} bytes at an offset; #GP or #SS if they are not within the segment. */
    static long linear(GuestContext ctx, int form, long offset, int bytes, boolean write) {
        if ((form & (CHECKED | BASED)) == 0) {
            return (form & CODE64) != 0 ? offset : offset & 0xffff_ffffL;
        }
        int segment = form >> SEGMENT_SHIFT & 7;
        if ((form & CHECKED) != 0 && offset + bytes - 1 > ctx.s[(write ? X86State.SEG_WRITE_LIMIT : X86State.SEG_READ_LIMIT) + segment]) {
            ctx.segmentCheckSlow(segment, offset, bytes, write);
        }
        long linear = offset + ctx.s[X86State.SEG_BASE + segment];
        return (form & CODE64) != 0 ? linear : linear & 0xffff_ffffL;
    }

    /** Four or eight bytes; four zero-extended. */
    static long load(GuestContext ctx, long linear, int bytes) {
        return bytes == 8 ? GuestStores.load64(ctx, linear) : GuestStores.load32(ctx, linear) & 0xffff_ffffL;
    }

    static void store(GuestContext ctx, long linear, int bytes, long value) {
        if (bytes == 8) {
            GuestStores.store64(ctx, linear, value);
        } else {
            GuestStores.store32(ctx, linear, (int) value);
        }
    }
}
