package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code emit --machine-code} in a process of its own: with the launcher it shows what HotSpot compiled, without it says what is missing. */
class MachineCodeTest {
    @Test
    void hotSpotsCodeIsShown() throws Exception {
        List<String> words = new ArrayList<>(GearshiftCommand.words());
        boolean launcher = words.size() == 1;
        words.addAll(List.of("emit", "--machine-code", "--compiler", "C1", "8b", "03", "83", "c3", "04", "01", "c2", "49", "75", "f6", "c3"));
        Process p = new ProcessBuilder(words).redirectErrorStream(true).start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(launcher ? 0 : 2, p.waitFor(), out);
        if (launcher) {
            assertTrue(out.startsWith("; C1: ") && out.contains(" bytes of machine code"), out);
        } else {
            assertTrue(out.contains("the launcher ./gearshift starts it with it"), out);
        }
    }
}
