package org.gearshift.translator.x86;

/**
 * Everything about the processor's mode that changes what code bytes mean: part of a translation's key, so that generated
 * code contains no mode checks. A value is one long: flag bits below bit 32, and the CS base in the upper half when
 * {@link #FLAT_CS} is clear (translations are then made for that base).
 */
public final class X86Mode {
    /** Bits 0..1: CPL. */
    public static final long CPL_MASK = 3;
    /** CR0.PE. */
    public static final long PROTECTED = 1 << 2;
    /** EFLAGS.VM. */
    public static final long V86 = 1 << 3;
    /** CS.D: default operand and address size 32. */
    public static final long CODE32 = 1 << 4;
    /** Long mode and CS.L. */
    public static final long CODE64 = 1 << 5;
    /** SS.B: the stack pointer is ESP. */
    public static final long STACK32 = 1 << 6;
    /** Segment has base 0 and limit 4 GiB and may be read (and, for DS, ES and SS, written): no check, no addition. */
    public static final long FLAT_CS = 1 << 7;
    public static final long FLAT_DS = 1 << 8;
    public static final long FLAT_ES = 1 << 9;
    public static final long FLAT_SS = 1 << 10;
    /** CR0.EM, CR0.TS, CR0.MP. */
    public static final long EM = 1 << 11;
    public static final long TS = 1 << 12;
    public static final long MP = 1 << 13;
    /** CR4.OSFXSR, CR4.OSXMMEXCPT, CR4.OSXSAVE. */
    public static final long OSFXSR = 1 << 14;
    public static final long OSXMMEXCPT = 1 << 15;
    public static final long OSXSAVE = 1 << 16;
    /** CPL 3, CR0.AM and EFLAGS.AC: misaligned accesses raise #AC. */
    public static final long ALIGN_CHECK = 1 << 17;
    /** CR4.OSXSAVE, and XCR0 has SSE and AVX state enabled. */
    public static final long AVX = 1 << 18;
    /** No bit of the architecture: the second of two sets of page maps is in use, so that what was translated through the first does not serve. */
    public static final long SECOND_MAPS = 1 << 24;
    /** No bit of the architecture: maps without any page are in use, as data breakpoints want every access looked at. */
    public static final long EMPTY_MAPS = 1 << 25;

    private X86Mode() {
    }

    public static int cpl(long mode) {
        return (int) (mode & CPL_MASK);
    }

    public static boolean is(long mode, long flag) {
        return (mode & flag) != 0;
    }

    /** Default operand size of code in bits: 16 or 32 (32 in 64-bit mode). */
    public static int operandBits(long mode) {
        return (mode & (CODE32 | CODE64)) != 0 ? 32 : 16;
    }

    /** CS base: the linear address of pc 0. */
    public static long csBase(long mode) {
        return (mode & (FLAT_CS | CODE64)) != 0 ? 0 : mode >>> 32;
    }

    /** True if data accesses through segment number {@code seg} (X86State order) need neither base nor check. FS and GS never are flat here. */
    public static boolean isFlat(long mode, int seg) {
        return switch (seg) {
            case X86State.ES -> is(mode, FLAT_ES | CODE64);
            case X86State.CS -> is(mode, FLAT_CS | CODE64);
            case X86State.SS -> is(mode, FLAT_SS | CODE64);
            case X86State.DS -> is(mode, FLAT_DS | CODE64);
            default -> false;
        };
    }

    /** The mode of a vCPU with these state slots. */
    public static long of(long[] s) {
        long cr0 = s[X86State.CR0];
        long cr4 = s[X86State.CR4];
        long sys = s[X86State.EFLAGS_SYS];
        long csAttr = s[X86State.SEG_ATTR + X86State.CS];
        long m = s[X86State.CPL] & CPL_MASK;
        boolean pe = (cr0 & 1) != 0;
        if (pe) {
            m |= PROTECTED;
        }
        if (pe && (sys & 1 << 17) != 0) {
            m |= V86;
        }
        if ((s[X86State.EFER] & 1 << 10) != 0 && (csAttr & 1 << 13) != 0) {
            m |= CODE64;
        } else if ((csAttr & 1 << 14) != 0) {
            m |= CODE32;
        }
        if ((m & CODE64) == 0) {
            // 64-bit code has no use for segments: the same translations serve it whatever is loaded there.
            m |= (s[X86State.SEG_ATTR + X86State.SS] & 1 << 14) != 0 ? STACK32 : 0;
            m |= (isFlat(s, X86State.DS) ? FLAT_DS : 0) | (isFlat(s, X86State.ES) ? FLAT_ES : 0) | (isFlat(s, X86State.SS) ? FLAT_SS : 0)
                    | (isFlat(s, X86State.CS) ? FLAT_CS : 0);
        }
        m |= (cr0 & 4) != 0 ? EM : 0;
        m |= (cr0 & 8) != 0 ? TS : 0;
        m |= (cr0 & 2) != 0 ? MP : 0;
        m |= (cr4 & 1 << 9) != 0 ? OSFXSR : 0;
        m |= (cr4 & 1 << 10) != 0 ? OSXMMEXCPT : 0;
        if ((cr4 & 1 << 18) != 0) {
            m |= OSXSAVE | ((s[X86State.XCR0] & 6) == 6 ? AVX : 0);
        }
        if ((m & CPL_MASK) == 3 && (cr0 & 1 << 18) != 0 && (sys & 1 << 18) != 0) {
            m |= ALIGN_CHECK;
        }
        if ((m & (FLAT_CS | CODE64)) == 0) {
            m |= s[X86State.SEG_BASE + X86State.CS] << 32;
        }
        return m;
    }

    /** Whether the segment in a register is flat as {@link #FLAT_CS} and its like mean it, whatever code runs. */
    public static boolean isFlat(long[] s, int seg) {
        return (int) s[X86State.SEG_BASE + seg] == 0
                && s[X86State.SEG_READ_LIMIT + seg] == 0xffffffffL
                && (seg == X86State.CS || s[X86State.SEG_WRITE_LIMIT + seg] == 0xffffffffL);
    }
}
