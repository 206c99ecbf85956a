package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.gearshift.backend.jvm.CompilationTier;
import org.junit.jupiter.api.Test;

/** What compiles a guest's code in the tests' own process is what does when the launcher starts it. */
class TestsRunAsLaunchedTest {
    /** Of the launcher alone: heap, class data, files, how HotSpot reports. None decides how code is compiled. */
    private static final Pattern ELSEWHERE = Pattern.compile("-XX:(MaxRAMPercentage|-UsePerfData|\\+UseTransparentHugePages|ArchiveClassesAtExit|SharedArchiveFile|CompilerDirectivesFile).*");

    @Test
    void flagsAreTheLaunchers() throws Exception {
        Set<String> launchers = Pattern.compile("(?<=[\\s\"])(-XX:|-Dgearshift)[^\\s\"]+").matcher(Files.readString(Path.of("..", "gearshift"))).results().map(MatchResult::group).filter(TestsRunAsLaunchedTest::decides)
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> ours = ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(f -> f.startsWith("-XX:") || f.startsWith("-Dgearshift")).filter(TestsRunAsLaunchedTest::decides)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(launchers, ours);
    }

    private static boolean decides(String flag) {
        return !ELSEWHERE.matcher(flag).matches();
    }

    @Test
    void regionsChooseTheirCompiler() {
        assertTrue(CompilationTier.selectable());
    }
}
