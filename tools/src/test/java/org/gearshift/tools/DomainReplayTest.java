package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code --record} and {@code --replay} of a paravirtual domain: the sample kernel's twin, while somebody types. It takes no keys, but they are in its console's ring, and each is an event
 * that it has: its memory tells what was typed, and its registers when.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DomainReplayTest {
    private static final Pattern SUMMARY = Pattern.compile("ed ([\\d,]+ instructions and [\\d,]+ inputs).*; final state ([0-9a-f]{64})");
    private static final String KEYS = "typed ahead";
    private static final int HEADER = "GEARSHIFT RECORD".length() + 1;
    private static final int SERIAL = 2;

    @TempDir
    Path dir;

    private Path log() {
        return dir.resolve("run.rec");
    }

    private static String summary(String messages) {
        Matcher m = SUMMARY.matcher(messages);
        assertTrue(m.find(), messages);
        return m.group(1) + " " + m.group(2);
    }

    /** Records while somebody types. @return what the domain has printed, and behind that the messages */
    private String[] record(String cpus) throws Exception {
        PipedReader reader = new PipedReader();
        PrintWriter messages = new PrintWriter(new PipedWriter(reader), true);
        CompletableFuture<Integer> code = CompletableFuture.supplyAsync(() -> {
            try (messages) {
                return Gearshift.execute(new PrintWriter(new StringWriter()), messages, "run", "--mode", "pv", "-m", "96M", "--cpus", cpus,
                        "--serial", "tcp:0", "--record", log().toString());
            }
        });
        BufferedReader lines = new BufferedReader(reader);
        int port = Integer.parseInt(lines.readLine().replaceAll("\\D+(\\d+\\.)+\\d+ port ", ""));
        StringWriter rest = new StringWriter();
        String printed;
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), port)) {
            for (byte b : KEYS.getBytes(StandardCharsets.US_ASCII)) {
                s.getOutputStream().write(b);
                Thread.sleep(b % 7 * 5);
            }
            printed = new String(s.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            lines.transferTo(rest);
        }
        assertEquals(0, code.get(1, TimeUnit.MINUTES), rest.toString());
        return new String[] {printed, rest.toString()};
    }

    private CommandLineRun replay() {
        String[] line = {"run", "--replay", log().toString(), "--serial", "file:" + dir.resolve("console")};
        return CommandLineRun.of(line);
    }

    @Test
    void whatWasTypedComesAfterTheSameInstructions() throws Exception {
        for (String cpus : new String[] {"1", "2"}) {
            String[] recorded = record(cpus);
            assertTrue(!recorded[1].contains(" 0 inputs"), recorded[1]);
            for (int i = Integer.parseInt(cpus); i <= 2; i++) {
                CommandLineRun again = replay();
                assertEquals(0, again.code(), again.err());
                assertEquals(summary(recorded[1]), summary(again.err()));
                assertEquals(recorded[0], Files.readString(dir.resolve("console")));
            }
        }
    }

    @Test
    void anotherInputIsAnotherRun() throws Exception {
        String recorded = record("1")[1];
        byte[] whole = Files.readAllBytes(log());
        Files.write(log(), withAnotherKey(whole.clone()));
        CommandLineRun other = replay();
        assertEquals(1, other.code(), other.err());
        assertTrue(other.err().contains("gearshift: the replay "), other.err());
        assertNotEquals(summary(recorded), summary(other.err()));
        Files.write(log(), whole);
        assertEquals(summary(recorded), summary(replay().err()));
    }

    /** The recording with another byte in the first frame of input. */
    private static byte[] withAnotherKey(byte[] log) {
        ByteBuffer b = ByteBuffer.wrap(log);
        for (b.position(HEADER); b.hasRemaining(); ) {
            int length = b.getInt();
            int sumAt = b.position();
            int contents = sumAt + Integer.BYTES;
            if (contents > HEADER + 2 * Integer.BYTES && log[contents] == SERIAL) {
                log[contents + length - 1] ^= 1;
                CRC32C sum = new CRC32C();
                sum.update(log, contents, length);
                b.putInt(sumAt, (int) sum.getValue());
                return log;
            }
            b.position(contents + length);
        }
        throw new AssertionError("nothing was typed");
    }

    @Test
    void thereIsNoWayBack() throws Exception {
        record("1");
        CommandLineRun run = CommandLineRun.of("debug", "--replay", log().toString(), "--serial", "none", "--batch", "-e", "step", "-e", "reverse-step");
        assertTrue(run.err().contains("there is no way back"), run.err() + run.out());
    }
}
