package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;

/** Stores of several pieces that must not be half done: SDM vol. 3A, 6.5, faults leave the instruction restartable, and memory as it was. */
public final class PageCrossing {
    /** (linear address, bytes 16 or 32): faults as a store would if the bytes lie in two pages and the second is not writable. */
    public static final Helper WRITABLE = Helper.pageCheck("crossing_writable", PageCrossing.class, "writable");
    /** (linear address, bytes up to 32): faults as a store would. Before an instruction changes MXCSR and then stores. */
    public static final Helper PROBE = Helper.check("store_probe", PageCrossing.class, "probe", Type.I64, Type.I32);
    private static final long PAGE = 0x1000;

    private PageCrossing() {
    }

    public static void writable(GuestContext ctx, long address, int bytes) {
        if ((int) (address & PAGE - 1) > PAGE - bytes) {
            GuestStores.probe(ctx, address, bytes);
        }
    }

    public static void probe(GuestContext ctx, long address, int bytes) {
        GuestStores.probe(ctx, address, bytes);
    }
}
