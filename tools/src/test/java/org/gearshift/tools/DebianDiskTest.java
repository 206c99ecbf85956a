package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.Prerequisite;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.disk.BackingFiles;
import org.gearshift.vmm.disk.DiskFormat;
import org.gearshift.vmm.disk.Qcow2Creator;
import org.gearshift.vmm.disk.Qcow2Image;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.virtio.EntropySource;
import org.gearshift.vmm.virtio.IoExecutor;
import org.gearshift.vmm.virtio.VirtioBlk;
import org.gearshift.vmm.virtio.VirtioRng;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole Debian from its disk: systemd to the login prompt, programs, a clean end, and a file system in which nothing is wrong; then again under QEMU. The
 * disk is one that {@code samples/debian-disk/make-debian-disk} made: {@code -Ddebian.disk=DIRECTORY}. It is not changed: a qcow2 image on top of it takes the changes.
 * {@code -Ddebian.clock=HOST} runs on the host's time instead of the virtual clock.
 */
@Timeout(value = 90, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DebianDiskTest {
    private static final String DIRECTORY = System.getProperty("debian.disk");
    private static final VmConfig.Clock CLOCK = VmConfig.Clock.valueOf(System.getProperty("debian.clock", "VIRTUAL"));
    private static final String APPEND = "console=ttyS0 root=/dev/vda ro panic=-1";
    private static final String PROMPT = "root@debian:~# ";
    private static final String[][] SESSION = {
        {"debian login: ", "root"},
        {PROMPT, "apt-get --version | head -1"},
        {PROMPT, "python3 -c 'print(sum(i * i for i in range(100000)))'"},
        {PROMPT, "gcc -O2 -o hello hello.c && ./hello"},
        {PROMPT, "dd if=/dev/urandom of=blob bs=64k count=64 conv=fsync 2>/dev/null; sha256sum blob > blob.sum; echo written $?"},
        {PROMPT, "poweroff"},
    };

    @TempDir
    Path dir;

    /** Keeps what the guest shows, and answers what it waits for. */
    private static final class Operator {
        private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
        private Vm vm;
        private int step;
        private int from;

        void take(byte b) {
            shown.write(b);
            if (step == SESSION.length || b != ' ') {
                return;
            }
            String text = text();
            int at = text.indexOf(SESSION[step][0], from);
            if (at >= 0) {
                from = text.length();
                for (char c : (SESSION[step][1] + "\n").toCharArray()) {
                    vm.serialInput(c);
                }
                step++;
            }
        }

        String text() {
            return shown.toString(StandardCharsets.ISO_8859_1);
        }
    }

    private static String run(String... command) throws Exception {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), () -> String.join(" ", command) + ": " + out);
        return out;
    }

    @Test
    void aDebianDiskBootsWorksAndStaysWhole() throws Exception {
        assumeTrue(DIRECTORY != null, "-Ddebian.disk=DIRECTORY");
        Prerequisite.program("qemu-img");
        Prerequisite.program("e2fsck");
        Path from = Path.of(DIRECTORY).toAbsolutePath();
        Path image = dir.resolve("work.qcow2");
        Qcow2Creator.create(image, Files.size(from.resolve("disk.img")), Qcow2Creator.DEFAULT_CLUSTER_BITS, from.resolve("disk.img").toString(), DiskFormat.RAW);
        // What the shell tells the terminal between lines is not looked at.
        String text = boot(from, image).replaceAll("\u001b\\[[?0-9;]*[A-Za-z]", "").replace("\r", "");
        String tail = text.substring(Math.max(0, text.length() - 6000));
        assertTrue(text.contains("\napt 2."), tail);
        assertTrue(text.contains("\n333328333350000"), tail);
        assertTrue(text.contains("\ncompiled here, "), tail);
        assertTrue(text.contains("\nwritten 0"), tail);
        System.out.println(run("qemu-img", "check", "-f", "qcow2", image.toString()));
        Path raw = dir.resolve("raw");
        run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString());
        System.out.println(run("e2fsck", "-f", "-n", raw.toString()));
        bootWithQemu(from, raw);
        System.out.println(run("e2fsck", "-f", "-n", raw.toString()));
    }

    private static String boot(Path from, Path image) throws Exception {
        KernelImage kernel = new KernelImage("vmlinuz", Files.readAllBytes(from.resolve("vmlinuz")));
        Operator operator = new Operator();
        boolean repeatable = CLOCK == VmConfig.Clock.VIRTUAL;
        Vm vm = new Vm(new VmConfig(512L << 20, CLOCK, EngineOptions.of(EngineOptions.Backend.JVM)), Vm.processorFor(kernel), operator::take);
        operator.vm = vm;
        try (VirtioBlk disk = new VirtioBlk(0, Qcow2Image.open(image, false, BackingFiles.ANYWHERE), repeatable ? IoExecutor.inline() : IoExecutor.thread("disk0"),
                "GEARSHIFT", 512)) {
            vm.attach(disk);
            vm.attach(new VirtioRng(repeatable ? EntropySource.seeded(1) : EntropySource.secure()));
            vm.load(kernel, Files.readAllBytes(from.resolve("initrd.img")), "initrd.img", APPEND);
            vm.expectInput(true);
            long start = System.nanoTime();
            VmOutcome outcome = vm.run(Long.MAX_VALUE);
            System.out.printf("%s%n%s", outcome, vm.statistics(System.nanoTime() - start));
            disk.counters((counter, value) -> System.out.printf("disk %-16s %,d%n", counter, value));
            String text = operator.text();
            assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), () -> text.substring(Math.max(0, text.length() - 6000)));
            return text;
        }
    }

    /** The same disk goes on there: it comes to its login prompt, where it is asked to end. */
    private static void bootWithQemu(Path from, Path raw) throws Exception {
        Prerequisite.program("qemu-system-x86_64");
        Process qemu = new ProcessBuilder("qemu-system-x86_64", "-accel", "tcg", "-m", "512", "-nographic", "-no-reboot", "-kernel",
                from.resolve("vmlinuz").toString(), "-initrd", from.resolve("initrd.img").toString(), "-append", APPEND, "-drive",
                "file=" + raw + ",format=raw,if=virtio").redirectErrorStream(true).start();
        try {
            StringBuilder shown = new StringBuilder();
            String[][] session = {{"debian login: ", "root"}, {PROMPT, "sha256sum -c blob.sum"}, {PROMPT, "poweroff"}};
            int step = 0;
            int seen = 0;
            for (int c = qemu.getInputStream().read(); c >= 0; c = qemu.getInputStream().read()) {
                shown.append((char) c);
                if (c == ' ' && step < session.length && shown.indexOf(session[step][0], seen) >= 0) {
                    seen = shown.length();
                    qemu.getOutputStream().write((session[step++][1] + "\n").getBytes(StandardCharsets.US_ASCII));
                    qemu.getOutputStream().flush();
                }
            }
            assertTrue(qemu.waitFor(1, TimeUnit.MINUTES));
            assertEquals(0, qemu.exitValue(), shown::toString);
            assertTrue(shown.indexOf("blob: OK") >= 0, shown::toString);
        } finally {
            qemu.destroyForcibly();
        }
    }
}
