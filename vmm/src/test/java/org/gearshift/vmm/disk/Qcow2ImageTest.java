package org.gearshift.vmm.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our reader and writer against QEMU's: what one writes the other reads, and calls consistent. */
class Qcow2ImageTest {
    private static final int SIZE = (3 << 20) + 5 * 512;

    @TempDir
    Path dir;

    private Path file(String name) {
        return dir.resolve(name);
    }

    private Path raw(String name, byte[] contents) throws IOException {
        return Files.write(file(name), contents);
    }

    /** Some of it random, some of it zero, some of it repetitive. */
    private static byte[] contents(long seed, int size) {
        Random random = new Random(seed);
        byte[] b = new byte[size];
        for (int at = 0; at < size; at += 10_000) {
            byte[] piece = new byte[Math.min(10_000, size - at)];
            switch (random.nextInt(3)) {
                case 0 -> random.nextBytes(piece);
                case 1 -> Arrays.fill(piece, (byte) random.nextInt());
                default -> { }
            }
            System.arraycopy(piece, 0, b, at, piece.length);
        }
        return b;
    }

    private static DiskImage open(Path path, boolean readOnly) throws IOException {
        return Qcow2Image.open(path, readOnly, BackingFiles.IN_THE_SAME_FOLDER);
    }

    private void expect(Path image, byte[] contents) throws IOException {
        QemuImg.check(image);
        QemuImg.compare(image, "qcow2", raw("model", contents));
        try (DiskImage again = open(image, true)) {
            new Scribble(0, contents).verify(again, 0, contents.length);
        }
    }

    @ParameterizedTest
    @CsvSource({"compat=0.10", "compat=1.1", "'compat=1.1,cluster_size=512'", "'compat=1.1,cluster_size=4096,refcount_bits=1'", "'cluster_size=512,refcount_bits=2'",
        "'cluster_size=1024,refcount_bits=8'", "'cluster_size=2048,refcount_bits=32'", "'cluster_size=512,refcount_bits=64'", "cluster_size=2M",
        "'compat=0.10,cluster_size=512'", "preallocation=metadata", "'lazy_refcounts=on,cluster_size=4096'"})
    void imagesThatQemuMadeAreReadAndWritten(String options) throws IOException {
        Path image = file("disk.qcow2");
        byte[] contents = contents(1, SIZE);
        QemuImg.run("convert", "-f", "raw", "-O", "qcow2", "-o", options, raw("source", contents).toString(), image.toString());
        Scribble scribble = new Scribble(2, contents);
        try (DiskImage disk = open(image, false)) {
            assertEquals(SIZE, disk.size());
            scribble.verify(disk, 0, SIZE);
            scribble.on(disk, 150, true);
        }
        expect(image, contents);
        try (DiskImage disk = open(image, false)) {
            scribble.on(disk, 50, true);
        }
        expect(image, contents);
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 65536})
    void compressedClustersAreReadAndReplaced(int cluster) throws IOException {
        Path image = file("disk.qcow2");
        byte[] contents = contents(3, SIZE);
        QemuImg.run("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=" + cluster, raw("source", contents).toString(), image.toString());
        try (DiskImage disk = open(image, false)) {
            new Scribble(4, contents).on(disk, 100, true);
        }
        expect(image, contents);
    }

    @ParameterizedTest
    @CsvSource({"raw,1.1", "qcow2,1.1", "raw,0.10"})
    void whatIsNotInTheImageComesFromBelow(String format, String compat) throws IOException {
        // Smaller than the image, and not a whole number of clusters.
        byte[] below = contents(5, 2 << 20 | 512 * 3);
        Path base = file("base");
        QemuImg.run("convert", "-f", "raw", "-O", format, raw("source", below).toString(), base.toString());
        Path image = file("disk.qcow2");
        QemuImg.run("create", "-f", "qcow2", "-o", "compat=" + compat, "-b", "base", "-F", format, image.toString(), Integer.toString(SIZE));
        byte[] before = Files.readAllBytes(base);
        byte[] contents = Arrays.copyOf(below, SIZE);
        try (DiskImage disk = open(image, false)) {
            new Scribble(6, contents).on(disk, 200, true);
        }
        expect(image, contents);
        assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(base)), "the image below is not touched");
    }

    @Test
    void internalSnapshotsKeepTheirContents() throws IOException {
        Path image = file("disk.qcow2");
        byte[] contents = contents(7, SIZE);
        QemuImg.run("convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4096", raw("source", contents).toString(), image.toString());
        QemuImg.run("snapshot", "-c", "one", image.toString());
        byte[] old = contents.clone();
        try (DiskImage disk = open(image, false)) {
            new Scribble(8, contents).on(disk, 100, true);
        }
        expect(image, contents);
        QemuImg.run("snapshot", "-a", "one", image.toString());
        expect(image, old);
    }

    @ParameterizedTest
    @ValueSource(ints = {12, 16, 21})
    void imagesMadeHereAreGood(int clusterBits) throws IOException {
        Path image = file("disk.qcow2");
        Qcow2Creator.create(image, SIZE, clusterBits, null, null);
        expect(image, new byte[SIZE]);
        byte[] contents = new byte[SIZE];
        try (DiskImage disk = open(image, false)) {
            new Scribble(9, contents).on(disk, 200, true);
        }
        expect(image, contents);
        Path top = file("top.qcow2");
        Qcow2Creator.create(top, SIZE, clusterBits, "disk.qcow2", DiskFormat.QCOW2);
        expect(top, contents);
        try (DiskImage disk = open(top, false)) {
            new Scribble(10, contents).on(disk, 100, true);
        }
        expect(top, contents);
    }

    @Test
    void spaceThatWasGivenBackIsUsedAgain() throws IOException {
        Path image = file("disk.qcow2");
        Qcow2Creator.create(image, 64 << 20, 16, null, null);
        byte[] data = new byte[8 << 20];
        new Random(11).nextBytes(data);
        try (DiskImage disk = open(image, false)) {
            for (int i = 0; i < 8; i++) {
                disk.write((long) i * data.length, data, 0, data.length);
                disk.discard((long) i * data.length, data.length);
                disk.flush();
            }
        }
        QemuImg.check(image);
        assertTrue(Files.size(image) < 3L * data.length, "length " + Files.size(image));
    }

    /** The refcount table of small clusters must grow on the way. */
    @Test
    void theRefcountTableGrows() throws IOException {
        Path image = file("disk.qcow2");
        int size = 24 << 20;
        QemuImg.run("create", "-f", "qcow2", "-o", "cluster_size=512,refcount_bits=64", image.toString(), Integer.toString(size));
        byte[] contents = new byte[size];
        new Random(12).nextBytes(contents);
        try (DiskImage disk = open(image, false)) {
            for (int at = 0; at < size; at += 1 << 20) {
                disk.write(at, contents, at, 1 << 20);
            }
        }
        expect(image, contents);
    }

    /** Every state a killed process can leave: the file as it is after some of its writes. Leaks may be there, damage not, and nothing flushed is lost. */
    @Test
    void whatWasFlushedOutlivesTheProcess() throws IOException {
        Path image = file("disk.qcow2");
        Qcow2Creator.create(image, SIZE, 12, null, null);
        byte[] contents = new byte[SIZE];
        Random random = new Random(13);
        DiskImage disk = open(image, false);
        for (int i = 0; i < 12; i++) {
            byte[] data = new byte[30_000];
            random.nextBytes(data);
            int at = 512 * random.nextInt((SIZE - data.length) / 512);
            disk.write(at, data, 0, data.length);
            disk.flush();
            System.arraycopy(data, 0, contents, at, data.length);
            // Not flushed: may be there or not.
            disk.write(at, data, 0, 512);
            Path copy = Files.copy(image, file("copy" + i));
            QemuImg.run("check", "-r", "leaks", "-f", "qcow2", copy.toString());
            QemuImg.compare(copy, "qcow2", raw("model", contents));
        }
        disk.close();
    }

    private void refused(String expected, Path image, boolean readOnly) {
        DiskFormatException e = assertThrows(DiskFormatException.class, () -> open(image, readOnly).close());
        assertTrue(e.getMessage().contains(expected) && e.getMessage().startsWith(image.toString()), e.getMessage());
    }

    private Path patched(String name, int offset, long value, int bytes) throws IOException {
        Path image = file(name);
        Qcow2Creator.create(image, SIZE, 16, null, null);
        try (RandomAccessFile f = new RandomAccessFile(image.toFile(), "rw")) {
            f.seek(offset);
            for (int i = bytes - 1; i >= 0; i--) {
                f.write((int) (value >>> 8 * i));
            }
        }
        return image;
    }

    @Test
    void badHeadersAreRefused() throws IOException {
        refused("not a qcow2 image", patched("magic", 0, 0x12345678, 4), false);
        refused("version 4", patched("version", 4, 4, 4), false);
        refused("2^8 bytes", patched("small", 20, 8, 4), false);
        refused("2^22 bytes", patched("large", 20, 22, 4), false);
        refused("encrypted", patched("crypt", 32, 1, 4), false);
        refused("disk of", patched("size", 24, -1, 8), false);
        refused("level 1 table is too small", patched("more", 24, 1L << 40, 8), false);
        refused("level 1 table of", patched("l1", 36, -1, 4), false);
        refused("level 1 table lies outside", patched("l1at", 40, 1L << 40, 8), false);
        refused("level 1 table lies outside", patched("l1odd", 40, 0x30001, 8), false);
        refused("refcount table lies outside", patched("rc", 48, 1L << 50, 8), false);
        refused("refcount table of", patched("rcn", 56, 0x10000, 4), false);
        refused("not known: bits 0x20", patched("feature", 72, 0x20, 8), true);
        refused("in another file", patched("data", 72, 4, 8), true);
        refused("subclusters", patched("sub", 72, 16, 8), true);
        refused("marked as damaged", patched("corrupt", 72, 2, 8), false);
        refused("not closed properly", patched("dirty", 72, 1, 8), false);
        refused("2^7 bits", patched("order", 96, 7, 4), false);
        refused("header of", patched("length", 100, 103, 4), false);
        refused("no bytes", patched("none", 24, 0, 8), false);
        refused("too short", raw("short", new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}), false);
        open(patched("readable", 72, 1, 8), true).close();
    }

    @Test
    void zstdIsRefused() throws IOException {
        Path image = file("zstd.qcow2");
        QemuImg.run("create", "-f", "qcow2", "-o", "compression_type=zstd", image.toString(), "1M");
        refused("zstd", image, true);
    }

    @Test
    void backingFilesStayInTheFolder() throws IOException {
        Path inner = Files.createDirectory(file("inner"));
        raw("secret", new byte[4096]);
        Path image = inner.resolve("disk.qcow2");
        for (String name : new String[] {"../secret", file("secret").toString(), "link"}) {
            Files.deleteIfExists(image);
            if (name.equals("link")) {
                Files.createSymbolicLink(inner.resolve("link"), file("secret"));
            }
            Qcow2Creator.create(image, 4096, 16, name, DiskFormat.RAW);
            refused("outside the image's folder", image, true);
            Qcow2Image.open(image, true, BackingFiles.ANYWHERE).close();
        }
        Files.delete(image);
        Qcow2Creator.create(image, 4096, 16, "nothing", DiskFormat.RAW);
        refused("does not exist", image, true);
        Files.delete(image);
        Qcow2Creator.create(image, 4096, 16, "disk.qcow2", DiskFormat.QCOW2);
        refused("images below each other", image, true);
        Files.delete(image);
        QemuImg.run("create", "-u", "-f", "qcow2", "-o", "compat=0.10", "-b", "disk.raw", "-F", "raw", image.toString(), "1M");
        assertThrows(DiskFormatException.class, () -> open(image, true).close());
    }

    /** Numbers in tables replaced at random: reading and writing give errors or data, never anything else. */
    @Test
    void damagedTablesGiveErrors() throws IOException {
        byte[] contents = contents(14, 1 << 20);
        Path good = file("good");
        QemuImg.run("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4096", raw("source", contents).toString(), good.toString());
        byte[] image = Files.readAllBytes(good);
        Random random = new Random(15);
        int errors = 0;
        for (int round = 0; round < 200; round++) {
            byte[] bad = image.clone();
            for (int i = 0; i < 40; i++) {
                int at = random.nextInt(random.nextBoolean() ? 128 : bad.length - 8);
                bad[at] = (byte) random.nextInt();
            }
            Path f = Files.write(file("bad"), bad);
            try (DiskImage disk = open(f, random.nextBoolean())) {
                byte[] piece = new byte[4096];
                for (long at = 0; at + piece.length <= Math.min(disk.size(), 1 << 20); at += piece.length) {
                    try {
                        disk.read(at, piece, 0, piece.length);
                        if (!disk.isReadOnly()) {
                            disk.write(at, piece, 0, piece.length);
                        }
                    } catch (IOException e) {
                        errors++;
                    }
                }
            } catch (IOException e) {
                errors++;
            }
        }
        assertTrue(errors > 100, errors + " errors");
    }

    @Test
    void anImageIsOpenedForWritingOnce() throws IOException {
        Path image = file("disk.qcow2");
        Qcow2Creator.create(image, SIZE, 16, null, null);
        try (DiskImage disk = open(image, false)) {
            refused("in use", image, true);
            assertEquals(SIZE, disk.size());
        }
        assertThrows(DiskFormatException.class, () -> Qcow2Creator.create(image, SIZE, 16, null, null));
    }
}
