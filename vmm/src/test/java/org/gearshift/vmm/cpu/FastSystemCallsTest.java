package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.FS;
import static org.gearshift.translator.x86.X86State.GPR;
import static org.gearshift.translator.x86.X86State.GS;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_ATTR;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_LIMIT;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SS;
import static org.gearshift.vmm.cpu.LongMachine.CODE32_3;
import static org.gearshift.vmm.cpu.LongMachine.CODE64;
import static org.gearshift.vmm.cpu.LongMachine.CODE64_3;
import static org.gearshift.vmm.cpu.LongMachine.DATA3;
import static org.gearshift.vmm.cpu.LongMachine.HIGH;
import static org.gearshift.vmm.cpu.LongMachine.STACK3;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

/** SYSCALL, SYSRET, SYSENTER, SYSEXIT, and FS and GS bases: SDM vol. 2. */
class FastSystemCallsTest {
    private static final int R11 = GPR + 11;
    private static final long NOT_CANONICAL = 0x8000_0000_0000L;
    private static final long ENTRY = HIGH + 0x7000;

    private static LongMachine ring3(int code) {
        LongMachine l = new LongMachine().code64();
        l.wrmsr(LongMachine.STAR, (long) (CODE32_3 & ~3) << 48 | (long) CODE64 << 32);
        l.wrmsr(LongMachine.LSTAR, ENTRY);
        l.wrmsr(LongMachine.FMASK, Eflags.IF | Eflags.DF | Eflags.TF);
        l.push(0x6000, code, 0x202 | Eflags.DF | Eflags.ZF | Eflags.AC, STACK3, DATA3);
        l.m.call(X86Service.IRET, 64);
        return l;
    }

    @Test
    void syscallAndSysretIn64BitMode() {
        LongMachine l = ring3(CODE64_3);
        int flags = l.cpu.eflags();
        l.m.call(X86Service.SYSCALL, 0x6002);
        assertEquals(ENTRY, l.s[RIP]);
        assertEquals(0x6002, l.s[RCX]);
        assertEquals(flags, l.s[R11]);
        assertEquals(2 | Eflags.ZF | Eflags.AC, l.cpu.eflags());
        assertEquals(STACK3, l.s[RSP], "the stack pointer is software's business");
        assertEquals(0, l.s[CPL]);
        assertEquals(CODE64, l.s[SEG_SELECTOR + CS]);
        assertEquals(CODE64 + 8, l.s[SEG_SELECTOR + SS]);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE64));
        l.s[R11] |= Eflags.RF | Eflags.VM;
        l.m.call(X86Service.SYSRET, 64);
        assertEquals(0x6002, l.s[RIP]);
        assertEquals(3, l.s[CPL]);
        assertEquals(flags, l.cpu.eflags(), "RF and VM do not come back");
        assertEquals(CODE64_3, l.s[SEG_SELECTOR + CS]);
        assertEquals(DATA3, l.s[SEG_SELECTOR + SS]);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE64));
    }

    @Test
    void sysretTo32BitCode() {
        LongMachine l = ring3(CODE64_3);
        l.m.call(X86Service.SYSCALL, 0x6002);
        l.s[RCX] = 0x1_0000_6004L;
        l.m.call(X86Service.SYSRET, 32);
        assertEquals(0x6004, l.s[RIP]);
        assertEquals(CODE32_3, l.s[SEG_SELECTOR + CS]);
        assertEquals(0xffffffffL, l.s[SEG_LIMIT + CS]);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE32));
    }

    @Test
    void sysretChecksBeforeItChangesAnything() {
        LongMachine l = ring3(CODE64_3);
        l.m.faults(Vector.GP, 0, X86Service.SYSRET, 64);
        l.m.call(X86Service.SYSCALL, 0x6002);
        l.s[RCX] = NOT_CANONICAL;
        l.m.faults(Vector.GP, 0, X86Service.SYSRET, 64);
    }

    @Test
    void syscallMustBeEnabled() {
        LongMachine l = new LongMachine().code64();
        l.wrmsr(LongMachine.EFER, ControlRegisters.EFER_LME);
        l.m.faults(Vector.UD, -1, X86Service.SYSCALL, 0x5002);
        l.m.faults(Vector.UD, -1, X86Service.SYSRET, 64);
    }

    @Test
    void compatibilityModeHasSyscallOnAmdProcessorsOnly() {
        ring3(CODE32_3).m.faults(Vector.UD, -1, X86Service.SYSCALL, 0x6002);
        LongMachine amd = new LongMachine(CpuModel.athlon(LongMachine.FEATURES)).code64();
        amd.wrmsr(LongMachine.STAR, (long) (CODE32_3 & ~3) << 48 | (long) CODE64 << 32);
        amd.wrmsr(0xc0000083, HIGH + 0x7800);
        amd.push(0x6000, CODE32_3, 2, STACK3, DATA3);
        amd.m.call(X86Service.IRET, 64);
        amd.m.faults(Vector.UD, -1, X86Service.SYSENTER, 0x6002);
        amd.m.call(X86Service.SYSCALL, 0x6002);
        assertEquals(HIGH + 0x7800, amd.s[RIP]);
        assertEquals(0x6002, amd.s[RCX]);
        assertTrue(X86Mode.is(amd.cpu.mode(), X86Mode.CODE64));
    }

    @Test
    void sysenterAndSysexitFromBothModes() {
        for (int code : new int[] {CODE64_3, CODE32_3}) {
            LongMachine l = new LongMachine().code64();
            l.wrmsr(0x174, CODE64);
            l.wrmsr(0x175, HIGH + 0xf000);
            l.wrmsr(0x176, ENTRY);
            l.push(0x6000, code, 0x202, STACK3, DATA3);
            l.m.call(X86Service.IRET, 64);
            l.m.call(X86Service.SYSENTER, 0x6002);
            assertEquals(ENTRY, l.s[RIP]);
            assertEquals(HIGH + 0xf000, l.s[RSP]);
            assertEquals(0, l.s[CPL]);
            assertEquals(0, l.cpu.eflags() & Eflags.IF);
            assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE64));
            l.s[RDX] = 0x7fff_0000_6000L;
            l.s[RCX] = 0x7fff_0000_8000L;
            l.m.call(X86Service.SYSEXIT, 64);
            assertEquals(0x7fff_0000_6000L, l.s[RIP]);
            assertEquals(0x7fff_0000_8000L, l.s[RSP]);
            assertEquals(CODE64 + 32 | 3, l.s[SEG_SELECTOR + CS]);
            assertEquals(CODE64 + 40 | 3, l.s[SEG_SELECTOR + SS]);
            assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE64));
        }
    }

    @Test
    void sysexitTo32BitCodeCutsItsPointers() {
        LongMachine l = new LongMachine().code64();
        l.wrmsr(0x174, CODE64);
        l.s[RDX] = 0x1_0000_6000L;
        l.s[RCX] = 0x1_8000_0000L;
        l.m.call(X86Service.SYSEXIT, 32);
        assertEquals(0x6000, l.s[RIP]);
        assertEquals((int) 0x80000000, l.s[RSP]);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE32));
        LongMachine refused = new LongMachine().code64();
        refused.wrmsr(0x174, CODE64);
        refused.s[RDX] = NOT_CANONICAL;
        refused.s[RCX] = 0;
        refused.m.faults(Vector.GP, 0, X86Service.SYSEXIT, 64);
    }

    @Test
    void basesByModelSpecificRegister() {
        LongMachine l = new LongMachine().code64();
        l.wrmsr(LongMachine.FS_BASE, HIGH + 1);
        l.wrmsr(LongMachine.GS_BASE, HIGH + 2);
        l.wrmsr(LongMachine.KERNEL_GS_BASE, 0x7fff_1234_5678L);
        assertEquals(HIGH + 1, l.s[SEG_BASE + FS]);
        assertEquals(HIGH + 2, l.rdmsr(LongMachine.GS_BASE));
        l.m.call(X86Service.SWAPGS);
        assertEquals(0x7fff_1234_5678L, l.s[SEG_BASE + GS]);
        assertEquals(HIGH + 2, l.rdmsr(LongMachine.KERNEL_GS_BASE));
        for (int number : new int[] {LongMachine.FS_BASE, LongMachine.GS_BASE, LongMachine.KERNEL_GS_BASE, LongMachine.LSTAR, 0x175, 0x176}) {
            l.select(number, NOT_CANONICAL);
            l.m.faults(Vector.GP, 0, X86Service.WRMSR);
        }
        l.select(LongMachine.FMASK, 1L << 32);
        l.m.faults(Vector.GP, 0, X86Service.WRMSR);
    }

    @Test
    void swapgsIsFor64BitCodeOfRing0() {
        ring3(CODE64_3).m.faults(Vector.GP, 0, X86Service.SWAPGS);
        new LongMachine().compatibility().m.faults(Vector.UD, -1, X86Service.SWAPGS);
    }

    @Test
    void basesByInstruction() {
        LongMachine l = new LongMachine().code64();
        l.m.faults(Vector.UD, -1, X86Service.READ_SEGMENT_BASE, 0);
        l.m.call(X86Service.WRITE_CR, 4, l.s[X86State.CR4] | ControlRegisters.CR4_FSGSBASE);
        l.m.call(X86Service.WRITE_SEGMENT_BASE, 0, HIGH + 5);
        l.m.call(X86Service.WRITE_SEGMENT_BASE, 1, 7);
        assertEquals(HIGH + 5, l.m.call(X86Service.READ_SEGMENT_BASE, 0));
        assertEquals(7, l.s[SEG_BASE + GS]);
        l.m.faults(Vector.GP, 0, X86Service.WRITE_SEGMENT_BASE, 1, NOT_CANONICAL);
    }

    @Test
    void aSelectorGivesA32BitBaseAndNullNone() {
        LongMachine l = new LongMachine().code64();
        l.m.descriptor(LongMachine.FREE, 0x80001000L, 0xfffff, 0xc0f2);
        l.wrmsr(LongMachine.FS_BASE, HIGH);
        l.m.call(X86Service.LOAD_SEGMENT, FS, LongMachine.FREE);
        assertEquals(0x80001000L, l.s[SEG_BASE + FS]);
        l.m.call(X86Service.LOAD_SEGMENT, FS, 0);
        assertEquals(0, l.s[SEG_BASE + FS]);
    }

    @Test
    void nullSsIsForInnerLevelsOf64BitCode() {
        LongMachine l = new LongMachine().code64();
        l.m.call(X86Service.LOAD_SEGMENT, SS, 0);
        assertEquals(0, l.s[SEG_ATTR + SS]);
        l.m.faults(Vector.GP, 0, X86Service.LOAD_SEGMENT, SS, 3);
        ring3(CODE64_3).m.faults(Vector.GP, 0, X86Service.LOAD_SEGMENT, SS, 3);
    }

    @Test
    void tablesAndTaskStateHave64BitBases() {
        LongMachine l = new LongMachine().code64();
        assertEquals(HIGH + LongMachine.TSS, l.s[X86State.TR + 1]);
        assertEquals(0x8b, l.m.get32(ProtectedMachine.GDT + LongMachine.TSS_SELECTOR + 4) >>> 8 & 0xff, "busy");
        l.m.call(X86Service.LLDT, LongMachine.LDT_SELECTOR);
        assertEquals(HIGH + 0xa000, l.s[X86State.LDTR + 1]);
        l.m.faults(Vector.GP, LongMachine.TSS_SELECTOR, X86Service.LTR, LongMachine.TSS_SELECTOR);
        l.wideDescriptor(LongMachine.FREE, NOT_CANONICAL, 0xff, 0x82);
        l.m.faults(Vector.GP, LongMachine.FREE, X86Service.LLDT, LongMachine.FREE);
        l.m.memory.ram().put64(ProtectedMachine.GDT + LongMachine.FREE + 8, 1L << 40);
        l.m.faults(Vector.GP, LongMachine.FREE, X86Service.LLDT, LongMachine.FREE);
        l.m.faults(Vector.GP, 0, X86Service.LGDT, NOT_CANONICAL, 0xff);
    }

    @Test
    void onlySystemDescriptorsOfIa32eModeAreVisible() {
        LongMachine l = new LongMachine().code64();
        assertEquals(1L << 32, l.m.call(X86Service.LAR_LSL, 0, LongMachine.TSS_SELECTOR) & 1L << 32);
        assertEquals(1L << 32 | 0x1ff, l.m.call(X86Service.LAR_LSL, 1, LongMachine.TSS_SELECTOR));
        l.m.descriptor(LongMachine.FREE, 0, 0x67, 0x81);
        assertEquals(0, l.m.call(X86Service.LAR_LSL, 0, LongMachine.FREE), "a 16-bit TSS");
        l.m.descriptor(LongMachine.FREE, 0, 0, 0x85);
        assertEquals(0, l.m.call(X86Service.LAR_LSL, 0, LongMachine.FREE), "a task gate");
    }
}
