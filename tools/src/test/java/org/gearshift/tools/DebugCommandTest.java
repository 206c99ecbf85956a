package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The debugger's commands, on the sample kernel. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DebugCommandTest {
    @TempDir
    Path dir;

    private static CommandLineRun debug(String... commands) {
        List<String> line = new ArrayList<>(List.of("debug", "--clock", "virtual", "--serial", "none", "--batch"));
        for (String c : commands) {
            line.addAll(List.of("-e", c));
        }
        return CommandLineRun.of(line.toArray(new String[0]));
    }

    private static String answers(String... commands) {
        CommandLineRun run = debug(commands);
        assertEquals(0, run.code(), run.out() + run.err());
        return run.out();
    }

    @Test
    void theGuestIsLookedAtAndChanged() {
        String said = answers("regs", "disas $pc 3", "set $eax = 0x1234", "print $eax + 1", "set d 0x200000 = 0xcafe", "x/2d 0x200000", "xp/4b 0x200000",
                "set q 0x200010 = 0x6f6c6c6568",
                "x/s 0x200010", "find 0x200000 0x100 hello", "find 0x200000 0x100 0xfeca", "print [0x200000] == 0xcafe && b[0x200011] == 101", "gdt", "cpus",
                        "regs fpu vector cr0",
                "stats");
        assertTrue(said.contains("=> 0010000c: mov esp,0x"), said);
        assertTrue(said.contains("0x1235 = 4661"), said);
        assertTrue(said.contains("00200000: 0000cafe 00000000"), said);
        assertTrue(said.contains("00200000: fe ca 00 00"), said);
        assertTrue(said.contains("00200010: \"hello\""), said);
        assertTrue(said.contains("\n00200010\n00200000\n"), said);
        assertTrue(said.contains("0x1 = 1"), said);
        assertTrue(said.contains("0010  base 00000000 limit ffffffff  code32, DPL 0"), said);
        assertTrue(said.contains("32-bit protected mode, CPL 0, 0 instructions"), said);
        assertTrue(said.contains("cr0        0x11"), said);
    }

    @Test
    void theGuestIsStoppedAndGoesOn() {
        String said = answers("step 2", "tbreak 0x100016 if $esp > 0", "break 0x100016 if 0", "breakpoints", "continue", "breakpoints", "watch $esp-4 4",
                "catch port 0x3f8-0x3ff", "continue", "delete 3",
                "continue", "disable 4", "catch interrupt", "continue", "idt 32", "bt 1", "delete", "continue", "breakpoints");
        assertTrue(said.contains("=> 00100013: popf"), said);
        assertTrue(said.contains("1   tbreak  0x100016 if $esp > 0  00100016, stopped 0 times"), said);
        assertTrue(said.contains("watchpoint 3: write of 4 bytes at "), said);
        assertTrue(said.contains("catch 4: "), said);
        assertTrue(said.contains("catch 5: interrupt "), said);
        assertTrue(said.contains("interrupt gate, DPL 0"), said);
        assertTrue(said.contains("the run is over\nnone\n"), said);
    }

    @Test
    void finishReturnsToTheCaller() {
        String said = answers("until 0x100896", "step", "finish", "info breakpoints", "info registers");
        assertTrue(said.matches("(?s).*reached\\n=> 00100896: call 0x100090\\n=> 00100090: .*\\nreached\\n=> 0010089b: .*\\nnone\\n.*idtr base.*"), said);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "nonsense | no command 'nonsense'; 'help' lists them",
        "e | 'e' could be",
        "break | break: ADDRESS is missing",
        "break main | no symbols are loaded to look 'main' up in: give --symbols FILE",
        "break 0x1z | '0x1z' is no number",
        "print 1 + | something is missing at the end",
        "print (1 | ')' is missing",
        "print 1 2 | '2' does not belong there",
        "print 1 / 0 | division by zero",
        "print $nix | no register $nix",
        "print [0xfffff000] | no memory at fffff000",
        "x/9z 0 | a number and one of b w d q s i",
        "watch 0 100000000 | 1 to 65536 are possible",
        "catch rain | port, mmio, msr, cr, interrupt, exception, hypercall or mode, not rain",
        "delete 7 | no number 7",
        "cpu 3 | there are 0 to 0",
        "set $cr0 = 0 | $cr0 cannot be changed from outside",
        "set 1 | as in 'set $rax = 1'",
        "set b 0xfffff000 = 1 | no writable memory",
        "step 0 | how often? 1 to",
        "regs eax cpus | no register cpus",
        "ps | no symbol init_task; is the guest a Linux kernel",
        "idt 1 2 | does not belong there"})
    void mistakesEndAScript(String command, String message) {
        CommandLineRun run = debug("cpus", command, "regs");
        assertEquals(1, run.code(), run.out() + run.err());
        assertTrue(run.err().contains("gearshift: -e:2: "), run.err());
        assertTrue(run.err().contains(message.strip()), run.err());
        assertFalse(run.err().contains("\tat "), run.err());
        assertFalse(run.out().contains("eflags"), run.out());
    }

    @Test
    void commandsComeFromAFileToo() throws Exception {
        Path file = Files.writeString(dir.resolve("commands"), "# looks\nregs eip\n\ncontinue\nregs eip\n");
        CommandLineRun run = CommandLineRun.of("run", "--clock", "virtual", "--command", file.toString(), "--serial", dir.resolve("serial") + "");
        assertEquals(2, run.code(), "a place for the console that is none: " + run.err());
        run = CommandLineRun.of("run", "--clock", "virtual", "--command", file.toString(), "--serial", "file:" + dir.resolve("serial"));
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().contains("eip        0x10000c") && run.out().contains("the run is over"), run.out());
        assertTrue(Files.readString(dir.resolve("serial")).contains("power off"));
        assertEquals(2, CommandLineRun.of("debug", "--command", dir.resolve("none") + "").code());
    }

    @Test
    void thereIsOneTerminal() {
        CommandLineRun run = CommandLineRun.of("debug", "--serial", "stdio");
        assertEquals(2, run.code());
        assertTrue(run.err().contains("the debugger has the terminal"), run.err());
        run = CommandLineRun.of("debug", "--gdb", "0", "--serial", "none");
        assertEquals(2, run.code());
        assertTrue(run.err().contains("--gdb and --debug do not go together"), run.err());
    }

    @Test
    void helpListsEveryCommandAndExplainsEach() {
        String all = answers("help");
        for (String line : all.split("\n")) {
            String name = line.split(" ")[0];
            if (!line.startsWith("=>") && !name.equals("stopped")) {
                assertTrue(answers("help " + name).contains("\n" + name), line);
                break;
            }
        }
        assertTrue(all.contains("pagewalk ADDRESS") && all.contains("continue [N]") && all.contains("detach"), all);
    }
}
