package org.gearshift.tools.conformance;

import org.gearshift.translator.x86.X86State;

/** 64-bit code: bases in FS and GS, 4-level tables. */
final class LongModeProcessor extends MonitorProcessor {
    /** NXE, LMA, LME, SCE. */
    private static final long EFER = 1 << 11 | 1 << 10 | 1 << 8 | 1;

    private LongModeProcessor(Parts parts, long exitPointer) {
        super(parts, 64, exitPointer);
    }

    /** @param oracle whose selectors the user segments have */
    static LongModeProcessor create(NativeOracle oracle) {
        LongModeProcessor p = new LongModeProcessor(Parts.make(), oracle.exitPointer());
        p.start(oracle.selectors());
        return p;
    }

    @Override
    int levels() {
        return 4;
    }

    @Override
    long efer() {
        return EFER;
    }

    @Override
    void gate(long table, int vector, long offset, int attr) {
        ram.put64(table + 16L * vector, offset & 0xffff | (long) KERNEL_CODE << 16 | (long) attr << 40 | (offset & 0xffff0000L) << 32);
        ram.put64(table + 16L * vector + 8, offset >>> 32);
    }

    @Override
    void taskState(long at) {
        ram.put64(((long) SYSTEM_FRAME << 12) + GDT + KERNEL_CODE, 0x00af9b000000ffffL);
        ram.put64(at + 4, Layout.RESERVED + STACK_TOP);
        // No permission bitmap: all ports are forbidden.
        ram.put32(at + 100, (TSS_LIMIT + 1) << 16);
    }

    @Override
    void segment(int seg) {
        boolean used = seg == X86State.CS || seg == X86State.SS;
        s[X86State.SEG_BASE + seg] = seg == X86State.FS ? Layout.FS_BASE : seg == X86State.GS ? Layout.GS_BASE_64 : 0;
        s[X86State.SEG_LIMIT + seg] = used ? FOUR_GIB : 0;
        s[X86State.SEG_ATTR + seg] = seg == X86State.CS ? CODE | DPL3 | LONG | GRANULAR : used ? DATA | DPL3 | BIG | GRANULAR : 0;
        s[X86State.SEG_READ_LIMIT + seg] = used ? FOUR_GIB : -1;
        s[X86State.SEG_WRITE_LIMIT + seg] = seg == X86State.SS ? FOUR_GIB : -1;
    }

    @Override
    long pushed(long frame, int n) {
        return ram.get64(frame + 8L * n);
    }
}
