package org.gearshift.tools.up;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.vmm.host.VmConsole;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One terminal for three consoles: what each key does, and what is shown. */
class ConsoleSwitchTest {
    private static final String KEY = String.valueOf((char) ConsoleSwitch.GEARSHIFT_KEY);

    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private final Map<String, StringBuilder> typed = new LinkedHashMap<>();
    private final Map<String, VmConsole.Viewer> viewers = new LinkedHashMap<>();
    private int left;
    private ConsoleSwitch keys;

    private final Consoles consoles = new Consoles() {
        @Override
        public List<Entry> list() {
            return List.of(new Entry("a", "running"), new Entry("b", "paused"), new Entry("c", "off"));
        }

        @Override
        public Connection open(String name, VmConsole.Viewer viewer) throws IOException {
            if (name.equals("c")) {
                throw new IOException("c is not to be had");
            }
            viewers.put(name, viewer);
            viewer.output(("recent " + name + "\n").getBytes(StandardCharsets.US_ASCII));
            return new Connection() {
                @Override
                public void type(int b) {
                    typed.computeIfAbsent(name, n -> new StringBuilder()).append((char) b);
                }

                @Override
                public void close() {
                    viewers.remove(name);
                }
            };
        }
    };

    @BeforeEach
    void start() throws IOException {
        keys = new ConsoleSwitch(consoles, screen::writeBytes, () -> left++, "leave");
        keys.show("a");
        screen.reset();
    }

    private void press(String text) {
        for (char c : text.toCharArray()) {
            keys.key(c);
        }
    }

    private String shown() {
        return screen.toString(StandardCharsets.UTF_8);
    }

    @Test
    void whatIsTypedGoesToTheConsoleThatIsShown() {
        press("ls\r\t");
        assertEquals("ls\r\t", typed.get("a").toString());
        viewers.get("a").output("file\n".getBytes(StandardCharsets.US_ASCII));
        assertEquals("file\n", shown());
    }

    @Test
    void theKeyListsTheConsoles() {
        press(KEY);
        assertTrue(shown().contains("[gearshift: 1 a* running | 2 b paused | 3 c off | 1-9 choose, n next"), shown());
        press("?");
        press("x");
        assertEquals("x", typed.get("a").toString(), "the key after it is no longer a command");
        assertEquals(0, left);
    }

    @Test
    void aNumberAndTheNextKeySwitch() {
        VmConsole.Viewer before = viewers.get("a");
        press(KEY + "2");
        assertTrue(shown().contains("console of b") && shown().endsWith("recent b\n"), shown());
        press("hello");
        assertEquals("hello", typed.get("b").toString());
        assertFalse(viewers.containsKey("a"), "nobody looks any more");
        screen.reset();
        before.output("late".getBytes(StandardCharsets.US_ASCII));
        assertEquals("", shown(), "what another console still brings is not shown");
        press(KEY + "p");
        assertTrue(shown().contains("recent a"), shown());
        press(KEY + "p");
        assertTrue(shown().contains("c is not to be had"), "round the end: " + shown());
        press(KEY + "n");
        assertTrue(shown().endsWith("recent a\n"), shown());
    }

    @Test
    void theKeyTwiceIsTheGuests() {
        press(KEY + KEY);
        assertEquals(KEY, typed.get("a").toString());
    }

    @Test
    void leaving() {
        press(KEY + "x");
        assertEquals(1, left);
    }

    @Test
    void theEndOfAMachineIsTold() {
        viewers.get("a").end();
        assertTrue(shown().contains("[gearshift: a has ended; Ctrl-] for the others]"), shown());
        press("anybody there?");
        assertFalse(typed.containsKey("a"));
        press(KEY + "n");
        assertTrue(shown().endsWith("recent b\n"), shown());
    }
}
