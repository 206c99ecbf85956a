package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.gearshift.vmm.Lockstep;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.EngineOptions.Backend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Debian 12's amd64 kernels, as distributed, boot to a shell and power off. By default the smallest of them, with the engines compared over its first
 * instructions; {@code -Ddebian.full=true} takes all, {@code -Dlockstep.instructions=20000000} compares for longer.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DebianAmd64BootTest {
    private static final String CLOUD = "debian-cloud-amd64";
    private static final boolean FULL = Boolean.getBoolean("debian.full");
    private static final long INTERPRETED = FULL ? DebianRun.LIMIT : 100_000_000;
    private static final long LOCKSTEP = Long.getLong("lockstep.instructions", 3_000_000);
    private static final int CPUS = 4;
    /** Four processors are up, and have worked, long before that. */
    private static final long IN_TURNS = 300_000_000;
    private static final String INSTALLER_READY = "Starting system log daemon: syslogd, klogd.";
    private static final long INSTALLER_LIMIT = 15_000_000_000L;

    @Test
    void twoRunsOnTheVirtualClockAreTheSame() throws Exception {
        // That it unpacks itself is seen in NetworkInGuestTest.
        DebianRun first = DebianRun.bootUnpacked(CLOUD);
        first.assertUserSpaceRan();
        assertEquals(first, DebianRun.bootUnpacked(CLOUD));
    }

    @Test
    void theInterpreterAloneGivesTheSameRun() throws Exception {
        assertEquals(DebianRun.of(CLOUD, Backend.INTERPRETER, INTERPRETED), DebianRun.of(CLOUD, Backend.JVM, INTERPRETED));
    }

    @Test
    void theEnginesAgreeAfterEveryBlock() throws Exception {
        Lockstep lockstep = new Lockstep(DebianRun.RAM, DebianGuest.kernel(CLOUD), DebianGuest.initrd(CLOUD), "initrd", DebianRun.APPEND, b -> { });
        Lockstep.Result result = lockstep.run(LOCKSTEP);
        System.out.println(result.summary());
        assertNull(result.difference(), result.summary());
        assertTrue(result.instructions() >= LOCKSTEP, result.summary());
        assertTrue(result.compiledInstructions() > result.instructions() / 2, result.summary());
    }

    @Test
    void fourProcessorsInTurnsRepeat() throws Exception {
        assumeTrue(FULL, "-Ddebian.full=true");
        List<String> first = inTurns();
        assertTrue(first.get(0).contains("smp: Brought up 1 node, 4 CPUs"), first.get(0));
        assertEquals(first, inTurns());
    }

    /** What can be seen of a run with four processors on the virtual clock: its console, what each processor has retired, a digest of RAM. */
    private static List<String> inTurns() throws Exception {
        ByteArrayOutputStream serial = new ByteArrayOutputStream();
        // Unpacked here, which would take the guest longer than all that is looked at.
        KernelImage kernel = DebianGuest.unpackedKernel(CLOUD);
        Vm vm = new Vm(new VmConfig(DebianRun.RAM, VmConfig.Clock.VIRTUAL, EngineOptions.of(Backend.JVM), CPUS), Vm.processorFor(kernel), serial::write);
        vm.load(kernel, DebianGuest.initrd(CLOUD), "initrd", DebianRun.APPEND);
        VmOutcome outcome = vm.run(IN_TURNS);
        List<String> seen = new ArrayList<>(List.of(serial.toString(StandardCharsets.US_ASCII), outcome.toString()));
        for (int i = 0; i < CPUS; i++) {
            seen.add("processor " + i + ": " + vm.engine(i).retired());
        }
        seen.add(HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(vm.ram().copy())));
        return seen;
    }

    @Test
    void programsOf32BitsRunBesideA64BitKernel() throws Exception {
        assumeTrue(FULL, "-Ddebian.full=true");
        DebianRun run = DebianRun.of("debian-amd64", DebianGuest.initrd32(), DebianGuest.busybox("debian-686"), Backend.JVM, DebianRun.LIMIT);
        assertEquals(VmOutcome.POWER_OFF, run.exitCode());
        run.assertUserSpaceRan();
    }

    @Test
    void theKernelForPcsBoots() throws Exception {
        assumeTrue(FULL, "-Ddebian.full=true");
        DebianRun.boot("debian-amd64").assertUserSpaceRan();
    }

    @Test
    void eightGibibytesAreFound() throws Exception {
        assumeTrue(FULL, "-Ddebian.full=true");
        DebianRun.boot(CLOUD, 8L << 30);
    }

    @Test
    void theInstallerStarts() throws Exception {
        assumeTrue(FULL, "-Ddebian.full=true");
        ByteArrayOutputStream serial = new ByteArrayOutputStream();
        KernelImage kernel = DebianGuest.kernel("debian-installer-amd64");
        byte[] initrd = Files.readAllBytes(DebianGuest.initrdFile("debian-installer-amd64"));
        Vm vm = new Vm(new VmConfig(512L << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(Backend.JVM)), Vm.processorFor(kernel), serial::write);
        vm.load(kernel, initrd, "initrd", "console=ttyS0");
        VmOutcome outcome = vm.run(INSTALLER_LIMIT);
        String text = serial.toString(StandardCharsets.US_ASCII);
        assertTrue(text.contains(INSTALLER_READY), () -> outcome + "\n" + text.substring(Math.max(0, text.length() - 3000)));
    }
}
