package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.gearshift.samples.SampleKernel;
import org.gearshift.testing.OwnThread;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.debug.EventCatch;
import org.gearshift.vmm.debug.History;
import org.gearshift.vmm.debug.Stop;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.replay.Origin;
import org.gearshift.vmm.replay.Timeline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A kernel with paging, page faults, timer interrupts and processes is had backwards, and comes to the same end all the same. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TimeTravelTest {
    private static final long PATIENCE_MILLIS = 60_000;
    private static final long SPACING = 2_000_000;
    /** Instructions between one page fault and the next where there are many. */
    private static final int CLOSE = 300;
    private static final int TIMER = 32;
    private static final int PAGE_FAULT = 14;

    /** The sample kernel under a debugger that remembers; or, without one, as a measure. */
    private static final class Run {
        final ByteArrayOutputStream console = new ByteArrayOutputStream();
        final Vm vm;
        Debugger debugger;
        CompletableFuture<VmOutcome> outcome;

        Run(boolean remembers) throws Exception {
            VmConfig config = new VmConfig(32 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM));
            vm = new Vm(remembers ? config.with(Timeline.inMemory(Origin.USUAL)) : config, NamedCpu.P686.model(), console::write);
            vm.load(SampleKernel.image(), new byte[0], "", "");
            if (remembers) {
                debugger = vm.debugger();
                debugger.attach(true);
                debugger.pause();
            }
            outcome = OwnThread.start(() -> vm.run(Long.MAX_VALUE));
        }

        Stop waits() throws InterruptedException {
            Stop s = debugger.awaitStop(PATIENCE_MILLIS);
            assertNotNull(s, "it does not stop");
            return s;
        }

        Stop goesOn() throws InterruptedException {
            debugger.resume();
            return waits();
        }

        Stop steps() throws InterruptedException {
            debugger.resume(cpu -> Debugger.Action.STEP);
            return waits();
        }

        Stop back(Function<History, Stop> how) throws InterruptedException {
            debugger.goBack(how);
            return waits();
        }

        /** Where it stands, and all that can be seen there. */
        String state() {
            return vm.retired() + " " + Long.toHexString(debugger.cpus().get(0).pc()) + " " + vm.stateHash();
        }
    }

    private static Run remembering() throws Exception {
        String before = System.getProperty("gearshift.snapshotSpacing");
        System.setProperty("gearshift.snapshotSpacing", Long.toString(SPACING));
        try {
            Run run = new Run(true);
            run.waits();
            return run;
        } finally {
            if (before == null) {
                System.clearProperty("gearshift.snapshotSpacing");
            }
        }
    }

    @Test
    void interruptsComeBackwardsAndForwardsAgain() throws Exception {
        Run measure = new Run(false);
        assertEquals(0, measure.outcome.get(2, TimeUnit.MINUTES).exitCode());
        Run run = remembering();
        EventCatch interrupts = new EventCatch(EventCatch.Kind.INTERRUPT, TIMER, TIMER);
        run.debugger.traps().add(interrupts);
        List<String> there = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            assertEquals(Stop.Reason.EVENT, run.goesOn().reason());
            there.add(run.state());
        }
        for (int i = there.size() - 2; i >= 0; i--) {
            assertEquals(Stop.Reason.EVENT, run.back(History::toLastStop).reason());
            assertEquals(there.get(i), run.state());
        }
        assertEquals(Stop.Reason.HISTORY_BEGIN, run.back(History::toLastStop).reason());
        for (String state : there) {
            assertEquals(Stop.Reason.EVENT, run.goesOn().reason());
            assertEquals(state, run.state());
        }
        run.debugger.detach();
        assertEquals(0, run.outcome.get(2, TimeUnit.MINUTES).exitCode());
        assertEquals(measure.vm.stateHash(), run.vm.stateHash());
        assertEquals(measure.console.toString(), run.console.toString(), "nothing is printed twice");
    }

    @Test
    void everyStepIsUndone() throws Exception {
        Run run = remembering();
        run.debugger.stepIntoInterrupts(true);
        run.debugger.traps().add(new EventCatch(EventCatch.Kind.EXCEPTION, PAGE_FAULT, PAGE_FAULT));
        long last = Long.MIN_VALUE / 2;
        for (long now = 0; now - last > CLOSE; ) {
            last = now;
            assertEquals(Stop.Reason.EVENT, run.goesOn().reason());
            now = run.vm.retired();
        }
        run.debugger.traps().clear();
        List<String> there = new ArrayList<>();
        long exceptions = 0;
        for (int i = 0; i < 400; i++) {
            there.add(run.state());
            exceptions += run.steps().text().startsWith("exception") ? 1 : 0;
        }
        assertTrue(exceptions > 0, "page faults are among the steps");
        for (int i = there.size() - 1; i >= 0; i--) {
            assertEquals(Stop.Reason.STEP, run.back(h -> h.step(0, 1)).reason());
            assertEquals(there.get(i), run.state(), "step " + i);
        }
        run.vm.quit();
        run.outcome.get(1, TimeUnit.MINUTES);
    }

    /** Fills a table over and over; once, in the 777th round, with a wild index. Much later it notices that a variable is not what it was. */
    private static final int[] CORRUPTING = {
        0xb9, 0x00, 0x00, 0x00, 0x00,                                   // mov ecx, 0
        0xc7, 0x05, 0x00, 0x00, 0x20, 0x00, 0x0d, 0xd0, 0x00, 0x00,     // mov [200000], d00d
        0xbb, 0x00, 0x10, 0x20, 0x00,                                   // mov ebx, 201000
        0x89, 0xc8, 0x25, 0xff, 0x00, 0x00, 0x00,                       // next: eax = ecx & ff
        0x81, 0xf9, 0x09, 0x03, 0x00, 0x00, 0x75, 0x05,                 // cmp ecx, 777
        0xb8, 0x00, 0xfc, 0xff, 0xff,                                   // eax = -400
        0x89, 0x0c, 0x83,                                               // mov [ebx + eax * 4], ecx
        0x41, 0x81, 0xf9, 0x00, 0x00, 0x20, 0x00, 0x75, 0xe0,           // 2M times
        0x81, 0x3d, 0x00, 0x00, 0x20, 0x00, 0x0d, 0xd0, 0x00, 0x00,     // cmp [200000], d00d
        0x74, 0x04, 0xb0, 0x01, 0xe6, 0xf4,                             // if not: exit code 3
        0xb0, 0x00, 0xe6, 0xf4, 0xeb, 0xfe};

    @Test
    void aPlantedCorruptionIsFound(@TempDir Path dir) throws Exception {
        String kernel = Files.write(dir.resolve("corrupting"), GuestCode.elf(CORRUPTING)).toString();
        assertEquals(3, CommandLineRun.of("run", "--kernel", kernel, "--serial", "none").code());
        System.setProperty("gearshift.snapshotSpacing", Long.toString(SPACING));
        try {
            CommandLineRun run = CommandLineRun.of("debug", "--clock", "virtual", "--kernel", kernel, "-m", "16M", "--serial", "none", "--batch",
                    "-e", "break 0x100040", "-e", "continue", "-e", "last-write 0x200000", "-e", "print $ecx", "-e", "last-write 0x200000", "-e", "last-write 0x200000");
            assertEquals(0, run.code(), run.err());
            assertTrue(run.out().contains(": 0000d00d, then 00000309\n=> 00100028: mov DWORD PTR [ebx+eax*4],ecx\n0x309 = 777\n"), run.out());
            assertTrue(run.out().contains(": 00000000, then 0000d00d\n=> 00100005: mov DWORD PTR ds:0x200000,0xd00d\n"), run.out());
            assertTrue(run.out().endsWith("nothing has written to 00200000 since the beginning\n"), run.out());
        } finally {
            System.clearProperty("gearshift.snapshotSpacing");
        }
    }
}
