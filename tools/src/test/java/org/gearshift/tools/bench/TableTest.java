package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gearshift.tools.bench.Table.Row;
import org.junit.jupiter.api.Test;

/** Runs of two peers become rows: medians, geometric means, and what is needed. */
class TableTest {
    private static final String LONG = "pct=1000";

    private static Row row(List<RunRecord> all, int percent, String label) {
        return new Table(all, "linux32", percent, "we", "they").rows().stream().filter(r -> r.goal().label().equals(label)).findFirst().orElseThrow();
    }

    @Test
    void aRatioIsOfMediansAndAGroupsOfTheirGeometricMean() {
        Row r = row(List.of(Runs.run("we", "linux32", LONG, 8, 500, "alu", 1, "sieve", 4), Runs.run("they", "linux32", LONG, 4, 200, "alu", 2, "sieve", 2),
                Runs.run("we", "linux32", LONG, 8, 500, "alu", 3, "sieve", 4), Runs.run("they", "linux32", LONG, 4, 200, "alu", 2, "sieve", 2),
                Runs.run("we", "linux32", LONG, 8, 500, "alu", 1, "sieve", 4), Runs.run("they", "linux32", LONG, 4, 200, "alu", 2, "sieve", 2)), 1000, "integer");
        assertEquals(1, r.ratio(), 1e-9);
        assertEquals("sieve", r.worst().name());
        assertEquals(2, r.worst().ratio());
        // The rounds: sqrt(0.5 * 2) and sqrt(1.5 * 2).
        assertEquals(1, r.low(), 1e-9);
        assertEquals(Math.sqrt(3), r.high(), 1e-9);
    }

    @Test
    void aGroupPassesOnlyIfItsWorstSectionDoes() {
        List<RunRecord> all = List.of(Runs.run("we", "linux32", LONG, 0, 0, "alu", 0.1, "sieve", 2.1), Runs.run("they", "linux32", LONG, 0, 0, "alu", 1, "sieve", 1));
        Row r = row(all, 1000, "integer");
        assertTrue(r.ratio() < r.needed());
        assertFalse(r.passed());
    }

    @Test
    void shortRunsMayTakeTwiceAsMuchButBootsMayNot() {
        List<RunRecord> all = List.of(Runs.run("we", "linux32", "pct=100", 2, 0, "stream", 1.1), Runs.run("they", "linux32", "pct=100", 1, 0, "stream", 1),
                Runs.run("we", "linux32", LONG, 2, 0, "stream", 1.1), Runs.run("they", "linux32", LONG, 1, 0, "stream", 1));
        assertTrue(row(all, 100, "memory").passed());
        assertFalse(row(all, 1000, "memory").passed());
        assertEquals(1.2, row(all, 100, "memory").needed());
        assertFalse(row(all, 100, "boot to init").passed());
        assertEquals(1.5, row(all, 100, "boot to init").needed());
    }

    @Test
    void bootsCountWhateverCameAfterThem() {
        List<RunRecord> all = List.of(Runs.run("we", "linux32", "pct=100", 2, 0, "alu", 1), Runs.run("they", "linux32", "pct=100", 1, 0, "alu", 1),
                Runs.run("we", "linux32", LONG, 4, 0), Runs.run("they", "linux32", LONG, 1, 0), Runs.run("we", "linux64", LONG, 100, 0));
        assertEquals(3, row(all, 100, "boot to init").ratio());
    }

    @Test
    void thePeakIsTheLargestAndHasNoOtherBesideIt() {
        Row r = row(List.of(Runs.run("we", "linux32", LONG, 1, 599, "alu", 1), Runs.run("we", "linux32", LONG, 1, 601, "alu", 1), Runs.run("they", "linux32", LONG, 1, 200, "alu", 1)), 1000,
                "peak resident, MiB");
        assertEquals(601, r.ratio());
        assertFalse(r.passed());
    }

    @Test
    void partsOfTheWorkInRunsOfTheirOwnAreOneTable() {
        List<RunRecord> all = List.of(Runs.run("we", "linux32", "pct=1000 set=cpu", 1, 0, "alu", 1), Runs.run("we", "linux32", "pct=1000 set=os", 1, 0, "os.sh", 3),
                Runs.run("they", "linux32", "pct=1000 set=cpu", 1, 0, "alu", 1), Runs.run("they", "linux32", "pct=1000 set=os", 1, 0, "os.sh", 1));
        assertEquals(1, row(all, 1000, "integer").ratio(), 1e-9);
        assertEquals(3, row(all, 1000, "OS").ratio(), 1e-9);
    }

    @Test
    void workThatIsCountedIsCosted() {
        RunRecord.Section ours = new RunRecord.Section(10, "x", 200);
        RunRecord.Section theirs = new RunRecord.Section(5, "x", 50);
        List<RunRecord> all = List.of(new RunRecord("we", "programs-amd64", "scale=100", "ok", 1, 1, Map.of("openssl-aes", ours)),
                new RunRecord("they", "programs-amd64", "scale=100", "ok", 1, 1, Map.of("openssl-aes", theirs)));
        Row r = new Table(all, "programs-amd64", 100, "we", "they").rows().get(0);
        assertEquals(0.5, r.ratio(), 1e-9);
        assertTrue(r.passed());
    }

    @Test
    void differentChecksumsAndBadEndsAreNamed() {
        Table t = new Table(List.of(new RunRecord("we", "k", "", "ok", 0, 0, Map.of("a", new RunRecord.Section(1, "1", 1), "b", new RunRecord.Section(1, "2", 1))),
                new RunRecord("they", "k", "", "eof", 0, 0, Map.of("a", new RunRecord.Section(1, "1", 1), "b", new RunRecord.Section(1, "3", 1)))), "k", 100, "we", "they");
        assertEquals(Set.of("b"), t.differing());
        assertEquals(List.of("they k : eof"), t.failures());
    }

    @Test
    void theTextSaysWhatWasNeededAndWhetherItWasReached() {
        Table t = new Table(List.of(Runs.run("we", "bare1", "", 0, 0, "n.int81", 2, "n.in21", 1), Runs.run("they", "bare1", "", 0, 0, "n.int81", 4, "n.in21", 0.5)), "bare1", 100, "we", "they");
        String text = TableText.rows(t);
        assertTrue(text.matches("(?s).*int, iret, same level +1\\.00 +0\\.50 +0\\.50-0\\.50 +pass +n\\.int81 0\\.50, 1 runs\n.*"), text);
        assertTrue(text.matches("(?s).*port in +1\\.00 +2\\.00 +2\\.00-2\\.00 +missed .*"), text);
    }

    @Test
    void besideTheMachineItselfThereAreRatiosButNoGoals() {
        Table t = new Table(List.of(Runs.run("we", "linux64", LONG, 9, 500, "alu", 3), Runs.run("native", "user64", LONG, 0.001, 1, "alu", 2)), "linux64", 1000, "we", "native", "user64");
        String text = TableText.rows(t);
        assertTrue(text.matches("(?s)[^\n]*\n[^\n]*\ninteger +1\\.50 +1\\.50-1\\.50 +alu 1\\.50, 1 runs\n"), text);
    }

    @Test
    void jsonHasEveryRun() throws Exception {
        Table t = new Table(List.of(Runs.run("we", "bare1", "", 0, 0, "n.int81", 2), Runs.run("they", "bare1", "", 0, 0, "n.int81", 4)), "bare1", 100, "we", "they");
        String text = TableText.json(List.of(t));
        var table = org.gearshift.tools.yaml.YamlValue.of("json", text).list().get(0).map();
        assertEquals("we", table.get("peer").text());
        assertEquals("0.5000", table.get("sections").map().get("n.int81").map().get("ratio").text());
        assertEquals("2.00000", table.get("sections").map().get("n.int81").map().get("peer").list().get(0).text());
        assertEquals("true", table.get("rows").list().get(0).map().get("passed").text());
    }
}
