package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.gearshift.tools.bench.Switch;
import org.junit.jupiter.api.Test;

/** {@code docs/performance.md} lists the optimizations with what switches them off. {@code -Dbless=true} writes the list there. */
class PerformanceDocumentTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "performance.md");
    private static final String BEGIN = "<!-- table switches -->\n";
    private static final String END = "<!-- end -->";

    @Test
    void everyOptimizationIsInTheDocument() throws IOException {
        String text = Files.readString(DOCUMENT);
        int from = text.indexOf(BEGIN) + BEGIN.length();
        String expected = text.substring(0, from) + table() + text.substring(text.indexOf(END, from));
        if (Boolean.getBoolean("bless")) {
            Files.writeString(DOCUMENT, expected);
            return;
        }
        assertEquals(expected, text);
    }

    /** A property that nobody reads would be measured as an optimization that gives nothing. */
    @Test
    void thePropertiesAreRead() throws IOException {
        StringBuilder sources = new StringBuilder();
        for (String d : new String[] {"vmm/src/main/java/org/gearshift/vmm/engine", "backend-jvm-bytecode/src/main/java/org/gearshift/backend/jvm"}) {
            try (Stream<Path> files = Files.list(Path.of("..").resolve(d))) {
                for (Path f : files.toList()) {
                    sources.append(Files.readString(f));
                }
            }
        }
        for (Switch s : Switch.ALL) {
            if (s.java().startsWith("-D")) {
                String property = s.java().substring(2, s.java().indexOf('='));
                assertTrue(sources.toString().contains('"' + property + '"'), property);
            }
        }
    }

    private static String table() {
        StringBuilder b = new StringBuilder("| optimization | switched off by | what it is |\n| --- | --- | --- |\n");
        Switch.ALL.forEach(s -> b.append("| ").append(s.name()).append(" | `").append(s.options()).append("` | ").append(s.what()).append(" |\n"));
        return b.toString();
    }
}
