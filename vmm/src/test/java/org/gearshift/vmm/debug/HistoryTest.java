package org.gearshift.vmm.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.replay.Origin;
import org.gearshift.vmm.replay.Timeline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Going back in a program of which every instruction is known. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HistoryTest {
    private static final long VARIABLE = 0x200000;
    /** The variable counts from 5 down to 1, and then becomes 1234h. */
    private static final String PROGRAM = """
            b9 05 00 00 00
            89 0d 00 00 20 00
            49
            75 f7
            c7 05 00 00 20 00 34 12 00 00
            90
            eb fe
            """.replace("\n", " ");
    private static final long COUNTS = DebuggedProgram.ENTRY + 5;
    private static final long OVERWRITES = DebuggedProgram.ENTRY + 0xe;
    private static final long END = DebuggedProgram.ENTRY + 0x18;
    private static final long INSTRUCTIONS = 1 + 5 * 3 + 1;

    private static DebuggedProgram program() throws Exception {
        return DebuggedProgram.of(PROGRAM, DebuggedProgram.config(VmConfig.Clock.VIRTUAL, 1).with(Timeline.inMemory(Origin.USUAL)), false);
    }

    private static DebuggedProgram atItsEnd() throws Exception {
        DebuggedProgram p = program();
        Breakpoint end = p.breakAt(END);
        assertEquals(Stop.Reason.BREAKPOINT, p.goesOn().reason());
        p.debugger.traps().remove(end);
        return p;
    }

    private static Stop back(DebuggedProgram p, Function<History, Stop> how) throws Exception {
        p.debugger.goBack(how);
        return p.waits();
    }

    private static long variable(DebuggedProgram p) {
        return p.cpu().read(VARIABLE, 4);
    }

    @Test
    void aStepBackUndoesAnInstruction() throws Exception {
        try (DebuggedProgram p = atItsEnd()) {
            assertEquals(0x1234, variable(p));
            Stop s = back(p, h -> h.step(0, 1));
            assertEquals(Stop.Reason.STEP, s.reason());
            assertEquals(OVERWRITES, s.address());
            assertEquals(1, variable(p));
            assertEquals(INSTRUCTIONS - 1, p.cpu().engine().retired());
            back(p, h -> h.step(0, 3));
            assertEquals(COUNTS, p.cpu().pc());
            assertEquals(1, p.register("ecx"));
            assertEquals(2, variable(p), "the write is yet to come");
        }
    }

    @Test
    void whoWroteLast() throws Exception {
        try (DebuggedProgram p = atItsEnd()) {
            Breakpoint other = p.breakAt(COUNTS);
            Watchpoint w = new Watchpoint(VARIABLE, 4, Watchpoint.Kind.WRITE, false);
            Stop s = back(p, h -> h.toLast(w));
            assertEquals(Stop.Reason.WATCH, s.reason());
            assertSame(w, s.cause());
            assertEquals(OVERWRITES, p.cpu().pc());
            for (int count = 1; count <= 5; count++) {
                assertEquals(Stop.Reason.WATCH, back(p, h -> h.toLast(w)).reason());
                assertEquals(COUNTS, p.cpu().pc());
                assertEquals(count, p.register("ecx"));
            }
            assertEquals(Stop.Reason.HISTORY_BEGIN, back(p, h -> h.toLast(w)).reason());
            assertEquals(DebuggedProgram.ENTRY, p.cpu().pc());
            assertEquals(0, p.cpu().engine().retired());
            assertTrue(p.debugger.traps().breakpoints().contains(other), "what was set before is set again");
            assertTrue(p.debugger.traps().watchpoints().isEmpty());
        }
    }

    @Test
    void breakpointsStopThoseWhoGoBackToo() throws Exception {
        try (DebuggedProgram p = atItsEnd()) {
            Breakpoint b = new Breakpoint(COUNTS, false, c -> c.registers().get("ecx") == 4, false);
            p.debugger.traps().add(b);
            Stop s = back(p, History::toLastStop);
            assertSame(b, s.cause());
            assertEquals(4, p.register("ecx"));
            assertEquals(5, variable(p));
            assertEquals(Stop.Reason.HISTORY_BEGIN, back(p, History::toLastStop).reason());
            assertEquals(4, p.goesOn().address() == COUNTS ? p.register("ecx") : -1, "and those who go on again");
        }
    }

    @Test
    void theFutureComesAsItWas() throws Exception {
        try (DebuggedProgram p = atItsEnd()) {
            String state = p.vm.stateHash();
            back(p, h -> h.step(0, 9));
            assertFalse(p.vm.stateHash().equals(state));
            p.breakAt(END);
            assertEquals(END, p.goesOn().address());
            assertEquals(state, p.vm.stateHash());
        }
    }

    @Test
    void historyThatWaitsForSomebodyBeginsWhenHeComes() throws Exception {
        try (DebuggedProgram p = program()) {
            p.debugger.history().forget();
            p.debugger.postponeHistory();
            Breakpoint counts = p.breakAt(COUNTS);
            assertEquals(Stop.Reason.BREAKPOINT, p.goesOn().reason());
            assertTrue(p.debugger.canGoBack(), "from here on");
            p.debugger.keepHistory();
            p.debugger.traps().remove(counts);
            p.breakAt(END);
            assertEquals(END, p.goesOn().address());
            assertEquals(OVERWRITES, back(p, h -> h.step(0, 1)).address());
            Watchpoint w = new Watchpoint(VARIABLE, 4, Watchpoint.Kind.WRITE, false);
            for (int count = 1; count <= 5; count++) {
                assertEquals(Stop.Reason.WATCH, back(p, h -> h.toLast(w)).reason());
                assertEquals(count, p.register("ecx"));
            }
            assertEquals(Stop.Reason.HISTORY_BEGIN, back(p, h -> h.toLast(w)).reason());
            assertEquals(1, p.cpu().engine().retired(), "what was before has not been kept");
        }
    }

    @Test
    void whatIsChangedHasNoPast() throws Exception {
        try (DebuggedProgram p = atItsEnd()) {
            back(p, h -> h.step(0, 1));
            assertTrue(p.cpu().registers().set("ebx", 7));
            p.breakAt(END);
            p.goesOn();
            assertEquals(Stop.Reason.STEP, back(p, h -> h.step(0, 1)).reason());
            assertEquals(7, p.register("ebx"));
            assertEquals(Stop.Reason.HISTORY_BEGIN, back(p, h -> h.step(0, 1)).reason());
            assertEquals(OVERWRITES, p.cpu().pc());
        }
    }

    @Test
    void aMachineThatTalksToTheOutsideDirectlyHasNone() throws Exception {
        try (DebuggedProgram p = DebuggedProgram.of(PROGRAM)) {
            assertFalse(p.debugger.canGoBack());
        }
    }
}
