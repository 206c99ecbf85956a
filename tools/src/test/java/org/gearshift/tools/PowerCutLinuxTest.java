package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The process is killed while a Linux guest appends to a file on ext4 and calls fsync: the journal is replayed, and everything the guest was told is stored, is there.
 * Takes a kernel and RAM disk as {@code samples/debian-disk/make-debian-disk} leaves them: {@code -Ddebian.disk=DIRECTORY -Dpowercut.linux=CUTS}.
 */
class PowerCutLinuxTest {
    private static final int CUTS = Integer.getInteger("powercut.linux", 0);
    private static final String DIRECTORY = System.getProperty("debian.disk");
    private static final long SEED = Long.getLong("powercut.seed", 1);
    private static final int RECORD = 1000;
    private static final int PATIENCE_MINUTES = 20;
    private static final int LONGEST_MILLIS = 5000;
    private static final Pattern STORED = Pattern.compile("S (\\d+)\r\n");

    @TempDir
    Path dir;

    /** Runs a program that may end with {@code most} at most. */
    private static String run(int most, String... command) throws Exception {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = p.waitFor();
        assertTrue(code <= most, () -> String.join(" ", command) + " ends with " + code + ": " + out);
        return out;
    }

    @Test
    void nothingSyncedIsLost() throws Exception {
        assumeTrue(DIRECTORY != null && CUTS > 0, "-Ddebian.disk=DIRECTORY -Dpowercut.linux=CUTS");
        Prerequisite.program("gcc");
        Prerequisite.program("mke2fs");
        Prerequisite.program("debugfs");
        Path root = dir.resolve("root");
        for (String d : new String[] {"sbin", "dev", "proc", "sys", "run"}) {
            Files.createDirectories(root.resolve(d));
        }
        run(0, "gcc", "-m32", "-static", "-O2", "-o", root.resolve("sbin/init").toString(), "src/test/resources/org/gearshift/tools/powercut/fsync.c");
        int records = 0;
        for (int i = 0; i < CUTS; i++) {
            Path image = dir.resolve("disk");
            Files.deleteIfExists(image);
            run(0, "mke2fs", "-q", "-t", "ext4", "-d", root.toString(), image.toString(), "48M");
            records += cut(image, SEED + i);
        }
        System.out.printf("power cuts, ext4: %d, %,d records were synced, 0 lost%n", CUTS, records);
    }

    private int cut(Path image, long seed) throws Exception {
        Path log = dir.resolve("serial" + seed);
        Path from = Path.of(DIRECTORY);
        Process p = new ProcessBuilder(List.of(Path.of("..", "gearshift").toAbsolutePath().toString(), "run", "--kernel", from.resolve("vmlinuz").toString(), "--initrd",
                from.resolve("initrd.img").toString(), "--append", "console=ttyS0 root=/dev/vda rw quiet panic=-1", "-m", "512M", "--disk", image.toString(), "--serial",
                "file:" + log)).redirectErrorStream(true).redirectOutput(dir.resolve("messages").toFile()).start();
        try {
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES);
            while (stored(log) == 0) {
                assertTrue(p.isAlive() && System.nanoTime() < deadline, () -> text(log));
                Thread.sleep(20);
            }
            Thread.sleep(new Random(seed).nextInt(LONGEST_MILLIS));
        } finally {
            p.destroyForcibly();
        }
        p.waitFor();
        int stored = stored(log);
        run(1, "e2fsck", "-f", "-p", image.toString());
        run(0, "e2fsck", "-f", "-n", image.toString());
        Path file = dir.resolve("records");
        run(0, "debugfs", "-R", "dump /records " + file, image.toString());
        byte[] contents = Files.readAllBytes(file);
        assertTrue(contents.length >= stored * RECORD, () -> stored + " records were synced, the file has " + contents.length + " bytes");
        for (int n = 1; n <= stored; n++) {
            int at = (n - 1) * RECORD;
            assertEquals(n, ByteBuffer.wrap(contents).order(ByteOrder.LITTLE_ENDIAN).getInt(at));
            for (int i = 4; i < RECORD; i++) {
                assertEquals((byte) (n * 31 + i), contents[at + i], "record " + n + " byte " + i);
            }
        }
        return stored;
    }

    private static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static int stored(Path log) {
        int last = 0;
        for (Matcher m = STORED.matcher(text(log)); m.find(); ) {
            last = Integer.parseInt(m.group(1));
        }
        return last;
    }
}
