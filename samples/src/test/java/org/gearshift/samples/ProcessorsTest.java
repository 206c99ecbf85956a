package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.OwnThread;
import org.gearshift.testing.Prerequisite;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.debug.EventCatch;
import org.gearshift.vmm.debug.History;
import org.gearshift.vmm.debug.Stop;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.EngineOptions.Backend;
import org.gearshift.vmm.replay.Origin;
import org.gearshift.vmm.replay.Timeline;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bare-metal program {@code samples/src/main/processors} on machines with several processors: interrupts between them, locked operations, code and mappings that one changes
 * under the others, and litmus tests of the memory order. {@code -Dprocessors.scale=N} does all of it N times as often, {@code -Dprocessors.litmus=N} the litmus tests alone; what was
 * seen is printed then.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class ProcessorsTest {
    private static final int SCALE = Integer.getInteger("processors.scale", 1);
    private static final int LITMUS = Integer.getInteger("processors.litmus", 1);
    private static final int CPUS = 4;
    private static final long RAM = 32L << 20;
    private static final int GOOD_EXIT = 1;

    @TempDir
    static Path directory;
    private static Path image;

    private record Run(int exitCode, String console, long retired) {
    }

    @BeforeAll
    static void build() throws IOException, InterruptedException {
        Prerequisite.program("gcc");
        Prerequisite.program("ld");
        image = directory.resolve("processors.elf");
        Process p = new ProcessBuilder("sh", "src/main/processors/build.sh", image.toString()).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), output);
    }

    private static Run run(VmConfig.Clock clock, Backend backend, int scale, int litmus) throws Exception {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        Vm vm = new Vm(new VmConfig(RAM, clock, EngineOptions.of(backend), CPUS), NamedCpu.P686.model(), console::write);
        vm.load(new KernelImage("processors", Files.readAllBytes(image)), new byte[0], "", "scale=" + scale + " litmus=" + litmus);
        VmOutcome outcome = vm.run(Long.MAX_VALUE);
        return new Run(outcome.exitCode(), console.toString(StandardCharsets.US_ASCII), retired(vm));
    }

    private static long retired(Vm vm) {
        return vm.engine().retired();
    }

    /** How often a test showed the outcome that it looks for. */
    private static long seen(Run run, String test) {
        String line = run.console().lines().filter(l -> l.startsWith("ok " + test + " ")).findFirst().orElseThrow();
        return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
    }

    private static void assertGood(Run run) {
        List<String> bad = run.console().lines().filter(l -> l.startsWith("FAIL")).toList();
        assertEquals(List.of(), bad, run.console());
        assertTrue(run.console().lines().anyMatch(l -> l.equals("ok started processors " + CPUS)), run.console());
        assertTrue(run.console().lines().anyMatch(l -> l.startsWith("ok IRIW ")), run.console());
        assertEquals(GOOD_EXIT, run.exitCode(), run.console());
    }

    @Test
    void processorsOnThreadsKeepTheRules() throws Exception {
        Run run = run(VmConfig.Clock.HOST, Backend.JVM, SCALE, LITMUS);
        assertGood(run);
        if (SCALE * LITMUS > 1) {
            System.out.println(run.console());
            // Of what x86 allows, this is what every processor does, and what a machine that kept stricter order than it must would not show.
            assertTrue(seen(run, "SB") > 0 && seen(run, "SB+rfi") > 0, run.console());
        }
    }

    @Test
    void processorsThatTakeTurnsDoTooAndTheSameEveryTime() throws Exception {
        Run first = run(VmConfig.Clock.VIRTUAL, Backend.JVM, 1, 1);
        assertGood(first);
        assertEquals(first, run(VmConfig.Clock.VIRTUAL, Backend.JVM, 1, 1));
    }

    @Test
    void processorsThatTakeTurnsAreHadBackwardsAndComeToTheSameEnd() throws Exception {
        Run straight = run(VmConfig.Clock.VIRTUAL, Backend.JVM, 1, 1);
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        Vm vm = new Vm(new VmConfig(RAM, VmConfig.Clock.VIRTUAL, EngineOptions.of(Backend.JVM), CPUS).with(Timeline.inMemory(Origin.USUAL)), NamedCpu.P686.model(), console::write);
        vm.load(new KernelImage("processors", Files.readAllBytes(image)), new byte[0], "", "scale=1 litmus=1");
        Debugger debugger = vm.debugger();
        debugger.attach(true);
        debugger.pause();
        CompletableFuture<VmOutcome> outcome = OwnThread.start(() -> vm.run(Long.MAX_VALUE));
        waits(debugger);
        EventCatch interrupts = EventCatch.any(EventCatch.Kind.INTERRUPT);
        debugger.traps().add(interrupts);
        List<String> there = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            debugger.resume();
            there.add(state(vm, waits(debugger)));
        }
        for (int i = there.size() - 2; i >= 0; i--) {
            debugger.goBack(History::toLastStop);
            assertEquals(there.get(i), state(vm, waits(debugger)), "interrupt " + i);
        }
        debugger.detach();
        assertEquals(straight, new Run(outcome.get(5, TimeUnit.MINUTES).exitCode(), console.toString(StandardCharsets.US_ASCII), retired(vm)));
    }

    private static Stop waits(Debugger debugger) throws InterruptedException {
        Stop s = debugger.awaitStop(60_000);
        assertNotNull(s, "it does not stop");
        return s;
    }

    private static String state(Vm vm, Stop s) {
        return s.text() + " to " + s.cpu() + " after " + vm.retired() + " instructions: " + vm.stateHash();
    }
}
