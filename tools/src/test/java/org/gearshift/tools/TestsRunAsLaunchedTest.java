package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.gearshift.backend.jvm.CompilationTier;
import org.junit.jupiter.api.Test;

/** What compiles a guest's code in the tests' own process is what does when the launcher starts it. */
class TestsRunAsLaunchedTest {
    /** The launcher's heap is a share of the host's memory, and its files are found otherwise. */
    private static final Set<String> OWN = Set.of("-XX:CompilerDirectivesFile=../tools/src/main/launcher/compiler-directives.json");

    @Test
    void flagsAreTheLaunchers() throws Exception {
        String launcher = Files.readString(Path.of("..", "gearshift"));
        List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(f -> f.startsWith("-XX:") || f.startsWith("-Dgearshift")).filter(f -> !OWN.contains(f)).toList();
        assertTrue(flags.size() > 10, () -> flags + "");
        assertEquals(List.of(), flags.stream().filter(f -> !launcher.contains(f)).toList());
    }

    @Test
    void regionsChooseTheirCompiler() {
        assertTrue(CompilationTier.selectable());
    }
}
