package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.tools.stage.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Installations are told by their release files, whatever their directories are called. */
class JdkTest {
    @TempDir
    Path dir;

    private void install(String name, String version) throws Exception {
        Path java = Files.createDirectories(dir.resolve(name).resolve("bin")).resolve("java");
        Files.createFile(java);
        java.toFile().setExecutable(true);
        Files.writeString(dir.resolve(name).resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    }

    @Test
    void aVersionIsFoundByItsReleaseFile() throws Exception {
        install("a-25", "17.0.15");
        install("b", "25");
        Files.createDirectories(dir.resolve("c"));
        assertEquals(dir.resolve("a-25"), Jdk.installed(17, dir).home());
        assertEquals(dir.resolve("b"), Jdk.installed(25, dir).home());
        assertEquals("no JDK 21 below " + dir, assertThrows(InputException.class, () -> Jdk.installed(21, dir)).getMessage());
    }
}
