package org.gearshift.tools;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A program that runs both in a guest and on this machine: a script of the directory {@code programs}, whose head says what it is and what it needs.
 *
 * <pre>
 * # what: one line
 * # slice: short (or long)
 * # packages: Debian packages whose files it needs
 * # machine: i386                          only there; for both architectures if there is no such line
 * # builds: PROGRAM FLAGS... SOURCE.c      compiled for the guest, statically linked, as programs/PROGRAM; any number of such lines
 * # builds-i386: ..., # builds-amd64: ...  the same for one architecture
 * # prepares: ARGUMENTS...                 a built program, run on this machine before everything else
 * </pre>
 *
 * @param name the script's, without its ending
 */
record GuestProgram(String name, String what, boolean isShort, String machine, List<String> packages, Map<String, List<List<String>>> buildsByMachine,
        List<List<String>> prepares, Path script) {
    /** Whether it is made for an architecture. */
    boolean runsOn(GuestArchitecture machine) {
        return this.machine.isEmpty() || this.machine.equals(machine.label);
    }

    /** What is compiled for an architecture: program, flags, source. */
    List<List<String>> builds(GuestArchitecture machine) {
        List<List<String>> builds = new ArrayList<>(buildsByMachine.get(""));
        builds.addAll(buildsByMachine.get(machine.label));
        return builds;
    }

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
        Map<String, List<List<String>>> builds = new TreeMap<>(Map.of("", every(lines, "builds")));
        for (GuestArchitecture a : GuestArchitecture.values()) {
            builds.put(a.label, every(lines, "builds-" + a.label));
        }
        String machine = every(lines, "machine").stream().map(m -> String.join(" ", m)).findFirst().orElse("");
        return new GuestProgram(file.replace(".sh", ""), String.join(" ", one(lines, "what")), slice.equals(List.of("short")), machine, one(lines, "packages"),
                builds, every(lines, "prepares"), script);
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
