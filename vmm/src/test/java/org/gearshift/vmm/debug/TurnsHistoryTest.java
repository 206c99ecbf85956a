package org.gearshift.vmm.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.replay.Origin;
import org.gearshift.vmm.replay.Timeline;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Going back where two processors take turns of 50,000 instructions: each counts in memory, and the first reads what the second has counted. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TurnsHistoryTest {
    private static final long FIRST_COUNTS = 0xa000;
    private static final long SECOND_COUNTS = 0x9000;
    /** Puts the second's code at 8000h and starts it there. Then: inc ecx; mov [a000h], ecx; mov eax, [9000h]; test ecx, 3ffh; jnz; nop; jmp. */
    private static final String FIRST = """
            c7 05 00 80 00 00 31 db 8e db
            c7 05 04 80 00 00 43 89 1e 00
            c7 05 08 80 00 00 90 f7 c3 ff
            c7 05 0c 80 00 00 03 75 f5 90
            c7 05 10 80 00 00 eb f2 90 90
            c7 05 10 03 e0 fe 00 00 00 01
            c7 05 00 03 e0 fe 00 45 00 00
            c7 05 00 03 e0 fe 08 46 00 00
            41
            89 0d 00 a0 00 00
            a1 00 90 00 00
            f7 c1 ff 03 00 00
            75 ec
            90
            eb e9
            """.replace("\n", " ");
    private static final long FIRST_LOOP = DebuggedProgram.ENTRY + 80;
    private static final long FIRST_WRITES = FIRST_LOOP + 1;
    /** A place that it comes to once in 1024 rounds, as breakpoints that are passed over cost time. */
    private static final long FIRST_RARELY = FIRST_LOOP + 20;
    /** xor bx, bx; mov ds, bx; then, over and over: inc bx; mov [9000h], bx; test bx, 3ffh; jnz; nop; jmp. */
    private static final long SECOND = 0x8000;
    private static final long SECOND_LOOP = SECOND + 4;
    private static final long SECOND_WRITES = SECOND + 5;
    private static final long SECOND_RARELY = SECOND + 15;
    private static final long TURN = 50_000;
    private static final String SPACING = "gearshift.snapshotSpacing";

    /** Where the machine stood: after so many instructions of all. */
    private record Place(long retired, int cpu, long pc, String state) {
    }

    @BeforeAll
    static void takeManySnapshots() {
        System.setProperty(SPACING, "17000");
    }

    @AfterAll
    static void takeFewAgain() {
        System.clearProperty(SPACING);
    }

    private static DebuggedProgram program() throws Exception {
        return DebuggedProgram.of(FIRST, DebuggedProgram.config(VmConfig.Clock.VIRTUAL, 2).with(Timeline.inMemory(Origin.USUAL)), false);
    }

    private static Stop back(DebuggedProgram p, Function<History, Stop> how) throws Exception {
        p.debugger.goBack(how);
        return p.waits();
    }

    private static Place place(DebuggedProgram p, int cpu) {
        return new Place(p.vm.retired(), cpu, p.debugger.cpus().get(cpu).pc(), p.vm.stateHash());
    }

    /** Runs until the machine has retired so many instructions. */
    private static void runsTo(DebuggedProgram p, long retired) throws Exception {
        if (p.vm.retired() < retired - 12_000) {
            runsPast(p, retired - 12_000, List.of(FIRST_RARELY, SECOND_RARELY));
        }
        runsPast(p, retired - 4, List.of(FIRST_LOOP, SECOND_LOOP));
        while (p.vm.retired() < retired) {
            p.steps();
        }
        assertEquals(retired, p.vm.retired());
    }

    private static void runsPast(DebuggedProgram p, long retired, List<Long> places) throws Exception {
        List<Breakpoint> all = places.stream().map(pc -> new Breakpoint(pc, false, c -> p.vm.retired() >= retired, false)).toList();
        all.forEach(p.debugger.traps()::add);
        assertEquals(Stop.Reason.BREAKPOINT, p.goesOn().reason());
        all.forEach(p.debugger.traps()::remove);
    }

    private static List<Place> stepsForward(DebuggedProgram p, int count) throws Exception {
        List<Place> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Stop s = p.steps();
            assertEquals(Stop.Reason.STEP, s.reason());
            all.add(place(p, s.cpu()));
        }
        return all;
    }

    @Test
    void stepsAreUndoneAcrossAChangeOfTurns() throws Exception {
        try (DebuggedProgram p = program()) {
            runsTo(p, 2 * TURN - 10);
            List<Place> firstChange = stepsForward(p, 20);
            runsTo(p, 3 * TURN - 10);
            List<Place> there = stepsForward(p, 20);
            assertEquals(0, there.get(5).cpu());
            assertEquals(1, there.get(19).cpu());
            for (int i = 18; i >= 9; i--) {
                assertEquals(Stop.Reason.STEP, back(p, h -> h.step(1, 1)).reason());
                assertEquals(there.get(i).state(), place(p, 1).state(), "after " + (3 * TURN - 9 + i) + " instructions");
                assertEquals(there.get(i).retired(), p.vm.retired());
            }
            back(p, h -> h.step(1, 1));
            assertEquals(2 * TURN - 1, p.vm.retired(), "before that the second had its last turn, and the first all of the one between");
            assertEquals(firstChange.get(8).state(), place(p, 1).state());
            back(p, h -> h.step(1, 3));
            assertEquals(firstChange.get(5), place(p, 1));
        }
    }

    @Test
    void theOtherHasNotMovedEitherWhereItsTurnWasLater() throws Exception {
        try (DebuggedProgram p = program()) {
            runsTo(p, 3 * TURN - 2);
            List<Place> there = stepsForward(p, 1);
            runsTo(p, 3 * TURN + 100);
            String later = place(p, 0).state();
            assertEquals(Stop.Reason.STEP, back(p, h -> h.step(0, 1)).reason());
            assertEquals(there.get(0), place(p, 0));
            runsTo(p, 3 * TURN + 100);
            assertEquals(later, place(p, 0).state(), "and comes to the same");
        }
    }

    @Test
    void whoWroteLastIsTheOtherOne() throws Exception {
        try (DebuggedProgram p = program()) {
            runsTo(p, 3 * TURN - 5);
            long counted = p.cpu().read(SECOND_COUNTS, 2);
            Watchpoint w = new Watchpoint(SECOND_COUNTS, 2, Watchpoint.Kind.WRITE, false);
            Stop s = back(p, h -> h.toLast(w));
            assertEquals(Stop.Reason.WATCH, s.reason());
            assertEquals(1, s.cpu());
            assertEquals(SECOND_WRITES, p.debugger.cpus().get(1).pc());
            assertEquals(counted - 1, p.cpu().read(SECOND_COUNTS, 2), "the write is yet to come");
            Stop own = back(p, h -> h.toLast(new Watchpoint(FIRST_COUNTS, 4, Watchpoint.Kind.WRITE, false)));
            assertEquals(0, own.cpu());
            assertEquals(FIRST_WRITES, p.cpu().pc());
        }
    }

    @Test
    void breakpointsOfAnyStopThoseWhoGoBack() throws Exception {
        try (DebuggedProgram p = program()) {
            runsTo(p, 4 * TURN + 7);
            Breakpoint second = new Breakpoint(SECOND_RARELY, false, c -> c.registers().get("ebx") == 0x4c00, false);
            Breakpoint begins = Breakpoint.at(SECOND);
            Breakpoint first = new Breakpoint(FIRST_RARELY, false, c -> c.registers().get("ecx") == 0x4c00, false);
            List.of(begins, second, first).forEach(p.debugger.traps()::add);
            for (Breakpoint b : List.of(second, first, begins)) {
                Stop hit = back(p, History::toLastStop);
                assertSame(b, hit.cause());
                assertEquals(b == first ? 0 : 1, hit.cpu());
                assertEquals(hit.address(), p.debugger.cpus().get(hit.cpu()).pc());
            }
            assertEquals(TURN, p.vm.retired());
            Stop s = back(p, History::toLastStop);
            assertEquals(Stop.Reason.HISTORY_BEGIN, s.reason());
            assertEquals(0, s.cpu());
            assertEquals(0, p.vm.retired());
            for (Breakpoint b : List.of(begins, first, second)) {
                assertSame(b, p.goesOn().cause(), "and forwards again");
            }
        }
    }

    @Test
    void nobodyGoesBackOverTurnsThatADebuggerHasTaken() throws Exception {
        try (DebuggedProgram p = program()) {
            runsTo(p, 2 * TURN + 10);
            String state = place(p, 0).state();
            Breakpoint later = new Breakpoint(FIRST_RARELY, false, c -> p.vm.retired() > 5 * TURN, false);
            p.debugger.traps().add(later);
            p.debugger.resume(cpu -> cpu == 0 ? Debugger.Action.CONTINUE : Debugger.Action.HOLD);
            assertSame(later, p.waits().cause());
            String held = place(p, 0).state();
            assertNotEquals(state, held);
            assertEquals(Stop.Reason.HISTORY_BEGIN, back(p, h -> h.step(0, 1)).reason());
            assertEquals(held, place(p, 0).state());
        }
    }

    @Test
    void processorsOnThreadsHaveNoPast() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(FIRST, DebuggedProgram.config(VmConfig.Clock.HOST, 2), false)) {
            assertFalse(p.debugger.canGoBack());
        }
    }
}
