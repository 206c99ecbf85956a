package org.gearshift.tools.conformance;

import org.gearshift.translator.x86.X86State;

/** 32-bit code: flat segments, but for a GS whose limit counts where the oracle has one; PAE tables. */
final class ProtectedModeProcessor extends MonitorProcessor {
    private static final long NXE = 1 << 11;

    private final long gsLimit;

    private ProtectedModeProcessor(Parts parts, NativeOracle oracle) {
        super(parts, 32, oracle.exitPointer());
        gsLimit = oracle.gsLimit();
    }

    /** @param oracle whose selectors, and limit of GS, the user segments have */
    static ProtectedModeProcessor create(NativeOracle oracle) {
        ProtectedModeProcessor p = new ProtectedModeProcessor(Parts.make(), oracle);
        p.start(oracle.selectors());
        return p;
    }

    @Override
    int levels() {
        return 3;
    }

    @Override
    long efer() {
        return NXE;
    }

    @Override
    void gate(long table, int vector, long offset, int attr) {
        ram.put64(table + 8L * vector, offset & 0xffff | (long) KERNEL_CODE << 16 | (long) attr << 40 | (offset & 0xffff0000L) << 32);
    }

    @Override
    void taskState(long at) {
        ram.put64(((long) SYSTEM_FRAME << 12) + GDT + KERNEL_CODE, 0x00cf9b000000ffffL);
        ram.put64(((long) SYSTEM_FRAME << 12) + GDT + KERNEL_DATA, 0x00cf93000000ffffL);
        ram.put32(at + 4, (int) Layout.RESERVED + STACK_TOP);
        ram.put32(at + 8, KERNEL_DATA);
        // No permission bitmap: all ports are forbidden.
        ram.put32(at + 100, (TSS_LIMIT + 1) << 16);
    }

    @Override
    void segment(int seg) {
        long limit = seg == X86State.GS ? gsLimit : FOUR_GIB;
        s[X86State.SEG_BASE + seg] = (int) (seg == X86State.FS ? Layout.FS_BASE : seg == X86State.GS ? Layout.GS_BASE_32 : 0);
        s[X86State.SEG_LIMIT + seg] = limit;
        s[X86State.SEG_ATTR + seg] = (seg == X86State.CS ? CODE : DATA) | DPL3 | BIG | (limit == FOUR_GIB ? GRANULAR : 0);
        s[X86State.SEG_READ_LIMIT + seg] = limit;
        s[X86State.SEG_WRITE_LIMIT + seg] = seg == X86State.CS ? -1 : limit;
    }

    @Override
    long pushed(long frame, int n) {
        return ram.get32(frame + 4L * n) & FOUR_GIB;
    }
}
