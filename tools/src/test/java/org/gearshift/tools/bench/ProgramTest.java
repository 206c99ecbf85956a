package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.gearshift.tools.stage.InputException;
import org.junit.jupiter.api.Test;

class ProgramTest {
    /** A section that is in no row would be measured and never judged. */
    @Test
    void theSectionsOfAllScriptsAreThoseOfTheGoal() {
        List<String> sections = new ArrayList<>();
        for (Program p : Program.all()) {
            Pattern.compile("\\bbegin ([\\w-]+)").matcher(p.script()).results().forEach(m -> sections.add(m.group(1)));
            assertTrue(!p.what().isEmpty() && !p.packages().isEmpty(), p.name());
        }
        assertEquals(Goal.PROGRAMS.get(0).sections(), sections);
    }

    @Test
    void namesThatAreNoneAreAnsweredWithThoseThatAre() {
        assertEquals("no program 'gzp'; there are gzip, xz, openssl, python, json, perl, gcc, sqlite", assertThrows(InputException.class, () -> Program.named("gzip,gzp")).getMessage());
        assertThrows(InputException.class, () -> Switch.named("merging,nothing"));
        assertEquals(1, Switch.named("merging").size());
    }
}
