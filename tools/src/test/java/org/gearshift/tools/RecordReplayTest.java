package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.testing.OwnThread;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code --record} and {@code --replay}, with a guest that counts for as long as it waits for a key, and writes down how far it has come at each: its memory tells after
 * how many
 * instructions each came.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RecordReplayTest {
    private static final int[] COUNTER = {
        0xbf, 0x00, 0x00, 0x20, 0x00,       // mov edi, 0x200000
        0x41,                               // next: inc ecx
        0x66, 0xba, 0xfd, 0x03, 0xec,       // in al, 3fd
        0xa8, 0x01, 0x74, 0xf6,             // a byte? else next
        0x66, 0xba, 0xf8, 0x03, 0xec,       // in al, 3f8
        0x89, 0x0f, 0x83, 0xc7, 0x04,       // *edi++ = ecx
        0xee, 0x3c, 'q', 0x75, 0xe7,        // echo; q? else next
        0xb0, 0x03, 0xe6, 0xf4, 0xeb, 0xfe};
    private static final Pattern STATE = Pattern.compile("final state ([0-9a-f]{64})");

    @TempDir
    Path dir;
    private Path kernel;
    private Path log;

    @BeforeEach
    void guest() throws Exception {
        kernel = Files.write(dir.resolve("counter"), GuestCode.elf(COUNTER));
        log = dir.resolve("run.rec");
    }

    private static String state(String messages) {
        Matcher m = STATE.matcher(messages);
        assertTrue(m.find(), messages);
        return m.group(1);
    }

    /** Records while somebody types. @return the messages */
    private String record(String keys) throws Exception {
        StringWriter all = new StringWriter();
        PipedReader reader = new PipedReader();
        PrintWriter messages = new PrintWriter(new PipedWriter(reader), true);
        CompletableFuture<Integer> code = OwnThread.start(() -> {
            try (messages) {
                return Gearshift.execute(new PrintWriter(new StringWriter()), messages, "run", "--kernel", kernel.toString(), "-m", "8M",
                        "--serial", "tcp:0", "--record", log.toString());
            }
        });
        BufferedReader lines = new BufferedReader(reader);
        String where = lines.readLine();
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(where.replaceAll("\\D+(\\d+\\.)+\\d+ port ", "")))) {
            for (byte b : keys.getBytes(StandardCharsets.US_ASCII)) {
                Thread.sleep(10 + b % 7 * 10);
                s.getOutputStream().write(b);
            }
            assertEquals(keys, new String(s.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            lines.transferTo(all);
        }
        assertEquals(7, code.get(1, TimeUnit.MINUTES), all.toString());
        return all.toString();
    }

    private CommandLineRun replay(String... more) {
        String[] line = {"run", "--replay", log.toString(), "--serial", "file:" + dir.resolve("console")};
        line = Arrays.copyOf(line, line.length + more.length);
        System.arraycopy(more, 0, line, line.length - more.length, more.length);
        return CommandLineRun.of(line);
    }

    @Test
    void everyKeyComesAfterTheSameInstruction() throws Exception {
        String recorded = record("hello, world\r\nq");
        for (String backend : new String[] {"jvm", "interpreter"}) {
            CommandLineRun again = replay("--backend", backend);
            assertEquals(7, again.code(), again.err());
            assertEquals(state(recorded), state(again.err()));
            assertEquals("hello, world\r\nq", Files.readString(dir.resolve("console")));
        }
        assertFalse(state(record("hello, world\r\nq")).equals(state(recorded)), "another run is another run");
    }

    @Test
    void aRecordingThatBreaksOffIsReplayedUpToThere() throws Exception {
        record("typed, and then killedq");
        byte[] whole = Files.readAllBytes(log);
        int last = Integer.MAX_VALUE;
        for (int length : new int[] {whole.length - 1, whole.length - 200, whole.length - 400}) {
            Files.write(log, Arrays.copyOf(whole, length));
            CommandLineRun again = replay();
            assertEquals(0, again.code(), again.err());
            assertTrue(again.err().contains("the recording breaks off here"), again.err());
            String shown = Files.readString(dir.resolve("console"));
            assertTrue("typed, and then killedq".startsWith(shown), shown);
            assertTrue(shown.length() < last, shown);
            last = shown.length();
        }
    }

    @Test
    void damageIsFound() throws Exception {
        record("abcq");
        byte[] whole = Files.readAllBytes(log);
        Random random = new Random(7);
        for (int i = 0; i < 60; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(log, damaged);
            CommandLineRun again = replay();
            boolean cutOff = again.err().contains("the recording breaks off here");
            assertTrue(again.code() == 2 || cutOff, again.code() + again.err());
            assertTrue(cutOff || again.err().matches("gearshift: [^\n]*\n(Try [^\n]*\n)?"), again.err());
        }
    }

    @Test
    void whatIsNoRecordingOfThisMachineIsRefused() throws Exception {
        record("q");
        byte[] whole = Files.readAllBytes(log);
        Path other = Files.write(dir.resolve("other"), GuestCode.elf(0xeb, 0xfe));
        assertRefused("recorded with another kernel", replay("--kernel", other.toString()));
        Path moved = Files.move(kernel, dir.resolve("moved"));
        assertRefused("counter: no such file", replay());
        assertEquals(7, replay("--kernel", moved.toString()).code());
        assertRefused("the recording says what machine it is; leave out --memory", replay("-m", "16M"));
        assertRefused("do not go together", replay("--record", dir.resolve("another").toString()));
        byte[] newer = whole.clone();
        newer["GEARSHIFT RECORD".length()]++;
        Files.write(log, newer);
        assertRefused("a recording of version 2; this Gearshift reads version 1", replay());
        Files.writeString(log, "something else altogether");
        assertRefused("is no recording of Gearshift", replay());
        Files.write(log, new byte[0]);
        assertRefused("is no recording of Gearshift", replay());
        Files.delete(log);
        assertRefused("no such file", replay());
    }

    private static void assertRefused(String why, CommandLineRun run) {
        assertEquals(2, run.code(), run.err());
        assertTrue(run.err().contains(why) && !run.err().contains("\tat "), run.err());
    }

    @Test
    void whatCannotBeRecordedIsRefused() throws Exception {
        Path disk = Files.write(dir.resolve("disk"), new byte[8192]);
        String[] line = {"run", "--serial", "none", "--record", log.toString()};
        for (String[] more : new String[][] {{"--disk", disk.toString()}, {"--lockstep"}, {"--debug"}, {"--gdb", "0"}}) {
            String[] all = Arrays.copyOf(line, line.length + more.length);
            System.arraycopy(more, 0, all, line.length, more.length);
            assertRefused("--record", CommandLineRun.of(all));
            assertFalse(Files.exists(log), "nothing has been begun");
        }
    }

    @Test
    void theDebuggerGoesBackInARecordedRun() throws Exception {
        record("abcq");
        CommandLineRun run = replay("--batch", "-e", "continue", "-e", "last-write 0x200008", "-e", "reverse-continue", "-e", "continue", "-e", "continue");
        assertEquals(7, run.code(), run.err());
        String said = run.out();
        assertTrue(said.contains("the recording ends here: the machine ends when it goes on"), said);
        assertTrue(said.matches("(?s).*00200008 was last written [\\d,]+ instructions before, "
                + "by instruction [\\d,]+: 00000000, then [0-9a-f]{8}\n=> [0-9a-f]+: mov DWORD PTR \\[edi\\],ecx\n.*"), said);
        assertTrue(said.contains("this is the first moment that is remembered\n=> 00100000: mov edi,0x200000"), said);
        assertEquals("abcq", Files.readString(dir.resolve("console")), "nothing is printed twice");
    }
}
