package org.gearshift.tools.guest;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Debian packages through the host's apt and dpkg: found by name, downloaded with apt's own verification, unpacked without installing. */
final class DebianPackages {
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private final Consumer<String> progress;

    /** @param progress gets apt's progress lines */
    DebianPackages(Consumer<String> progress) {
        this.progress = progress;
    }

    /** The newest package whose name matches, as {@code name:architecture}. */
    String newest(String pattern, String architecture) throws IOException {
        String suffix = architecture.equals("all") ? "" : ":" + architecture;
        List<String> found = new ArrayList<>();
        Pattern p = Pattern.compile("(" + pattern + ")(:[a-z0-9]+)?");
        for (String line : run(null, "apt-cache", "pkgnames")) {
            Matcher m = p.matcher(line);
            if (m.matches() && !found.contains(m.group(1))) {
                found.add(m.group(1));
            }
        }
        found.sort((a, b) -> Arrays.compare(numbers(a), numbers(b)));
        for (int i = found.size() - 1; i >= 0; i--) {
            if (!run(null, "apt-cache", "show", found.get(i) + suffix).isEmpty()) {
                return found.get(i) + suffix;
            }
        }
        throw new IOException("no package " + pattern + suffix + " is known to apt"
                + (suffix.equals(":i386") ? "; try: dpkg --add-architecture i386 && apt-get update" : "; try: apt-get update"));
    }

    private static long[] numbers(String name) {
        return NUMBER.matcher(name).results().mapToLong(r -> Long.parseLong(r.group())).toArray();
    }

    /** Downloads a package into a directory; returns the file. */
    Path download(String name, Path directory) throws IOException {
        Files.createDirectories(directory);
        List<Path> before = debs(directory);
        try {
            fetch(name, directory);
        } catch (IOException e) {
            // A package that is installed in a version that no index has any more: apt wants that one.
            List<String> versions = run(null, "apt-cache", "madison", name);
            if (versions.isEmpty()) {
                throw e;
            }
            fetch(name + "=" + versions.get(0).split("\\|")[1].strip(), directory);
        }
        String stem = name.replaceAll(":.*", "") + "_";
        List<Path> now = debs(directory);
        now.removeIf(f -> !f.getFileName().toString().startsWith(stem));
        List<Path> fresh = new ArrayList<>(now);
        fresh.removeAll(before);
        List<Path> candidates = fresh.isEmpty() ? now : fresh;
        if (candidates.isEmpty()) {
            throw new IOException("apt-get download " + name + " brought no package");
        }
        return candidates.get(0);
    }

    private void fetch(String name, Path directory) throws IOException {
        run(directory, "apt-get", "download", "-o", "Dpkg::Use-Pty=0", "-o", "APT::Sandbox::User=root", name);
    }

    private static List<Path> debs(Path directory) throws IOException {
        try (Stream<Path> s = Files.list(directory)) {
            return new ArrayList<>(s.filter(f -> f.toString().endsWith(".deb")).sorted().toList());
        }
    }

    /** Unpacks a package's files below a directory. */
    void unpack(Path deb, Path directory) throws IOException {
        Files.createDirectories(directory);
        run(null, "dpkg-deb", "-x", deb.toString(), directory.toString());
    }

    private List<String> run(Path directory, String... command) throws IOException {
        ProcessBuilder b = new ProcessBuilder(command);
        if (directory != null) {
            b.directory(directory.toFile());
        }
        b.redirectErrorStream(command[0].equals("apt-get"));
        if (!command[0].equals("apt-get")) {
            b.redirectError(ProcessBuilder.Redirect.DISCARD);
        }
        Process p;
        try {
            p = b.start();
        } catch (IOException e) {
            throw new IOException(command[0] + " cannot be run; guests are fetched on Debian and its relatives only", e);
        }
        List<String> lines = new ArrayList<>();
        try (BufferedReader r = new BufferedReader(new InputStreamReader(p.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = r.readLine(); line != null; line = r.readLine()) {
                lines.add(line);
                if (command[0].equals("apt-get")) {
                    progress.accept(line);
                }
            }
        }
        try {
            if (p.waitFor() != 0 && !command[0].equals("apt-cache")) {
                throw new IOException(String.join(" ", command) + " failed: " + (lines.isEmpty() ? "no message" : lines.get(lines.size() - 1)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return lines;
    }
}
