package org.gearshift.translator.x86.lift;

import java.util.EnumSet;
import java.util.Set;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Terminator;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/** Makes an IR block from guest code. Reusable, not thread-safe. */
public final class X86Lifter {
    private static final int PAGE = 0x1000;

    private final LiftTable table;
    private final Set<IsaExtension> extensions;
    private final boolean shared;
    private final IrBuilder ir = new IrBuilder(X86State.LAYOUT);
    private final Decoder decoder = new Decoder();
    private CodeSource code;
    private long linearMask;
    private long fetchAddress;
    private int fetched;
    /** Of the block lifted last. */
    private X87Knowledge x87;
    private int x87After;
    /** Bytes of the instruction just decoded. */
    private final byte[] bytes = new byte[Decoder.MAX_LENGTH + 1];

    /** For a processor that has every extension. */
    public X86Lifter() {
        this(EnumSet.allOf(IsaExtension.class));
    }

    /** For a processor with these extensions and {@link IsaExtension#BASE}. Instructions of others raise #UD, or are what their bytes were before. */
    public X86Lifter(Set<IsaExtension> extensions) {
        this(extensions, false);
    }

    /** The same; {@code shared} says that other vCPUs work on the same memory, so that locked instructions must be atomic. */
    public X86Lifter(Set<IsaExtension> extensions, boolean shared) {
        this(LiftTable.standard(), extensions, shared);
    }

    /** With lifters of one's own, for a processor that has every extension. */
    public X86Lifter(LiftTable table) {
        this(table, EnumSet.allOf(IsaExtension.class), false);
    }

    /** All of that. */
    public X86Lifter(LiftTable table, Set<IsaExtension> extensions, boolean shared) {
        this.table = table;
        this.shared = shared;
        EnumSet<IsaExtension> all = EnumSet.of(IsaExtension.BASE);
        all.addAll(extensions);
        this.extensions = all;
    }

    /**
     * Lifts the block at a pc. It ends at a control transfer, at an instruction that may change mode or mapping, after {@code maxInsns}
     * instructions, before an instruction that begins in another 4 KiB page than the block, and after one that reaches into the next page.
     *
     * @param source code bytes by linear address
     * @param pc offset in CS, zero-extended
     * @param mode key of {@link X86Mode}
     * @param maxInsns most guest instructions in the block, at least 1
     * @throws GuestFault if the first instruction cannot be fetched; the block ends before a later one that cannot
     */
    public Block lift(CodeSource source, long pc, long mode, int maxInsns) {
        return lift(source, pc, mode, maxInsns, X87Knowledge.UNKNOWN);
    }

    /**
     * The same for one state of the x87 register stack at the start of the block. In another state, and where numbers are not of the usual kind, an instruction is a
     * {@link GuestFault.Kind#MISS}.
     *
     * @param x87State see {@link X87Knowledge}; {@link X87Knowledge#UNKNOWN} for code that is right in every state
     */
    public Block lift(CodeSource source, long pc, long mode, int maxInsns, int x87State) {
        code = source;
        linearMask = X86Mode.is(mode, X86Mode.CODE64) ? -1 : 0xffff_ffffL;
        ir.begin(pc);
        x87 = new X87Knowledge(ir, x87State);
        LiftContext c = new LiftContext(ir, mode, shared, x87);
        long base = X86Mode.csBase(mode);
        long start = base + pc & linearMask;
        long at = pc;
        int length = 0;
        Terminator end = null;
        while (end == null) {
            long linear = base + at & linearMask;
            if (ir.guestInsns() == maxInsns || (linear ^ start) >>> 12 != 0) {
                end = goOnElsewhere(c, at);
                break;
            }
            Instruction i = fetch(linear, mode, length > 0);
            if (i == null || c.isShadowed() && !InterruptShadow.mayEnd(i)) {
                end = goOnElsewhere(c, at);
                break;
            }
            end = liftOne(c, i, at);
            length += fetched;
            at = c.nextPc();
            if (end == null && (linear & PAGE - 1) + fetched > PAGE) {
                end = goOnElsewhere(c, at);
            }
        }
        code = null;
        x87After = x87.state();
        return ir.finish(end, length);
    }

    /** The end of a block behind which code simply goes on. */
    private static Terminator goOnElsewhere(LiftContext c, long pc) {
        return c.leaves() ? Terminator.exit(pc) : Terminator.jump(pc);
    }

    /** State of the x87 register stack after the block lifted last if it was entered as expected, or {@link X87Knowledge#UNKNOWN}. */
    public int x87After() {
        return x87After;
    }

    /** Pc of the first x87 instruction in the block lifted last, or -1. */
    public long firstX87() {
        return x87.firstUse();
    }

    /** Decodes an instruction; null if a byte of it cannot be fetched and {@code stopAtFault} is set. */
    private Instruction fetch(long linear, long mode, boolean stopAtFault) {
        fetchAddress = linear;
        fetched = 0;
        try {
            return decoder.decode(this::next, mode);
        } catch (GuestFault f) {
            if (stopAtFault) {
                return null;
            }
            throw f;
        }
    }

    private int next() {
        int b = code.fetch(fetchAddress + fetched & linearMask);
        bytes[fetched++] = (byte) b;
        return b;
    }

    private Terminator liftOne(LiftContext c, Instruction i, long at) {
        boolean shadowed = c.isShadowed();
        c.begin(i, at, bytes);
        ir.mark(at);
        c.expectNoHindrance();
        checkCodeLimit(c, i, at);
        if (i.mnemonic() == Mnemonic.INVALID) {
            c.undefined();
            return c.terminator();
        }
        if (i.mnemonic() == Mnemonic.TOO_LONG) {
            c.generalProtection();
            return c.terminator();
        }
        Lift lift = table.get(i, extensions);
        if (lift == null) {
            c.service(X86Service.UNIMPLEMENTED, ir.i32(i.mnemonic().ordinal()));
            c.end(Terminator.exit(at));
        } else {
            lift.lift(c, i);
        }
        if (shadowed) {
            c.endShadow();
        }
        return c.terminator();
    }

    /** The limit of a code segment that is not flat is known only at run time. */
    private void checkCodeLimit(LiftContext c, Instruction i, long at) {
        if (!X86Mode.isFlat(c.mode, X86State.CS)) {
            ir.segCheck(ir.i32((int) at), X86State.SEG_LIMIT + X86State.CS, X86State.CS, i.length(), false);
        }
    }
}
