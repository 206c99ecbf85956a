package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The {@code gearshift} script, with programs in place of Java and Maven that only say how they were called. */
class LauncherTest {
    @TempDir
    Path dir;

    private Path home;
    private Path path;

    private record Answer(int exitCode, String out, String err) {
    }

    /** A checkout as the script sees it: built, with two libraries. */
    @BeforeEach
    void checkout() throws Exception {
        Prerequisite.program("sh");
        home = Files.createDirectories(dir.resolve("a checkout"));
        Files.copy(Path.of("..", "gearshift"), home.resolve("gearshift"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        Files.createDirectories(home.resolve("tools/src/main"));
        Files.writeString(home.resolve("tools/pom.xml"), "");
        Files.createDirectories(home.resolve("tools/target/lib"));
        Files.writeString(home.resolve("tools/target/lib/a.jar"), "");
        Files.writeString(home.resolve("tools/target/lib/b.jar"), "");
        Files.writeString(home.resolve("tools/target/gearshift-tools.jar"), "");
        path = Files.createDirectories(dir.resolve("path"));
        for (String tool : new String[] {"sed", "dirname", "readlink", "find", "mkdir", "mv", "rm"}) {
            Files.createSymbolicLink(path.resolve(tool), which(tool));
        }
    }

    private static Path which(String tool) {
        for (String d : System.getenv("PATH").split(":")) {
            if (Files.isExecutable(Path.of(d, tool))) {
                return Path.of(d, tool);
            }
        }
        return Prerequisite.missing(tool + " is not installed");
    }

    private Path java(String version) throws IOException {
        Path jdk = Files.createDirectories(dir.resolve("jdk-" + version + "/bin")).getParent();
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        script(jdk.resolve("bin/java"), "for a; do case $a in -XX:ArchiveClassesAtExit=*) echo >\"${a#*=}\"; esac; echo \"$a\"; done\nexit 7\n");
        return jdk;
    }

    private static void script(Path file, String body) throws IOException {
        Files.writeString(file, "#!" + which("sh") + "\n" + body);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Answer launch(Path program, Path directory, Map<String, String> environment, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(which("sh").toString(), program.toString()));
        command.addAll(List.of(args));
        ProcessBuilder b = new ProcessBuilder(command).directory(directory.toFile());
        b.environment().clear();
        b.environment().put("PATH", path.toString());
        b.environment().putAll(environment);
        Path out = dir.resolve("out");
        Path err = dir.resolve("err");
        int code = b.redirectOutput(out.toFile()).redirectError(err.toFile()).start().waitFor();
        return new Answer(code, Files.readString(out, StandardCharsets.UTF_8), Files.readString(err, StandardCharsets.UTF_8));
    }

    @Test
    void argumentsArriveUnchangedAndTheExitCodeComesBack() throws Exception {
        Answer a = launch(home.resolve("gearshift"), home, Map.of("JAVA_HOME", java("17.0.1").toString()), "run", "--append", "a  b \"c\" $d", "");
        assertEquals(7, a.exitCode(), a.err());
        assertTrue(a.out().endsWith("\norg.gearshift.tools.Gearshift\nrun\n--append\na  b \"c\" $d\n\n"), a.out());
        String target = home.toRealPath().resolve("tools/target").toString();
        assertTrue(a.out().contains("\n" + target + "/gearshift-tools.jar:" + target + "/lib/a.jar:" + target + "/lib/b.jar\n"), a.out());
        assertTrue(a.out().contains("\n-Xbootclasspath/a:" + target + "/boot/"), a.out());
        assertTrue(a.out().contains("\n-XX:CompilerDirectivesFile=" + home.toRealPath() + "/tools/"), a.out());
        assertTrue(a.out().contains("-XX:SharedArchiveFile=" + target + "/cds/java-17.0.1.jsa\n"), a.out());
        assertEquals("", a.err());
    }

    @Test
    void aLinkFromElsewhereFindsTheCheckout() throws Exception {
        Path bin = Files.createDirectories(dir.resolve("bin"));
        Files.createSymbolicLink(home.resolve("gs"), Path.of("gearshift"));
        Path link = Files.createSymbolicLink(bin.resolve("gearshift"), Path.of("../a checkout/gs"));
        Answer a = launch(link, Path.of("/"), Map.of("JAVA_HOME", java("25").toString()), "--version");
        assertEquals(7, a.exitCode(), a.err());
        assertTrue(a.out().contains("/a checkout/tools/target/gearshift-tools.jar"), a.out());
    }

    @Test
    void flagsThatOnlyNewerJavaKnowsGoToNewerJavaOnly() throws Exception {
        Answer old = launch(home.resolve("gearshift"), home, Map.of("JAVA_HOME", java("17.0.1").toString()), "run");
        Answer now = launch(home.resolve("gearshift"), home, Map.of("JAVA_HOME", java("25").toString()), "run");
        assertFalse(old.out().contains("sun-misc-unsafe-memory-access"), old.out());
        assertTrue(now.out().contains("--sun-misc-unsafe-memory-access=allow\n"), now.out());
    }

    @Test
    void withoutJavaItSaysWhatToInstall() throws Exception {
        Answer a = launch(home.resolve("gearshift"), home, Map.of(), "run");
        assertEquals(1, a.exitCode());
        assertEquals("gearshift: no Java found: install a JDK 17 or later, or set JAVA_HOME\n", a.err());
    }

    @Test
    void anOldJavaIsRefusedByName() throws Exception {
        Path jdk = java("11.0.2");
        Answer a = launch(home.resolve("gearshift"), home, Map.of("JAVA_HOME", jdk.toString()), "run");
        assertEquals(1, a.exitCode());
        assertEquals("gearshift: " + jdk + "/bin/java is Java 11; Java 17 or later is needed (set JAVA_HOME)\n", a.err());
    }

    @Test
    void unbuiltAndWithoutMavenItSaysSo() throws Exception {
        Files.delete(home.resolve("tools/target/gearshift-tools.jar"));
        Answer a = launch(home.resolve("gearshift"), home, Map.of("JAVA_HOME", java("17").toString()), "run");
        assertEquals(1, a.exitCode());
        assertEquals("gearshift: not built yet, and no Maven found: install Maven, then run this again\n", a.err());
    }

    @Test
    void aFailingBuildShowsItsErrorsAndStops() throws Exception {
        Files.delete(home.resolve("tools/target/gearshift-tools.jar"));
        script(path.resolve("mvn"), "echo '[INFO] scanning'; echo '[ERROR] it does not compile'; exit 1\n");
        Answer a = launch(home.resolve("gearshift"), home, Map.of("JAVA_HOME", java("17").toString()), "run");
        assertEquals(1, a.exitCode());
        assertTrue(a.err().contains("[ERROR] it does not compile\n") && a.err().contains("gearshift: the build failed"), a.err());
        assertFalse(a.err().contains("scanning"), a.err());
    }
}
