package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Disk, network and several processors at once: while processes of the guest write files to an ext4 file system on a virtio disk, each synced and summed, the guest downloads a file to
 * that disk, serves it through a forwarded port and sends it back. All sums must be right, read from the disk again and on the host, and the file system clean.
 *
 * <p>{@code -Dload.megabytes=100} runs it, with a file of that size; {@code -Dload.guest=debian-686-pae} with another kernel, {@code -Dload.cpus=N} with other processors.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DevicesUnderLoadTest {
    private static final int MEGABYTES = Integer.getInteger("load.megabytes", 0);
    private static final String GUEST = System.getProperty("load.guest", "debian-cloud-amd64");
    private static final int CPUS = Integer.getInteger("load.cpus", 4);
    private static final int WRITERS = 3;
    private static final List<String> VIRTIO = List.of("virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "failover", "net_failover",
            "virtio_net", "virtio_blk");
    /** Built into the cloud kernel. */
    private static final List<String> FILE_SYSTEM = List.of("crc16", "crc32c_generic", "mbcache", "jbd2", "ext4");
    private static final List<String> MODULES = Stream.concat(VIRTIO.stream(), GUEST.contains("cloud") ? Stream.empty() : FILE_SYSTEM.stream()).toList();
    private static final String[] APPLETS = {"cat", "dd", "echo", "grep", "httpd", "insmod", "ip", "mkdir", "mount", "nc", "poweroff", "sha256sum", "sh", "sync", "umount", "wc", "wget"};
    private static final String INIT = """
            #!/bin/sh
            mount -t proc proc /proc
            mount -t devtmpfs dev /dev
            # What needs what changes from kernel to kernel: those that could not go first go last.
            for m in %s; do insmod /lib/$m.ko 2> /dev/null || left="$left $m"; done
            for m in $left; do insmod /lib/$m.ko; done
            ip link set lo up
            ip addr add 10.0.2.15/24 dev eth0
            ip link set eth0 up
            ip route add default via 10.0.2.2
            for p in $(cat /proc/cmdline); do case $p in host=*) host=http://10.0.2.2:${p#host=};; upload=*) upload=${p#upload=};; esac; done
            mount -t ext4 /dev/vda /disk
            mkdir /disk/www
            httpd -p 80 -h /disk/www
            writer() {
                i=0
                while [ ! -e /stop ]; do
                    dd if=/dev/urandom of=/disk/w$1.$((i %% 8)) bs=64k count=8 conv=fsync 2>/dev/null || echo BAD write
                    sha256sum /disk/w$1.$((i %% 8)) > /sums/$1.$((i %% 8))
                    i=$((i + 1))
                done
                echo WRITTEN $i
            }
            for w in %s; do writer $w & done
            wget -q -O /disk/www/data $host/data || echo BAD download
            sync
            echo 3 > /proc/sys/vm/drop_caches
            wget -q -O /dev/null $host/serving || echo BAD serving
            nc 10.0.2.2 $upload < /disk/www/data
            wget -q -O /dev/null $host/uploaded || echo BAD upload
            echo > /stop
            wait %s
            sync
            echo 3 > /proc/sys/vm/drop_caches
            echo PROCESSORS $(grep -c ^processor /proc/cpuinfo)
            cat /sums/* | sha256sum -c > /result && echo SUMS $(grep -c OK /result)
            cat /sums/* > /disk/sums
            umount /disk && echo UNMOUNTED
            poweroff -f
            """;

    @TempDir
    Path dir;

    private byte[] initrd() throws IOException {
        Initramfs disk = new Initramfs();
        for (String d : new String[] {"bin", "dev", "disk", "lib", "proc", "sums"}) {
            disk.directory(d);
        }
        disk.characterDevice("dev/console", 5, 1).characterDevice("dev/null", 1, 3);
        disk.program("bin/busybox", DebianGuest.busybox(GUEST));
        for (String applet : APPLETS) {
            disk.link("bin/" + applet, "busybox");
        }
        for (Map.Entry<String, byte[]> m : DebianGuest.modules(GUEST, MODULES).entrySet()) {
            disk.program("lib/" + m.getKey() + ".ko", m.getValue());
        }
        StringBuilder writers = new StringBuilder();
        StringBuilder jobs = new StringBuilder();
        for (int w = 1; w <= WRITERS; w++) {
            writers.append(w).append(' ');
            jobs.append('%').append(w).append(' ');
        }
        return disk.program("init", String.format(INIT, String.join(" ", MODULES), writers, jobs).getBytes(StandardCharsets.US_ASCII)).gzip();
    }

    private static String run(String... command) throws Exception {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), () -> String.join(" ", command) + ": " + out);
        return out;
    }

    private static int freePort() throws IOException {
        try (ServerSocket s = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return s.getLocalPort();
        }
    }

    @Test
    void nothingIsLostWhileAllAreBusy() throws Exception {
        assumeTrue(MEGABYTES > 0, "-Dload.megabytes=100");
        Prerequisite.program("mke2fs");
        Prerequisite.program("debugfs");
        Path initrd = Files.write(dir.resolve("initrd"), initrd());
        Path image = dir.resolve("disk");
        run("mke2fs", "-q", "-t", "ext4", image.toString(), 64 + 2 * MEGABYTES + "M");
        int forward = freePort();
        try (TestHost host = new TestHost(MEGABYTES, forward)) {
            List<String> command = new ArrayList<>(GearshiftCommand.words());
            command.addAll(List.of("run", "--cpus", Integer.toString(CPUS), "--kernel", DebianGuest.kernelFile(GUEST).toString(), "--initrd", initrd.toString(), "--append",
                    "console=ttyS0 panic=-1 quiet cryptomgr.notests host=" + host.webPort() + " upload=" + host.uploadPort(), "-m", "384M", "--disk", image.toString(),
                    "--net", "user", "--forward", "tcp:" + forward + ":80"));
            String console = console(command);
            assertTrue(console.contains("PROCESSORS " + CPUS + "\n"), console);
            assertTrue(console.contains("SUMS ") && console.contains("UNMOUNTED\n") && !console.contains("BAD"), console);
            assertEquals(WRITERS, console.lines().filter(l -> l.matches("WRITTEN [1-9]\\d*")).count(), console);
            host.assertAllBytesEqual();
            run("e2fsck", "-f", "-n", image.toString());
            checkOnTheHost(host, image);
            console.lines().filter(l -> l.matches("(WRITTEN|SUMS) .*")).forEach(System.out::println);
        }
    }

    private static String console(List<String> command) throws Exception {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).start();
        StringBuilder console = new StringBuilder();
        try (BufferedReader r = p.inputReader(StandardCharsets.ISO_8859_1)) {
            for (String line = r.readLine(); line != null; line = r.readLine()) {
                console.append(line).append('\n');
            }
        } finally {
            p.destroy();
        }
        assertEquals(0, p.waitFor(), () -> String.join(" ", command) + "\n" + console);
        return console.toString();
    }

    /** The files in the image, read without the guest. */
    private void checkOnTheHost(TestHost host, Path image) throws Exception {
        Path out = Files.createDirectories(dir.resolve("out"));
        run("debugfs", "-R", "rdump / " + out, image.toString());
        try (InputStream in = Files.newInputStream(out.resolve("www/data"))) {
            host.assertIsTheFile(in);
        }
        for (String line : Files.readAllLines(out.resolve("sums"))) {
            String[] words = line.split(" +");
            String sum = run("sha256sum", out.resolve(words[1].replace("/disk/", "")).toString()).split(" ")[0];
            assertEquals(words[0], sum, words[1]);
        }
    }
}
