package org.gearshift.vmm.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LocalApicTest {
    private static final int MASKED = 0x10000;

    private final Machine machine = new Machine();
    private final ApicBus bus = new ApicBus();
    private final List<Integer> ended = new ArrayList<>();
    private int picAcknowledges;
    private final LocalApic apic = newApic(0);

    private LocalApic newApic(int id) {
        return new LocalApic(id, bus, machine.clock, machine.events, () -> {
            picAcknowledges++;
            return 0x30;
        });
    }

    @BeforeEach
    void enable() {
        bus.onEndOfInterrupt(ended::add);
        apic.write(LocalApic.SPURIOUS, 0x1ff);
    }

    @Test
    void aResetApicIsWhatTheManualSays() {
        LocalApic fresh = newApic(1);
        assertEquals(0x01000000, fresh.read(LocalApic.ID));
        assertEquals(0x00050014, fresh.read(LocalApic.VERSION));
        assertEquals(0xff, fresh.read(LocalApic.SPURIOUS));
        assertEquals(-1, fresh.read(LocalApic.DFR));
        assertEquals(MASKED, fresh.read(LocalApic.LVT_LINT0));
        assertEquals(0xfee00800L, fresh.baseMsr());
        assertEquals(0xfee00900L, apic.baseMsr());
        fresh.write(LocalApic.LVT_TIMER, 0x20031);
        assertEquals(0x20031 | MASKED, fresh.read(LocalApic.LVT_TIMER), "entries stay masked while software-disabled");
    }

    @Test
    void higherPriorityClassesInterruptLowerOnes() {
        apic.accept(0x41, false);
        assertEquals(0x41, apic.acknowledge());
        apic.accept(0x45, false);
        assertFalse(apic.interruptPending(), "same class");
        apic.accept(0x51, false);
        assertEquals(0x51, apic.acknowledge());
        assertEquals(0x50, apic.read(LocalApic.PPR));
        assertEquals(1 << 17 | 2, apic.read(LocalApic.ISR + 0x20));
        apic.write(LocalApic.EOI, 0);
        assertFalse(apic.interruptPending());
        apic.write(LocalApic.EOI, 0);
        assertEquals(0x45, apic.acknowledge());
        assertEquals(List.of(), ended);
    }

    @Test
    void theTaskPriorityHoldsInterruptsBack() {
        apic.write(LocalApic.TPR, 0x50);
        apic.accept(0x55, false);
        assertFalse(apic.interruptPending());
        assertEquals(1 << 21, apic.read(LocalApic.IRR + 0x20));
        apic.setTaskPriorityClass(4);
        assertTrue(apic.interruptPending());
        assertEquals(4, apic.taskPriorityClass());
    }

    @Test
    void aLevelInterruptsEndIsBroadcast() {
        apic.accept(0x61, true);
        assertEquals(0x61, apic.acknowledge());
        assertEquals(2, apic.read(LocalApic.TMR + 0x30));
        apic.write(LocalApic.EOI, 0);
        assertEquals(List.of(0x61), ended);
    }

    @Test
    void theSpuriousVectorAnswersWhenNothingIsLeft() {
        assertEquals(0xff, apic.acknowledge());
        assertEquals(0, apic.read(LocalApic.ISR + 0x70));
    }

    @Test
    void theOneShotTimerCountsDownAtTheDividedClock() {
        apic.write(ApicTimer.DIVIDE, 0x3);
        apic.write(LocalApic.LVT_TIMER, 0xec);
        apic.write(ApicTimer.INITIAL_COUNT, 1000);
        machine.pass(8000);
        assertEquals(500, apic.read(ApicTimer.CURRENT_COUNT));
        machine.pass(7999);
        assertFalse(apic.interruptPending());
        machine.pass(1);
        assertEquals(0xec, apic.acknowledge());
        assertEquals(0, apic.read(ApicTimer.CURRENT_COUNT));
        machine.pass(100_000);
        apic.write(LocalApic.EOI, 0);
        assertFalse(apic.interruptPending());
    }

    @Test
    void aMaskedTimerCountsForCalibrationButDoesNotInterrupt() {
        apic.write(ApicTimer.DIVIDE, 0xb);
        apic.write(LocalApic.LVT_TIMER, MASKED | 0xec);
        apic.write(ApicTimer.INITIAL_COUNT, -1);
        machine.pass(1_000_000);
        assertEquals(-1 - 1_000_000, apic.read(ApicTimer.CURRENT_COUNT));
        apic.write(ApicTimer.INITIAL_COUNT, 100);
        machine.pass(1000);
        assertFalse(apic.interruptPending());
    }

    @Test
    void thePeriodicTimerFiresWithoutDrift() {
        apic.write(ApicTimer.DIVIDE, 0xb);
        apic.write(LocalApic.LVT_TIMER, 0x200ec);
        apic.write(ApicTimer.INITIAL_COUNT, 1000);
        for (int i = 0; i < 10; i++) {
            machine.pass(1000);
            assertEquals(0xec, apic.acknowledge());
            apic.write(LocalApic.EOI, 0);
        }
        assertEquals(1000, apic.read(ApicTimer.CURRENT_COUNT));
        apic.write(ApicTimer.INITIAL_COUNT, 0);
        machine.pass(5000);
        assertFalse(apic.interruptPending());
    }

    @Test
    void tscDeadlineModeFiresOnceAtTheDeadline() {
        apic.setTscDeadline(500);
        assertEquals(0, apic.tscDeadline(), "ignored in another mode");
        apic.write(LocalApic.LVT_TIMER, 0x400ec);
        apic.setTscDeadline(5000);
        assertEquals(5000, apic.tscDeadline());
        machine.pass(4999);
        assertFalse(apic.interruptPending());
        machine.pass(1);
        assertTrue(apic.interruptPending());
        assertEquals(0, apic.tscDeadline());
    }

    @Test
    void virtualWireModeLetsThe8259Through() {
        apic.virtualWire();
        apic.lint0().set(true);
        assertTrue(apic.interruptPending());
        assertEquals(0x30, apic.acknowledge());
        apic.accept(0x80, false);
        assertEquals(0x80, apic.acknowledge(), "the APIC's own come first");
        apic.write(LocalApic.LVT_LINT0, 0x700 | MASKED);
        assertFalse(apic.interruptPending());
        assertEquals(1, picAcknowledges);
    }

    @Test
    void aDisabledApicIsAWireFromThe8259() {
        apic.accept(0x80, false);
        apic.setBaseMsr(0xfee00100L);
        assertFalse(apic.interruptPending());
        assertEquals(-1, apic.read(LocalApic.VERSION));
        apic.lint0().set(true);
        assertTrue(apic.interruptPending());
        assertEquals(0x30, apic.acknowledge());
    }

    @Test
    void aFixedLint0TakesEdges() {
        apic.write(LocalApic.LVT_LINT0, 0x31);
        apic.lint0().set(true);
        apic.lint0().set(true);
        assertEquals(0x31, apic.acknowledge());
        apic.write(LocalApic.EOI, 0);
        assertFalse(apic.interruptPending());
    }

    @Test
    void interprocessorInterruptsReachTheirDestinations() {
        LocalApic other = newApic(1);
        other.write(LocalApic.SPURIOUS, 0x1ff);
        apic.write(LocalApic.ICR_LOW, 0x40000 | 0x41);
        assertEquals(0x41, apic.acknowledge());
        assertFalse(other.interruptPending());
        apic.write(LocalApic.ICR_HIGH, 0x01000000);
        apic.write(LocalApic.ICR_LOW, 0x42);
        assertEquals(0x42, other.acknowledge());
        apic.write(LocalApic.ICR_LOW, 0xc0000 | 0x53);
        assertEquals(0x53, other.acknowledge());
        other.write(LocalApic.LDR, 0x02000000);
        apic.write(LocalApic.ICR_HIGH, 0x02000000);
        apic.write(LocalApic.ICR_LOW, 0x864);
        assertEquals(0x64, other.acknowledge());
        other.write(LocalApic.DFR, 0x0fffffff);
        other.write(LocalApic.LDR, 0x12000000);
        apic.write(LocalApic.ICR_HIGH, 0x12000000);
        apic.write(LocalApic.ICR_LOW, 0x875);
        assertEquals(0x75, other.acknowledge());
    }

    private static LocalApic inX2ApicMode(LocalApic apic) {
        assertTrue(apic.setBaseMsr(apic.baseMsr() | LocalApic.BASE_X2APIC));
        assertTrue(apic.writeMsr(0x0f, 0x1ff));
        return apic;
    }

    @Test
    void x2ApicModeIsEnteredFromXApicModeAndLeftByTurningTheApicOff() {
        long base = apic.baseMsr() & ~0xc00L;
        assertFalse(apic.setBaseMsr(base | LocalApic.BASE_X2APIC), "not enabled");
        inX2ApicMode(apic);
        assertEquals(-1, apic.read(LocalApic.VERSION), "no register window");
        apic.write(LocalApic.TPR, 0x50);
        assertEquals(0, apic.readMsr(0x08));
        assertFalse(apic.setBaseMsr(base | LocalApic.BASE_ENABLED));
        assertTrue(apic.isX2Apic());
        assertTrue(apic.setBaseMsr(base));
        assertFalse(apic.setBaseMsr(base | LocalApic.BASE_ENABLED | LocalApic.BASE_X2APIC), "not at once");
        assertTrue(apic.setBaseMsr(base | LocalApic.BASE_ENABLED));
        assertEquals(-1, apic.readMsr(0x08), "no such registers in xAPIC mode");
        assertFalse(apic.writeMsr(0x08, 0));
    }

    @Test
    void x2ApicDestinationsHave32Bits() {
        inX2ApicMode(apic);
        LocalApic[] others = new LocalApic[20];
        for (int i = 1; i < others.length; i++) {
            others[i] = inX2ApicMode(newApic(i));
        }
        assertEquals(1 << 16 | 1 << 3, others[19].readMsr(0x0d), "cluster and place");
        apic.writeMsr(0x30, 17L << 32 | 0x51);
        apic.writeMsr(0x30, (1L << 16 | 0b1010) << 32 | 0x800 | 0x61);
        apic.writeMsr(0x30, 0xffL << 32 | 0x71);
        for (int i = 1; i < others.length; i++) {
            int expected = i == 17 || i == 19 ? 0x61 : 0;
            assertEquals(expected != 0, others[i].interruptPending(), "processor " + i);
            if (expected != 0) {
                assertEquals(expected, others[i].acknowledge());
                assertEquals(i == 17, requests(others[i], 0x51), "the lower one, after that");
            }
        }
        apic.writeMsr(0x30, 0xffffffffL << 32 | 0x81);
        assertTrue(requests(others[5], 0x81) && requests(apic, 0x81), "all ones are everybody");
        assertTrue(bus.message(0xfee00000L | 3 << 12, 0x91) && requests(others[3], 0x91), "messages of devices have ids of eight bits");
        assertTrue(bus.message(0xfee00000L | 0xff << 12, 0xa1) && requests(others[19], 0xa1) && requests(apic, 0xa1));
    }

    private static boolean requests(LocalApic apic, int vector) {
        return (apic.readMsr(0x20 + vector / 32) >>> vector % 32 & 1) != 0;
    }

    @Test
    void initLeavesX2ApicModeAsItIs() throws Exception {
        LocalApic other = inX2ApicMode(newApic(1));
        inX2ApicMode(apic).writeMsr(0x30, 1L << 32 | 0x4500);
        assertTrue(other.isX2Apic());
        assertEquals(0xff, other.readMsr(0x0f), "but resets the registers");
        assertEquals(1, other.readMsr(0x02));
    }

    @Test
    void startUpMessagesReachTheProcessor() {
        List<String> log = new ArrayList<>();
        LocalApic other = newApic(1);
        bus.connect(new ApicBus.ProcessorSignals() {
            @Override
            public void nmi(int processor) {
                log.add("nmi" + processor);
            }

            @Override
            public void init(int processor) {
                log.add("init" + processor);
            }

            @Override
            public void startUp(int processor, int vector) {
                log.add("sipi" + processor + "@" + vector);
            }
        });
        apic.write(LocalApic.ICR_HIGH, 0x01000000);
        apic.write(LocalApic.ICR_LOW, 0xc500);
        apic.write(LocalApic.ICR_LOW, 0x8500);
        apic.write(LocalApic.ICR_LOW, 0x469f);
        apic.write(LocalApic.ICR_LOW, 0x400);
        assertEquals(List.of("init1", "sipi1@159", "nmi1"), log);
        log.clear();
        other.write(LocalApic.ID, 0x05000000);
        apic.write(LocalApic.ICR_HIGH, 0x05000000);
        apic.write(LocalApic.ICR_LOW, 0x400);
        assertEquals(List.of("nmi1"), log, "the same processor under the number its software gave it");
    }

    @Test
    void errorsLatchOnAWriteAndInterrupt() {
        apic.write(LocalApic.LVT_ERROR, 0xfe);
        apic.write(LocalApic.ICR_LOW, 0x40005);
        assertEquals(0xfe, apic.acknowledge());
        assertEquals(0, apic.read(LocalApic.ESR));
        apic.write(LocalApic.ESR, 0);
        assertEquals(0x20, apic.read(LocalApic.ESR));
        apic.write(LocalApic.ESR, 0);
        assertEquals(0, apic.read(LocalApic.ESR));
    }

    @Test
    void aSnapshotKeepsRequestsAndTimer() {
        apic.write(LocalApic.LVT_TIMER, 0x200ec);
        apic.write(ApicTimer.INITIAL_COUNT, 500);
        apic.accept(0x71, false);
        LocalApic copy = newApic(2);
        Machine.copy(apic, copy);
        assertEquals(0x71, copy.acknowledge());
        machine.pass(1000);
        assertEquals(0xec, copy.acknowledge());
    }
}
