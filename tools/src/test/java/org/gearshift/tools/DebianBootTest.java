package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
    /** How far the interpreter alone goes: some way into the kernel unpacking itself, which takes 2.5 billion instructions. */
    private static final long INTERPRETED = Boolean.getBoolean("debian.full") ? DebianRun.LIMIT : 100_000_000;
    private static final long LOCKSTEP = Long.getLong("lockstep.instructions", 3_000_000);

    @Test
    void twoRunsOnTheVirtualClockAreTheSame() throws Exception {
        // That it unpacks itself is seen below, where somebody types.
        DebianRun first = DebianRun.bootUnpacked("debian-686");
        first.assertUserSpaceRan();
        DebianRun second = DebianRun.bootUnpacked("debian-686");
        assertEquals(first.serial(), second.serial());
        assertEquals(first.retired(), second.retired());
    }

    @Test
    void theKernelWithPhysicalAddressExtensionBoots() throws Exception {
        // By default others boot it: LinuxInDebuggerTest, ProgramsInGuestTest.
        assumeTrue(Boolean.getBoolean("debian.full"), "-Ddebian.full=true");
        DebianRun.bootUnpacked("debian-686-pae").assertUserSpaceRan();
    }

    @Test
    void theKernelWithPhysicalAddressExtensionFindsEightGibibytes() throws Exception {
        assumeTrue(Boolean.getBoolean("debian.full"), "-Ddebian.full=true");
        DebianRun.boot("debian-686-pae", 8L << 30);
    }

    @Test
    void theInterpreterAloneGivesTheSameRun() throws Exception {
        DebianRun interpreted = DebianRun.of("debian-686", Backend.INTERPRETER, INTERPRETED);
        DebianRun compiled = DebianRun.of("debian-686", Backend.JVM, INTERPRETED);
        assertEquals(interpreted, compiled);
    }

    @Test
    void aShellOnTheSerialLineAnswersWhatIsTyped() throws Exception {
        Typist typist = new Typist(new String[][] {
            {"/ # ", "echo $((6*7))\n"},
            {"\n42\r\n/ # ", "poweroff -f\n"}});
        Vm vm = new Vm(new VmConfig(DebianRun.RAM, VmConfig.Clock.HOST, EngineOptions.of(Backend.JVM)), typist::transmitted);
        typist.vm = vm;
        vm.expectInput(true);
        vm.load(DebianGuest.kernel("debian-686"), DebianGuest.initrd("debian-686"), "initrd", DebianRun.APPEND + " interactive");
        VmOutcome outcome = vm.run(DebianRun.LIMIT);
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
        Lockstep lockstep = new Lockstep(DebianRun.RAM, DebianGuest.kernel("debian-686"), DebianGuest.initrd("debian-686"), "initrd", DebianRun.APPEND, b -> { });
        Lockstep.Result result = lockstep.run(LOCKSTEP);
        System.out.println(result.summary());
        assertNull(result.difference(), result.summary());
        assertTrue(result.instructions() >= LOCKSTEP, result.summary());
        assertTrue(result.compiledInstructions() > result.instructions() / 2, result.summary());
    }
}
