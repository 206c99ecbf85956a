package org.gearshift.translator.x86.disasm;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gearshift.testing.Prerequisite;

/**
 * Files out of Debian packages, kept in the directory that property {@code gearshift.cache} or environment variable {@code GEARSHIFT_CACHE} names
 * (default {@code ~/.cache/gearshift}). Packages that are not there are fetched with {@code apt-get download}. What cannot be had is a
 * missing {@link Prerequisite}.
 */
final class Guests {
    private static final byte[] XZ_MAGIC = {(byte) 0xfd, '7', 'z', 'X', 'Z', 0};

    private Guests() {
    }

    /** The ELF image in the newest kernel package of a flavour, e.g. {@code 686} of {@code i386}. */
    static Path kernel(String flavour, String architecture) throws IOException, InterruptedException {
        Prerequisite.program("objdump");
        Prerequisite.program("xz");
        Path deb = kernelPackage(flavour, architecture);
        Path elf = cache().resolve(deb.getFileName().toString().replace(".deb", ".vmlinux"));
        if (!Files.exists(elf)) {
            Path image = extract(deb, "./boot/vmlinuz-*");
            byte[] bytes = Files.readAllBytes(image);
            Path payload = Files.write(Files.createTempFile(cache(), "payload", ".xz"), tail(bytes, indexOf(bytes, XZ_MAGIC)));
            Path partial = Files.createTempFile(cache(), "vmlinux", ".partial");
            // What follows the XZ stream in the image makes xz complain after it has written everything.
            new ProcessBuilder("xz", "-dcq", "--single-stream", payload.toString()).redirectOutput(partial.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor();
            Files.delete(payload);
            Files.delete(image);
            Files.move(partial, elf, StandardCopyOption.REPLACE_EXISTING);
        }
        return elf;
    }

    /** One file of a package. */
    static Path file(String name, String architecture, String path) throws IOException, InterruptedException {
        Prerequisite.program("objdump");
        Path deb = cached(name, architecture).orElse(null);
        if (deb == null) {
            download(name, architecture);
            deb = cached(name, architecture).orElseGet(() -> Prerequisite.missing("no package " + name));
        }
        Path copy = cache().resolve(deb.getFileName().toString().replace(".deb", "." + Path.of(path).getFileName()));
        if (!Files.exists(copy)) {
            Files.move(extract(deb, path), copy, StandardCopyOption.REPLACE_EXISTING);
        }
        return copy;
    }

    private static Path kernelPackage(String flavour, String architecture) throws IOException, InterruptedException {
        String pattern = "linux-image-[0-9.]+-[0-9]+-" + flavour;
        Optional<Path> deb = cached(pattern, architecture);
        if (deb.isEmpty()) {
            String depends = run(cache(), List.of("apt-cache", "depends", "linux-image-" + flavour + ":" + architecture));
            Matcher m = Pattern.compile("Depends: (" + pattern + ")\\b").matcher(depends);
            if (!m.find()) {
                Prerequisite.missing("no kernel package for " + flavour);
            }
            download(m.group(1), architecture);
            deb = cached(pattern, architecture);
        }
        return deb.orElseGet(() -> Prerequisite.missing("no kernel package for " + flavour));
    }

    private static Path cache() throws IOException {
        String directory = System.getProperty("gearshift.cache", System.getenv("GEARSHIFT_CACHE"));
        Path cache = directory == null ? Path.of(System.getProperty("user.home"), ".cache", "gearshift") : Path.of(directory);
        return Files.createDirectories(cache);
    }

    private static Optional<Path> cached(String namePattern, String architecture) throws IOException {
        Pattern file = Pattern.compile(namePattern + "_.*_" + architecture + "\\.deb");
        try (Stream<Path> files = Files.list(cache())) {
            return files.filter(p -> file.matcher(p.getFileName().toString()).matches()).sorted().reduce((a, b) -> b);
        }
    }

    /** Classes of tests run in several processes at once, and a file that another one is writing is not to be read. */
    private static void download(String name, String architecture) throws IOException, InterruptedException {
        Prerequisite.program("apt-get");
        Path work = Files.createTempDirectory(cache(), "download");
        run(work, List.of("apt-get", "download", name + ":" + architecture));
        try (Stream<Path> files = Files.list(work)) {
            for (Path p : files.toList()) {
                Files.move(p, cache().resolve(p.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Files.delete(work);
    }

    private static Path extract(Path deb, String member) throws IOException, InterruptedException {
        Prerequisite.program("dpkg-deb");
        Path out = Files.createTempFile(cache(), "member", ".partial");
        Process tar = ProcessBuilder.startPipeline(List.of(
                new ProcessBuilder("dpkg-deb", "--fsys-tarfile", deb.toString()).redirectError(ProcessBuilder.Redirect.DISCARD),
                new ProcessBuilder("tar", "-xO", "--occurrence=1", "--wildcards", member).redirectOutput(out.toFile()))).get(1);
        if (tar.waitFor() != 0 || Files.size(out) == 0) {
            fail("cannot extract " + member + " from " + deb);
        }
        return out;
    }

    private static String run(Path directory, List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(new ArrayList<>(command)).directory(directory.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            Prerequisite.missing(command + ": " + output);
        }
        return output;
    }

    private static int indexOf(byte[] bytes, byte[] magic) {
        for (int i = 0; i + magic.length <= bytes.length; i++) {
            int k = 0;
            while (k < magic.length && bytes[i + k] == magic[k]) {
                k++;
            }
            if (k == magic.length) {
                return i;
            }
        }
        return fail("no XZ payload in the kernel image");
    }

    private static byte[] tail(byte[] bytes, int from) {
        byte[] tail = new byte[bytes.length - from];
        System.arraycopy(bytes, from, tail, 0, tail.length);
        return tail;
    }
}
