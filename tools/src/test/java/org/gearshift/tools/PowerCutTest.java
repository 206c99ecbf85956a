package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.Prerequisite;
import org.gearshift.vmm.disk.BackingFiles;
import org.gearshift.vmm.disk.DiskFormat;
import org.gearshift.vmm.disk.DiskImage;
import org.gearshift.vmm.disk.Qcow2Creator;
import org.gearshift.vmm.disk.RawImage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The process is killed (SIGKILL) at random moments while its guest writes and flushes: what the guest was told is stored, is. {@code -Dpowercut.cuts=50} cuts that
 * often for each format, {@code -Dpowercut.seed} at other moments. The guest is {@code powercut/writer.c}.
 */
class PowerCutTest {
    private static final int CUTS = Integer.getInteger("powercut.cuts", 2);
    private static final long SEED = Long.getLong("powercut.seed", 1);
    private static final int SIZE = 4 << 20;
    private static final int SLOT = 4096;
    private static final int SLOTS = SIZE / SLOT;
    private static final int PATIENCE_SECONDS = 120;
    /** Longest time from the first record stored to the cut. */
    private static final int LONGEST_MILLIS = 1500;
    private static final int LEAKED = 3;

    @TempDir
    Path dir;

    private Path kernel;
    private Process running;

    @BeforeEach
    void build() throws Exception {
        kernel = WriterGuest.build(dir);
    }

    @AfterEach
    void end() {
        if (running != null) {
            running.destroyForcibly();
        }
    }

    private static int run(String... command) throws Exception {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = p.waitFor();
        assertTrue(code == 0 || code == LEAKED, () -> String.join(" ", command) + " ends with " + code + ": " + out);
        return code;
    }

    @Test
    void nothingStoredIsLostInARawImage() throws Exception {
        long stored = 0;
        for (int i = 0; i < CUTS; i++) {
            Path image = dir.resolve("disk" + i + ".raw");
            RawImage.create(image, SIZE);
            stored += cut(image, DiskFormat.RAW, SEED + i);
            Files.delete(image);
        }
        report(DiskFormat.RAW, stored);
    }

    @Test
    void nothingStoredIsLostInAQcow2Image() throws Exception {
        Prerequisite.program("qemu-img");
        long stored = 0;
        for (int i = 0; i < CUTS; i++) {
            Path image = dir.resolve("disk" + i + ".qcow2");
            // Small clusters: many tables change.
            Qcow2Creator.create(image, SIZE, 12, null, null);
            stored += cut(image, DiskFormat.QCOW2, SEED + 1000 + i);
            // Space that nothing uses may be left behind; anything else is damage.
            run("qemu-img", "check", "-f", "qcow2", image.toString());
            Files.delete(image);
        }
        report(DiskFormat.QCOW2, stored);
    }

    private static void report(DiskFormat format, long stored) {
        System.out.printf("power cuts, %s: %d, %,d records were stored, 0 lost%n", format.label(), CUTS, stored);
    }

    /** One run and its end. @return the last record that was acknowledged as stored */
    private int cut(Path image, DiskFormat format, long seed) throws Exception {
        Path log = dir.resolve("serial" + seed);
        Path messages = dir.resolve("messages" + seed);
        running = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-cp",
                System.getProperty("java.class.path"), Gearshift.class.getName(), "run", "--kernel", kernel.toString(), "-m", "16M", "--disk",
                image + ",format=" + format.label(), "--serial", "file:" + log)).redirectErrorStream(true).redirectOutput(messages.toFile()).start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (lastStored(log) == 0) {
            assertTrue(running.isAlive() && System.nanoTime() < deadline, () -> text(messages) + text(log));
            Thread.sleep(5);
        }
        Thread.sleep(new Random(seed).nextInt(LONGEST_MILLIS));
        running.destroyForcibly();
        assertTrue(running.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS));
        assertEquals(128 + 9, running.exitValue(), () -> "not ended by the cut: " + text(messages) + text(log));
        int stored = lastStored(log);
        verify(image, format, stored);
        return stored;
    }

    private static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** The number in the last complete line, 0 if there is none. */
    private static int lastStored(Path log) {
        String lines = text(log);
        int end = lines.lastIndexOf('\n');
        int start = end < 0 ? -1 : lines.lastIndexOf("S ", end);
        return start < 0 ? 0 : Integer.parseInt(lines.substring(start + 2, lines.indexOf('\n', start)));
    }

    private static void verify(Path file, DiskFormat format, int stored) throws IOException {
        int[] expected = new int[SLOTS];
        for (int n = 1; n <= stored; n++) {
            expected[Integer.remainderUnsigned(mix(n), SLOTS)] = n;
        }
        try (DiskImage image = format.open(file, true, BackingFiles.IN_THE_SAME_FOLDER)) {
            byte[] bytes = new byte[SLOT];
            for (int slot = 0; slot < SLOTS; slot++) {
                image.read((long) slot * SLOT, bytes, 0, SLOT);
                verifySlot(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), slot, expected[slot], stored);
            }
        }
    }

    /** Each sector is of the expected record or of a later one, and whole. */
    private static void verifySlot(ByteBuffer bytes, int slot, int expected, int stored) {
        for (int s = 0; s < SLOT / DiskImage.SECTOR; s++) {
            int at = s * DiskImage.SECTOR;
            int n = bytes.getInt(at);
            String where = "slot " + slot + " sector " + s + ": record " + n + " where " + expected + " was stored, of " + stored;
            assertTrue(n >= expected, where);
            if (n == 0) {
                continue;
            }
            assertEquals(slot, Integer.remainderUnsigned(mix(n), SLOTS), where);
            assertEquals(slot, bytes.getInt(at + 4), where);
            assertEquals(mix(n ^ slot ^ s << 24), bytes.getInt(at + 8), where);
            for (int i = 3; i < DiskImage.SECTOR / 4; i++) {
                assertEquals(mix(n + i), bytes.getInt(at + 4 * i), where);
            }
        }
    }

    private static int mix(int x) {
        int m = (x ^ x >>> 16) * 0x7feb352d;
        m = (m ^ m >>> 15) * 0x846ca68b;
        return m ^ m >>> 16;
    }
}
