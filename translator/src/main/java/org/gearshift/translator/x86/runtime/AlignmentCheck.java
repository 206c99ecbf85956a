package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;

/** Alignment of data accesses, where the processor insists on it. */
public final class AlignmentCheck {
    /** (linear address, size): #AC(0) unless aligned; for code at CPL 3 with CR0.AM and EFLAGS.AC set. */
    public static final Helper CHECK = Helper.check("align_check", AlignmentCheck.class, "check", Type.I64, Type.I32);
    /** (linear address): #GP(0) unless a multiple of 16; for the operands of SSE instructions. */
    public static final Helper CHECK16 = Helper.alignmentCheck("align_check16", AlignmentCheck.class, "check16", 16);
    /** The same of 32 and 64, for aligned moves of AVX and for XSAVE. */
    public static final Helper CHECK32 = Helper.alignmentCheck("align_check32", AlignmentCheck.class, "check32", 32);
    public static final Helper CHECK64 = Helper.alignmentCheck("align_check64", AlignmentCheck.class, "check64", 64);

    private AlignmentCheck() {
    }

    public static void check(GuestContext ctx, long address, int bytes) {
        if ((address & bytes - 1) != 0 && canonical(address) && canonical(address + bytes - 1)) {
            throw ctx.raise(17, 0);
        }
    }

    /** What is not canonical, and be it only at its end, is refused for that, by the access itself. */
    private static boolean canonical(long address) {
        return address << 16 >> 16 == address;
    }

    public static void check16(GuestContext ctx, long address) {
        if ((address & 15) != 0) {
            throw ctx.raise(13, 0);
        }
    }

    public static void check32(GuestContext ctx, long address) {
        if ((address & 31) != 0) {
            throw ctx.raise(13, 0);
        }
    }

    public static void check64(GuestContext ctx, long address) {
        if ((address & 63) != 0) {
            throw ctx.raise(13, 0);
        }
    }
}
