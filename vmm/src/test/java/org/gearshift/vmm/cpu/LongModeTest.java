package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CR0;
import static org.gearshift.translator.x86.X86State.CR3;
import static org.gearshift.translator.x86.X86State.CR4;
import static org.gearshift.translator.x86.X86State.GPR;
import static org.gearshift.translator.x86.X86State.RAX;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.vmm.cpu.LongMachine.CODE32_3;
import static org.gearshift.vmm.cpu.LongMachine.CODE64;
import static org.gearshift.vmm.cpu.LongMachine.CODE64_3;
import static org.gearshift.vmm.cpu.LongMachine.EFER;
import static org.gearshift.vmm.cpu.LongMachine.HIGH;
import static org.gearshift.vmm.cpu.LongMachine.PML4;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.gearshift.ir.FlatMap;
import org.gearshift.ir.GuestFault;
import org.gearshift.ir.WideMap;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Into IA-32e mode and out of it, and what control registers and memory are like there: SDM vol. 3A sections 10.8.5, 4.1, vol. 1 section 3.3.7. */
class LongModeTest {
    private static final long PG = ControlRegisters.CR0_PG;
    private static final long LME = ControlRegisters.EFER_LME;
    private static final long LMA = ControlRegisters.EFER_LMA;

    @Test
    void pagingWithLmeActivatesCompatibilityMode() {
        LongMachine l = new LongMachine().compatibility();
        assertEquals(LMA, l.s[X86State.EFER] & LMA);
        assertEquals(LMA, l.rdmsr(EFER) & LMA);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE32));
        assertFalse(X86Mode.is(l.cpu.mode(), X86Mode.CODE64));
        l.m.call(X86Service.FAR_JUMP, CODE64, 0x5000, 32L << 32);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE64));
        assertFalse(X86Mode.is(l.cpu.mode(), X86Mode.CODE32));
    }

    @Test
    void activationNeedsPae() {
        LongMachine l = new LongMachine();
        l.wrmsr(EFER, LME);
        l.m.call(X86Service.WRITE_CR, 3, PML4);
        l.m.faults(Vector.GP, 0, X86Service.WRITE_CR, 0, l.s[CR0] | PG);
    }

    @Test
    void activationNeedsTaskStateOf32Bits() {
        LongMachine l = new LongMachine();
        l.m.descriptor(ProtectedMachine.TSS2_SELECTOR, ProtectedMachine.TSS2, 0x67, 0x81);
        l.m.call(X86Service.LTR, ProtectedMachine.TSS2_SELECTOR);
        l.wrmsr(EFER, LME);
        l.m.call(X86Service.WRITE_CR, 4, ControlRegisters.CR4_PAE);
        l.m.call(X86Service.WRITE_CR, 3, PML4);
        l.m.faults(Vector.GP, 0, X86Service.WRITE_CR, 0, l.s[CR0] | PG);
    }

    @Test
    void activationNeedsCodeWithoutL() {
        LongMachine l = new LongMachine();
        l.m.call(X86Service.FAR_JUMP, CODE64, 0, 32L << 32);
        l.wrmsr(EFER, LME);
        l.m.call(X86Service.WRITE_CR, 4, ControlRegisters.CR4_PAE);
        l.m.faults(Vector.GP, 0, X86Service.WRITE_CR, 0, l.s[CR0] | PG);
    }

    @Test
    void whileActiveLmeAndPaeStay() {
        LongMachine l = new LongMachine().code64();
        l.select(EFER, 0);
        l.m.faults(Vector.GP, 0, X86Service.WRMSR);
        l.m.faults(Vector.GP, 0, X86Service.WRITE_CR, 4, 0);
        l.m.faults(Vector.GP, 0, X86Service.WRITE_CR, 0, l.s[CR0] & ~PG);
        l.wrmsr(EFER, LME);
        assertEquals(LME | LMA, l.rdmsr(EFER), "LMA is not for writing");
    }

    @Test
    void compatibilityModeMayTurnPagingOff() {
        LongMachine l = new LongMachine().compatibility();
        l.m.call(X86Service.WRITE_CR, 0, l.s[CR0] & ~PG);
        assertEquals(0, l.s[X86State.EFER] & LMA);
        l.m.put32(0x50010, 0x13579bdf);
        assertEquals(0x13579bdf, l.cpu.loadSlow(0x50010, 32, false));
    }

    @Test
    void upperHalvesOfControlRegistersAreReserved() {
        LongMachine l = new LongMachine().code64();
        l.m.faults(Vector.GP, 0, X86Service.WRITE_CR, 0, l.s[CR0] | 1L << 32);
        l.m.faults(Vector.GP, 0, X86Service.WRITE_CR, 4, l.s[CR4] | 1L << 32);
        l.m.faults(Vector.GP, 0, X86Service.WRITE_CR, 3, 1L << 36 | PML4);
        l.m.faults(Vector.GP, 0, X86Service.WRITE_CR, 3, 1L << 63 | PML4);
        l.m.call(X86Service.WRITE_CR, 2, HIGH + 5);
        assertEquals(HIGH + 5, l.m.call(X86Service.READ_CR, 2));
        l.m.faults(Vector.GP, 0, X86Service.WRITE_DR, 7, 1L << 32);
        l.m.call(X86Service.WRITE_DR, 0, HIGH);
        assertEquals(HIGH, l.m.call(X86Service.READ_DR, 0));
    }

    @Test
    void registersCrossModesWithTheirLower32Bits() {
        LongMachine l = new LongMachine().compatibility();
        l.s[RAX] = -5;
        l.s[RSP] = (int) 0x80000010;
        l.m.call(X86Service.FAR_JUMP, CODE64, 0x5000, 32L << 32);
        assertEquals(0xfffffffbL, l.s[RAX]);
        assertEquals(0x80000010L, l.s[RSP]);
        l.s[RDX] = 0x1_8000_0000L;
        l.s[GPR + 8] = HIGH;
        l.s[RSP] = 0x8000;
        l.push(0x5000, ProtectedMachine.CODE0);
        l.m.call(X86Service.FAR_RETURN, 64, 0);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE32));
        assertEquals((int) 0x80000000, l.s[RDX], "sign-extended, as 32-bit code keeps registers");
        assertEquals(HIGH, l.s[GPR + 8], "32-bit code cannot touch the others");
    }

    @Test
    void memoryIsReachedThroughFourLevels() {
        LongMachine l = new LongMachine().code64();
        l.cpu.storeSlow(HIGH + 0x50010, 0x1122334455667788L, 64);
        assertEquals(0x1122334455667788L, l.cpu.loadSlow(0x50010, 64, false));
        l.cpu.storeSlow(HIGH + 0x50ffc, 0x8877665544332211L, 64);
        assertEquals(0x8877665544332211L, l.cpu.loadSlow(0x50ffc, 64, false), "over the page's end");
        assertThrows(GuestFault.class, () -> l.cpu.loadSlow(HIGH + (5L << 39), 8, false));
        assertEquals(Vector.PF, l.cpu.fault.vector);
        assertEquals(HIGH + (5L << 39), l.s[X86State.CR2]);
    }

    @Test
    void translatedCodeFindsWhatTheMmuHasMapped() {
        LongMachine l = new LongMachine().code64();
        // Translated code would be left where a walk has found a page table.
        l.cpu.exact = true;
        Random random = new Random(5);
        for (int i = 0; i < 2000; i++) {
            long va = (random.nextBoolean() ? HIGH : 0) + 0x110000 + random.nextInt(0x2f0000 - 8);
            boolean write = random.nextBoolean();
            if (write) {
                l.cpu.storeSlow(va, va * 3, 64);
            } else {
                l.cpu.loadSlow(va, 64, false);
            }
            long[] map = write ? l.cpu.wideWriteMap : l.cpu.wideReadMap;
            int expected = (int) (va & 0x3fffff);
            boolean inPage = (va & 0xfff) <= 0xff8;
            assertEquals(inPage ? expected : -1, WideMap.find(map, l.cpu.wideShift, va, 8));
            assertEquals(inPage ? expected : -1, l.cpu.ramIndex(va, 8, write));
            assertEquals(-1, WideMap.find(map, l.cpu.wideShift, va ^ 1L << 40, 8), "another page");
            assertEquals(-1, WideMap.find(map, l.cpu.wideShift, va ^ 1L << 62, 8), "not canonical");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0x0000_8000_0000_0000L, 0xffff_7fff_ffff_fff8L, 0x8000_0000_0000_0000L, 0x0000_7fff_ffff_fffcL})
    void addressesThatAreNotCanonicalAreRefused(long va) {
        LongMachine l = new LongMachine().code64();
        // The last page below the hole is mapped, so that only the second half of an access across its end is refused.
        l.m.memory.write(PML4 + 255 * 8, PML4 + 0x1000 | 7, 64);
        l.m.memory.write(PML4 + 0x1000 + 511 * 8, PML4 + 0x2000 | 7, 64);
        l.m.memory.write(PML4 + 0x2000 + 511 * 8, LongMachine.PT | 7, 64);
        l.m.put32(LongMachine.PT + 511 * 8, 0x1ff000 | 7);
        for (boolean write : new boolean[] {false, true}) {
            assertThrows(GuestFault.class, () -> {
                if (write) {
                    l.cpu.storeSlow(va, 1, 64);
                } else {
                    l.cpu.loadSlow(va, 64, false);
                }
            });
            assertEquals(Vector.GP, l.cpu.fault.vector);
            assertEquals(0, l.cpu.fault.errorCode);
        }
    }

    @Test
    void refusedStackAccessesAreStackFaults() {
        LongMachine l = new LongMachine().code64();
        l.gate(Vector.GP, CODE64, 0xa000, 0x8e, 0);
        l.gate(Vector.SS, CODE64, 0xb000, 0x8e, 1);
        byte[][] code = {
            {(byte) 0x8b, 0x45, 0},             // mov eax, [rbp]
            {(byte) 0x8b, 0x43, 0},             // mov eax, [rbx]
            {0x50},                             // push rax
            {(byte) 0xff, 0x33}};               // push qword [rbx]
        long[] refused = {0x1234_0000_0000_0000L, 0x1234_0000_0000_0000L, 0x8000_0000_0000L, 0x1234_0000_0000_0000L};
        int[] vectors = {Vector.SS, Vector.GP, Vector.SS, Vector.GP};
        for (int i = 0; i < code.length; i++) {
            l.m.memory.copyIn(0x5000, code[i], 0, code[i].length);
            l.s[RIP] = 0x5000;
            l.s[RSP] = i == 2 ? refused[i] + 8 : HIGH + 0xf000;
            long va = refused[i];
            assertThrows(GuestFault.class, () -> l.cpu.loadSlow(va, 64, false));
            l.cpu.deliverFault();
            assertEquals(vectors[i] == Vector.SS ? 0xb000 : 0xa000, l.s[RIP], "case " + i);
        }
    }

    @Test
    void compatibilityModeAddressesWith32Bits() {
        LongMachine l = new LongMachine().ring3(CODE32_3);
        l.m.put32(0x50010, 0x13579bdf);
        assertEquals(0x13579bdf, l.cpu.loadSlow(0x50010, 32, false));
        assertEquals(0x50000, FlatMap.find(l.cpu.readMap, 0x50000, 1), "and finds it in the 32-bit maps from then on");
        assertThrows(GuestFault.class, () -> l.cpu.loadSlow(0xffff_ffff_8000_0000L, 32, false));
        assertEquals(0x80000000L, l.s[X86State.CR2], "a sign-extended 32-bit address");
    }

    @Test
    void noExecuteAndUserBitsCount() {
        LongMachine l = new LongMachine().ring3(CODE64_3);
        assertThrows(GuestFault.class, () -> l.cpu.loadSlow(HIGH + 0x50000, 8, false));
        assertEquals(5, l.cpu.fault.errorCode, "present, user");
        l.m.memory.write(LongMachine.PT + 8 * 0x50, 1L << 63 | 0x50007, 64);
        l.m.mmu.invlpg(0x50000);
        assertEquals(-1, l.m.mmu.translate(0x50000, org.gearshift.paging.ShadowMmu.EXECUTE, true));
        assertEquals(0x15, l.m.mmu.faultErrorCode(), "fetch, user, present");
    }

    @Test
    void featuresOfLongModeAreClaimed() {
        LongMachine l = new LongMachine();
        l.s[RAX] = 0x80000001;
        l.m.call(X86Service.CPUID);
        assertEquals(1L << 29 | 1 << 26 | 1 << 20 | 1 << 27, l.s[RDX] & 0xffffffffL, "LM, 1 GiB pages, NX, RDTSCP; SYSCALL in 64-bit mode only");
        l.code64();
        l.s[RAX] = 0x80000001;
        l.m.call(X86Service.CPUID);
        assertEquals(1 << 11, l.s[RDX] & 1 << 11);
        assertEquals(1, l.s[RCX] & 1, "LAHF");
        l.s[RAX] = 0x80000008;
        l.m.call(X86Service.CPUID);
        assertEquals(48 << 8 | 36, l.s[RAX]);
    }

    @Test
    void a686HasNoLongMode() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.s[RCX] = EFER;
        m.s[RDX] = 0;
        m.s[RAX] = LME;
        m.faults(Vector.GP, 0, X86Service.WRMSR);
        m.s[RCX] = LongMachine.LSTAR;
        m.faults(Vector.GP, 0, X86Service.RDMSR);
        assertEquals(0, m.s[CR3]);
        assertEquals(0, m.s[SEG_BASE]);
    }
}
