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
 * # slice: short                         in the short slice; "short i386" there only on one architecture; "long" only when all are run
 * # packages: Debian packages whose files it needs
 * # packages-amd64: ...                    more of them, on one architecture
 * # machine: i386                          only there; for both architectures if there is no such line
 * # builds: PROGRAM FLAGS... SOURCE.c      compiled for the guest, statically linked, as programs/PROGRAM; any number of such lines
 * # builds-i386: ..., # builds-amd64: ...  the same for one architecture
 * # prepares: ARGUMENTS...                 a built program, run on this machine before everything else
 * </pre>
 *
 * @param name the script's, without its ending
 */
record GuestProgram(String name, String what, List<String> slice, String machine, Map<String, List<String>> packagesByMachine,
        Map<String, List<List<String>>> buildsByMachine,
        List<List<String>> prepares, Path script) {
    private static final List<String> SLICES = List.of("short", "long");

    /** Whether it belongs to the short slice of an architecture. */
    boolean isShort(GuestArchitecture machine) {
        return slice.get(0).equals("short") && (slice.size() == 1 || slice.contains(machine.label));
    }

    /** Whether it is made for an architecture. */
    boolean runsOn(GuestArchitecture machine) {
        return this.machine.isEmpty() || this.machine.equals(machine.label);
    }

    /** Debian packages whose files it needs on an architecture. */
    List<String> packages(GuestArchitecture machine) {
        List<String> packages = new ArrayList<>(packagesByMachine.get(""));
        packages.addAll(packagesByMachine.get(machine.label));
        return packages;
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
        if (slice.isEmpty() || !SLICES.contains(slice.get(0))) {
            throw new IllegalArgumentException(file + ": slice " + slice);
        }
        Map<String, List<List<String>>> builds = new TreeMap<>(Map.of("", every(lines, "builds")));
        Map<String, List<String>> packages = new TreeMap<>(Map.of("", one(lines, "packages")));
        for (GuestArchitecture a : GuestArchitecture.values()) {
            packages.put(a.label, every(lines, "packages-" + a.label).stream().flatMap(List::stream).toList());
            builds.put(a.label, every(lines, "builds-" + a.label));
        }
        String machine = every(lines, "machine").stream().map(m -> String.join(" ", m)).findFirst().orElse("");
        return new GuestProgram(file.replace(".sh", ""), String.join(" ", one(lines, "what")), slice, machine, packages,
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
