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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.testing.Prerequisite;
import org.gearshift.tools.symbols.ElfFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bt} and {@code profile} by call frame information, on a guest by itself that has no frame pointers. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CallFrameGuestTest {
    private static final Path SOURCE = Path.of("src/test/resources/org/gearshift/tools/unwind/calls.c");
    private static final Pattern FRAME = Pattern.compile("#\\d+ +([0-9a-f]+) <([\\w.]+)(\\+0x[0-9a-f]+)?>(.*)");
    private static final Pattern NEXT = Pattern.compile("=> ([0-9a-f]+) <\\S+>: (\\w+).*");
    private static final int STEPS = 210;
    private static final int LONGEST_CALL = 7;

    @TempDir
    Path dir;

    private record Moment(String instruction, List<Long> callers, List<String> names) {
    }

    /** Compiled to run at 1 MiB without anything below it. */
    static Path compiled(Path to, String... flags) throws Exception {
        Prerequisite.program("gcc");
        List<String> command = new ArrayList<>(List.of("gcc", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-fomit-frame-pointer", "-mno-sse", "-nostdlib", "-static", "-no-pie",
                "-Wl,-Ttext-segment=0x100000,-z,max-page-size=4096,--build-id=none", "-o", to.toString(), SOURCE.toAbsolutePath().toString()));
        command.addAll(List.of(flags));
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), said);
        return to;
    }

    private static CommandLineRun debug(Path elf, List<String> commands, String... more) {
        List<String> line = new ArrayList<>(List.of("debug", "--clock", "virtual", "--serial", "none", "--batch", "-m", "16M", "--kernel", elf.toString()));
        line.addAll(List.of(more));
        commands.forEach(c -> line.addAll(List.of("-e", c)));
        return CommandLineRun.of(line.toArray(new String[0]));
    }

    private static List<String> names(String said) {
        return FRAME.matcher(said).results().map(m -> m.group(2) + m.group(4)).toList();
    }

    /** At each instruction, in prologues and epilogues as well, the callers are those that have called and not been returned to. */
    @ParameterizedTest
    @CsvSource({"-m32,-O1,-fasynchronous-unwind-tables", "-m64,-O2,-fasynchronous-unwind-tables", "-m32,-O2,-gdwarf-4 -fno-asynchronous-unwind-tables",
        "-m64,-O1,-gdwarf-5 -fno-asynchronous-unwind-tables"})
    void callersAreKnownAtEveryInstruction(String width, String optimization, String tables) throws Exception {
        List<String> flags = new ArrayList<>(List.of(width, optimization));
        flags.addAll(List.of(tables.split(" ")));
        List<String> commands = new ArrayList<>(List.of("tbreak run", "continue"));
        for (int i = 0; i < STEPS; i++) {
            commands.addAll(List.of("bt", "step"));
        }
        CommandLineRun run = debug(compiled(dir.resolve("calls.elf"), flags.toArray(new String[0])), commands);
        assertEquals(0, run.code(), run.err());
        assertFalse(run.out().contains("note:"), run.out());
        List<Moment> moments = moments(run.out());
        assertEquals(STEPS, moments.size());
        int returns = 0;
        int deepest = 0;
        for (int i = 0; i + 1 < moments.size(); i++) {
            List<Long> now = moments.get(i).callers;
            List<Long> next = moments.get(i + 1).callers;
            String where = i + ": " + moments.get(i) + " -> " + moments.get(i + 1);
            if (moments.get(i).instruction.equals("call")) {
                assertTrue(next.get(1) > now.get(0) && next.get(1) <= now.get(0) + LONGEST_CALL, where);
                assertEquals(now.subList(1, now.size()), next.subList(2, next.size()), where);
            } else if (moments.get(i).instruction.equals("ret")) {
                assertEquals(now.subList(1, now.size()), next, where);
                returns++;
            } else {
                assertEquals(now.subList(1, now.size()), next.subList(1, next.size()), where);
            }
            deepest = Math.max(deepest, next.size());
            List<String> names = moments.get(i).names;
            assertTrue(names.stream().skip(1).allMatch(n -> n.endsWith(" [cfi]")), where);
            assertTrue(names.get(names.size() - 1).startsWith("_start"), where);
        }
        assertTrue(returns > 5 && deepest > 8, returns + " returns, " + deepest + " functions");
    }

    private static List<Moment> moments(String said) {
        List<Moment> all = new ArrayList<>();
        String instruction = null;
        List<Long> callers = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (String line : said.split("\n")) {
            Matcher frame = FRAME.matcher(line);
            Matcher next = NEXT.matcher(line);
            if (frame.matches()) {
                callers.add(Long.parseUnsignedLong(frame.group(1), 16));
                names.add(frame.group(2) + frame.group(4));
            } else if (next.matches()) {
                if (!callers.isEmpty()) {
                    all.add(new Moment(instruction, callers, names));
                    callers = new ArrayList<>();
                    names = new ArrayList<>();
                }
                instruction = next.group(2);
            }
        }
        return all;
    }

    @Test
    void finishAndProfileGoByThemToo() throws Exception {
        Path elf = compiled(dir.resolve("calls.elf"), "-m64", "-O1");
        CommandLineRun run = debug(elf, List.of("tbreak saves", "continue", "step 3", "finish", "bt"));
        assertEquals("variable, aligned [cfi], jumps [cfi], recursive [cfi], recursive [cfi], recursive [cfi], framed [cfi], run [cfi], _start [cfi]", String.join(", ", names(run.out())));
        Path stacks = dir.resolve("stacks.txt");
        CommandLineRun profile = CommandLineRun.of("profile", "--kernel", elf.toString(), "-m", "16M", "--every", "1", "--max-instructions", "400", "-o", stacks.toString());
        assertEquals(0, profile.code(), profile.err());
        String chain = "_start;run;framed;recursive;recursive;recursive;jumps;aligned;variable;saves;leaf ";
        assertTrue(Files.readAllLines(stacks).stream().anyMatch(l -> l.startsWith(chain)), Files.readString(stacks));
        assertTrue(Files.readAllLines(stacks).stream().allMatch(l -> l.startsWith("_start")), Files.readString(stacks));
    }

    /** The kernel has no tables and no names; a file beside it has. */
    @Test
    void tablesComeFromTheFileThatNamesTheCode() throws Exception {
        Path elf = compiled(dir.resolve("calls.elf"), "-m32", "-O1");
        Path bare = compiled(dir.resolve("bare.elf"), "-m32", "-O1", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-Wa,--noexecstack", "-s");
        List<String> commands = List.of("tbreak leaf", "continue", "bt 3");
        assertEquals(List.of("leaf", "saves [cfi]", "variable [cfi]"), names(debug(elf, commands).out()));
        assertEquals(List.of("leaf", "saves [cfi]", "variable [cfi]"), names(debug(bare, commands, "--program", elf.toString()).out()));
        assertEquals(List.of("leaf", "saves [cfi]", "variable [cfi]"), names(debug(bare, commands, "--symbols", elf.toString()).out()));

        Path anywhere = compiled(dir.resolve("anywhere.elf"), "-m64", "-O1", "-fpie", "-Wl,-Ttext-segment=0");
        Path there = compiled(dir.resolve("there.elf"), "-m64", "-O1", "-fpie", "-s");
        assertEquals(List.of("leaf", "saves [cfi]", "variable [cfi]"), names(debug(there, commands, "--program", anywhere + "@0x100000").out()));
        Path stacks = dir.resolve("stacks.txt");
        assertEquals(0, CommandLineRun.of("profile", "--kernel", there.toString(), "--program", anywhere + "@100000", "-m", "16M", "--every", "1", "--max-instructions", "200", "-o",
                stacks.toString()).code());
        assertTrue(Files.readString(stacks).contains("jumps;aligned;variable;saves;leaf "), Files.readString(stacks));
    }

    /** Whatever is in the tables, the answer is a stack and perhaps a note. */
    @ParameterizedTest
    @ValueSource(strings = {"-m32", "-m64"})
    void damagedTablesAreReported(String width) throws Exception {
        Path elf = compiled(dir.resolve("calls.elf"), width, "-O1");
        byte[] whole = Files.readAllBytes(elf);
        ElfFile.Section frames = new ElfFile("calls", whole).section(".eh_frame");
        Random random = new Random(7);
        int notes = 0;
        for (int i = 0; i < 12; i++) {
            byte[] damaged = whole.clone();
            for (int k = 0; k < 1 + i; k++) {
                damaged[frames.offset() + random.nextInt(frames.length())] = (byte) random.nextInt();
            }
            CommandLineRun run = debug(Files.write(dir.resolve("damaged.elf"), damaged), List.of("tbreak leaf", "continue", "bt", "step 2", "bt 5"));
            assertEquals(0, run.code(), run.err());
            assertFalse((run.out() + run.err()).contains("\tat "), run.out() + run.err());
            assertTrue(run.out().contains("#0 "), run.out());
            notes += run.out().contains("\nnote: ") ? 1 : 0;
        }
        assertTrue(notes > 5, "notes: " + notes);
        byte[] cut = whole.clone();
        cut[frames.offset() + 2] = 1;
        CommandLineRun run = debug(Files.write(dir.resolve("damaged.elf"), cut), List.of("tbreak leaf", "continue", "bt"));
        assertTrue(run.out().contains("damaged.elf: .eh_frame, entry at 0x0: at 0x4 65556 bytes should follow"), run.out());
    }
}
