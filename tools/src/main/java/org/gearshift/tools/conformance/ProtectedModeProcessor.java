package org.gearshift.tools.conformance;

import java.util.EnumSet;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.ApicBaseMsr;
import org.gearshift.vmm.cpu.CpuFeature;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.NumericErrorLine;
import org.gearshift.vmm.cpu.NumericErrorLine;
import org.gearshift.vmm.cpu.PortSpace;
import org.gearshift.vmm.cpu.RandomNumbers;
import org.gearshift.vmm.cpu.TaskPriority;
import org.gearshift.vmm.cpu.VCpu;

/**
 * 32-bit code on the monitor's own processor and MMU: CPL 3, flat segments with the host's selectors, paging with PAE and NX, and an
 * interrupt table whose gates have the privileges Linux gives them.
 */
final class ProtectedModeProcessor extends UserProcessor {
    private static final int RAM = 4 << 20;
    /** PG, AM, WP, NE, ET, MP, PE. */
    private static final long CR0 = 0x80050033L;
    /** PAE, OSFXSR, OSXMMEXCPT, OSXSAVE. */
    private static final long CR4 = 1 << 5 | 1 << 9 | 1 << 10 | 1 << 18;
    /** x87, SSE and AVX state. */
    private static final long XCR0 = 7;
    private static final long EFER_NXE = 1 << 11;

    // Page tables, by physical address: a directory for each GiB of linear addresses.
    private static final int PDPT = 0x20000;
    private static final int DIRECTORIES = 0x21000;
    private static final int TABLES = 0x25000;
    private static final long PRESENT = 1;
    private static final long WRITABLE = 2;
    private static final long USER = 4;
    private static final long NO_EXECUTE = Long.MIN_VALUE;

    // System structures, by offset from Layout.RESERVED.
    private static final int SYSTEM_FRAME = 0x110;
    private static final int IDT = 0;
    private static final int GDT = 0x1000;
    private static final int TSS = 0x2000;
    private static final int TSS_LIMIT = 0x67;
    private static final int STACK_TOP = 0x4000;
    private static final int HANDLERS = 0x4000;
    private static final int SYSTEM_PAGES = 5;
    private static final int VECTORS = 32;
    private static final int HANDLER_BYTES = 16;
    private static final int KERNEL_CODE = 0x10;
    private static final int KERNEL_DATA = 0x18;
    private static final int TSS_SELECTOR = 0x40;

    // Descriptor attributes as X86State has them.
    private static final int CODE = 0x9b;
    private static final int DATA = 0x93;
    private static final int DPL3 = 3 << 5;
    private static final int BIG = 1 << 14;
    private static final int GRANULAR = 1 << 15;
    private static final int BUSY_TSS = 0x8b;
    private static final long FOUR_GIB = 0xffffffffL;
    private static final int PAGE_FAULT = 14;
    /** Vectors that push an error code: SDM vol. 3A table 6-1. */
    private static final int WITH_ERROR_CODE = 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << PAGE_FAULT | 1 << 17;

    private static final PortSpace NO_PORTS = new PortSpace() {
        @Override
        public int in(int port, int bits) {
            throw new IllegalStateException("a user program read port " + port);
        }

        @Override
        public void out(int port, int value, int bits) {
            throw new IllegalStateException("a user program wrote port " + port);
        }
    };

    private final VCpu cpu;
    private final ShadowMmu mmu;
    private final GuestRam ram;
    private int nextTable = TABLES;
    private long fetchPage = -1;
    private long fetchFrame;

    private ProtectedModeProcessor(VCpu cpu, ShadowMmu mmu, GuestRam ram, long exitPointer) {
        super(cpu, 32, exitPointer);
        this.cpu = cpu;
        this.mmu = mmu;
        this.ram = ram;
    }

    /** @param oracle whose selectors the user segments have */
    static ProtectedModeProcessor create(NativeOracle oracle) {
        GuestRam ram = new GuestRam(RAM);
        PhysicalMemory memory = new PhysicalMemory(ram);
        CodePages code = new CodePages(memory);
        ShadowMmu mmu = new ShadowMmu(memory, code);
        VCpu cpu = new VCpu(new VCpu.Environment(memory, code, mmu, NO_PORTS, InterruptSource.NONE, () -> 0, ApicBaseMsr.NONE, TaskPriority.NONE,
                NumericErrorLine.NONE, RandomNumbers.seeded(0), CpuModel.athlon(EnumSet.allOf(CpuFeature.class))));
        ProtectedModeProcessor p = new ProtectedModeProcessor(cpu, mmu, ram, oracle.exitPointer());
        p.mapPages();
        p.writeTables();
        p.enterUserMode(oracle.selectors());
        p.rememberInitialState();
        return p;
    }

    private void mapPages() {
        for (int i = 0; i < 4; i++) {
            ram.put64(PDPT + 8 * i, DIRECTORIES + 0x1000L * i | PRESENT);
        }
        map(Layout.READ_ONLY, READ_ONLY_FRAME, USER | NO_EXECUTE);
        for (int i = 0; i < 2; i++) {
            map(Layout.SCRATCH + i * 0x1000L, SCRATCH_FRAMES[i], USER | WRITABLE | NO_EXECUTE);
            map(Layout.CODE + i * 0x1000L, CODE_FRAMES[i], USER);
        }
        for (int i = 0; i < SYSTEM_PAGES; i++) {
            map(Layout.RESERVED + i * 0x1000L, SYSTEM_FRAME + i, WRITABLE);
        }
    }

    private void map(long linear, int frame, long rights) {
        long directoryEntry = DIRECTORIES + 8 * (linear >>> 21);
        if (ram.get64(directoryEntry) == 0) {
            ram.put64(directoryEntry, nextTable | PRESENT | WRITABLE | USER);
            nextTable += 0x1000;
        }
        long table = ram.get64(directoryEntry) & ~0xfffL;
        ram.put64(table + 8 * (linear >>> 12 & 511), (long) frame << 12 | PRESENT | rights);
    }

    private void writeTables() {
        long system = (long) SYSTEM_FRAME << 12;
        for (int v = 0; v < VECTORS; v++) {
            long offset = Layout.RESERVED + HANDLERS + HANDLER_BYTES * v;
            long attr = v == 3 || v == 4 ? 0xee : 0x8e;
            ram.put64(system + IDT + 8 * v, offset & 0xffff | (long) KERNEL_CODE << 16 | attr << 40 | (offset & 0xffff0000L) << 32);
        }
        ram.put64(system + GDT + KERNEL_CODE, 0x00cf9b000000ffffL);
        ram.put64(system + GDT + KERNEL_DATA, 0x00cf93000000ffffL);
        ram.put32(system + TSS + 4, (int) Layout.RESERVED + STACK_TOP);
        ram.put32(system + TSS + 8, KERNEL_DATA);
        // No permission bitmap: all ports are forbidden.
        ram.put32(system + TSS + 100, (TSS_LIMIT + 1) << 16);
    }

    private void enterUserMode(int[] selectors) {
        for (int seg = X86State.ES; seg <= X86State.GS; seg++) {
            long base = seg == X86State.FS ? Layout.FS_BASE : seg == X86State.GS ? Layout.GS_BASE_32 : 0;
            long limit = seg == X86State.GS ? Layout.GS_LIMIT_32 : FOUR_GIB;
            int attr = (seg == X86State.CS ? CODE : DATA) | DPL3 | BIG | (seg == X86State.GS ? 0 : GRANULAR);
            s[X86State.SEG_SELECTOR + seg] = selectors[seg];
            s[X86State.SEG_BASE + seg] = (int) base;
            s[X86State.SEG_LIMIT + seg] = limit;
            s[X86State.SEG_ATTR + seg] = attr;
            s[X86State.SEG_READ_LIMIT + seg] = limit;
            s[X86State.SEG_WRITE_LIMIT + seg] = seg == X86State.CS ? -1 : limit;
        }
        s[X86State.GDTR_BASE] = Layout.RESERVED + GDT;
        s[X86State.GDTR_LIMIT] = 0xfff;
        s[X86State.IDTR_BASE] = Layout.RESERVED + IDT;
        s[X86State.IDTR_LIMIT] = 8 * VECTORS - 1;
        s[X86State.TR] = TSS_SELECTOR;
        s[X86State.TR + 1] = Layout.RESERVED + TSS;
        s[X86State.TR + 2] = TSS_LIMIT;
        s[X86State.TR + 3] = BUSY_TSS;
        s[X86State.CR0] = (int) CR0 & FOUR_GIB;
        s[X86State.CR3] = PDPT;
        s[X86State.CR4] = CR4;
        s[X86State.EFER] = EFER_NXE;
        s[X86State.XCR0] = XCR0;
        s[X86State.CPL] = 3;
        cpu.refreshPaging();
    }

    @Override
    long mode() {
        return cpu.mode();
    }

    @Override
    void refresh() {
        cpu.refreshMode();
    }

    @Override
    int fetch(long linear) {
        if (linear >>> 12 != fetchPage) {
            long physical = mmu.translate(linear, ShadowMmu.EXECUTE, cpu.user());
            if (physical < 0) {
                s[X86State.CR2] = linear;
                throw cpu.raise(PAGE_FAULT, mmu.faultErrorCode());
            }
            fetchPage = linear >>> 12;
            fetchFrame = physical >>> 12;
        }
        return ram.bytes()[(int) (fetchFrame << 12 | linear & 0xfff)] & 0xff;
    }

    @Override
    Outcome interrupted(Trial t) {
        if (s[X86State.CPL] == 3) {
            return null;
        }
        int vector = (int) (s[X86State.RIP] - Layout.RESERVED - HANDLERS) / HANDLER_BYTES;
        long frame = ((long) SYSTEM_FRAME << 12) + (s[X86State.RSP] - Layout.RESERVED);
        long error = 0;
        if ((WITH_ERROR_CODE >>> vector & 1) != 0) {
            error = ram.get32(frame) & FOUR_GIB;
            frame += 4;
        }
        s[X86State.RSP] = ram.get32(frame + 12);
        Eflags.set(s, ram.get32(frame + 8), Eflags.ALL);
        return new Outcome(Outcome.Kind.FAULT, vector, error, vector == PAGE_FAULT ? s[X86State.CR2] : 0, ram.get32(frame) & FOUR_GIB,
                registers(t.start()));
    }

    @Override
    boolean singleStep() {
        return cpu.needsSingleStep();
    }

    @Override
    boolean beforeSingleStep() {
        return cpu.beforeInstruction();
    }

    @Override
    void afterSingleStep() {
        cpu.afterInstruction();
    }
}
