package org.gearshift.translator.x86.runtime;

import org.gearshift.ir.GuestContext;

public final class X87Transcendental {
    private X87Transcendental() {
    }

    public static void fsin(GuestContext ctx) { }
    public static void fcos(GuestContext ctx) { }
    public static void fsincos(GuestContext ctx) { }
    public static void fptan(GuestContext ctx) { }
    public static void fpatan(GuestContext ctx) { }
    public static void f2xm1(GuestContext ctx) { }
    public static void fyl2x(GuestContext ctx) { }
    public static void fyl2xp1(GuestContext ctx) { }
}
