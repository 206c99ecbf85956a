package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody boots Debian's kernel, types commands and fetches a file from the network; then the server is gone, and the same happens again from the recording, to the
 * last bit of
 * memory. {@code -Dreplay.times=5 -Dreplay.kilobytes=3000} is the long form; {@code -Dreplay.mode=pv -Dreplay.cpus=2} the same of a domain,
 * with a disk.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DebianReplayTest {
    private static final int TIMES = Integer.getInteger("replay.times", 1);
    private static final int BYTES = Integer.getInteger("replay.kilobytes", 300) << 10;
    private static final String GUEST = System.getProperty("replay.guest", "debian-cloud-amd64");
    private static final boolean DOMAIN = System.getProperty("replay.mode", "full").equals("pv");
    private static final String CPUS = System.getProperty("replay.cpus", "1");
    private static final long PATIENCE_SECONDS = 300;
    private static final List<String> MODULES = DOMAIN ? List.of("xen-netfront", "xen-blkfront") : List.of("virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "failover",
            "net_failover", "virtio_net");
    private static final String[] APPLETS = {"date", "echo", "insmod", "ip", "mount", "poweroff", "sh", "sha256sum", "udhcpc", "wget"};
    private static final String LEASE = "#!/bin/sh\n[ $1 = bound ] && ip addr add $ip/$mask dev $interface\n";
    private static final String INIT = """
            #!/bin/sh
            mount -t proc proc /proc
            # What needs what changes from kernel to kernel: those that could not go first go last.
            for m in %s; do insmod /lib/$m.ko 2> /dev/null || left="$left $m"; done
            for m in $left; do insmod /lib/$m.ko; done
            ip link set eth0 up
            udhcpc -i eth0 -n -q -s /lease
            echo READY
            exec sh
            """;

    @TempDir
    Path dir;

    private Path initrd() throws IOException {
        Initramfs disk = new Initramfs();
        for (String d : new String[] {"bin", "dev", "lib", "proc"}) {
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
        disk.program("lease", LEASE.getBytes(StandardCharsets.US_ASCII));
        return Files.write(dir.resolve("initrd"), disk.program("init", String.format(INIT, String.join(" ", MODULES)).getBytes(StandardCharsets.US_ASCII)).gzip());
    }

    /** The command line in a process of its own, whose terminal somebody sits at. */
    private static final class Session implements AutoCloseable {
        private final Process process;
        private final OutputStream keys;
        private final StringBuffer console = new StringBuffer();
        private final Thread reader;
        private final Path messages;

        /** @param messages where to put what does not come from the guest */
        Session(Path messages, List<String> arguments) throws IOException {
            this.messages = messages;
            List<String> command = new ArrayList<>(GearshiftCommand.words());
            command.addAll(arguments);
            process = new ProcessBuilder(command).redirectError(messages.toFile()).start();
            keys = process.getOutputStream();
            reader = new Thread(this::read);
            reader.setDaemon(true);
            reader.start();
        }

        private void read() {
            try (InputStream in = process.getInputStream()) {
                for (int c = in.read(); c >= 0; c = in.read()) {
                    console.append((char) c);
                }
            } catch (IOException e) {
                console.append(e);
            }
        }

        void waitFor(String text) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (console.indexOf(text) < 0) {
                assertTrue(process.isAlive() && System.nanoTime() < end, () -> text + " does not come:\n" + console);
                Thread.sleep(50);
            }
        }

        void type(String line) throws IOException {
            keys.write((line + "\r").getBytes(StandardCharsets.US_ASCII));
            keys.flush();
        }

        /** Waits for the end. @return what the guest has printed */
        String ends() throws InterruptedException {
            assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), console::toString);
            reader.join();
            assertEquals(0, process.exitValue(), console::toString);
            return console.toString();
        }

        /** Instructions, inputs and the final state. */
        String summary() throws IOException {
            return state(Files.readString(messages));
        }

        @Override
        public void close() {
            process.destroy();
        }
    }

    private static String state(String console) {
        Matcher m = Pattern.compile("(?:recorded|replayed) ([\\d,]+) instructions and ([\\d,]+) inputs.*; final state ([0-9a-f]{64})").matcher(console);
        assertTrue(m.find(), console);
        return m.group(1) + " " + m.group(2) + " " + m.group(3);
    }

    private static String sha256(byte[] data) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
    }

    @Test
    void typedCommandsAndADownloadAreHadAgain() throws Exception {
        byte[] data = new byte[BYTES];
        new Random(1).nextBytes(data);
        String sum = sha256(data);
        byte[] disk = Arrays.copyOf(data, 1 << 16);
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
        web.createContext("/data", e -> {
            e.sendResponseHeaders(200, data.length);
            try (OutputStream out = e.getResponseBody()) {
                out.write(data);
            }
        });
        web.start();
        String recorded;
        String summary;
        Path kernel = Files.write(dir.resolve("vmlinux"), DebianGuest.unpackedKernel(GUEST).array());
        try (Session s = new Session(dir.resolve("messages"), List.of("run", "--kernel", kernel.toString(), "--initrd", initrd().toString(), "--append",
                "console=" + (DOMAIN ? "hvc0" : "ttyS0") + " panic=-1 quiet" + DebianRun.QUICK, "-m", "128M", "--net", "user", DOMAIN ? "--mode=pv" : "--rng", "--cpus", CPUS,
                "--disk", Files.write(dir.resolve("disk"), disk) + ",snapshot", "--record", dir.resolve("run.rec").toString()))) {
            s.waitFor("READY");
            s.type("date; echo typed by ha''nd");
            s.waitFor("typed by hand");
            if (DOMAIN) {
                s.type("mount -t devtmpfs dev /dev; echo wri''tten > /dev/xvda; sha256sum /dev/xvda; echo summed u''p");
                s.waitFor("summed up");
            }
            s.type("wget -q -O - http://10.0.2.2:" + web.getAddress().getPort() + "/data | sha256sum; echo do''ne");
            s.waitFor("done");
            s.type("poweroff -f");
            recorded = s.ends();
            summary = s.summary();
        } finally {
            web.stop(0);
        }
        assertTrue(recorded.contains(sum), recorded);
        System.arraycopy("written\n".getBytes(StandardCharsets.US_ASCII), 0, disk, 0, 8);
        assertTrue(!DOMAIN || recorded.contains(sha256(disk)), recorded);
        for (int i = 0; i < TIMES; i++) {
            try (Session s = new Session(dir.resolve("messages" + i), List.of("run", "--replay", dir.resolve("run.rec").toString()))) {
                assertEquals(recorded, s.ends());
                assertEquals(summary, s.summary());
            }
        }
        System.out.printf("  %s, %d bytes fetched, log of %,d bytes, replayed %d times: %s%n", GUEST, BYTES, Files.size(dir.resolve("run.rec")), TIMES, summary);
    }
}
