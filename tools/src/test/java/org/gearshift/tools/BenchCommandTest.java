package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.tools.bench.Switch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code gearshift bench} on records of runs that nobody has to wait for. */
class BenchCommandTest {
    private static final int JAVA = Runtime.version().feature();

    @TempDir
    Path dir;

    private String out;
    private String err;

    private int bench(String... args) {
        StringWriter o = new StringWriter();
        StringWriter e = new StringWriter();
        String[] all = new String[args.length + 1];
        all[0] = "bench";
        System.arraycopy(args, 0, all, 1, args.length);
        int code = Gearshift.execute(new PrintWriter(o), new PrintWriter(e), all);
        out = o.toString();
        err = e.toString();
        return code;
    }

    private static String line(String peer, double seconds, String checksum) {
        return "{\"peer\": \"" + peer + "\", \"kind\": \"linux32\", \"args\": \"pct=1000\", \"why\": \"ok\", \"boot_cpu\": 4, \"rss\": 300, \"sections\": {\"crc32\": {\"cpu\": " + seconds
                + ", \"chk\": \"" + checksum + "\"}}}\n";
    }

    private Path results(String... lines) throws Exception {
        return Files.writeString(dir.resolve("results.jsonl"), String.join("", lines));
    }

    private String we(String version) {
        return "gearshift-" + JAVA + "@" + version;
    }

    private int table(Path results, String... more) {
        String[] fixed = {"table", "--no-runs", "--kinds", "linux32", "--label", "x", "--results", results.toString()};
        String[] all = java.util.Arrays.copyOf(fixed, fixed.length + more.length);
        System.arraycopy(more, 0, all, fixed.length, more.length);
        return bench(all);
    }

    @Test
    void recordsBecomeATableOfTheVersionAskedFor() throws Exception {
        Path r = results(line("qemu-9", 2, "aa"), line(we("x"), 1, "aa"), line(we("older"), 8, "aa"));
        assertEquals(0, table(r, "--sections"), err);
        assertTrue(out.contains("linux32, 1000 % of the usual work: " + we("x") + " / qemu-9\n"), out);
        assertTrue(out.matches("(?s).*integer +1\\.00 +0\\.70 +0\\.50 +0\\.50-0\\.50 +pass .*"), out);
        assertTrue(out.matches("(?s).*  crc32 +1\\.?0* +2\\.?0* +0\\.50\n.*"), out);
    }

    @Test
    void guestsThatWorkedOutDifferentThingsAreAFailure() throws Exception {
        assertEquals(1, table(results(line("qemu-9", 2, "aa"), line(we("x"), 1, "bb"))));
        assertTrue(out.contains("CHECKSUMS DIFFER: crc32\n"), out);
    }

    @Test
    void theAlarmIsAFailureOnlyIfItRings() throws Exception {
        Path usual = dir.resolve("medians.json");
        assertEquals(0, table(results(line("qemu-9", 2, "aa"), line(we("x"), 1, "aa")), "--learn", usual.toString()));
        assertEquals(0, table(results(line("qemu-9", 2, "aa"), line(we("x"), 1.9, "aa")), "--alarm", usual.toString()), out);
        assertTrue(out.endsWith("no section took more than twice its median\n"), out);
        assertEquals(1, table(results(line("qemu-9", 2, "aa"), line(we("x"), 2.1, "aa")), "--alarm", usual.toString()));
        assertTrue(out.contains("ALARM: linux32 1000 gearshift-" + JAVA + " crc32: 1.05 times the other's time, 0.50 is usual\n"), out);
    }

    @Test
    void whatAnOptimizationGivesIsTheTimeWithoutItByTheTimeWithIt() throws Exception {
        Path r = results(line(we("x"), 2, "aa"), line(we("x") + "-without-merging", 3, "aa"));
        assertEquals(0, bench("ablation", "--no-runs", "--only", "merging,tiers", "--args", "pct=1000", "--label", "x", "--results", r.toString()), err);
        assertTrue(out.matches("(?s).*\nmerging +1\\.50 +-.*\ntiers +- +-.*"), out);
    }

    @Test
    void everyOptimizationIsListedWithWhatSwitchesItOff() {
        assertEquals(0, bench("ablation", "--list"));
        Switch.ALL.forEach(s -> assertTrue(out.contains(s.name()) && out.contains(s.options()), s.name()));
    }

    @Test
    void whatIsMissingIsAskedFor() {
        assertEquals(2, bench());
        assertEquals("gearshift: which one? bench table, programs, ablation or flame\n", err);
        assertEquals(2, bench("table"));
        assertEquals("gearshift: --peerbench: which checkout?\n", err);
        assertEquals(2, bench("table", "--peerbench", dir.toString()));
        assertTrue(err.endsWith("no checkout of peerbench, there is no run.py\n"), err);
        assertEquals(2, bench("programs", "--only", "emacs"));
        assertTrue(err.startsWith("gearshift: no program 'emacs'; there are gzip, "), err);
    }
}
