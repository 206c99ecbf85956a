package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's kernel with its own virtio_net module, and as a domain of four processors with its own xen-netfront, on the user-mode network: an address by DHCP, a name by DNS, a ping; a file from a server on the host's
 * loopback, and back through a forwarded port from a server in the guest, all bytes equal.
 *
 * <p>{@code -Dnetwork.megabytes=200} makes the file larger, and {@code -Dnetwork.guest=debian-686-pae} takes another kernel. CPU seconds and speed of each step
 * are printed; with a large file also those of QEMU's user network on the same guest. For figures that mean something, build the launcher first.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NetworkInGuestTest {
    private static final int MEGABYTES = Integer.getInteger("network.megabytes", 3);
    private static final String GUEST = System.getProperty("network.guest", "debian-cloud-amd64");
    private static final List<String> MODULES = List.of("virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "failover",
            "net_failover", "virtio_net");
    private static final List<String> PARAVIRTUAL_MODULES = List.of("xen-netfront");
    private static final String[] APPLETS = {"cat", "echo", "httpd", "insmod", "ip", "mount", "nc", "nslookup", "ping", "poweroff", "sh", "udhcpc", "wget"};
    private static final String LEASE = """
            #!/bin/sh
            if [ $1 = bound ]; then
              ip addr add $ip/$mask dev $interface
              ip route add default via $router
              echo nameserver $dns > /etc/resolv.conf
              echo LEASE $ip/$mask router $router dns $dns
            fi
            """;
    private static final String INIT = """
            #!/bin/sh
            mount -t proc proc /proc
            # What needs what changes from kernel to kernel: those that could not go first go last.
            for m in %s; do insmod /lib/$m.ko 2> /dev/null || left="$left $m"; done
            for m in $left; do insmod /lib/$m.ko; done
            ip link set lo up
            ip link set eth0 up
            udhcpc -i eth0 -n -q -s /lease
            ping -c 2 10.0.2.2
            for p in $(cat /proc/cmdline); do case $p in host=*) host=http://10.0.2.2:${p#host=};; upload=*) upload=${p#upload=};; esac; done
            nslookup -type=a name.test
            echo STEP ready
            wget -q -O /dev/null $host/data
            echo STEP host-to-guest
            wget -q -O /www/data $host/data
            echo STEP host-to-guest-file
            httpd -p 80 -h /www
            wget -q -O /dev/null $host/serving
            echo STEP forward-guest-to-host
            nc 10.0.2.2 $upload < /www/data
            wget -q -O /dev/null $host/uploaded
            echo STEP nc-guest-to-host
            poweroff -f
            """;

    @TempDir
    Path dir;

    /** CPU and wall-clock time of a step. */
    private record Cost(String step, double cpuSeconds, double seconds) { }

    private byte[] initrd(List<String> modules) throws IOException {
        Initramfs disk = new Initramfs();
        for (String d : new String[] {"bin", "dev", "etc", "lib", "proc", "www"}) {
            disk.directory(d);
        }
        disk.characterDevice("dev/console", 5, 1).characterDevice("dev/null", 1, 3).characterDevice("dev/urandom", 1, 9);
        disk.program("bin/busybox", DebianGuest.busybox(GUEST));
        for (String applet : APPLETS) {
            disk.link("bin/" + applet, "busybox");
        }
        for (Map.Entry<String, byte[]> m : DebianGuest.modules(GUEST, modules).entrySet()) {
            disk.program("lib/" + m.getKey() + ".ko", m.getValue());
        }
        disk.program("lease", LEASE.getBytes(StandardCharsets.US_ASCII));
        return disk.program("init", String.format(INIT, String.join(" ", modules)).getBytes(StandardCharsets.US_ASCII)).gzip();
    }

    private static int freePort() throws IOException {
        try (ServerSocket s = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return s.getLocalPort();
        }
    }

    private List<Cost> run(List<String> command, TestHost host) throws Exception {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).start();
        List<Cost> costs = new ArrayList<>();
        StringBuilder console = new StringBuilder();
        double cpu = 0;
        long wall = System.nanoTime();
        try (BufferedReader r = p.inputReader(StandardCharsets.US_ASCII)) {
            for (String line = r.readLine(); line != null; line = r.readLine()) {
                console.append(line).append('\n');
                int step = line.indexOf("STEP ");
                if (step >= 0) {
                    double now = p.toHandle().info().totalCpuDuration().map(Duration::toNanos).orElse(0L) / 1e9;
                    costs.add(new Cost(line.substring(step + 5), now - cpu, (System.nanoTime() - wall) / 1e9));
                    cpu = now;
                    wall = System.nanoTime();
                }
            }
        } finally {
            p.destroy();
        }
        String text = console.toString();
        assertEquals(0, p.waitFor(), () -> String.join(" ", command) + "\n" + text);
        for (String expected : new String[] {"LEASE 10.0.2.15/24 router 10.0.2.2 dns 10.0.2.3", "2 packets received, 0% packet loss"}) {
            assertTrue(text.contains(expected), () -> expected + " is missing in:\n" + text);
        }
        List<String> steps = List.of("ready", "host-to-guest", "host-to-guest-file", "forward-guest-to-host", "nc-guest-to-host");
        assertEquals(steps, costs.stream().map(Cost::step).toList(), text);
        host.assertAllBytesEqual();
        return costs;
    }

    private static void print(String who, List<Cost> costs) {
        for (Cost c : costs) {
            System.out.printf("  %-10s %-22s %7.2f CPU s %8.2f s", who, c.step, c.cpuSeconds, c.seconds);
            System.out.printf(c.step.equals("ready") ? "%n" : "  %7.1f MB a CPU s %7.1f MB/s%n", MEGABYTES / c.cpuSeconds, MEGABYTES / c.seconds);
        }
    }

    private String append(String console, TestHost host) {
        return "console=" + console + " panic=-1 quiet cryptomgr.notests host=" + host.webPort() + " upload=" + host.uploadPort();
    }

    private String memory() {
        return Integer.toString(256 + 3 * MEGABYTES);
    }

    private void bytesGoBothWays(List<String> modules, String console, String... gear) throws Exception {
        Path initrd = Files.write(dir.resolve("initrd"), initrd(modules));
        int forward = freePort();
        try (TestHost host = new TestHost(MEGABYTES, forward)) {
            List<String> command = new ArrayList<>(GearshiftCommand.words());
            command.addAll(List.of("run", "--kernel", DebianGuest.kernelFile(GUEST).toString(), "--initrd", initrd.toString(), "--append", append(console, host),
                    "-m", memory() + "M", "--net", "user,dns=127.0.0.1:" + host.dnsPort(), "--forward", "tcp:" + forward + ":80"));
            command.addAll(List.of(gear));
            print("Gearshift", run(command, host));
            assertTrue(host.namesAsked() > 0, "the guest asks the resolver it is given");
        }
    }

    @Test
    void bytesGoBothWaysUnchanged() throws Exception {
        bytesGoBothWays(MODULES, "ttyS0");
    }

    @Test
    void bytesGoBothWaysToAndFromADomain() throws Exception {
        assumeTrue(GUEST.endsWith("amd64"), "domains are 64-bit");
        assumeTrue(Boolean.getBoolean("debian.full"), "-Ddebian.full=true");
        bytesGoBothWays(PARAVIRTUAL_MODULES, "hvc0", "--mode", "pv", "--cpus", "4");
    }

    @Test
    void theSameUnderQemuForComparison() throws Exception {
        assumeTrue(MEGABYTES >= 20, "-Dnetwork.megabytes=200");
        String qemu = GUEST.endsWith("amd64") ? "qemu-system-x86_64" : "qemu-system-i386";
        Prerequisite.program(qemu);
        Path initrd = Files.write(dir.resolve("initrd"), initrd(MODULES));
        int forward = freePort();
        try (TestHost host = new TestHost(MEGABYTES, forward)) {
            print("QEMU", run(List.of(qemu, "-accel", "tcg", "-kernel", DebianGuest.kernelFile(GUEST).toString(), "-initrd", initrd.toString(),
                    "-append", append("ttyS0", host), "-m", memory(), "-nographic", "-no-reboot", "-device", "virtio-net-pci,netdev=n",
                    "-netdev", "user,id=n,hostfwd=tcp:127.0.0.1:" + forward + "-:80"), host));
        }
    }
}
