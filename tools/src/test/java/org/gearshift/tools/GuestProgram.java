package org.gearshift.tools;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A program that runs both in a guest and on this machine: a script of the directory {@code programs}, whose head says what it is and what it needs.
 *
 * <pre>
 * # what: one line
 * # slice: short (or long)
 * # packages: Debian packages whose files it needs
 * # builds: PROGRAM FLAGS... SOURCE.c      compiled for i386, statically linked, as programs/PROGRAM; any number of such lines
 * # prepares: ARGUMENTS...                 a built program, run on this machine before everything else
 * </pre>
 *
 * @param name the script's, without its ending
 */
record GuestProgram(String name, String what, boolean isShort, List<String> packages, List<List<String>> builds, List<List<String>> prepares, Path script) {
    /** Directory of the scripts and sources. */
    static Path directory() {
        return Path.of("src/test/resources/org/gearshift/tools/programs");
    }

    /** All of them, in the order of their names. */
    static List<GuestProgram> all() {
        try (Stream<Path> s = Files.list(directory())) {
            return s.filter(f -> f.toString().endsWith(".sh")).sorted().map(GuestProgram::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static GuestProgram read(Path script) {
        String file = script.getFileName().toString();
        List<String> lines;
        try {
            lines = Files.readAllLines(script);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> slice = one(lines, "slice");
        if (!slice.equals(List.of("short")) && !slice.equals(List.of("long"))) {
            throw new IllegalArgumentException(file + ": slice " + slice);
        }
        return new GuestProgram(file.replace(".sh", ""), String.join(" ", one(lines, "what")), slice.equals(List.of("short")), one(lines, "packages"),
                every(lines, "builds"), every(lines, "prepares"), script);
    }

    private static List<String> one(List<String> lines, String key) {
        List<List<String>> found = every(lines, key);
        if (found.size() != 1) {
            throw new IllegalArgumentException("expected one line \"# " + key + ":\"");
        }
        return found.get(0);
    }

    private static List<List<String>> every(List<String> lines, String key) {
        List<List<String>> found = new ArrayList<>();
        String prefix = "# " + key + ":";
        for (String line : lines) {
            if (line.startsWith(prefix)) {
                String rest = line.substring(prefix.length()).trim();
                found.add(rest.isEmpty() ? List.of() : List.of(rest.split(" +")));
            }
        }
        return found;
    }
}
