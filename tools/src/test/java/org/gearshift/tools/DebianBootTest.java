package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.gearshift.vmm.Lockstep;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.EngineOptions.Backend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Debian 12's i386 kernels, as distributed, boot to a shell and power off. {@code -Dlockstep.instructions=20000000} compares the engines for longer
 * than by default, {@code -Ddebian.full=true} lets the interpreter alone go all the way.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DebianBootTest {
    private static final long RAM = 256L << 20;
    private static final String APPEND = "console=ttyS0 panic=-1";
    /** More than a boot takes; a guest that hangs ends here. */
    private static final long LIMIT = 20_000_000_000L;
    /** How far the interpreter alone goes: some way into the kernel unpacking itself, which takes 2.5 billion instructions. */
    private static final long INTERPRETED = Boolean.getBoolean("debian.full") ? LIMIT : 400_000_000;
    private static final long LOCKSTEP = Long.getLong("lockstep.instructions", 3_000_000);

    /** What can be seen of a run from outside. */
    private record Run(int exitCode, String serial, long retired) {
    }

    private static Run boot(String guest) throws Exception {
        Run run = run(guest, Backend.JVM, LIMIT);
        String text = run.serial();
        assertEquals(VmOutcome.POWER_OFF, run.exitCode(), () -> "the console's end:\n" + text.substring(Math.max(0, text.length() - 3000)));
        return run;
    }

    private static Run run(String guest, Backend backend, long limit) throws Exception {
        ByteArrayOutputStream serial = new ByteArrayOutputStream();
        Vm vm = new Vm(new VmConfig(RAM, VmConfig.Clock.VIRTUAL, EngineOptions.of(backend)), serial::write);
        vm.load(DebianGuest.kernel(guest), DebianGuest.initrd(), "initrd", APPEND);
        long start = System.nanoTime();
        VmOutcome outcome = vm.run(limit);
        long wall = System.nanoTime() - start;
        String text = serial.toString(StandardCharsets.US_ASCII);
        System.out.printf("%s, %s: %s%n%s", guest, backend, outcome, vm.statistics(wall));
        return new Run(outcome.exitCode(), text, vm.engine().retired());
    }

    /** The shell script's output, line for line where it must not vary. */
    private static void assertUserSpaceRan(Run run) throws Exception {
        String text = run.serial().replace("\r", "");
        int begin = text.indexOf("\nGEARSHIFT-MARKER-BEGIN\n");
        int end = text.indexOf("\nGEARSHIFT-MARKER-END\n");
        assertTrue(begin >= 0 && end > begin, text);
        String between = text.substring(begin, end);
        assertTrue(between.contains("CPU0") && between.contains("ttyS0"), between);
        assertTrue(between.contains("\nloop 1000\n"), between);
        String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(DebianGuest.busybox()));
        assertTrue(between.contains(digest + "  -"), () -> "the guest's sha256sum should be " + digest + ":\n" + between);
    }

    @Test
    void twoRunsOnTheVirtualClockAreTheSame() throws Exception {
        Run first = boot("debian-686");
        assertUserSpaceRan(first);
        Run second = boot("debian-686");
        assertEquals(first.serial(), second.serial());
        assertEquals(first.retired(), second.retired());
    }

    @Test
    void theKernelWithPhysicalAddressExtensionBoots() throws Exception {
        assertUserSpaceRan(boot("debian-686-pae"));
    }

    @Test
    void theInterpreterAloneGivesTheSameRun() throws Exception {
        Run interpreted = run("debian-686", Backend.INTERPRETER, INTERPRETED);
        Run compiled = run("debian-686", Backend.JVM, INTERPRETED);
        assertEquals(interpreted, compiled);
    }

    @Test
    void aShellOnTheSerialLineAnswersWhatIsTyped() throws Exception {
        Typist typist = new Typist(new String[][] {
            {"/ # ", "echo $((6*7))\n"},
            {"\n42\r\n/ # ", "poweroff -f\n"}});
        Vm vm = new Vm(new VmConfig(RAM, VmConfig.Clock.HOST, EngineOptions.of(Backend.JVM)), typist::transmitted);
        typist.vm = vm;
        vm.expectInput(true);
        vm.load(DebianGuest.kernel("debian-686"), DebianGuest.initrd(), "initrd", APPEND + " interactive");
        VmOutcome outcome = vm.run(LIMIT);
        String text = typist.seen.toString();
        assertEquals(2, typist.step, text);
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), () -> outcome + "\n" + text);
    }

    /** Types an answer as soon as the console shows what it waits for. */
    private static final class Typist {
        private final String[][] script;
        private final StringBuilder seen = new StringBuilder();
        private Vm vm;
        private int step;
        private int from;

        Typist(String[][] script) {
            this.script = script;
        }

        void transmitted(byte b) {
            seen.append((char) (b & 0xff));
            if (step < script.length && seen.indexOf(script[step][0], from) >= 0) {
                from = seen.length();
                script[step++][1].chars().forEach(vm::serialInput);
            }
        }
    }

    @Test
    void theEnginesAgreeAfterEveryBlock() throws Exception {
        Lockstep lockstep = new Lockstep(RAM, DebianGuest.kernel("debian-686"), DebianGuest.initrd(), "initrd", APPEND, b -> { });
        Lockstep.Result result = lockstep.run(LOCKSTEP);
        System.out.println(result.summary());
        assertNull(result.difference(), result.summary());
        assertTrue(result.instructions() >= LOCKSTEP, result.summary());
        assertTrue(result.compiledInstructions() > result.instructions() / 2, result.summary());
    }
}
