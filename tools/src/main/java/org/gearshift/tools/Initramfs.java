package org.gearshift.tools;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/** Writes an initial RAM disk: a cpio archive in the format "newc" (Linux: Documentation/driver-api/early-userspace/buffer-format.rst). */
final class Initramfs {
    private static final int DIRECTORY = 0040000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int REGULAR = 0100000;
    private static final int LINK = 0120000;

    private final ByteArrayOutputStream archive = new ByteArrayOutputStream();
    private int inode;

    Initramfs directory(String name) {
        return entry(name, DIRECTORY | 0755, 0, 0, new byte[0]);
    }

    Initramfs program(String name, byte[] contents) {
        return entry(name, REGULAR | 0755, 0, 0, contents);
    }

    Initramfs link(String name, String to) {
        return entry(name, LINK | 0777, 0, 0, to.getBytes(StandardCharsets.US_ASCII));
    }

    /** Everything below a directory of this machine, but no devices. */
    Initramfs tree(Path root) throws IOException {
        try (Stream<Path> s = Files.walk(root)) {
            for (Path f : s.sorted().toList()) {
                String name = root.relativize(f).toString();
                if (name.isEmpty()) {
                    continue;
                }
                if (Files.isSymbolicLink(f)) {
                    link(name, Files.readSymbolicLink(f).toString());
                } else if (Files.isDirectory(f)) {
                    directory(name);
                } else {
                    program(name, Files.readAllBytes(f));
                }
            }
        }
        return this;
    }

    Initramfs characterDevice(String name, int major, int minor) {
        return entry(name, CHARACTER_DEVICE | 0600, major, minor, new byte[0]);
    }

    private Initramfs entry(String name, int mode, int major, int minor, byte[] contents) {
        int[] fields = {++inode, mode, 0, 0, 1, 0, contents.length, 0, 0, major, minor, name.length() + 1, 0};
        StringBuilder header = new StringBuilder("070701");
        for (int f : fields) {
            header.append(String.format("%08X", f));
        }
        archive.writeBytes(header.append(name).append('\0').toString().getBytes(StandardCharsets.US_ASCII));
        align();
        archive.writeBytes(contents);
        align();
        return this;
    }

    private void align() {
        while (archive.size() % 4 != 0) {
            archive.write(0);
        }
    }

    /** The finished archive as it is. */
    byte[] plain() {
        return entry("TRAILER!!!", 0, 0, 0, new byte[0]).archive.toByteArray();
    }

    /** The finished archive, compressed. */
    byte[] gzip() {
        entry("TRAILER!!!", 0, 0, 0, new byte[0]);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
            archive.writeTo(gz);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
