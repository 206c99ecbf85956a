package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code gearshift compare}: the table, and the reports of the same figures. */
class CompareCommandTest {
    private static final List<String> ROWS = List.of("null-call", "page-fault", "space-copy", "integer-loop", "memory-loop", "page-table-update", "port-in",
            "interrupt", "address-space-switch");

    private record Answer(int exitCode, String out, String err) {
    }

    private static Answer compare(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Gearshift.execute(new PrintWriter(out), new PrintWriter(err), args);
        return new Answer(code, out.toString(), err.toString());
    }

    @Test
    void theSampleKernelRunsInBothGearsAndTheReportsHaveEveryRow(@TempDir Path dir) throws Exception {
        Path json = dir.resolve("c.json");
        Path plot = dir.resolve("c.svg");
        Path html = dir.resolve("c.html");
        Path markdown = dir.resolve("c.md");
        Answer a = compare("compare", "--repetitions", "1", "--rounds", "2", "--json", json.toString(), "--plot", plot.toString(), "--html", html.toString(),
                "--markdown", markdown.toString());
        assertEquals(0, a.exitCode(), a.err());
        for (String row : ROWS) {
            assertTrue(a.out().contains("\n" + row + " "), row + ":\n" + a.out());
            assertTrue(Files.readString(json).contains("{\"name\": \"" + row + "\", \"operations\": "), row);
            assertTrue(Files.readString(plot).contains(">" + row + "<"), row);
            assertTrue(Files.readString(html).contains("<td>" + row + "<"), row);
            assertTrue(Files.readString(markdown).contains("\n| " + row + " | "), row);
        }
        assertTrue(a.out().contains("hypercall update_va_mapping 1.00"), "page-table updates are hypercalls in the paravirtual gear:\n" + a.out());
        assertTrue(a.out().matches("(?s).*page-table-update +full: [^\n]*table store 1\\.00.*"), "and stores that are traced in the other:\n" + a.out());
        assertTrue(Files.readString(json).contains("{\"name\": \"page-table-update\", \"operations\": 20000, "), "one round of 20,000, behind one to warm up");
        assertTrue(Files.readString(markdown).startsWith("`gearshift compare --repetitions 1 --rounds 2`, 2"), Files.readString(markdown));
        assertEquals(2, Files.readString(html).split("<svg", -1).length, "one picture, in the file itself");
    }

    @Test
    void badArgumentsAreOneLine() {
        assertEquals(2, compare("compare", "--repetitions", "0").exitCode());
        assertEquals(2, compare("compare", "--rounds", "0").exitCode());
        assertEquals(2, compare("compare", "--rounds", "101").exitCode());
        assertEquals(2, compare("compare", "--initrd", "x").exitCode());
        assertEquals(2, compare("compare", "--programs").exitCode());
        assertEquals(2, compare("compare", "--bits", "16").exitCode());
        assertEquals(2, compare("compare", "--only", "null-call").exitCode());
        assertEquals(2, compare("compare", "--plot", "x.gif").exitCode());
        assertEquals(2, compare("compare", "-m", "64M").exitCode());
        Answer missing = compare("compare", "--kernel", "no such file");
        assertEquals(2, missing.exitCode());
        assertEquals(1, missing.err().lines().count(), missing.err());
    }
}
