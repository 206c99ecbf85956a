package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;

/** Trials that a run of the comparison printed as different are no longer so: {@code once-different.txt}. */
class OnceDifferentTest {
    @Test
    void whatWasDifferentIsTheSame() throws Exception {
        ConformanceRun run = new ConformanceRun(List.of(32, 64), Set.of(), true, true, false, (fraction, text) -> { });
        StringWriter differences = new StringWriter();
        int trials = 0;
        boolean runs32 = HostPrograms.run32BitCode();
        for (String line : lines()) {
            String[] fields = line.split(" ; ");
            try {
                if (run.reproduce(fields[1], new PrintWriter(differences)) != 0) {
                    differences.append(fields[0]).append('\n');
                }
            } catch (OracleUnavailableException e) {
                if (runs32 || !fields[1].startsWith("bits=32 ")) {
                    Prerequisite.missing(e.getMessage());
                }
                System.out.println("not asked (" + e.getMessage() + "): " + line);
            }
            trials++;
        }
        assertEquals("", differences.toString().replace("no difference\n", ""));
        assertEquals(lines().size(), trials);
    }

    private static List<String> lines() throws IOException {
        try (InputStream in = OnceDifferentTest.class.getResourceAsStream("once-different.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(l -> !l.isBlank() && !l.startsWith("#")).toList();
        }
    }
}
