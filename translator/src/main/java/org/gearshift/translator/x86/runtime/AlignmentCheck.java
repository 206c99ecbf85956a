package org.gearshift.translator.x86.runtime;

import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;

/** Alignment of data accesses, where the processor insists on it. */
public final class AlignmentCheck {
    /** (linear address, size): #AC(0) unless aligned; for code at CPL 3 with CR0.AM and EFLAGS.AC set. */
    public static final Helper CHECK = Helper.stateful("align_check", AlignmentCheck.class, "check", true, new BitSet(), new BitSet(),
            Type.VOID, Type.I64, Type.I32);
    /** (linear address): #GP(0) unless a multiple of 16; for the operands of SSE instructions. */
    public static final Helper CHECK16 = strict("align_check16", "check16");
    /** The same of 32 and 64, for aligned moves of AVX and for XSAVE. */
    public static final Helper CHECK32 = strict("align_check32", "check32");
    public static final Helper CHECK64 = strict("align_check64", "check64");

    private AlignmentCheck() {
    }

    private static Helper strict(String name, String method) {
        return Helper.stateful(name, AlignmentCheck.class, method, true, new BitSet(), new BitSet(), Type.VOID, Type.I64);
    }

    public static void check(GuestContext ctx, long address, int bytes) {
        if ((address & bytes - 1) != 0) {
            throw ctx.raise(17, 0);
        }
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
