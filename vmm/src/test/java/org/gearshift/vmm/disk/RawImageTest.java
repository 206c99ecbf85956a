package org.gearshift.vmm.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawImageTest {
    @TempDir
    Path dir;

    private Path file(byte[] contents) throws IOException {
        return Files.write(dir.resolve("disk"), contents);
    }

    @Test
    void theFileIsTheDisk() throws IOException {
        byte[] contents = new byte[1 << 20];
        new Random(1).nextBytes(contents);
        Path f = file(contents);
        try (DiskImage disk = RawImage.open(f, false)) {
            new Scribble(2, contents).on(disk, 200, true);
        }
        assertArrayEquals(contents, Files.readAllBytes(f));
    }

    @Test
    void theLastSectorIsFilledUp() throws IOException {
        Path f = file(new byte[] {1, 2, 3});
        try (DiskImage disk = RawImage.open(f, false)) {
            assertEquals(512, disk.size());
            byte[] sector = new byte[512];
            disk.read(0, sector, 0, 512);
            assertEquals(3, sector[2]);
            assertThrows(IndexOutOfBoundsException.class, () -> disk.read(1, sector, 0, 512));
            assertThrows(IndexOutOfBoundsException.class, () -> disk.write(512, sector, 0, 1));
            disk.write(510, sector, 0, 2);
        }
        assertEquals(512, Files.size(f));
    }

    @Test
    void readOnlyMeansIt() throws IOException {
        Path f = file(new byte[4096]);
        try (DiskImage disk = RawImage.open(f, true)) {
            assertThrows(IOException.class, () -> disk.write(0, new byte[512], 0, 512));
            assertThrows(IOException.class, () -> disk.writeZeroes(0, 512, true));
            assertThrows(IOException.class, () -> disk.discard(0, 512));
        }
    }

    @Test
    void aSnapshotForgets() throws IOException {
        byte[] contents = new byte[(1 << 20) + 512];
        new Random(3).nextBytes(contents);
        Path f = file(contents);
        byte[] model = contents.clone();
        try (DiskImage disk = new SnapshotOverlay(RawImage.open(f, true))) {
            new Scribble(4, model).on(disk, 300, true);
        }
        assertArrayEquals(contents, Files.readAllBytes(f));
        try (DiskImage disk = new SnapshotOverlay(RawImage.open(f, true))) {
            new Scribble(5, contents).verify(disk, 0, contents.length);
        }
    }

    @Test
    void whatCannotBeOpenedIsSaidInOneLine() throws IOException {
        for (Path p : new Path[] {dir, dir.resolve("nothing"), file(new byte[0])}) {
            DiskFormatException e = assertThrows(DiskFormatException.class, () -> RawImage.open(p, false));
            assertTrue(e.getMessage().startsWith(p + ": ") && e.getMessage().lines().count() == 1, e.getMessage());
        }
    }
}
