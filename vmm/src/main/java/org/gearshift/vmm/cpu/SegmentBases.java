package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CR4;
import static org.gearshift.translator.x86.X86State.FS;
import static org.gearshift.translator.x86.X86State.GS;
import static org.gearshift.translator.x86.X86State.KERNEL_GS_BASE;
import static org.gearshift.translator.x86.X86State.SEG_BASE;

import org.gearshift.translator.x86.X86Service;

/** The bases of FS and GS as 64-bit code reaches them without descriptors: SWAPGS, RDFSBASE and its kin (SDM vol. 2). */
final class SegmentBases {
    private static final int FS_KIND = 0;

    private final VCpu cpu;
    private final long[] s;

    SegmentBases(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
    }

    void register(ServiceTable t) {
        t.put(X86Service.SWAPGS, (a, b, c) -> swapgs());
        t.put(X86Service.READ_SEGMENT_BASE, (kind, b, c) -> s[slot((int) kind)]);
        t.put(X86Service.WRITE_SEGMENT_BASE, (kind, value, c) -> {
            int slot = slot((int) kind);
            cpu.requireCanonical(value);
            s[slot] = value;
            return 0;
        });
    }

    private int slot(int kind) {
        if (!cpu.code64() || (s[CR4] & ControlRegisters.CR4_FSGSBASE) == 0) {
            cpu.raise(Vector.UD, -1);
        }
        return SEG_BASE + (kind == FS_KIND ? FS : GS);
    }

    private long swapgs() {
        if (!cpu.code64()) {
            cpu.raise(Vector.UD, -1);
        }
        cpu.requireCpl0();
        long base = s[SEG_BASE + GS];
        s[SEG_BASE + GS] = s[KERNEL_GS_BASE];
        s[KERNEL_GS_BASE] = base;
        return 0;
    }
}
