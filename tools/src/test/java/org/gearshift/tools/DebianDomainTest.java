package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.gearshift.vmm.Lockstep;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.EngineOptions.Backend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The same files of Debian 12 that boot as PCs boot as paravirtual domains: to a shell on hvc0, which takes what is typed, and to a clean end. By default the smallest kernel;
 * {@code -Ddebian.full=true} takes the standard one as well, and four processors, in turns and on threads (which {@link NetworkInGuestTest} has by default).
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DebianDomainTest {
    private static final String CLOUD = "debian-cloud-amd64";
    private static final boolean FULL = Boolean.getBoolean("debian.full");
    private static final long LOCKSTEP = Long.getLong("lockstep.instructions", 1_000_000);
    private static final long REPEATED = 60_000_000;
    private static final long LIMIT = 20_000_000_000L;

    private final ByteArrayOutputStream console = new ByteArrayOutputStream();

    private XenVm domain(String guest, String append) throws Exception {
        return domain(guest, append, VmConfig.Clock.VIRTUAL, 1);
    }

    private XenVm domain(String guest, String append, VmConfig.Clock clock, int cpus) throws Exception {
        KernelImage kernel = DebianGuest.kernel(guest);
        XenVm vm = new XenVm(new VmConfig(DebianRun.RAM, clock, EngineOptions.of(Backend.JVM), cpus), Vm.processorFor(kernel), console::write);
        vm.load(kernel, DebianGuest.initrd(guest), append);
        return vm;
    }

    private void bootsToAShell(String guest) throws Exception {
        bootsToAShell(domain(guest, "console=hvc0 panic=-1 interactive" + DebianRun.QUICK));
    }

    private void bootsToAShell(XenVm vm) throws Exception {
        for (byte b : "echo typed-$((6*7)); cat /proc/interrupts; poweroff -f\n".getBytes(StandardCharsets.US_ASCII)) {
            vm.serialInput(b);
        }
        VmOutcome outcome = vm.run(LIMIT);
        String text = console.toString(StandardCharsets.US_ASCII);
        System.out.print(vm.statistics(0));
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), () -> outcome + "\n" + text.substring(Math.max(0, text.length() - 3000)));
        assertTrue(text.contains("GEARSHIFT-MARKER-END"), text);
        assertTrue(text.contains("\ntyped-42\r\n"), text);
        assertTrue(text.contains("hvc_console"), text);
    }

    @Test
    void theCloudKernelBootsToAShellAndPowersOff() throws Exception {
        bootsToAShell(CLOUD);
    }

    @Test
    void theStandardKernelDoesToo() throws Exception {
        assumeTrue(FULL, "-Ddebian.full=true");
        bootsToAShell("debian-amd64");
    }

    @Test
    void fourProcessorsBootInTurnsAndTheRunRepeats() throws Exception {
        assumeTrue(FULL, "-Ddebian.full=true");
        XenVm first = domain(CLOUD, "console=hvc0 panic=-1 interactive" + DebianRun.QUICK, VmConfig.Clock.VIRTUAL, 4);
        bootsToAShell(first);
        assertTrue(console.toString(StandardCharsets.US_ASCII).contains("CPU3"), console.toString(StandardCharsets.US_ASCII));
        console.reset();
        XenVm second = domain(CLOUD, "console=hvc0 panic=-1 interactive" + DebianRun.QUICK, VmConfig.Clock.VIRTUAL, 4);
        bootsToAShell(second);
        assertEquals(first.retired(), second.retired());
        assertEquals(-1, first.ram().mismatch(second.ram()));
    }

    @Test
    void fourProcessorsBootOnThreads() throws Exception {
        assumeTrue(FULL, "-Ddebian.full=true");
        for (String guest : new String[] {CLOUD, "debian-amd64"}) {
            console.reset();
            bootsToAShell(domain(guest, "console=hvc0 panic=-1 interactive" + DebianRun.QUICK, VmConfig.Clock.HOST, 4));
            assertTrue(console.toString(StandardCharsets.US_ASCII).contains("CPU3"), console.toString(StandardCharsets.US_ASCII));
        }
    }

    @Test
    void runsOnTheVirtualClockRepeat() throws Exception {
        XenVm first = domain(CLOUD, "console=hvc0");
        XenVm second = domain(CLOUD, "console=hvc0");
        first.run(REPEATED);
        second.run(REPEATED);
        assertEquals(first.engine().retired(), second.engine().retired());
        assertEquals(-1, first.ram().mismatch(second.ram()));
    }

    @Test
    void theEnginesAgreeAfterEveryBlock() throws Exception {
        KernelImage kernel = DebianGuest.kernel(CLOUD);
        Lockstep lockstep = Lockstep.ofDomains(DebianRun.RAM, Vm.processorFor(kernel), kernel, DebianGuest.initrd(CLOUD), "console=hvc0", b -> { });
        Lockstep.Result result = lockstep.run(LOCKSTEP);
        System.out.println(result.summary());
        assertNull(result.difference(), result.summary());
    }
}
