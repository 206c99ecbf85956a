package org.gearshift.vmm.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.gearshift.ir.GuestFault;
import org.gearshift.paging.CodePages;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** A processor with 4 MiB of RAM and hand-made descriptor tables, driven through its services as translated code does. */
final class ProtectedMachine implements PortSpace {
    static final int GDT = 0x1000;
    static final int IDT = 0x2000;
    static final int TSS = 0x3000;
    static final int TSS2 = 0x3200;
    static final int STACK0 = 0x10000;
    static final int STACK3 = 0x20000;
    static final int TABLES = 0x100000;

    static final int CODE0 = 0x08;
    static final int DATA0 = 0x10;
    static final int CODE3 = 0x1b;
    static final int DATA3 = 0x23;
    static final int TSS_SELECTOR = 0x28;
    static final int TSS2_SELECTOR = 0x30;
    static final int CONFORMING = 0x38;
    /** First selector free for a test's own descriptors. */
    static final int FREE = 0x40;

    final PhysicalMemory memory = new PhysicalMemory(new GuestRam(4 << 20));
    final CodePages code = new CodePages(memory);
    final ShadowMmu mmu = new ShadowMmu(memory, code);
    final List<String> ports = new ArrayList<>();
    final VCpu cpu;
    final long[] s;
    long now = 1000;
    boolean ignoreNumericErrors;

    ProtectedMachine() {
        this(CpuModel.athlon(CpuFeature.BASELINE));
    }

    ProtectedMachine(CpuModel model) {
        cpu = new VCpu(new VCpu.Environment(memory, code, mmu, this, InterruptSource.NONE, () -> now, ApicMsrs.NONE, TaskPriority.NONE,
                new Pins(), RandomNumbers.seeded(0), model));
        s = cpu.s;
    }

    private final class Pins implements NumericErrorLine {
        @Override
        public void raise() {
            ports.add("ferr");
        }

        @Override
        public void lower() {
            ports.add("no ferr");
        }

        @Override
        public boolean ignored() {
            return ignoreNumericErrors;
        }
    }

    static ProtectedMachine with(Set<CpuFeature> features) {
        return new ProtectedMachine(CpuModel.athlon(features));
    }

    /** Sets up flat segments for rings 0 and 3, an IDT of 256 absent gates, and a task; leaves the processor in ring 0. */
    ProtectedMachine ring0() {
        descriptor(CODE0, 0, 0xfffff, 0xc09a);
        descriptor(DATA0, 0, 0xfffff, 0xc092);
        descriptor(CODE3, 0, 0xfffff, 0xc0fa);
        descriptor(DATA3, 0, 0xfffff, 0xc0f2);
        descriptor(TSS_SELECTOR, TSS, 0x1ff, 0x0089);
        descriptor(TSS2_SELECTOR, TSS2, 0x67, 0x0089);
        descriptor(CONFORMING, 0, 0xfffff, 0xc09e);
        put32(TSS + 4, STACK0);
        put32(TSS + 8, DATA0);
        cpu.enterFlatProtectedMode(0x5000, CODE0, DATA0);
        call(X86Service.LGDT, GDT, 0xfff);
        call(X86Service.LIDT, IDT, 0x7ff);
        call(X86Service.LTR, TSS_SELECTOR);
        s[X86State.RSP] = STACK0 - 0x100;
        return this;
    }

    /** The same, then on to ring 3 by IRET. */
    ProtectedMachine ring3() {
        ring0();
        iretFrame(0x6000, CODE3, 0x202, STACK3, DATA3);
        call(X86Service.IRET, 32);
        for (int seg : new int[] {X86State.ES, X86State.DS}) {
            call(X86Service.LOAD_SEGMENT, seg, DATA3);
        }
        return this;
    }

    void iretFrame(int... dwords) {
        int esp = (int) s[X86State.RSP] - 4 * dwords.length;
        for (int i = 0; i < dwords.length; i++) {
            put32(esp + 4 * i, dwords[i]);
        }
        s[X86State.RSP] = esp;
    }

    /** {@code attr} as in X86State.SEG_ATTR; {@code limit} as the descriptor's 20 bits. */
    void descriptor(int selector, long base, long limit, int attr) {
        long d = limit & 0xffff | (base & 0xffffff) << 16 | (long) (attr & 0xff) << 40 | (limit & 0xf0000) << 32
                | (long) (attr & 0xf000) << 40 | (base & 0xff000000L) << 32;
        memory.ram().put64(GDT + (selector & 0xfff8), d);
    }

    long gate(int selector, long offset, int attr, int parameters) {
        return offset & 0xffff | (long) selector << 16 | (long) parameters << 32 | (long) attr << 40 | (offset & 0xffff0000L) << 32;
    }

    void callGate(int at, int selector, long offset, int attr, int parameters) {
        memory.ram().put64(GDT + (at & 0xfff8), gate(selector, offset, attr, parameters));
    }

    void interruptGate(int vector, int selector, long offset, int attr) {
        memory.ram().put64(IDT + 8L * vector, gate(selector, offset, attr, 0));
    }

    /** Identity paging of the first 4 MiB with 4 KiB pages, all user and writable; then PG is set. */
    void pageIdentity() {
        put32(TABLES, TABLES + 0x1000 | 7);
        for (int i = 0; i < 1024; i++) {
            put32(TABLES + 0x1000 + 4 * i, i << 12 | 7);
        }
        call(X86Service.WRITE_CR, 3, TABLES);
        call(X86Service.WRITE_CR, 0, s[X86State.CR0] | ControlRegisters.CR0_PG | 1 << 16);
    }

    /** Turns identity paging on from a user level, as a kernel would have done before. */
    void pageIdentitySupervisor() {
        long cpl = s[X86State.CPL];
        s[X86State.CPL] = 0;
        pageIdentity();
        s[X86State.CPL] = cpl;
        cpu.refreshMode();
    }

    /** Changes the low bits of a page's entry and tells the MMU. */
    void pageAttributes(int va, int flags) {
        memory.write(TABLES + 0x1000 + 4L * (va >>> 12), va & ~0xfff | flags, 32);
        mmu.invlpg(va);
    }

    void put32(long p, int v) {
        memory.ram().put32(p, v);
    }

    int get32(long p) {
        return memory.ram().get32(p);
    }

    /** Dword {@code i} of the stack. */
    int stack(int i) {
        return get32((s[X86State.SEG_BASE + X86State.SS] + s[X86State.RSP] + 4 * i) & 0xffffffffL);
    }

    long call(X86Service service, long... args) {
        return cpu.service(service, args.length > 0 ? args[0] : 0, args.length > 1 ? args[1] : 0, args.length > 2 ? args[2] : 0);
    }

    /** Calls a service that must fault, changing no register. */
    void faults(int vector, int errorCode, X86Service service, long... args) {
        long[] before = s.clone();
        try {
            call(service, args);
        } catch (GuestFault f) {
            assertEquals(GuestFault.Kind.EXCEPTION, f.kind);
            assertEquals(vector + "/" + Integer.toHexString(errorCode), f.vector + "/" + Integer.toHexString(f.errorCode));
            for (int i = 0; i < X86State.LAYOUT.slotCount(); i++) {
                if (i != X86State.CR2 && i != X86State.DR + 6) {
                    assertEquals(before[i], s[i], X86State.LAYOUT.name(i) + " changed by a faulting " + service);
                }
            }
            return;
        }
        fail(service + " did not fault");
    }

    @Override
    public int in(int port, int bits) {
        ports.add("in " + Integer.toHexString(port) + "/" + bits);
        return 0xa1b2c3d4;
    }

    @Override
    public void out(int port, int value, int bits) {
        ports.add("out " + Integer.toHexString(port) + "/" + bits + "=" + Integer.toHexString(value));
    }
}
