package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.EngineOptions.Backend;

/**
 * A run of one of Debian's kernels with the RAM disk of {@link DebianGuest}, on the virtual clock: what can be seen of it from outside.
 *
 * @param busybox SHA-256 of the guest's busybox, which it computes itself
 */
record DebianRun(int exitCode, String serial, long retired, String busybox) {
    static final long RAM = 256L << 20;
    /** For the kernel's command line: in the short form without its self-tests of ciphers, which take longer than all else in a boot. */
    static final String QUICK = Boolean.getBoolean("debian.full") ? "" : " cryptomgr.notests";
    static final String APPEND = "console=ttyS0 panic=-1" + QUICK;
    /** More than a boot takes; a guest that hangs ends here. */
    static final long LIMIT = 20_000_000_000L;

    /** Boots a guest of the catalogue, which must power off. */
    static DebianRun boot(String guest) throws Exception {
        return poweredOff(of(guest, Backend.JVM, LIMIT));
    }

    /** The same, but that the kernel need not unpack itself. */
    static DebianRun bootUnpacked(String guest) throws Exception {
        return poweredOff(of(guest, DebianGuest.unpackedKernel(guest), DebianGuest.initrd(guest), DebianGuest.busybox(guest), Backend.JVM, LIMIT, RAM));
    }

    private static DebianRun poweredOff(DebianRun run) {
        String text = run.serial();
        assertEquals(VmOutcome.POWER_OFF, run.exitCode(), () -> "the console's end:\n" + text.substring(Math.max(0, text.length() - 3000)));
        return run;
    }

    static DebianRun of(String guest, Backend backend, long limit) throws Exception {
        return of(guest, DebianGuest.initrd(guest), DebianGuest.busybox(guest), backend, limit);
    }

    static DebianRun of(String guest, byte[] initrd, byte[] busybox, Backend backend, long limit) throws Exception {
        return of(guest, DebianGuest.kernel(guest), initrd, busybox, backend, limit, RAM);
    }

    /** Boots a guest with so much memory, which must power off, and find it: but for what its kernel takes for itself, 5 % at the most. */
    static DebianRun boot(String guest, long memory) throws Exception {
        DebianRun run = of(guest, DebianGuest.kernel(guest), DebianGuest.initrd(guest), DebianGuest.busybox(guest), Backend.JVM, LIMIT, memory);
        assertEquals(VmOutcome.POWER_OFF, run.exitCode(), run.serial());
        run.assertUserSpaceRan();
        Matcher total = Pattern.compile("\nMemTotal: (\\d+)\r?\n").matcher(run.serial());
        assertTrue(total.find(), run.serial());
        long found = Long.parseLong(total.group(1)) << 10;
        assertTrue(found <= memory && found > memory / 100 * 95, () -> found + " of " + memory);
        return run;
    }

    private static DebianRun of(String guest, KernelImage kernel, byte[] initrd, byte[] busybox, Backend backend, long limit, long memory) throws Exception {
        ByteArrayOutputStream serial = new ByteArrayOutputStream();
        Vm vm = new Vm(new VmConfig(memory, VmConfig.Clock.VIRTUAL, EngineOptions.of(backend)), Vm.processorFor(kernel), serial::write);
        vm.load(kernel, initrd, "initrd", APPEND);
        long start = System.nanoTime();
        VmOutcome outcome = vm.run(limit);
        long wall = System.nanoTime() - start;
        String text = serial.toString(StandardCharsets.US_ASCII);
        System.out.printf("%s, %s: %s%n%s", guest, backend, outcome, vm.statistics(wall));
        String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(busybox));
        return new DebianRun(outcome.exitCode(), text, vm.engine().retired(), digest);
    }

    /** The shell script's output, line for line where it must not vary. */
    void assertUserSpaceRan() {
        String text = serial.replace("\r", "");
        int begin = text.indexOf("\nGEARSHIFT-MARKER-BEGIN\n");
        int end = text.indexOf("\nGEARSHIFT-MARKER-END\n");
        assertTrue(begin >= 0 && end > begin, text);
        String between = text.substring(begin, end);
        assertTrue(between.contains("CPU0") && between.contains("ttyS0"), between);
        assertTrue(between.contains("\nloop 1000\n"), between);
        assertTrue(between.contains(busybox + "  -"), () -> "the guest's sha256sum should be " + busybox + ":\n" + between);
    }
}
