package org.gearshift.vmm.cpu;

import org.gearshift.translator.x86.X86State;

/** EFLAGS bits, and the register put together from, and taken apart into, its state slots: SDM vol. 1 section 3.4.3. */
public final class Eflags {
    public static final int CF = 1;
    public static final int PF = 1 << 2;
    public static final int AF = 1 << 4;
    public static final int ZF = 1 << 6;
    public static final int SF = 1 << 7;
    public static final int TF = 1 << 8;
    public static final int IF = 1 << 9;
    public static final int DF = 1 << 10;
    public static final int OF = 1 << 11;
    public static final int IOPL = 3 << 12;
    public static final int NT = 1 << 14;
    public static final int RF = 1 << 16;
    public static final int VM = 1 << 17;
    public static final int AC = 1 << 18;
    public static final int VIF = 1 << 19;
    public static final int VIP = 1 << 20;
    public static final int ID = 1 << 21;

    /** The arithmetic flags. */
    public static final int ARITHMETIC = CF | PF | AF | ZF | SF | OF;
    /** What {@link X86State#EFLAGS_SYS} holds. */
    public static final int SYSTEM = TF | IF | IOPL | NT | RF | VM | AC | VIF | VIP | ID;
    /** Every flag there is. */
    public static final int ALL = ARITHMETIC | DF | SYSTEM;
    /** What any program may change at any privilege level. */
    static final int USER = ARITHMETIC | TF | DF | NT | AC | ID;

    /** Bit 1 always reads as one. */
    private static final int ONE = 2;

    private Eflags() {
    }

    /** The register, bit 1 set. */
    public static int get(long[] s) {
        long res = s[X86State.FLAG_RES];
        int aux = (int) s[X86State.FLAG_AUX];
        int f = ONE | (int) s[X86State.EFLAGS_SYS];
        f |= aux >>> 31;
        f |= (aux >>> 31 ^ aux >>> 30 & 1) << 11;
        f |= (aux >>> 3 & 1) << 4;
        f |= res == 0 ? ZF : 0;
        f |= res < 0 ^ (aux & 1) != 0 ? SF : 0;
        f |= (Integer.bitCount((int) (res ^ aux >>> 8) & 0xff) & 1) == 0 ? PF : 0;
        f |= s[X86State.DF] < 0 ? DF : 0;
        return f;
    }

    /** Replaces the flags in {@code mask} by those of {@code value}. */
    public static void set(long[] s, int value, int mask) {
        int f = get(s) & ~mask | value & mask;
        if ((mask & ARITHMETIC) != 0) {
            boolean zero = (f & ZF) != 0;
            boolean parity = (f & PF) != 0;
            int carry = f & CF;
            int aux = carry << 31 | (carry ^ f >>> 11 & 1) << 30 | (f >>> 4 & 1) << 3 | f >>> 7 & 1;
            // A result of 0 has even parity and a result of 1 odd parity; bit 8 turns it round.
            aux |= zero != parity ? 1 << 8 : 0;
            s[X86State.FLAG_RES] = zero ? 0 : 1;
            s[X86State.FLAG_AUX] = aux;
        }
        s[X86State.DF] = (f & DF) != 0 ? -1 : 1;
        s[X86State.EFLAGS_SYS] = f & SYSTEM;
    }

    /** I/O privilege level 0..3. */
    static int iopl(long[] s) {
        return (int) s[X86State.EFLAGS_SYS] >>> 12 & 3;
    }
}
