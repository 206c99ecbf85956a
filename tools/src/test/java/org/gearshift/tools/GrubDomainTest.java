package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.gearshift.samples.SampleKernel;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.boot.PvKernel;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.disk.RawImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.EngineOptions.Backend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's GRUB for Xen as a domain, 64-bit and 32-bit: it builds tables of its own, drives the console and the disk, reads a kernel from there, and starts it in
 * its own place. By default that is the sample kernel's twin; {@code -Ddebian.full=true} takes Debian's kernel as well, unpacked, since GRUB 2.06 does not know its
 * compression.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GrubDomainTest {
    private static final long LIMIT = 20_000_000_000L;
    private static final int BLOCK = 512;

    @TempDir
    Path dir;

    private final ByteArrayOutputStream console = new ByteArrayOutputStream();

    /** A file of a tar archive (POSIX.1 ustar), which GRUB reads as a file system. */
    private static byte[] entry(String name, byte[] contents) {
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        put(header, 100, "0000644");
        put(header, 108, "0000000");
        put(header, 116, "0000000");
        put(header, 124, String.format("%011o", contents.length));
        put(header, 136, "00000000000");
        put(header, 148, "        ");
        header[156] = '0';
        put(header, 257, "ustar\00000");
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, 148, String.format("%06o\0 ", sum));
        byte[] all = Arrays.copyOf(header, BLOCK + (contents.length + BLOCK - 1) / BLOCK * BLOCK);
        System.arraycopy(contents, 0, all, BLOCK, contents.length);
        return all;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private VmOutcome run(long ram, String typed, byte[]... entries) throws Exception {
        return run(DebianGuest.xenGrub(), ram, typed, entries);
    }

    private VmOutcome run(byte[] grub, long ram, String typed, byte[]... entries) throws Exception {
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        for (byte[] e : entries) {
            archive.write(e);
        }
        archive.write(new byte[2 * BLOCK]);
        try (RawImage disk = RawImage.open(Files.write(dir.resolve("disk"), archive.toByteArray()), true)) {
            XenVm vm = new XenVm(new VmConfig(ram, VmConfig.Clock.VIRTUAL, EngineOptions.of(Backend.JVM)), NamedCpu.X86_64.model(), console::write);
            vm.attach(disk);
            vm.load(new KernelImage("grub", grub), new byte[0], "");
            for (byte b : typed.getBytes(StandardCharsets.US_ASCII)) {
                vm.serialInput(b);
            }
            return vm.run(LIMIT);
        }
    }

    private String text() {
        return console.toString(StandardCharsets.US_ASCII);
    }

    @Test
    void itsPromptListsTheDiskAndItStartsAKernelFromThere() throws Exception {
        VmOutcome outcome = run(96 << 20, "ls\rlinux (xen/xvda)/twin\rboot\r", entry("twin", SampleKernel.paravirtualImage().array()));
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), () -> outcome + "\n" + text());
        assertTrue(text().contains("GNU GRUB") && text().contains("grub> "), text());
        assertTrue(text().contains("(xen/xvda)"), text());
        assertTrue(text().contains("b null-call "), text());
    }

    @Test
    void soDoesTheOneForThirtyTwoBitDomains() throws Exception {
        VmOutcome outcome = run(DebianGuest.xenGrub32(), 96 << 20, "ls\rlinux (xen/xvda)/twin\rboot\r", entry("twin", SampleKernel.paravirtualBytes32()));
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), () -> outcome + "\n" + text());
        assertTrue(text().contains("GNU GRUB") && text().contains("grub> "), text());
        assertTrue(text().contains("(xen/xvda)"), text());
        assertTrue(text().contains("Gearshift sample kernel (xen, 32-bit)") && text().contains("b null-call "), text());
    }

    @Test
    void itHaltsTheDomainWhenTold() throws Exception {
        VmOutcome outcome = run(64 << 20, "halt\r", entry("nothing", new byte[0]));
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), () -> outcome + "\n" + text());
    }

    @Test
    void itStartsDebiansKernel() throws Exception {
        assumeTrue(Boolean.getBoolean("debian.full"), "-Ddebian.full=true");
        String guest = "debian-cloud-amd64";
        VmOutcome outcome = run(512 << 20, "linux (xen/xvda)/vmlinux console=hvc0\rinitrd (xen/xvda)/initrd\rboot\r",
                entry("vmlinux", PvKernel.of(DebianGuest.kernel(guest)).file().array()), entry("initrd", DebianGuest.initrd(guest)));
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), () -> outcome + "\n" + text());
        assertTrue(text().contains("GEARSHIFT-MARKER-END"), text());
    }
}
