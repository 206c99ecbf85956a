package org.gearshift.tools.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.gearshift.tools.stage.InputException;

/**
 * A Java installation to run Gearshift on.
 *
 * @param version its feature release
 * @param home its directory
 */
public record Jdk(int version, Path home) {
    private static final String VERSION = "JAVA_VERSION=\"";

    /** The one that runs this. */
    public static Jdk current() {
        return new Jdk(Runtime.version().feature(), Path.of(System.getProperty("java.home")));
    }

    /** The installation of a version below a directory. */
    public static Jdk installed(int version, Path directory) throws IOException {
        try (Stream<Path> s = Files.list(directory)) {
            List<Path> homes = s.filter(h -> Files.isExecutable(h.resolve("bin/java")) && version(h) == version).sorted().toList();
            if (!homes.isEmpty()) {
                return new Jdk(version, homes.get(0));
            }
        }
        throw new InputException("no JDK " + version + " below " + directory);
    }

    private static int version(Path home) {
        try (Stream<String> lines = Files.lines(home.resolve("release"))) {
            String v = lines.filter(l -> l.startsWith(VERSION)).map(l -> l.substring(VERSION.length()).replaceAll("[^0-9].*", "")).findFirst().orElse("");
            return v.isEmpty() ? 0 : Integer.parseInt(v);
        } catch (IOException | java.io.UncheckedIOException e) {
            return 0;
        }
    }
}
