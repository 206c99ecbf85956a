package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.OwnThread;
import org.gearshift.tools.up.ControlClient;
import org.gearshift.tools.up.RuntimeDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One kernel file of Debian's in both gears at the same time, in one process: each reaches a shell on its own console, does what is typed there, and powers off. */
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DebianTogetherTest {
    private static final String CLOUD = "debian-cloud-amd64";

    @TempDir
    Path dir;

    private ControlClient client;

    /** Types into a machine's console once its shell is there, and reads it to its end. */
    private String talk(String machine) throws Exception {
        StringBuilder text = new StringBuilder();
        try (SocketChannel c = client.console(machine)) {
            boolean typed = false;
            ByteBuffer b = ByteBuffer.allocate(4096);
            while (c.read(b) > 0) {
                text.append(StandardCharsets.ISO_8859_1.decode(b.flip()));
                b.clear();
                if (!typed && text.indexOf("GEARSHIFT-MARKER-END") >= 0) {
                    typed = true;
                    c.write(ByteBuffer.wrap(("echo " + machine + "-$((6*7)); poweroff -f\n").getBytes(StandardCharsets.US_ASCII)));
                }
            }
        }
        return text.toString();
    }

    @Test
    void theSameKernelInBothGearsAtTheSameTime() throws Exception {
        assumeTrue(Boolean.getBoolean("debian.full"), "-Ddebian.full=true");
        Path kernel = DebianGuest.kernelFile(CLOUD);
        Path initrd = Files.write(dir.resolve("initrd.gz"), DebianGuest.initrd(CLOUD));
        Path file = Files.writeString(dir.resolve("machines.yaml"), """
                defaults:
                  kernel: %s
                  initrd: %s
                  memory: 256M
                machines:
                  as-pc: {append: console=ttyS0 quiet panic=-1 interactive}
                  as-domain: {mode: pv, append: console=hvc0 quiet panic=-1 interactive}
                """.formatted(kernel, initrd));
        Path runtime = dir.resolve("run");
        List<String> command = new ArrayList<>(GearshiftCommand.words());
        command.addAll(List.of("up", file.toString(), "--runtime-dir", runtime.toString(), "--log-dir", dir.toString()));
        Path out = dir.resolve("out");
        Process up = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
        client = new ControlClient(RuntimeDirectory.of(runtime));
        while (up.isAlive() && (!Files.isDirectory(runtime) || client.machines().stream().filter(m -> m.state().equals("running")).count() < 2)) {
            Thread.sleep(20);
        }
        CompletableFuture<String> pc = OwnThread.start(() -> talk("as-pc"));
        CompletableFuture<String> domain = OwnThread.start(() -> talk("as-domain"));
        assertTrue(pc.get().contains("\nas-pc-42\r\n"), pc.get());
        assertTrue(domain.get().contains("\nas-domain-42\r\n"), domain.get());
        String text = Files.readString(out);
        assertEquals(0, up.waitFor(), text);
        assertTrue(text.contains("as-pc     | ") && text.contains("as-domain | "), text);
        assertTrue(Files.readString(dir.resolve("as-domain.log")).contains("as-domain-42"));
        assertTrue(Files.readString(dir.resolve("as-pc.log")).contains("as-pc-42"));
    }
}
