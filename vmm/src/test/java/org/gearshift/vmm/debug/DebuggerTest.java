package org.gearshift.vmm.debug;

import static org.gearshift.vmm.debug.DebuggedProgram.ENTRY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Stopping, stepping, watching: in interpreted and in compiled code, and without the guest's knowing. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DebuggerTest {
    /** mov ecx, 100000; loop: inc eax; mov [200000h], eax; dec ecx; jnz loop; cli; hlt. */
    private static final String LOOP = "b9a0860100 40 a300002000 49 75f7 fa f4";
    private static final long INC = ENTRY + 5;
    private static final long STORE = ENTRY + 6;
    private static final long DEC = ENTRY + 11;
    private static final long RETIRED = 1 + 4 * 100_000 + 2;

    /**
     * An interrupt table with a handler for the timer, which counts in EDX; then a loop of 30,000 additions in EAX with interrupts on.
     */
    private static final String INTERRUPTED = "be00003000" // mov esi, 300000h: the table
            + "bc00009000" // mov esp, 900000h
            + "b8%1$s" // mov eax, handler | 8 << 16, low word of the gate
            + "898600010000" // mov [esi + 100h], eax: vector 20h
            + "c78604010000008e1000" // mov dword [esi + 104h], 00108e00h
            + "0f011d%2$s" // lidt [descriptor]
            + "b011 e620 b020 e621 b004 e621 b001 e621 b0fe e621" // the interrupt controller: vectors from 20h, timer only
            + "b034 e643 b004 e640 b000 e640" // a tick every 4 / 1.19 us
            + "31c0 31d2 b930750000 fb" // xor eax, eax; xor edx, edx; mov ecx, 30000; sti
            + "40 49 75fc fa f4"; // loop: inc eax; dec ecx; jnz loop; cli; hlt

    private static final int LOOP_BYTES = 6;

    @Test
    void aBreakpointStopsBeforeItsInstructionEachTime() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(LOOP)) {
            Breakpoint b = p.breakAt(STORE);
            for (int i = 1; i <= 200; i++) {
                Stop s = p.goesOn();
                assertEquals(Stop.Reason.BREAKPOINT, s.reason());
                assertSame(b, s.cause());
                assertEquals(STORE, p.cpu().pc());
                assertEquals(i, p.register("eax"));
                assertEquals(i - 1, p.vm.ram().get32(0x200000));
                assertEquals(1 + 4 * (i - 1) + 1, p.cpu().engine().retired());
            }
            assertEquals(200, b.hits());
        }
    }

    @Test
    void aBreakpointSetWhileCompiledCodeRunsIsHit() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(LOOP.replace("b9a0860100", "b9ffffff7f"))) {
            p.debugger.resume();
            while (p.cpu().engine().statistics().regions == 0) {
                Thread.sleep(1);
            }
            p.debugger.pause();
            assertEquals(Stop.Reason.PAUSE, p.waits().reason());
            long regions = p.cpu().engine().statistics().invalidatedRegions;
            p.breakAt(DEC);
            assertEquals(Stop.Reason.BREAKPOINT, p.goesOn().reason());
            assertEquals(DEC, p.cpu().pc());
            assertTrue(p.cpu().engine().statistics().invalidatedRegions > regions);
        }
    }

    @Test
    void conditionsAreAskedAndTemporaryBreakpointsGo() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(LOOP)) {
            p.debugger.traps().add(new Breakpoint(STORE, true, c -> c.registers().get("eax") == 77_777, true));
            p.goesOn();
            assertEquals(77_777, p.register("eax"));
            assertTrue(p.debugger.traps().breakpoints().isEmpty());
            assertEquals(Stop.Reason.ENDED, p.goesOn().reason());
        }
    }

    @Test
    void aStepIsOneInstruction() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(LOOP)) {
            long[] way = {INC, STORE, DEC, ENTRY + 12, INC, STORE};
            for (int i = 0; i < way.length; i++) {
                assertEquals(Stop.Reason.STEP, p.steps().reason());
                assertEquals(way[i], p.cpu().pc());
                assertEquals(i + 1, p.cpu().engine().retired());
            }
        }
    }

    @Test
    void aWatchpointStopsBehindTheStore() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(LOOP)) {
            for (boolean physical : new boolean[] {false, true}) {
                Watchpoint w = new Watchpoint(0x200002, 1, Watchpoint.Kind.WRITE, physical);
                p.debugger.traps().add(w);
                int before = p.vm.ram().get32(0x200000);
                for (int i = 1; i <= 100; i++) {
                    Stop s = p.goesOn();
                    assertEquals(Stop.Reason.WATCH, s.reason());
                    assertSame(w, s.cause());
                    assertEquals(DEC, p.cpu().pc());
                    assertEquals(before + i, p.vm.ram().get32(0x200000));
                }
                p.debugger.traps().remove(w);
            }
            // Beside it, in the same page, and loads are nothing to stop for.
            p.debugger.traps().add(new Watchpoint(0x200004, 4, Watchpoint.Kind.WRITE, false));
            p.debugger.traps().add(new Watchpoint(0x200000, 4, Watchpoint.Kind.READ, false));
            assertEquals(Stop.Reason.ENDED, p.goesOn().reason());
            assertEquals(RETIRED, p.cpu().engine().retired());
        }
    }

    @Test
    void loadsAreWatchedInCompiledCodeOf64BitsToo() throws Exception {
        // mov rbx, 200ffch; mov ecx, 1000; loop: mov rax, [rbx] (crosses the page); dec ecx; jnz loop; cli; hlt
        String code = "48c7c3fc0f2000 b9e8030000 488b03 ffc9 75f9 fa f4";
        try (DebuggedProgram p = DebuggedProgram.of(code, DebuggedProgram.config(VmConfig.Clock.VIRTUAL, 1), true)) {
            p.debugger.traps().add(new Watchpoint(0x201003, 1, Watchpoint.Kind.ACCESS, false));
            for (int i = 0; i < 1000; i++) {
                Stop s = p.goesOn();
                assertEquals(Stop.Reason.WATCH, s.reason());
                assertFalse(s.write());
                assertEquals(ENTRY + 15, p.cpu().pc());
                assertEquals(1000 - i, p.register("rcx"));
            }
            assertEquals(Stop.Reason.ENDED, p.goesOn().reason());
        }
    }

    @Test
    void theGuestDoesNotNotice() throws Exception {
        Vm alone = DebuggedProgram.machine(interrupted(), DebuggedProgram.config(VmConfig.Clock.VIRTUAL, 1), false);
        assertEquals(VmOutcome.DEAD, alone.run(Long.MAX_VALUE).exitCode());
        assertTrue(alone.cpu().s[2] > 5, "ticks: " + alone.cpu().s[2]);
        try (DebuggedProgram p = DebuggedProgram.of(interrupted())) {
            Breakpoint handler = p.breakAt(handler() + 1);
            Watchpoint stack = new Watchpoint(0x8ffff8, 4, Watchpoint.Kind.ACCESS, false);
            p.debugger.traps().add(stack);
            int steps = 0;
            Random random = new Random(1);
            for (Stop s = p.goesOn(); s.reason() != Stop.Reason.ENDED && steps < 3000; s = random.nextInt(3) == 0 ? p.goesOn() : p.steps()) {
                steps++;
            }
            assertTrue(handler.hits() > 5 && stack.hits() > 5, handler.hits() + " " + stack.hits());
            assertEquals(VmOutcome.DEAD, p.ends().exitCode());
            assertEquals(alone.engine().retired(), p.vm.engine().retired());
            assertEquals(-1, alone.ram().mismatch(p.vm.ram()));
            assertTrue(Arrays.equals(Arrays.copyOf(alone.cpu().s, 200), Arrays.copyOf(p.vm.cpu().s, 200)));
        }
    }

    @Test
    void stepsGoOverInterruptsUnlessTold() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(interrupted())) {
            long loop = handler() - LOOP_BYTES;
            p.breakAt(loop);
            p.goesOn();
            p.debugger.traps().clear();
            long before = p.cpu().engine().retired();
            for (int i = 0; i < 9000; i++) {
                p.steps();
                assertTrue(p.cpu().pc() >= loop && p.cpu().pc() <= loop + 2, () -> Long.toHexString(p.cpu().pc()));
            }
            assertEquals(3000, p.register("eax"));
            assertTrue(p.cpu().engine().retired() > before + 9000, "no interrupt came");
            p.debugger.stepIntoInterrupts(true);
            int steps = 0;
            while (p.cpu().pc() != handler()) {
                p.steps();
                assertTrue(steps++ < 9000);
            }
        }
    }

    @Test
    void whatIsDeliveredAndWhatServicesDoIsStoppedAt() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(interrupted())) {
            EventCatch out = new EventCatch(EventCatch.Kind.PORT, 0x43, 0x43);
            p.debugger.traps().add(out);
            Stop s = p.goesOn();
            assertEquals(Stop.Reason.EVENT, s.reason());
            assertSame(out, s.cause());
            assertEquals("out, port 43, 8 bits: 34", s.text());
            p.debugger.traps().remove(out);
            p.debugger.traps().add(new EventCatch(EventCatch.Kind.INTERRUPT, 0x20, 0x20));
            s = p.goesOn();
            assertTrue(s.text().startsWith("interrupt 32"), s.text());
            assertEquals(handler(), p.cpu().pc());
        }
    }

    @Test
    void controlRegistersModesAndExceptionsAreEvents() throws Exception {
        // mov eax, cr0; and al, feh; mov cr0, eax (real mode by its flags, 32-bit code); ud2
        try (DebuggedProgram p = DebuggedProgram.of("0f20c0 24fe 0f22c0 0f0b")) {
            p.debugger.traps().add(EventCatch.any(EventCatch.Kind.CONTROL_REGISTER));
            p.debugger.traps().add(EventCatch.any(EventCatch.Kind.MODE));
            p.debugger.traps().add(EventCatch.any(EventCatch.Kind.EXCEPTION));
            Stop s = p.goesOn();
            assertEquals("32-bit protected mode to real mode", s.text());
            assertEquals(ENTRY + 8, p.cpu().pc());
            s = p.goesOn();
            assertTrue(s.text().startsWith("cr0: "), s.text());
            s = p.goesOn();
            assertTrue(s.text().startsWith("exception 6 at 100008"), s.text());
        }
    }

    @Test
    void aTripleFaultStopsBeforeItEndsTheRun() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of("40 0f0b")) {
            assertEquals(Stop.Reason.TRIPLE_FAULT, p.goesOn().reason());
            assertEquals(ENTRY + 1, p.cpu().pc());
            assertEquals(VmOutcome.TRIPLE_FAULT, p.ends().exitCode());
        }
    }

    @Test
    void aBreakpointInTheShadowOfStiIsHit() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of("fb 90 fa f4")) {
            p.breakAt(ENTRY + 1);
            assertEquals(Stop.Reason.BREAKPOINT, p.goesOn().reason());
            assertEquals(ENTRY + 1, p.cpu().pc());
            assertEquals(VmOutcome.DEAD, p.ends().exitCode());
        }
    }

    @Test
    void memoryIsReadAndWrittenAndTranslatedCodeFollows() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(LOOP)) {
            p.breakAt(STORE);
            for (int i = 0; i < 100; i++) {
                p.goesOn();
            }
            assertEquals(0x200000a3L, p.cpu().read(STORE, 4));
            byte[] decEax = {0x48};
            assertEquals(1, p.cpu().write(INC, decEax, 0, 1));
            p.goesOn();
            assertEquals(99, p.register("eax"));
            assertTrue(p.cpu().registers().set("eax", 5));
            p.goesOn();
            assertEquals(4, p.register("eax"));
            assertEquals(0, p.cpu().read(0xfee00000L, new byte[4], 0, 4), "device registers are not read");
            assertFalse(p.cpu().registers().set("cr0", 0));
        }
    }

    @Test
    void aMachineOfSeveralThreadsStandsAndGoesOn() throws Exception {
        for (VmConfig.Clock clock : VmConfig.Clock.values()) {
            try (DebuggedProgram p = DebuggedProgram.of("40 ebfd", DebuggedProgram.config(clock, 3), false)) {
                for (int i = 0; i < 5; i++) {
                    p.debugger.resume();
                    Thread.sleep(5);
                    p.debugger.pause();
                    assertEquals(Stop.Reason.PAUSE, p.waits().reason());
                    long retired = p.cpu().engine().retired();
                    Thread.sleep(5);
                    assertEquals(retired, p.cpu().engine().retired());
                }
                p.breakAt(ENTRY);
                assertEquals(Stop.Reason.BREAKPOINT, p.goesOn().reason());
            }
        }
    }

    /** {@link #INTERRUPTED} with its handler and descriptor behind it. */
    private static String interrupted() {
        String code = String.format(INTERRUPTED, "00000000", "00000000");
        int length = code.replace(" ", "").length() / 2;
        long handler = ENTRY + length;
        long descriptor = handler + 11;
        // inc edx; push eax; mov al, 20h; out 20h, al; pop eax; iret, padded; the descriptor of the table
        String text = String.format(INTERRUPTED, little((int) handler & 0xffff | 0x100000), little((int) descriptor));
        return text + "42 50 b020 e620 58 cf 909090" + "ff07" + little(0x300000);
    }

    private static long handler() {
        return ENTRY + String.format(INTERRUPTED, "00000000", "00000000").replace(" ", "").length() / 2;
    }

    private static String little(int value) {
        return String.format("%08x", Integer.reverseBytes(value));
    }
}
