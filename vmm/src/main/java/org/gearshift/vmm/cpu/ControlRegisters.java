package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CR0;
import static org.gearshift.translator.x86.X86State.CR2;
import static org.gearshift.translator.x86.X86State.CR3;
import static org.gearshift.translator.x86.X86State.CR4;
import static org.gearshift.translator.x86.X86State.EFER;

import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** Control registers and the mode changes their writes make: SDM vol. 3A section 2.5. */
final class ControlRegisters {
    static final long CR0_PE = 1;
    static final long CR0_TS = 1 << 3;
    static final long CR0_ET = 1 << 4;
    static final long CR0_NE = 1 << 5;
    static final long CR0_NW = 1 << 29;
    static final long CR0_CD = 1 << 30;
    static final long CR0_PG = 1L << 31;
    /** MP, EM, NE, WP, AM besides those above; the other bits read as 0. */
    private static final long CR0_DEFINED = 0xe005003fL;
    static final long CR4_TSD = 1 << 2;
    static final long CR4_DE = 1 << 3;
    static final long CR4_PAE = 1 << 5;
    static final long CR4_PCE = 1 << 8;
    static final long CR4_UMIP = 1 << 11;
    static final long CR4_FSGSBASE = 1 << 16;
    static final long CR4_PCIDE = 1 << 17;
    static final long CR4_OSXSAVE = 1 << 18;
    /** In a value for CR3, with CR4.PCIDE: what is cached for its identifier may stay. */
    private static final long CR3_KEEP = 1L << 63;
    private static final long CR3_PCID = 0xfff;
    static final long EFER_SCE = 1;
    static final long EFER_LME = 1 << 8;
    static final long EFER_LMA = 1 << 10;
    static final long EFER_NXE = 1 << 11;
    private static final long HIGH_32 = 0xffffffff00000000L;
    private static final int CR8 = 8;

    /** CR4 bits, each valid only where its feature is claimed. */
    private enum Cr4Bit {
        TSD(CR4_TSD, CpuFeature.TSC),
        DE(CR4_DE, CpuFeature.DE),
        PSE(1 << 4, CpuFeature.PSE),
        PAE(CR4_PAE, CpuFeature.PAE),
        MCE(1 << 6, CpuFeature.MCE),
        PGE(1 << 7, CpuFeature.PGE),
        OSFXSR(1 << 9, CpuFeature.FXSR),
        OSXMMEXCPT(1 << 10, CpuFeature.SSE),
        UMIP(CR4_UMIP, CpuFeature.UMIP),
        FSGSBASE(CR4_FSGSBASE, CpuFeature.FSGSBASE),
        PCIDE(CR4_PCIDE, CpuFeature.PCID),
        OSXSAVE(CR4_OSXSAVE, CpuFeature.XSAVE),
        SMEP(1 << 20, CpuFeature.SMEP),
        SMAP(1 << 21, CpuFeature.SMAP);

        final long bit;
        final CpuFeature feature;

        Cr4Bit(long bit, CpuFeature feature) {
            this.bit = bit;
            this.feature = feature;
        }
    }

    private final VCpu cpu;
    private final long[] s;
    private final long cr4Valid;

    ControlRegisters(VCpu cpu) {
        this.cpu = cpu;
        this.s = cpu.s;
        long valid = CR4_PCE;
        for (Cr4Bit b : Cr4Bit.values()) {
            valid |= cpu.model.has(b.feature) ? b.bit : 0;
        }
        cr4Valid = valid;
    }

    void register(ServiceTable table) {
        table.put(X86Service.WRITE_CR, (number, value, c) -> write((int) number, value & cpu.addressMask()));
        table.put(X86Service.READ_CR, (number, b, c) -> read((int) number));
        table.put(X86Service.CLTS, (a, b, c) -> {
            cpu.requireCpl0();
            s[CR0] &= ~CR0_TS;
            cpu.refreshMode();
            return 0;
        });
        table.put(X86Service.LMSW, (value, b, c) -> {
            cpu.requireCpl0();
            // LMSW sets PE but never clears it.
            writeCr0(s[CR0] & ~14L | value & 15);
            return 0;
        });
        table.put(X86Service.SMSW, (a, b, c) -> s[CR0]);
    }

    private long read(int number) {
        cpu.requireCpl0();
        return switch (number) {
            case 0 -> s[CR0];
            case 2 -> s[CR2];
            case 3 -> s[CR3];
            case 4 -> s[CR4];
            case CR8 -> cpu.taskPriority.read();
            default -> throw cpu.raise(Vector.UD, -1);
        };
    }

    private long write(int number, long value) {
        cpu.requireCpl0();
        switch (number) {
            case 0 -> writeCr0(value);
            case 2 -> s[CR2] = value;
            case 3 -> writeCr3(value);
            case 4 -> writeCr4(value);
            case CR8 -> writeCr8(value);
            default -> cpu.raise(Vector.UD, -1);
        }
        return 0;
    }

    private void writeCr0(long value) {
        long v = value & CR0_DEFINED | CR0_ET;
        boolean pagingWithoutProtection = (v & CR0_PG) != 0 && (v & CR0_PE) == 0;
        boolean writeThroughUncached = (v & CR0_NW) != 0 && (v & CR0_CD) == 0;
        boolean turnsPagingOn = (v & ~s[CR0] & CR0_PG) != 0;
        boolean turnsPagingOff = (s[CR0] & ~v & CR0_PG) != 0;
        boolean entersLongMode = turnsPagingOn && (s[EFER] & EFER_LME) != 0;
        if ((value & HIGH_32) != 0 || pagingWithoutProtection || writeThroughUncached || turnsPagingOff && (cpu.code64() || (s[CR4] & CR4_PCIDE) != 0)
                || entersLongMode && !mayEnterLongMode() || turnsPagingOn && !entersLongMode && !directoriesValid(s[CR3], s[CR4])) {
            cpu.raise(Vector.GP, 0);
        }
        s[CR0] = v;
        if (entersLongMode) {
            s[EFER] |= EFER_LMA;
        } else if (turnsPagingOff) {
            s[EFER] &= ~EFER_LMA;
        }
        if ((v & CR0_PE) == 0) {
            s[CPL] = 0;
        }
        apply();
    }

    /** The checks on activating IA-32e mode: SDM vol. 3A section 10.8.5. */
    private boolean mayEnterLongMode() {
        boolean code64 = (s[X86State.SEG_ATTR + X86State.CS] & Descriptor.LONG) != 0;
        int task = Descriptor.type((int) s[X86State.TR + 3]);
        boolean task16 = s[X86State.TR] != 0 && (task == Descriptor.TSS16_AVAILABLE || task == Descriptor.TSS16_BUSY);
        return (s[CR4] & CR4_PAE) != 0 && !code64 && !task16;
    }

    private void writeCr3(long written) {
        // Shadow tables are true to the guest's at all times, so that all of them may stay, always; the bit itself does not stay.
        long value = (s[CR4] & CR4_PCIDE) != 0 ? written & ~CR3_KEEP : written;
        boolean reserved = cpu.longMode() && value >>> cpu.model.physicalBits() != 0;
        if (reserved || cpu.paging() && !directoriesValid(value, s[CR4])) {
            cpu.raise(Vector.GP, 0);
        }
        s[CR3] = value;
        applyRoot();
    }

    /** A task switch's load of CR3; a bad page-directory-pointer table is #GP(0) in the new task. */
    void reloadCr3(long value) {
        s[CR3] = value;
        if (!directoriesValid(value, s[CR4])) {
            cpu.raise(Vector.GP, 0);
        }
        apply();
    }

    private void writeCr4(long value) {
        boolean pae = ((value ^ s[CR4]) & CR4_PAE) != 0 && cpu.paging();
        boolean leavesPae = cpu.longMode() && (value & CR4_PAE) == 0;
        boolean takesPcids = (value & ~s[CR4] & CR4_PCIDE) != 0 && (!cpu.longMode() || (s[CR3] & CR3_PCID) != 0);
        if ((value & ~cr4Valid) != 0 || leavesPae || takesPcids || pae && !directoriesValid(s[CR3], value)) {
            cpu.raise(Vector.GP, 0);
        }
        s[CR4] = value;
        apply();
    }

    private void writeCr8(long value) {
        if (value >>> 4 != 0) {
            cpu.raise(Vector.GP, 0);
        }
        cpu.taskPriority.write((int) value);
    }

    /** A write of IA32_EFER whose reserved bits have been checked. LME may not change while paging is on; LMA is not for writing. */
    void writeEfer(long value) {
        if (((value ^ s[EFER]) & EFER_LME) != 0 && cpu.paging()) {
            cpu.raise(Vector.GP, 0);
        }
        s[EFER] = value & ~EFER_LMA | s[EFER] & EFER_LMA;
        apply();
    }

    private boolean directoriesValid(long cr3, long cr4) {
        return (cr4 & CR4_PAE) == 0 || cpu.longMode() || cpu.mmu.pdptesValid(cr3);
    }

    /** Makes the MMU follow CR3 alone, which no mode depends on. */
    void applyRoot() {
        cpu.mmu.setControl(s[CR0], s[CR3], s[CR4], s[EFER]);
    }

    /** Makes the MMU and the context follow CR0, CR3, CR4 and EFER. */
    void apply() {
        cpu.mmu.setControl(s[CR0], s[CR3], s[CR4], s[EFER]);
        cpu.refreshMode();
    }
}
