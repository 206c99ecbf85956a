package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The debugger's sessions in docs/debugging.md are typed again, and answer what they answer there, up to numbers. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DebuggerTourTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "debugging.md");
    private static final Pattern SESSION = Pattern.compile("```\n\\$ \\./gearshift (debug [^\n]*)\n(.*?)```", Pattern.DOTALL);
    private static final String PROMPT = "(gearshift) ";

    @TempDir
    Path dir;

    @Test
    void theSessionsAreAsPrinted() throws Exception {
        Path kernel = Files.write(dir.resolve("vmlinux"), DebianGuest.unpackedKernel("debian-amd64").array());
        Matcher m = SESSION.matcher(Files.readString(DOCUMENT));
        int sessions = 0;
        while (m.find()) {
            run(m.group(1), m.group(2), kernel);
            sessions++;
        }
        assertEquals(4, sessions);
    }

    private static void run(String line, String session, Path kernel) {
        List<String> arguments = new ArrayList<>();
        Matcher word = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(line);
        while (word.find()) {
            arguments.add(word.group(1) != null ? word.group(1) : word.group(2).equals("vmlinux") ? kernel.toString() : word.group(2));
        }
        arguments.addAll(List.of("--serial", "none", "--batch"));
        List<String> expected = new ArrayList<>();
        for (String l : session.split("\n")) {
            if (l.startsWith(PROMPT)) {
                arguments.addAll(List.of("-e", l.substring(PROMPT.length())));
            } else if (!l.equals("...")) {
                expected.add(l);
            }
        }
        CommandLineRun run = CommandLineRun.of(arguments.toArray(new String[0]));
        assertEquals(0, run.code(), run.out() + run.err());
        List<String> got = Arrays.stream(run.out().split("\n")).map(DebuggerTourTest::withoutNumbers).toList();
        int from = 0;
        for (String e : expected) {
            int at = got.subList(from, got.size()).indexOf(withoutNumbers(e));
            assertTrue(at >= 0, () -> "'" + e + "' does not come in its turn:\n" + run.out());
            from += at + 1;
        }
    }

    /** Addresses, counts and a compiler's choice of registers are those of one version of the kernel. */
    private static String withoutNumbers(String line) {
        return line.replaceAll("\\br(1[0-5]|[89])\\b", "r#").replaceAll("\\b(0x|v)?[0-9a-f]*[0-9][0-9a-f,]*\\b", "#").replaceAll(" +", " ").stripTrailing();
    }
}
