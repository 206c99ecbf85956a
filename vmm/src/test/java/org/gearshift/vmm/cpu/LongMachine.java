package org.gearshift.vmm.cpu;

import java.util.EnumSet;
import java.util.Set;
import org.gearshift.paging.GuestRam;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/**
 * A {@link ProtectedMachine} taken to 64-bit mode as a kernel does it. The 4 MiB of RAM are mapped to themselves with user rights, and again, for the
 * supervisor, at {@link #HIGH}; tables are used by their high addresses.
 */
final class LongMachine {
    static final long HIGH = 0xffff_8000_0000_0000L;
    static final int CODE64 = 0x40;
    static final int DATA0 = ProtectedMachine.DATA0;
    /** 32-bit code, data and 64-bit code of ring 3, in the order SYSRET and SYSEXIT want. */
    static final int CODE32_3 = 0x4b;
    static final int DATA3 = 0x53;
    static final int CODE64_3 = 0x5b;
    static final int CONFORMING64 = 0x60;
    /** 16 bytes each. */
    static final int TSS_SELECTOR = 0x70;
    static final int LDT_SELECTOR = 0x80;
    static final int GATE_SELECTOR = 0x90;
    /** First selector free for a test's own descriptors. */
    static final int FREE = 0xa0;

    static final int IDT = 0x8000;
    static final int TSS = 0x9000;
    static final int STACK0 = 0x10000;
    static final int IST1 = 0x18000;
    static final int STACK3 = 0x20000;
    static final int EFER = 0xc0000080;
    static final int STAR = 0xc0000081;
    static final int LSTAR = 0xc0000082;
    static final int FMASK = 0xc0000084;
    static final int FS_BASE = 0xc0000100;
    static final int GS_BASE = 0xc0000101;
    static final int KERNEL_GS_BASE = 0xc0000102;
    /** Tables by level: 4, 3, 2, and two of level 1. */
    static final int PML4 = 0x100000;
    static final int PT = 0x103000;

    static final Set<CpuFeature> FEATURES = features();

    final ProtectedMachine m;
    final VCpu cpu;
    final long[] s;
    private final GuestRam ram;

    LongMachine() {
        this(CpuModel.inOrder(FEATURES));
    }

    LongMachine(CpuModel model) {
        m = new ProtectedMachine(model);
        cpu = m.cpu;
        s = m.s;
        ram = m.memory.ram();
        m.ring0();
        tables();
        ram.put64(PML4, PML4 + 0x1000 | 7);
        ram.put64(PML4 + 256 * 8, PML4 + 0x1000 | 3);
        ram.put64(PML4 + 0x1000, PML4 + 0x2000 | 7);
        for (int i = 0; i < 2; i++) {
            ram.put64(PML4 + 0x2000 + 8 * i, PT + 0x1000 * i | 7);
        }
        for (int i = 0; i < 1024; i++) {
            ram.put64(PT + 8 * i, i << 12 | 7);
        }
    }

    private static Set<CpuFeature> features() {
        EnumSet<CpuFeature> f = EnumSet.copyOf(CpuFeature.BASELINE64);
        f.add(CpuFeature.FSGSBASE);
        return f;
    }

    private void tables() {
        m.descriptor(CODE64, 0, 0, 0x209a);
        m.descriptor(CODE32_3, 0, 0xfffff, 0xc0fa);
        m.descriptor(DATA3, 0, 0xfffff, 0xc0f2);
        m.descriptor(CODE64_3, 0, 0, 0x20fa);
        m.descriptor(CONFORMING64, 0, 0, 0x209e);
        wideDescriptor(TSS_SELECTOR, HIGH + TSS, 0x1ff, 0x89);
        wideDescriptor(LDT_SELECTOR, HIGH + 0xa000, 0xff, 0x82);
        ram.put64(TSS + 4, HIGH + STACK0);
        ram.put64(TSS + 36, HIGH + IST1);
    }

    void wideDescriptor(int selector, long base, long limit, int attr) {
        m.descriptor(selector, base & 0xffffffffL, limit, attr);
        ram.put64(ProtectedMachine.GDT + selector + 8, base >>> 32);
    }

    /** To compatibility mode: paging on with LME set. */
    LongMachine compatibility() {
        m.call(X86Service.WRITE_CR, 4, ControlRegisters.CR4_PAE);
        m.call(X86Service.WRITE_CR, 3, PML4);
        wrmsr(EFER, ControlRegisters.EFER_LME | ControlRegisters.EFER_SCE | ControlRegisters.EFER_NXE);
        m.call(X86Service.WRITE_CR, 0, s[X86State.CR0] | ControlRegisters.CR0_PG | 1 << 16);
        return this;
    }

    /** On to 64-bit code in ring 0, with descriptor tables, task and stack at high addresses. */
    LongMachine code64() {
        compatibility();
        m.call(X86Service.FAR_JUMP, CODE64, 0x5000, 32L << 32);
        m.call(X86Service.LGDT, HIGH + ProtectedMachine.GDT, 0xfff);
        m.call(X86Service.LIDT, HIGH + IDT, 0xfff);
        m.call(X86Service.LTR, TSS_SELECTOR);
        s[X86State.RSP] = HIGH + STACK0 - 0x100;
        return this;
    }

    /** On to ring 3 by IRETQ. */
    LongMachine ring3(int code) {
        code64();
        push(0x6000, code, 0x202, STACK3, DATA3);
        m.call(X86Service.IRET, 64);
        return this;
    }

    /** Lays quadwords on the stack, the first lowest. */
    void push(long... quads) {
        s[X86State.RSP] -= 8L * quads.length;
        for (int i = 0; i < quads.length; i++) {
            ram.put64(physical(s[X86State.RSP] + 8 * i), quads[i]);
        }
    }

    private static long physical(long va) {
        return va & 0x3fffff;
    }

    /** Quadword {@code i} of the stack. */
    long stack(int i) {
        return ram.get64(physical(s[X86State.RSP] + 8L * i));
    }

    void gate(int vector, int selector, long offset, int attr, int ist) {
        ram.put64(IDT + 16L * vector, m.gate(selector, offset, attr, ist));
        ram.put64(IDT + 16L * vector + 8, offset >>> 32);
    }

    void callGate(int selector, long offset, int attr) {
        ram.put64(ProtectedMachine.GDT + GATE_SELECTOR, m.gate(selector, offset, attr, 0));
        ram.put64(ProtectedMachine.GDT + GATE_SELECTOR + 8, offset >>> 32);
    }

    /** Changes the low bits of the entry for a page of RAM, at both its addresses. */
    void pageAttributes(long va, int flags) {
        m.memory.write(PT + 8 * (physical(va) >>> 12), physical(va) & ~0xfffL | flags, 64);
        m.mmu.invlpg(va);
    }

    void wrmsr(int number, long value) {
        select(number, value);
        m.call(X86Service.WRMSR);
    }

    void select(int number, long value) {
        s[X86State.RCX] = number;
        s[X86State.RAX] = value & 0xffffffffL;
        s[X86State.RDX] = value >>> 32;
    }

    long rdmsr(int number) {
        s[X86State.RCX] = number;
        m.call(X86Service.RDMSR);
        return s[X86State.RDX] << 32 | s[X86State.RAX] & 0xffffffffL;
    }
}
