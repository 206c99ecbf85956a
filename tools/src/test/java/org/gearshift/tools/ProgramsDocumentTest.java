package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** {@code docs/conformance-programs.md} lists the scripts as their heads describe them. {@code -Dbless=true} writes the list there. */
class ProgramsDocumentTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "conformance-programs.md");
    private static final String BEGIN = "<!-- table programs -->\n";
    private static final String END = "<!-- end -->";

    @Test
    void theScriptsAreInTheDocument() throws IOException {
        String text = Files.readString(DOCUMENT);
        int from = text.indexOf(BEGIN) + BEGIN.length();
        String expected = text.substring(0, from) + table() + text.substring(text.indexOf(END, from));
        if (Boolean.getBoolean("bless")) {
            Files.writeString(DOCUMENT, expected);
            return;
        }
        assertEquals(expected, text);
    }

    private static String table() {
        StringBuilder b = new StringBuilder("| script | what | packages | i386 | amd64 |\n| --- | --- | --- | --- | --- |\n");
        for (GuestProgram p : GuestProgram.all()) {
            List<String> names = List.copyOf(new TreeSet<>(p.packages(GuestArchitecture.AMD64)));
            // The libraries that a program is linked with say nothing of what it does.
            List<String> programs = names.stream().filter(n -> !n.startsWith("lib") || n.contains("-utils") || n.startsWith("libgcrypt20") || n.contains("testsuite")).toList();
            b.append("| `").append(p.name()).append("` | ").append(p.what()).append(" | ").append(String.join(", ", programs.isEmpty() ? names : programs));
            for (GuestArchitecture a : GuestArchitecture.values()) {
                b.append(" | ").append(!p.runsOn(a) ? "no" : p.isShort(a) ? "short" : "long");
            }
            b.append(" |\n");
        }
        return b.toString();
    }
}
