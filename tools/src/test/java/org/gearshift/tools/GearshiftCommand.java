package org.gearshift.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** How to start the command line in a process of its own. */
final class GearshiftCommand {
    private GearshiftCommand() {
    }

    /** The launcher if what it starts is up to date, which sets flags that make a difference; otherwise Java. */
    static List<String> words() throws IOException {
        Path launcher = Path.of("..", "gearshift").toAbsolutePath().normalize();
        Path jar = Path.of("target", "gearshift-tools.jar");
        if (Files.exists(jar) && Files.isDirectory(Path.of("target", "lib"))) {
            FileTime built = Files.getLastModifiedTime(jar);
            try (Stream<Path> s = Files.walk(launcher.getParent(), 12)) {
                boolean stale = s.anyMatch(f -> (f.toString().contains("/src/main/") || f.endsWith("pom.xml")) && newer(f, built));
                if (!stale) {
                    return List.of(launcher.toString());
                }
            }
        }
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> words = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:MaxRAMPercentage=60"));
        if (Runtime.version().feature() >= 24) {
            // What would be said about Unsafe is not the guest's.
            words.add("--sun-misc-unsafe-memory-access=allow");
            words.add("--enable-native-access=ALL-UNNAMED");
        }
        words.addAll(List.of("-cp", classPath, "org.gearshift.tools.Gearshift"));
        return words;
    }

    private static boolean newer(Path f, FileTime than) {
        try {
            return Files.isRegularFile(f) && Files.getLastModifiedTime(f).compareTo(than) > 0;
        } catch (IOException e) {
            return false;
        }
    }
}
