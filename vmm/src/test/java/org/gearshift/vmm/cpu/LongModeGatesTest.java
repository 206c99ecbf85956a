package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.CS;
import static org.gearshift.translator.x86.X86State.FS;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSP;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SS;
import static org.gearshift.vmm.cpu.LongMachine.CODE32_3;
import static org.gearshift.vmm.cpu.LongMachine.CODE64;
import static org.gearshift.vmm.cpu.LongMachine.CODE64_3;
import static org.gearshift.vmm.cpu.LongMachine.CONFORMING64;
import static org.gearshift.vmm.cpu.LongMachine.DATA0;
import static org.gearshift.vmm.cpu.LongMachine.DATA3;
import static org.gearshift.vmm.cpu.LongMachine.GATE_SELECTOR;
import static org.gearshift.vmm.cpu.LongMachine.HIGH;
import static org.gearshift.vmm.cpu.LongMachine.IST1;
import static org.gearshift.vmm.cpu.LongMachine.STACK0;
import static org.gearshift.vmm.cpu.LongMachine.STACK3;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Interrupts, exceptions, IRET and call gates in IA-32e mode: SDM vol. 3A sections 6.14 and 5.8.3.1, vol. 2 under IRET. */
class LongModeGatesTest {
    private static final int INT_N = 0;
    private static final int HANDLER = 0x7000;

    private static void raise(LongMachine l, int vector, int errorCode) {
        assertThrows(GuestFault.class, () -> l.cpu.raise(vector, errorCode));
        l.cpu.deliverFault();
    }

    private static void assertStack(LongMachine l, long... expected) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(Long.toHexString(expected[i]), Long.toHexString(l.stack(i)), "stack element " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 15})
    void stackIsAlignedAndAlwaysPushed(int misaligned) {
        LongMachine l = new LongMachine().code64();
        l.gate(0x30, CODE64, HIGH + HANDLER, 0x8e, 0);
        l.cpu.setEflags(Eflags.IF | Eflags.ZF | Eflags.TF, Eflags.ALL);
        l.s[RSP] -= misaligned;
        long before = l.s[RSP];
        l.cpu.deliverInterrupt(0x30);
        assertEquals(HIGH + HANDLER, l.s[RIP]);
        assertEquals((before & ~15) - 40, l.s[RSP]);
        assertStack(l, 0x5000, CODE64, 2 | Eflags.IF | Eflags.ZF | Eflags.TF, before, DATA0);
        assertEquals(2 | Eflags.ZF, l.cpu.eflags(), "IF and TF are cleared");
        l.m.call(X86Service.IRET, 64);
        assertEquals(before, l.s[RSP]);
        assertEquals(0x5000, l.s[RIP]);
        assertEquals(2 | Eflags.IF | Eflags.ZF | Eflags.TF, l.cpu.eflags());
    }

    @Test
    void anotherLevelGetsItsStackAndANullSs() {
        LongMachine l = new LongMachine().ring3(CODE64_3);
        l.gate(0x80, CODE64, HIGH + HANDLER, 0xef, 0);
        l.s[SEG_BASE + FS] = 0x7f00_1234_5678L;
        l.m.call(X86Service.INTERRUPT, INT_N, 0x80, 0x6002);
        assertEquals(0, l.s[CPL]);
        assertEquals(0, l.s[SEG_SELECTOR + SS]);
        assertEquals(HIGH + STACK0 - 40, l.s[RSP]);
        assertStack(l, 0x6002, CODE64_3, 0x202, STACK3, DATA3);
        assertEquals(Eflags.IF, l.cpu.eflags() & Eflags.IF, "a trap gate");
        l.m.call(X86Service.IRET, 64);
        assertEquals(3, l.s[CPL]);
        assertEquals(STACK3, l.s[RSP]);
        assertEquals(DATA3, l.s[SEG_SELECTOR + SS]);
        assertEquals(0x7f00_1234_5678L, l.s[SEG_BASE + FS], "a base without a selector outlives the return");
    }

    @Test
    void interruptStacksAreUsedOnEveryLevel() {
        LongMachine l = new LongMachine().code64();
        l.gate(2, CODE64, HIGH + HANDLER, 0x8e, 1);
        long before = l.s[RSP];
        l.cpu.deliverNmi();
        assertEquals(HIGH + IST1 - 40, l.s[RSP]);
        assertEquals(DATA0, l.s[SEG_SELECTOR + SS], "the level is the same, so SS is");
        assertStack(l, 0x5000, CODE64, 2, before, DATA0);
        l.m.call(X86Service.IRET, 64);
        assertEquals(before, l.s[RSP]);
    }

    @Test
    void compatibilityModeIsInterruptedAndReturnedTo() {
        LongMachine l = new LongMachine().ring3(CODE32_3);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE32));
        l.gate(14, CODE64, HIGH + HANDLER, 0x8e, 0);
        l.s[X86State.RAX] = -2;
        l.s[RSP] = (int) 0x80000004;
        raise(l, Vector.PF, 6);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE64));
        assertStack(l, 6, 0x6000, CODE32_3, 0x202 | Eflags.RF, 0x80000004L, DATA3);
        assertEquals(0xfffffffeL, l.s[X86State.RAX]);
        l.s[RSP] += 8;
        l.m.call(X86Service.IRET, 64);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE32));
        assertEquals((int) 0x80000004, l.s[RSP]);
        assertEquals(-2, l.s[X86State.RAX]);
        assertEquals(0x6000, l.s[RIP]);
    }

    /** Gate attribute and target selector, expected vector and error code of INT 80h in ring 0. */
    @ParameterizedTest
    @CsvSource({
        "85, 40, 13, 802", "86, 40, 13, 802", "8c, 40, 13, 802", "89, 40, 13, 802", "0e, 40, 11, 802", "8e, 0, 13, 0", "8e, 10, 13, 10", "8e, 8, 13, 8",
        "8e, 58, 13, 58", "8e, 1000, 13, 1000"})
    void badGatesFault(String attr, String selector, int vector, String errorCode) {
        LongMachine l = new LongMachine().code64();
        l.gate(0x80, Integer.parseInt(selector, 16), HANDLER, Integer.parseInt(attr, 16), 0);
        int code = Integer.parseInt(errorCode, 16);
        l.m.faults(vector, code == 0x802 ? 0x80 * 8 + 2 : code, X86Service.INTERRUPT, INT_N, 0x80, 0x5002);
    }

    @Test
    void targetsAndStacksMustBeCanonical() {
        LongMachine l = new LongMachine().code64();
        l.gate(0x80, CODE64, 0x8000_0000_0000L, 0x8e, 0);
        l.m.faults(Vector.GP, 0, X86Service.INTERRUPT, INT_N, 0x80, 0x5002);
        l.gate(0x80, CODE64, HANDLER, 0x8e, 0);
        l.s[RSP] = 0x1234_0000_0000_0000L;
        l.m.faults(Vector.SS, 0, X86Service.INTERRUPT, INT_N, 0x80, 0x5002);
    }

    @Test
    void entriesHave16BytesAndTheTableEnds() {
        LongMachine l = new LongMachine().code64();
        l.gate(0x80, CODE64, HANDLER, 0x8e, 0);
        l.m.call(X86Service.LIDT, HIGH + LongMachine.IDT, 0x80 * 16 + 14);
        l.m.faults(Vector.GP, 0x80 * 8 + 2, X86Service.INTERRUPT, INT_N, 0x80, 0x5002);
        l.m.call(X86Service.LIDT, HIGH + LongMachine.IDT, 0x80 * 16 + 15);
        l.m.call(X86Service.INTERRUPT, INT_N, 0x80, 0x5002);
        assertEquals(HANDLER, l.s[RIP]);
    }

    @Test
    void doubleAndTripleFaults() {
        LongMachine l = new LongMachine().code64();
        l.gate(8, CODE64, 0xb000, 0x8e, 1);
        raise(l, Vector.GP, 0);
        assertEquals(0xb000, l.s[RIP]);
        assertStack(l, 0, 0x5000);
        LongMachine none = new LongMachine().code64();
        raise(none, Vector.GP, 0);
        assertEquals(CpuExit.TRIPLE_FAULT, none.cpu.exit);
    }

    @Test
    void conformingHandlerStaysOnLevelAndStack() {
        LongMachine l = new LongMachine().ring3(CODE64_3);
        l.gate(0x80, CONFORMING64, HANDLER, 0xee, 0);
        l.m.call(X86Service.INTERRUPT, INT_N, 0x80, 0x6002);
        assertEquals(3, l.s[CPL]);
        assertEquals(CONFORMING64 | 3, l.s[SEG_SELECTOR + CS]);
        assertEquals(STACK3 - 40, l.s[RSP]);
    }

    @Test
    void iretTakesNullStacksOnInnerLevelsOnly() {
        LongMachine l = new LongMachine().code64();
        l.push(0x5100, CODE64, 2, HIGH + 0xf000, 0);
        l.m.call(X86Service.IRET, 64);
        assertEquals(0, l.s[SEG_SELECTOR + SS]);
        assertEquals(HIGH + 0xf000, l.s[RSP]);
        l.push(0x6000, CODE64_3, 2, STACK3, 3);
        l.m.faults(Vector.GP, 0, X86Service.IRET, 64);
        l.push(0x6000, CODE64, 2, HIGH + 0xf000, 3);
        l.m.faults(Vector.GP, 0, X86Service.IRET, 64);
    }

    @Test
    void iretChecksItsFrame() {
        LongMachine l = new LongMachine().code64();
        l.push(0x8000_0000_0000L, CODE64, 2, HIGH + 0xf000, DATA0);
        l.m.faults(Vector.GP, 0, X86Service.IRET, 64);
        l.m.descriptor(LongMachine.FREE, 0, 0xfffff, 0xe09a);
        l.push(0x5000, LongMachine.FREE, 2, HIGH + 0xf000, DATA0);
        l.m.faults(Vector.GP, LongMachine.FREE, X86Service.IRET, 64);
        l.cpu.setEflags(Eflags.NT, Eflags.NT);
        l.push(0x5000, CODE64, 2, HIGH + 0xf000, DATA0);
        l.m.faults(Vector.GP, 0, X86Service.IRET, 64);
    }

    @Test
    void iretOfDoublewordsReturnsTo32BitCode() {
        LongMachine l = new LongMachine().code64();
        l.push((long) CODE32_3 << 32 | 0x6000, (long) STACK3 << 32 | 0x202, DATA3);
        l.m.call(X86Service.IRET, 32);
        assertTrue(X86Mode.is(l.cpu.mode(), X86Mode.CODE32));
        assertEquals(STACK3, l.s[RSP]);
        assertEquals(0x6000, l.s[RIP]);
    }

    @Test
    void callGateLeadsInwardAndFarReturnBack() {
        LongMachine l = new LongMachine().ring3(CODE64_3);
        l.callGate(CODE64, HIGH + HANDLER, 0xec);
        l.s[RIP] = 0x6000;
        l.m.call(X86Service.FAR_CALL, GATE_SELECTOR | 3, 0, 64L << 32 | 3);
        assertEquals(0, l.s[CPL]);
        assertEquals(HIGH + HANDLER, l.s[RIP]);
        assertEquals(HIGH + STACK0 - 32, l.s[RSP]);
        assertStack(l, 0x6003, CODE64_3, STACK3, DATA3);
        l.m.call(X86Service.FAR_RETURN, 64, 0);
        assertEquals(3, l.s[CPL]);
        assertEquals(STACK3, l.s[RSP]);
        assertEquals(0x6003, l.s[RIP]);
    }

    @Test
    void callGatesAreCheckedAndTasksAreGone() {
        LongMachine l = new LongMachine().ring3(CODE64_3);
        l.callGate(CODE64, HANDLER, 0x8c);
        l.m.faults(Vector.GP, GATE_SELECTOR, X86Service.FAR_CALL, GATE_SELECTOR | 3, 0, 64L << 32);
        l.callGate(CODE64, HANDLER, 0xec);
        l.m.faults(Vector.GP, CODE64, X86Service.FAR_JUMP, GATE_SELECTOR | 3, 0, 64);
        l.callGate(CODE32_3, HANDLER, 0xec);
        l.m.faults(Vector.GP, CODE32_3 & ~3, X86Service.FAR_CALL, GATE_SELECTOR | 3, 0, 64L << 32);
        l.callGate(CODE64, 0x8000_0000_0000L, 0xec);
        l.m.faults(Vector.GP, 0, X86Service.FAR_CALL, GATE_SELECTOR | 3, 0, 64L << 32);
        LongMachine inner = new LongMachine().code64();
        inner.m.faults(Vector.GP, LongMachine.TSS_SELECTOR, X86Service.FAR_JUMP, LongMachine.TSS_SELECTOR, 0, 64);
    }

    @Test
    void farCallPushesItsOperandSizeAndReturns() {
        LongMachine l = new LongMachine().code64();
        long before = l.s[RSP];
        l.m.call(X86Service.FAR_CALL, CODE64, HIGH + HANDLER, 64L << 32 | 6);
        assertEquals(before - 16, l.s[RSP]);
        assertStack(l, 0x5006, CODE64);
        assertEquals(HIGH + HANDLER, l.s[RIP]);
        l.m.call(X86Service.FAR_RETURN, 64, 0);
        assertEquals(before, l.s[RSP]);
        assertEquals(0x5006, l.s[RIP]);
        l.m.faults(Vector.GP, 0, X86Service.FAR_JUMP, CODE64, 0x8000_0000_0000L, 64);
    }
}
