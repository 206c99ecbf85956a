package org.gearshift.translator.x86.runtime;

import java.util.Arrays;
import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;

/**
 * XSAVE, XSAVEOPT, XSAVEC, XRSTOR (SDM vol. 1, chapter 13) of x87, SSE and AVX state. Which components are in their initial configuration is found by looking, so that it is exact; whether memory
 * holds what was last loaded or saved is not tracked.
 */
public final class ExtendedState {
    /** State components, as in XCR0. */
    public static final int X87 = 1;
    public static final int SSE = 2;
    public static final int AVX = 4;
    /** Where the AVX component is, and its size: CPUID leaf 0Dh. */
    public static final int AVX_OFFSET = 576;
    public static final int AVX_BYTES = 256;
    /** Legacy region and header. */
    public static final int HEADER_END = 576;

    /** Forms of saving, beside the layout of the legacy region ({@link X87Environment}). */
    public static final int OPTIMIZED = 1 << 8;
    public static final int COMPACTED = 1 << 9;

    private static final int XSTATE_BV = 512;
    private static final int XCOMP_BV = 520;
    private static final int RESERVED = 528;
    private static final long COMPACTED_FORMAT = Long.MIN_VALUE;
    private static final int MXCSR_INITIAL = 0x1f80;
    private static final int FCW_INITIAL = 0x37f;
    private static final int YMM_PARTS = 32;

    /** (linear address, form). */
    public static final Helper SAVE = Helper.stateful("xsave", ExtendedState.class, "save", true, slots(), new BitSet(), Type.VOID, Type.I64, Type.I32);
    public static final Helper RESTORE = Helper.stateful("xrstor", ExtendedState.class, "restore", true, slots(), slots(), Type.VOID, Type.I64, Type.I32);
    /** () -> components in use of those that are enabled: XGETBV with ECX = 1. */
    public static final Helper IN_USE = Helper.stateful("xinuse", ExtendedState.class, "enabledInUse", false, slots(), new BitSet(), Type.I64);

    private ExtendedState() {
    }

    private static BitSet slots() {
        BitSet b = new BitSet();
        for (int slot : new int[] {X86State.RAX, X86State.RDX, X86State.XCR0, X86State.CR0, X86State.MXCSR, X86State.X87_CONTROL, X86State.X87_STATUS, X86State.X87_TOP,
            X86State.X87_EMPTY, X86State.X87_FIP, X86State.X87_FCS, X86State.X87_FDP, X86State.X87_FDS, X86State.X87_FOP}) {
            b.set(slot);
        }
        b.set(X86State.X87_MANTISSA, X86State.X87_MANTISSA + 8);
        b.set(X86State.X87_EXPONENT, X86State.X87_EXPONENT + 8);
        b.set(X86State.XMM, X86State.XMM + 32);
        b.set(X86State.YMM_HIGH, X86State.YMM_HIGH + YMM_PARTS);
        return b;
    }

    /** Size of an image of the components: CPUID leaf 0Dh. In the compacted format it is the same, since what can be left out comes last. */
    public static int imageBytes(long components) {
        return (components & AVX) != 0 ? AVX_OFFSET + AVX_BYTES : HEADER_END;
    }

    /** Components that EDX:EAX asks for and XCR0 enables. */
    private static int requested(long[] s) {
        return (int) (s[X86State.RAX] & s[X86State.XCR0]);
    }

    /** Components that are not in their initial configuration; MXCSR counts for SSE if {@code mxcsr} is set. */
    private static int inUse(long[] s, boolean mxcsr) {
        int used = mxcsr && s[X86State.MXCSR] != MXCSR_INITIAL ? SSE : 0;
        used |= isZero(s, X86State.XMM, 32) ? 0 : SSE;
        used |= isZero(s, X86State.YMM_HIGH, YMM_PARTS) ? 0 : AVX;
        boolean x87 = s[X86State.X87_CONTROL] == FCW_INITIAL && X87Environment.statusWord(s) == 0 && s[X86State.X87_EMPTY] == 0xff
                && (s[X86State.X87_FIP] | s[X86State.X87_FCS] | s[X86State.X87_FDP] | s[X86State.X87_FDS] | s[X86State.X87_FOP]) == 0
                && isZero(s, X86State.X87_MANTISSA, 8) && isZero(s, X86State.X87_EXPONENT, 8);
        return x87 ? used : used | X87;
    }

    private static boolean isZero(long[] s, int first, int count) {
        long all = 0;
        for (int i = first; i < first + count; i++) {
            all |= s[i];
        }
        return all == 0;
    }

    public static long enabledInUse(GuestContext ctx) {
        return inUse(ctx.s, true) & ctx.s[X86State.XCR0];
    }

    /** XSAVE; with {@link #OPTIMIZED} and {@link #COMPACTED} its relatives, which leave initial components out. The address is a multiple of 64. */
    public static void save(GuestContext ctx, long address, int form) {
        long[] s = ctx.s;
        int requested = requested(s);
        boolean compacted = (form & COMPACTED) != 0;
        int used = inUse(s, compacted) & requested;
        GuestStores.probe(ctx, address, imageBytes(requested));
        int stored = (form & (OPTIMIZED | COMPACTED)) != 0 ? used : requested;
        if ((stored & X87) != 0) {
            X87Environment.storeX87(ctx, address, form);
        }
        if (compacted ? (stored & SSE) != 0 : (requested & (SSE | AVX)) != 0) {
            X87Environment.storeMxcsr(ctx, address);
        }
        if ((stored & SSE) != 0) {
            X87Environment.storeXmm(ctx, address, form);
        }
        if ((stored & AVX) != 0) {
            for (int i = 0; i < 2 * (form & X87Environment.XMM_COUNT); i++) {
                GuestStores.store64(ctx, address + AVX_OFFSET + 8 * i, s[X86State.YMM_HIGH + i]);
            }
        }
        if (compacted) {
            GuestStores.store64(ctx, address + XSTATE_BV, used);
            GuestStores.store64(ctx, address + XCOMP_BV, COMPACTED_FORMAT | requested);
        } else {
            long old = GuestStores.load64(ctx, address + XSTATE_BV);
            GuestStores.store64(ctx, address + XSTATE_BV, old & ~(long) requested | used);
        }
    }

    /** XRSTOR of either format. Everything that may fault is done before the first component is loaded. */
    public static void restore(GuestContext ctx, long address, int form) {
        long[] s = ctx.s;
        int requested = requested(s);
        GuestStores.load64(ctx, address);
        long present = GuestStores.load64(ctx, address + XSTATE_BV);
        long layout = GuestStores.load64(ctx, address + XCOMP_BV);
        boolean compacted = layout < 0;
        checkHeader(ctx, address, present, layout);
        int loaded = (int) present & requested;
        boolean loadsMxcsr = compacted ? (loaded & SSE) != 0 : (requested & (SSE | AVX)) != 0;
        int mxcsr = loadsMxcsr ? X87Environment.checkedMxcsr(ctx, address) : MXCSR_INITIAL;
        if ((loaded & AVX) != 0) {
            GuestStores.load64(ctx, address + AVX_OFFSET + AVX_BYTES - 8);
        }
        if (loadsMxcsr || (requested & SSE) != 0) {
            s[X86State.MXCSR] = mxcsr;
        }
        int registers = 2 * (form & X87Environment.XMM_COUNT);
        if ((loaded & SSE) != 0) {
            X87Environment.loadXmm(ctx, address, form);
        } else if ((requested & SSE) != 0) {
            Arrays.fill(s, X86State.XMM, X86State.XMM + registers, 0);
        }
        for (int i = 0; i < registers && (requested & AVX) != 0; i++) {
            s[X86State.YMM_HIGH + i] = (loaded & AVX) != 0 ? GuestStores.load64(ctx, address + AVX_OFFSET + 8 * i) : 0;
        }
        if ((loaded & X87) != 0) {
            X87Environment.loadX87(ctx, address, form);
        } else if ((requested & X87) != 0) {
            X87Environment.fninit(ctx);
            Arrays.fill(s, X86State.X87_MANTISSA, X86State.X87_MANTISSA + 8, 0);
            Arrays.fill(s, X86State.X87_EXPONENT, X86State.X87_EXPONENT + 8, 0);
        }
    }

    /** #GP(0) unless the header names only components that exist, and nothing reserved (SDM vol. 1, 13.8). */
    private static void checkHeader(GuestContext ctx, long address, long present, long layout) {
        long enabled = ctx.s[X86State.XCR0];
        boolean valid;
        if (layout < 0) {
            long components = layout & Long.MAX_VALUE;
            valid = (components & ~enabled) == 0 && (present & ~components) == 0;
            for (int at = RESERVED; at < HEADER_END; at += 8) {
                valid &= GuestStores.load64(ctx, address + at) == 0;
            }
        } else {
            valid = layout == 0 && (present & ~enabled) == 0 && GuestStores.load64(ctx, address + RESERVED) == 0;
        }
        if (!valid) {
            throw ctx.raise(13, 0);
        }
    }
}
