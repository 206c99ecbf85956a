package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.OwnThread;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code gearshift run}: where the serial port goes, how a run ends, and what the help says of it. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RunCommandTest {
    @TempDir
    Path dir;

    private static byte[] elf(int... code) {
        return GuestCode.elf(code);
    }

    private CommandLineRun run(byte[] kernel, String... more) throws Exception {
        Path k = Files.write(dir.resolve("kernel.elf"), kernel);
        String[] args = {"run", "--kernel", k.toString(), "--serial", "none", "--clock", "virtual"};
        String[] all = java.util.Arrays.copyOf(args, args.length + more.length);
        System.arraycopy(more, 0, all, args.length, more.length);
        return CommandLineRun.of(all);
    }

    @Test
    void serialPortInAFile() throws Exception {
        Path f = dir.resolve("console.txt");
        CommandLineRun r = CommandLineRun.of("run", "--serial", "file:" + f, "--clock", "virtual");
        assertEquals(0, r.code(), r.err());
        String text = Files.readString(f);
        assertTrue(text.startsWith("Gearshift sample kernel") && text.contains("power off"), text);
        assertEquals("", r.out());
    }

    @Test
    void serialPortOnATcpConnection() throws Exception {
        PipedWriter pipe = new PipedWriter();
        BufferedReader messages = new BufferedReader(new PipedReader(pipe));
        // Echoes one byte from the port, then writes 3 to the debug-exit port: exit code 7.
        byte[] echo = elf(0x66, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xfb, 0x66, 0xba, 0xf8, 0x03, 0xec, 0xee, 0xb0, '\n', 0xee,
                0xb0, 0x03, 0xe6, 0xf4, 0xeb, 0xfe);
        Path k = Files.write(dir.resolve("echo.elf"), echo);
        CompletableFuture<Integer> code = OwnThread.start(() -> Gearshift.execute(new PrintWriter(Writer.nullWriter()),
                new PrintWriter(pipe), "run", "--kernel", k.toString(), "--serial", "tcp:0", "--max-instructions", "2000000000"));
        String waits = messages.readLine();
        assertTrue(waits.matches("gearshift: serial port waits for a connection on 127.0.0.1 port \\d+"), waits);
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(waits.replaceAll(".* ", "")))) {
            s.getOutputStream().write('Q');
            assertEquals("Q", new BufferedReader(new InputStreamReader(s.getInputStream(), StandardCharsets.US_ASCII)).readLine());
            assertEquals(7, code.get());
        }
    }

    @Test
    void guestGoesOnWhenTheOtherSideHangsUp() throws Exception {
        PipedWriter pipe = new PipedWriter();
        BufferedReader messages = new BufferedReader(new PipedReader(pipe));
        CompletableFuture<Integer> code = OwnThread.start(() -> Gearshift.execute(new PrintWriter(Writer.nullWriter()),
                new PrintWriter(pipe), "run", "--serial", "tcp:127.0.0.1:0"));
        int port = Integer.parseInt(messages.readLine().replaceAll(".* ", ""));
        new Socket(InetAddress.getLoopbackAddress(), port).close();
        assertEquals(0, code.get(), "powered off");
    }

    @Test
    void badNumbersOfProcessorsAreRefused() {
        for (String n : new String[] {"0", "-1", "33", "two", "99999999999"}) {
            CommandLineRun r = CommandLineRun.of("run", "--cpus", n);
            assertEquals(2, r.code(), r.err());
            assertTrue(r.err().contains("--cpus"), r.err());
            assertEquals(1, r.err().strip().lines().count(), r.err());
        }
        CommandLineRun both = CommandLineRun.of("run", "--cpus", "2", "--lockstep");
        assertEquals(2, both.code(), both.err());
        assertTrue(both.err().contains("--lockstep"), both.err());
    }

    @Test
    void badPlacesForTheSerialPortAreRefused() {
        for (String s : new String[] {"tcp:", "tcp:70000", "tcp:localhost:http", "file:", "pigeon"}) {
            CommandLineRun r = CommandLineRun.of("run", "--serial", s);
            assertEquals(2, r.code(), r.err());
            assertTrue(r.err().contains("--serial " + s), r.err());
        }
        assertEquals(1, CommandLineRun.of("run", "--serial", "file:" + dir).code(), "a directory cannot be written");
    }

    @Test
    void exitCodesTellHowTheGuestEnded() throws Exception {
        assertEquals((5 << 1 | 1), run(elf(0xb0, 0x05, 0xe6, 0xf4, 0xeb, 0xfe)).code(), "debug-exit port");
        CommandLineRun halted = run(elf(0xf4));
        assertEquals(6, halted.code(), halted.err());
        assertTrue(halted.err().contains("halted for good"), halted.err());
        CommandLineRun triple = run(elf(0x0f, 0x0b));
        assertEquals(3, triple.code(), triple.err());
        assertTrue(triple.err().contains("triple-faulted at 0010:00100000"), triple.err());
        assertEquals(4, run(elf(0xb0, 0xfe, 0xe6, 0x64, 0xf4)).code(), "reset by the keyboard controller");
        CommandLineRun limit = run(elf(0xeb, 0xfe), "--max-instructions", "12345");
        assertEquals(5, limit.code());
        assertTrue(limit.err().contains("stopped after 12345 guest instructions"), limit.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jvm", "interpreter", "JVM"})
    void backends(String backend) throws Exception {
        CommandLineRun r = run(elf(0xeb, 0xfe), "--backend", backend, "--stats", "--max-instructions", "20000000");
        assertEquals(5, r.code(), r.err());
        assertTrue(r.err().contains("guest instructions      20,000,000"), r.err());
        assertEquals(backend.equals("interpreter"), r.err().contains("(100.00 %)"), r.err());
    }

    @Test
    void helpDocumentsOptionsAndExitCodes() {
        CommandLineRun r = CommandLineRun.of("run", "--help");
        assertEquals(0, r.code());
        for (String s : new String[] {"--kernel=FILE", "--initrd=FILE", "--append=TEXT", "-m, --memory=SIZE", "--clock=host|virtual", "--serial=WHERE",
            "--backend=jvm|interpreter", "--max-instructions=N", "--lockstep", "--stats", "Exit codes:", "  3       the guest triple-faulted",
            "  5       the instruction limit was reached"}) {
            assertTrue(r.out().contains(s), () -> s + " is not in:\n" + r.out());
        }
        assertTrue(r.out().lines().allMatch(l -> l.length() <= 80));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "run", "up", "ps", "pause", "resume", "stop", "destroy", "console", "guest", "guest list", "guest fetch", "inspect"})
    void everyCommandHasHelpAndVersion(String command) {
        String[] words = command.isEmpty() ? new String[0] : command.split(" ");
        String[] help = java.util.Arrays.copyOf(words, words.length + 1);
        help[words.length] = "--help";
        CommandLineRun h = CommandLineRun.of(help);
        assertEquals(0, h.code());
        assertTrue(h.out().startsWith("Usage: gearshift" + (command.isEmpty() ? "" : " " + command)), h.out());
        help[words.length] = "-V";
        assertTrue(CommandLineRun.of(help).out().startsWith("gearshift "));
    }

    @Test
    void guestListShowsTheCatalogue() {
        String s = CommandLineRun.of("guest", "list").out();
        assertTrue(s.contains("debian-686 ") && s.contains("memtest86+"), s);
        StringWriter err = new StringWriter();
        assertEquals(2, Gearshift.execute(new PrintWriter(new StringWriter()), new PrintWriter(err), "guest"));
        assertTrue(err.toString().contains("guest list, or guest fetch NAME"));
    }
}
