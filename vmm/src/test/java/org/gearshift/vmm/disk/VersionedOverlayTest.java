package org.gearshift.vmm.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk is written to at random, and at any marked moment it is again what it was then. */
class VersionedOverlayTest {
    private static final int SIZE = 64 << 10;

    @TempDir
    Path dir;

    private static byte[] contents(DiskImage image) throws IOException {
        byte[] all = new byte[SIZE];
        image.read(0, all, 0, SIZE);
        return all;
    }

    @Test
    void everyMarkedMomentComesBack() throws IOException {
        Random random = new Random(3);
        byte[] below = new byte[SIZE];
        random.nextBytes(below);
        Path file = Files.write(dir.resolve("disk"), below);
        try (VersionedOverlay disk = new VersionedOverlay(DiskFormat.RAW.open(file, true, BackingFiles.ANYWHERE))) {
            List<Object> marks = new ArrayList<>();
            List<byte[]> wanted = new ArrayList<>();
            byte[] model = below.clone();
            for (int i = 0; i < 400; i++) {
                if (i % 20 == 0) {
                    marks.add(disk.mark());
                    wanted.add(model.clone());
                }
                if (i % 50 == 49) {
                    int to = random.nextInt(marks.size());
                    disk.rewind(marks.get(to));
                    model = wanted.get(to).clone();
                }
                int at = random.nextInt(SIZE - 1);
                byte[] data = new byte[1 + random.nextInt(Math.min(10_000, SIZE - at))];
                random.nextBytes(data);
                disk.write(at, data, 0, data.length);
                System.arraycopy(data, 0, model, at, data.length);
                assertArrayEquals(model, contents(disk));
            }
            for (int i = 0; i < marks.size(); i++) {
                disk.rewind(marks.get(i));
                assertArrayEquals(wanted.get(i), contents(disk));
            }
        }
        assertArrayEquals(below, Files.readAllBytes(file));
    }
}
