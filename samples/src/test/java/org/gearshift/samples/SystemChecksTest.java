package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.samples.SystemChecks.Run;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the processor does beyond computing: segments, privilege, interrupts, tasks, paging, debugging. The guest knows what the manual says and checks
 * itself; here it runs on both engines and on QEMU, and the verdicts are compared.
 */
class SystemChecksTest {
    /** Executions before a block is compiled: few, so that what a check runs some dozens of times is compiled. */
    private static final int HOT = 16;
    /** {@code triple_fault} in the guest's faults.c. */
    private static final int TRIPLE_FAULTS = 8;
    /** QEMU's version whose departures the table lists in full. */
    private static final String KNOWN_QEMU = "version 7.2";
    private static final List<Path> DOCUMENTS = List.of(Path.of("../docs/conformance-system.md"), Path.of("../docs/conformance.md"));

    @TempDir
    static Path directory;
    private static Path image;

    @BeforeAll
    static void build() throws Exception {
        image = SystemChecks.build("build.sh", directory, "checks.elf");
    }

    private static EngineOptions engine(EngineOptions.Backend backend) {
        EngineOptions d = EngineOptions.of(backend);
        return new EngineOptions(backend, HOT, d.regionInsns(), d.dominance(), false, false);
    }

    @ParameterizedTest
    @EnumSource(EngineOptions.Backend.class)
    void everyCheckPasses(EngineOptions.Backend backend) throws Exception {
        Run run = SystemChecks.onGearshift(image, engine(backend), "");
        List<String> failures = run.lines().stream().filter(l -> !l.startsWith("ok ") && !l.startsWith("group ") && !l.startsWith("total ")).toList();
        assertEquals(List.of(), failures);
        assertTrue(run.complete(), "the guest did not get to its end");
        // The debug-exit port gives (value << 1) | 1 for the value 0.
        assertEquals(1, run.exitCode());
        assertCountsAreDocumented(run);
    }

    /** The document's table of groups has the counts that were just seen. */
    private static void assertCountsAreDocumented(Run run) throws IOException {
        List<String> seen = new ArrayList<>();
        Pattern counts = Pattern.compile("group (\\w+) checks (\\d+) cases (\\d+) failed 0");
        for (String line : run.lines()) {
            Matcher m = counts.matcher(line);
            if (m.matches()) {
                seen.add(String.format("| `%s` | %,d | %,d |", m.group(1), Integer.parseInt(m.group(2)), Integer.parseInt(m.group(3))));
            }
        }
        List<String> documented = new ArrayList<>();
        for (Path document : DOCUMENTS) {
            if (Files.exists(document)) {
                Files.readAllLines(document).stream().filter(l -> l.startsWith("| `")).forEach(documented::add);
            }
        }
        List<String> absent = seen.stream().filter(row -> documented.stream().noneMatch(l -> l.startsWith(row))).toList();
        assertEquals(List.of(), absent, "rows that the table in " + DOCUMENTS.get(0).getFileName() + " should have");
    }

    @Test
    void qemuAgreesExceptWhereItIsKnownNotTo() throws Exception {
        Run qemu = SystemChecks.onQemu(image, "groups=" + SystemChecks.SHARED);
        assertTrue(qemu.complete(), () -> "QEMU did not get to its end: " + qemu.lines().get(qemu.lines().size() - 1));
        Run ours = SystemChecks.onGearshift(image, engine(EngineOptions.Backend.INTERPRETER), "groups=" + SystemChecks.SHARED);
        TreeMap<String, String> verdicts = qemu.verdicts();
        assertEquals(new TreeSet<>(ours.verdicts().keySet()), new TreeSet<>(verdicts.keySet()), "both run the same checks");
        QemuDepartures table = new QemuDepartures();
        Map<String, String> unexplained = new TreeMap<>();
        int departures = 0;
        for (Map.Entry<String, String> v : verdicts.entrySet()) {
            if (v.getValue() != null) {
                departures++;
                if (!table.known(v.getKey())) {
                    unexplained.put(v.getKey(), v.getValue());
                }
            }
        }
        System.out.println("system checks: QEMU agrees in " + (verdicts.size() - departures) + " of " + verdicts.size());
        assertEquals(Map.of(), unexplained);
        if (version().contains(KNOWN_QEMU)) {
            assertEquals(List.of(), table.unused(), "rows that nothing needs");
        }
    }

    private static String version() throws IOException {
        Process p = new ProcessBuilder("qemu-system-i386", "--version").redirectErrorStream(true).start();
        return new String(p.getInputStream().readAllBytes());
    }

    @ParameterizedTest
    @EnumSource(EngineOptions.Backend.class)
    void tripleFaultsEndTheMachine(EngineOptions.Backend backend) throws Exception {
        for (int i = 0; i < TRIPLE_FAULTS; i++) {
            Run run = SystemChecks.onGearshift(image, engine(backend), "triple=" + i);
            assertEquals(List.of("triple fault " + i), run.lines());
            assertEquals(VmOutcome.TRIPLE_FAULT, run.exitCode());
        }
    }

    @Test
    void tripleFaultsEndQemuToo() throws Exception {
        for (int i = 0; i < TRIPLE_FAULTS; i++) {
            Run run = SystemChecks.onQemu(image, "triple=" + i);
            assertEquals(List.of("triple fault " + i), run.lines());
            assertEquals(0, run.exitCode());
        }
    }

    @Test
    void aFailureIsReportedAsOne() throws Exception {
        // Every other expectation in each check is wrong; all checks of this group but the chains have at least two.
        Run run = SystemChecks.onGearshift(image, engine(EngineOptions.Backend.INTERPRETER), "groups=faults spoil=2");
        List<String> unnoticed = run.verdicts().entrySet().stream().filter(v -> v.getValue() == null).map(Map.Entry::getKey)
                .filter(check -> !check.startsWith("faults.chain.")).toList();
        assertEquals(List.of(), unnoticed);
        assertEquals(3, run.exitCode());
    }
}
