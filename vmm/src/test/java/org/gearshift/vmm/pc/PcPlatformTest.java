package org.gearshift.vmm.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.VirtualClock;
import org.junit.jupiter.api.Test;

class PcPlatformTest {
    private static final long LAPIC = 0xfee00000L;
    private static final long IOAPIC = 0xfec00000L;

    private final StringBuilder log = new StringBuilder();
    private final EventQueue events = new EventQueue();
    private final VirtualClock clock = new VirtualClock(() -> 0);
    private final PhysicalMemory memory = new PhysicalMemory(new GuestRam(64 << 20));
    private final PcPlatform pc = newPlatform(memory, clock, events);

    private PcPlatform newPlatform(PhysicalMemory memory, VirtualClock clock, EventQueue events) {
        return new PcPlatform(memory, clock, events, PcOptions.defaults(), new PlatformListener() {
            @Override
            public void powerOff() {
                log.append("off ");
            }

            @Override
            public void reset() {
                log.append("reset ");
            }

            @Override
            public void debugExit(int code) {
                log.append("exit").append(code).append(' ');
            }
        });
    }

    private int in(int port) {
        return pc.ports().read(port, 8);
    }

    private void out(int port, int value) {
        pc.ports().write(port, value, 8);
    }

    private void pass(long nanos) {
        long end = clock.nanos() + nanos;
        while (events.nextDeadline() <= end) {
            clock.advanceTo(events.nextDeadline());
            events.runDue(clock.nanos());
        }
        clock.advanceTo(end);
    }

    private void startTimer() {
        out(0x43, 0x34);
        out(0x40, 0x9c);
        out(0x40, 0x2e);
    }

    private void routeIoApic(int pin, int low) {
        memory.write(IOAPIC, 0x10 + 2 * pin, 32);
        memory.write(IOAPIC + 0x10, low, 32);
    }

    @Test
    void theTimerInterruptsThroughThe8259InVirtualWireMode() {
        out(0x20, 0x11);
        out(0x21, 0x30);
        out(0x21, 0x04);
        out(0x21, 0x01);
        out(0x21, 0xfe);
        startTimer();
        pass(11_000_000);
        assertTrue(pc.interruptPending());
        assertEquals(0x30, pc.acknowledge());
        assertFalse(pc.interruptPending());
        out(0x20, 0x60);
        pass(10_000_000);
        assertTrue(pc.interruptSource(0).pending());
        assertEquals(0x30, pc.interruptSource(0).acknowledge());
    }

    @Test
    void theTimerInterruptsThroughInput2OfTheIoApic() {
        memory.write(LAPIC + 0x350, 0x10000, 32);
        routeIoApic(2, 0x30);
        startTimer();
        pass(11_000_000);
        assertEquals(0x30, pc.acknowledge());
        memory.write(LAPIC + 0xb0, 0, 32);
        pass(10_000_000);
        assertEquals(0x30, pc.acknowledge());
    }

    @Test
    void aSerialByteFromTheHostInterrupts() {
        memory.write(LAPIC + 0x350, 0x10000, 32);
        routeIoApic(4, 0x34);
        out(0x3fc, 0x0b);
        out(0x3f9, 0x01);
        int[] wakeUps = new int[1];
        pc.onInput(() -> wakeUps[0]++);
        pc.com1().receive((byte) 'q');
        assertEquals(1, wakeUps[0]);
        assertFalse(pc.interruptPending());
        pc.poll();
        assertEquals(0x34, pc.acknowledge());
        assertEquals('q', in(0x3f8));
    }

    @Test
    void theLocalApicMovesAndDisappearsWithItsBaseRegister() {
        assertEquals(0x00050014, memory.read(LAPIC + 0x30, 32));
        assertEquals(0x14, memory.read(LAPIC + 0x30, 8));
        pc.apicMsrs(0).write(0xfed00900L);
        assertEquals(0x00050014, memory.read(0xfed00030L, 32));
        assertEquals(0xffffffffL, memory.read(LAPIC + 0x30, 32));
        pc.apicMsrs(0).write(0xfed00100L);
        assertEquals(0xffffffffL, memory.read(0xfed00030L, 32));
        assertEquals(0xfed00100L, pc.apicMsrs(0).read());
    }

    @Test
    void theGuestEndsTheMachineInEveryWayItKnows() {
        out(0xf4, 3);
        pc.ports().write(0x604, 0x2000, 16);
        out(0xcf9, 6);
        out(0x64, 0xfe);
        out(0x92, 1);
        assertEquals("exit7 off reset reset reset ", log.toString());
    }

    @Test
    void theFirmwareStateNamesItsMemory() {
        assertEquals(0x20, memory.ram().get8(0xe0007), "RSD PTR ends in a space");
        assertEquals(768, cmos(0x34) | cmos(0x35) << 8, "48 MiB above 16 in units of 64 KiB");
        assertEquals(0x0e, in(0x4d1));
        assertEquals(0xff, in(0x21));
        assertEquals(0x700, memory.read(LAPIC + 0x350, 32));
    }

    private int cmos(int address) {
        out(0x70, address);
        return in(0x71);
    }

    @Test
    void absentHardwareReadsOnes() {
        assertEquals(0xff, in(0x3b4));
        assertEquals(0xff, in(0x3d5));
        assertEquals(0xff, in(0x1f7));
        assertEquals(0xff, in(0x2f8 - 0x10));
    }

    @Test
    void legacyPortsTakeTheirTimeOnTheVirtualClock() {
        pc.portSpace().out(0x80, 0, 8);
        assertEquals(0xff, pc.portSpace().in(0x3d4, 8));
        assertEquals(2 * PcOptions.ISA_CYCLE_NANOS, clock.nanos());
        pc.portSpace().in(0xc000, 32);
        assertEquals(2 * PcOptions.ISA_CYCLE_NANOS, clock.nanos());
    }

    @Test
    void theAddressLineFollowsPort92() {
        out(0x92, 0);
        assertFalse(memory.a20());
        out(0x92, 2);
        assertTrue(memory.a20());
    }

    @Test
    void aRestoredMachineGoesOnAsTheOriginal() throws IOException {
        routeIoApic(2, 0x30);
        startTimer();
        pass(3_000_000);
        out(0x3ff, 0x77);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        pc.save(new DataOutputStream(bytes));
        EventQueue otherEvents = new EventQueue();
        VirtualClock otherClock = new VirtualClock(() -> 1234);
        PcPlatform other = newPlatform(new PhysicalMemory(new GuestRam(64 << 20)), otherClock, otherEvents);
        other.restore(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
        assertEquals(events.nextDeadline(), otherEvents.nextDeadline());
        assertEquals(clock.nanos(), otherClock.nanos());
        assertEquals(0x77, other.ports().read(0x3ff, 8));
        otherClock.advanceTo(otherEvents.nextDeadline());
        otherEvents.runDue(otherClock.nanos());
        assertEquals(0x30, other.acknowledge());
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        byte[] wrong = bytes.toByteArray();
        wrong[3] = 9;
        assertThrows(IOException.class, () -> other.restore(new DataInputStream(new ByteArrayInputStream(wrong))));
        other.save(new DataOutputStream(again));
        assertEquals(bytes.size(), again.size());
    }
}
