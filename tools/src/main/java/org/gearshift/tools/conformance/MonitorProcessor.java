package org.gearshift.tools.conformance;

import java.util.EnumSet;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.ApicMsrs;
import org.gearshift.vmm.cpu.CpuFeature;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.NumericErrorLine;
import org.gearshift.vmm.cpu.PortSpace;
import org.gearshift.vmm.cpu.RandomNumbers;
import org.gearshift.vmm.cpu.TaskPriority;
import org.gearshift.vmm.cpu.VCpu;

/**
 * A user program on the monitor's own processor and MMU: CPL 3, the host's selectors, paging with NX, and an interrupt table whose gates have the
 * privileges Linux gives them. Exceptions are delivered, and read from the stack where the processor put them.
 */
abstract class MonitorProcessor extends UserProcessor {
    private static final int RAM = 4 << 20;
    /** PG, AM, WP, NE, ET, MP, PE. */
    private static final long CR0 = 0x80050033L;
    /** PAE, OSFXSR, OSXMMEXCPT, OSXSAVE. */
    private static final long CR4 = 1 << 5 | 1 << 9 | 1 << 10 | 1 << 18;
    /** x87, SSE and AVX state. */
    private static final long XCR0 = 7;

    /** Root of the page tables, and where more of them are put. */
    static final int ROOT = 0x20000;
    static final long PRESENT = 1;
    static final long WRITABLE = 2;
    static final long USER = 4;
    private static final long NO_EXECUTE = Long.MIN_VALUE;
    private static final int ENTRIES = 512;

    // System structures, by offset from Layout.RESERVED.
    static final int SYSTEM_FRAME = 0x110;
    private static final int IDT = 0;
    static final int GDT = 0x1000;
    static final int TSS = 0x2000;
    static final int TSS_LIMIT = 0x67;
    static final int STACK_TOP = 0x4000;
    private static final int HANDLERS = 0x4000;
    private static final int SYSTEM_PAGES = 5;
    static final int VECTORS = 32;
    private static final int HANDLER_BYTES = 16;
    static final int KERNEL_CODE = 0x10;
    static final int KERNEL_DATA = 0x18;
    private static final int TSS_SELECTOR = 0x40;

    // Descriptor attributes as X86State has them.
    static final int CODE = 0x9b;
    static final int DATA = 0x93;
    static final int DPL3 = 3 << 5;
    static final int LONG = 1 << 13;
    static final int BIG = 1 << 14;
    static final int GRANULAR = 1 << 15;
    private static final int BUSY_TSS = 0x8b;
    static final long FOUR_GIB = 0xffffffffL;
    private static final int GENERAL_PROTECTION = 13;
    private static final int PAGE_FAULT = 14;
    /** Vectors that push an error code: SDM vol. 3A table 6-1. */
    private static final int WITH_ERROR_CODE = 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << GENERAL_PROTECTION | 1 << PAGE_FAULT | 1 << 17;

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

    /** A processor with its memory. */
    record Parts(VCpu cpu, ShadowMmu mmu, GuestRam ram) {
        static Parts make() {
            GuestRam ram = new GuestRam(RAM);
            PhysicalMemory memory = new PhysicalMemory(ram);
            CodePages code = new CodePages(memory);
            ShadowMmu mmu = new ShadowMmu(memory, code);
            VCpu cpu = new VCpu(new VCpu.Environment(memory, code, mmu, NO_PORTS, InterruptSource.NONE, () -> 0, ApicMsrs.NONE, TaskPriority.NONE,
                    NumericErrorLine.NONE, RandomNumbers.seeded(0), CpuModel.athlon(EnumSet.allOf(CpuFeature.class))));
            return new Parts(cpu, mmu, ram);
        }
    }

    final VCpu cpu;
    private final ShadowMmu mmu;
    final GuestRam ram;
    private int nextTable = ROOT + 0x1000;
    private long fetchPage = -1;
    private long fetchFrame;

    MonitorProcessor(Parts parts, int bits, long exitPointer) {
        super(parts.cpu, bits, exitPointer);
        this.cpu = parts.cpu;
        this.mmu = parts.mmu;
        this.ram = parts.ram;
    }

    /** Brings everything into the state a trial begins with. */
    final void start(int[] selectors) {
        mapPages();
        for (int v = 0; v < VECTORS; v++) {
            gate(((long) SYSTEM_FRAME << 12) + IDT, v, Layout.RESERVED + HANDLERS + HANDLER_BYTES * v, v == 3 || v == 4 ? 0xee : 0x8e);
        }
        taskState(((long) SYSTEM_FRAME << 12) + TSS);
        for (int seg = X86State.ES; seg <= X86State.GS; seg++) {
            s[X86State.SEG_SELECTOR + seg] = selectors[seg];
            segment(seg);
        }
        s[X86State.GDTR_BASE] = Layout.RESERVED + GDT;
        s[X86State.GDTR_LIMIT] = 0xfff;
        s[X86State.IDTR_BASE] = Layout.RESERVED + IDT;
        s[X86State.IDTR_LIMIT] = bits / 4 * VECTORS - 1;
        s[X86State.TR] = TSS_SELECTOR;
        s[X86State.TR + 1] = Layout.RESERVED + TSS;
        s[X86State.TR + 2] = TSS_LIMIT;
        s[X86State.TR + 3] = BUSY_TSS;
        s[X86State.CR0] = CR0;
        s[X86State.CR3] = ROOT;
        s[X86State.CR4] = CR4;
        s[X86State.EFER] = efer();
        s[X86State.XCR0] = XCR0;
        s[X86State.CPL] = 3;
        cpu.refreshPaging();
        rememberInitialState();
    }

    private void mapPages() {
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
        long table = ROOT;
        for (int level = levels(); level > 1; level--) {
            long entry = table + 8 * (linear >>> 12 + 9 * (level - 1) & ENTRIES - 1);
            if (ram.get64(entry) == 0) {
                // The four entries at the root of PAE tables have no rights.
                ram.put64(entry, nextTable | PRESENT | (level == 3 && levels() == 3 ? 0 : WRITABLE | USER));
                nextTable += 0x1000;
            }
            table = ram.get64(entry) & ~0xfffL;
        }
        ram.put64(table + 8 * (linear >>> 12 & ENTRIES - 1), (long) frame << 12 | PRESENT | rights);
    }

    /** Levels of the page tables. */
    abstract int levels();

    abstract long efer();

    /** Writes the gate of a vector. {@code table} is a physical address. */
    abstract void gate(long table, int vector, long offset, int attr);

    /** Writes the stack of CPL 0 into the task state at a physical address. */
    abstract void taskState(long at);

    /** Sets base, limits and attributes of a segment register. */
    abstract void segment(int seg);

    /** The {@code n}th item of what was pushed at a physical address. */
    abstract long pushed(long frame, int n);

    @Override
    final long mode() {
        return cpu.mode();
    }

    @Override
    final void refresh() {
        cpu.refreshMode();
    }

    @Override
    final int fetch(long linear) {
        if (linear >>> 12 != fetchPage) {
            if (!ShadowMmu.canonical(linear)) {
                throw cpu.raise(GENERAL_PROTECTION, 0);
            }
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
    final Outcome faulted(Trial t) {
        cpu.deliverFault();
        Outcome o = interrupted(t);
        if (o == null) {
            throw new IllegalStateException("an exception was not delivered");
        }
        return o;
    }

    @Override
    final Outcome interrupted(Trial t) {
        if (s[X86State.CPL] == 3) {
            return null;
        }
        int vector = (int) (s[X86State.RIP] - Layout.RESERVED - HANDLERS) / HANDLER_BYTES;
        long frame = ((long) SYSTEM_FRAME << 12) + (s[X86State.RSP] - Layout.RESERVED);
        int n = 0;
        long error = 0;
        if ((WITH_ERROR_CODE >>> vector & 1) != 0) {
            error = pushed(frame, n++) & FOUR_GIB;
        }
        long ip = pushed(frame, n);
        Eflags.set(s, (int) pushed(frame, n + 2), Eflags.ALL);
        s[X86State.RSP] = bits == 64 ? pushed(frame, n + 3) : (int) pushed(frame, n + 3);
        return new Outcome(Outcome.Kind.FAULT, vector, error, vector == PAGE_FAULT ? s[X86State.CR2] : 0, ip, registers(t.start()));
    }

    @Override
    final boolean singleStep() {
        return cpu.needsSingleStep();
    }

    @Override
    final boolean beforeSingleStep() {
        return cpu.beforeInstruction();
    }

    @Override
    final void afterSingleStep() {
        cpu.afterInstruction();
    }
}
