package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.samples.SystemChecks.Run;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The guest knows what the manual says and checks itself; here it runs on both engines and on QEMU, and the verdicts are compared. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SystemChecksComparison {
    /** Executions before a block is compiled: few, so that what a check runs some dozens of times is compiled. */
    private static final int HOT = 16;
    /** QEMU's version whose departures the table lists in full. */
    private static final String KNOWN_QEMU = "version 7.2";
    private static final List<Path> DOCUMENTS = List.of(Path.of("../docs/conformance-system.md"), Path.of("../docs/conformance.md"));

    final SystemChecks checks;
    /** A group whose checks compare twice at least, and those of its checks that do not. */
    private final String spoiled;
    private final String spared;
    Path image;
    /** Complete runs, made once. */
    private final Map<EngineOptions.Backend, Run> runs = new EnumMap<>(EngineOptions.Backend.class);

    SystemChecksComparison(SystemChecks checks, String spoiled, String spared) {
        this.checks = checks;
        this.spoiled = spoiled;
        this.spared = spared;
    }

    @BeforeAll
    void build(@TempDir Path directory) throws Exception {
        image = checks.build("build.sh", directory, "checks.elf");
    }

    static EngineOptions engine(EngineOptions.Backend backend) {
        EngineOptions d = EngineOptions.of(backend);
        return new EngineOptions(backend, HOT, d.regionInsns(), d.dominance(), false, false);
    }

    private Run complete(EngineOptions.Backend backend) throws Exception {
        if (!runs.containsKey(backend)) {
            runs.put(backend, checks.onGearshift(image, engine(backend), ""));
        }
        return runs.get(backend);
    }

    @ParameterizedTest
    @EnumSource(EngineOptions.Backend.class)
    void everyCheckPasses(EngineOptions.Backend backend) throws Exception {
        Run run = complete(backend);
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
        Run qemu = checks.onQemu(image, "groups=" + checks.shared);
        assertTrue(qemu.complete(), () -> "QEMU did not get to its end: " + qemu.lines().get(qemu.lines().size() - 1));
        TreeMap<String, String> verdicts = qemu.verdicts();
        TreeSet<String> ours = new TreeSet<>(complete(EngineOptions.Backend.INTERPRETER).verdicts().keySet());
        ours.removeIf(check -> !List.of(checks.shared.split(",")).contains(check.replaceAll("\\..*", "")));
        assertEquals(ours, new TreeSet<>(verdicts.keySet()), "both run the same checks");
        QemuDepartures table = new QemuDepartures(checks.departures);
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
        System.out.println(checks + ": QEMU agrees in " + (verdicts.size() - departures) + " of " + verdicts.size());
        assertEquals(Map.of(), unexplained);
        if (checks.qemuVersion().contains(KNOWN_QEMU)) {
            assertEquals(List.of(), table.unused(), "rows that nothing needs");
        }
    }

    @Test
    void aFailureIsReportedAsOne() throws Exception {
        // Every other expectation in each check is wrong.
        Run run = checks.onGearshift(image, engine(EngineOptions.Backend.INTERPRETER), "groups=" + spoiled + " spoil=2");
        List<String> unnoticed = run.verdicts().entrySet().stream().filter(v -> v.getValue() == null).map(Map.Entry::getKey)
                .filter(check -> spared.isEmpty() || !check.startsWith(spared)).toList();
        assertEquals(List.of(), unnoticed);
        assertEquals(3, run.exitCode());
    }
}
