package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code run --coverage}: a guest in C counts by itself how often it comes to some of its lines. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CoverageTest {
    static final Path SOURCE = Path.of("src/test/resources/org/gearshift/tools/coverage/counts.c");

    /** Headers and code of the file come before that. */
    private static final int CODE = 0x210;

    @TempDir
    Path dir;

    /** Compiled to run at 1 MiB without anything below it. */
    static Path compiled(Path to, String... flags) throws Exception {
        Prerequisite.program("gcc");
        List<String> command = new ArrayList<>(List.of("gcc", "-m32", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-fno-asynchronous-unwind-tables",
                "-nostdlib", "-static", "-no-pie", "-Wl,-N,-Ttext=0x100000,--build-id=none", "-o", to.toString(), SOURCE.toAbsolutePath().toString()));
        command.addAll(List.of(flags));
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), said);
        return to;
    }

    private CommandLineRun run(Path elf, String... more) {
        List<String> words = new ArrayList<>(List.of("run", "--kernel", elf.toString(), "-m", "16M", "--clock", "virtual", "--serial", "file:" + dir.resolve("serial")));
        words.addAll(List.of(more));
        return CommandLineRun.of(words.toArray(new String[0]));
    }

    @ParameterizedTest
    @CsvSource({"-gdwarf-2,-O0", "-gdwarf-4,-O0", "-gdwarf-5,-O0", "-gdwarf-5,-O2"})
    void countsAreThoseOfTheProgram(String format, String optimization) throws Exception {
        Path elf = compiled(dir.resolve("counts"), format, optimization);
        Path info = dir.resolve("counts.info");
        CommandLineRun r = run(elf, "--coverage", info.toString());
        assertEquals(1, r.code(), "(0 << 1) | 1, by the debug-exit port: " + r.err());
        assertTrue(r.err().matches("gearshift: \\d+ of \\d+ lines executed\n"), r.err());

        List<String> counters = Files.readAllLines(dir.resolve("serial"));
        List<String> source = Files.readAllLines(SOURCE);
        List<String> lcov = Files.readAllLines(info);
        assertEquals("SF:" + SOURCE.toAbsolutePath(), lcov.get(1));
        assertEquals(5, counters.size());
        for (int i = 0; i < counters.size(); i++) {
            String counting = "counts[" + i + "]++";
            int line = 1 + source.indexOf(source.stream().filter(l -> l.contains(counting)).findFirst().orElseThrow());
            assertTrue(lcov.contains("DA:" + line + "," + counters.get(i)), () -> counting + ": " + counters + "\n" + lcov);
        }
        assertTrue(Long.parseLong(counters.get(1)) > 1000 && counters.get(4).equals("0"), counters + "");
        assertTrue(lcov.contains("FNDA:499,steps") && lcov.contains("FNDA:1,run"), lcov + "");
        assertEquals(lcov.stream().filter(l -> l.startsWith("DA:")).count() + "", lcov.stream().filter(l -> l.startsWith("LF:")).findFirst().orElseThrow().substring(3));
        assertEquals("end_of_record", lcov.get(lcov.size() - 1));
    }

    @Test
    void aTripleForIsCountedByItsCondition() throws Exception {
        Path info = dir.resolve("counts.info");
        run(compiled(dir.resolve("counts"), "-g", "-O0"), "--coverage", info.toString());
        int line = 1 + Files.readAllLines(SOURCE).indexOf("    for (unsigned n = 1; n < 500; n++) {");
        assertTrue(Files.readAllLines(info).contains("DA:" + line + ",500"), Files.readString(info));
    }

    @Test
    void whatHasNoLinesIsRefused() throws Exception {
        Path info = dir.resolve("counts.info");
        Path elf = compiled(dir.resolve("counts"), "-g0");
        assertRefused("counts: has no line numbers (.debug_line): compile it with -g", run(elf, "--coverage", info.toString()));
        assertRefused("of which program?", CommandLineRun.of("run", "--serial", "none", "--coverage", info.toString()));
        assertRefused("--trace and --coverage do not go together", run(elf, "--coverage", info.toString(), "--trace", "int"));
        assertRefused("--coverage follows one processor", run(elf, "--coverage", info.toString(), "--cpus", "2"));
        byte[] whole = Files.readAllBytes(compiled(elf, "-g"));
        Random random = new Random(5);
        for (int i = 0; i < 100; i++) {
            byte[] damaged = whole.clone();
            for (int k = 0; k < 20; k++) {
                damaged[CODE + random.nextInt(whole.length - CODE)] = (byte) random.nextInt();
            }
            Files.write(dir.resolve("damaged"), damaged);
            CommandLineRun r = run(elf, "--coverage", info.toString(), "--max-instructions", "10", "--symbols", dir.resolve("damaged").toString());
            assertTrue(r.code() == 2 || r.code() == 5, r.code() + r.err());
            assertFalse(r.err().contains("\tat "), r.err());
        }
    }

    private static void assertRefused(String why, CommandLineRun run) {
        assertEquals(2, run.code(), run.err());
        assertTrue(run.err().contains(why), run.err());
    }
}
