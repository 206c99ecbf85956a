package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.gearshift.testing.OwnThread;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code --record} and {@code --replay} of a paravirtual domain while somebody types: the sample kernel's twin, which takes no keys, but they are in its console's ring, and each is an event that it has, so that its
 * memory tells what was typed, and its registers when; and a kernel whose second vCPU works on what the first one takes, be it typed or from the network.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
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

    /** Records the sample kernel, for as many rounds as last longer than the typing, while somebody types. @return what the domain has printed, and behind that the messages */
    private String[] record() throws Exception {
        return record("", KEYS, "-m", "96M", "--append", "rounds=8");
    }

    /** The same of a kernel, or without one. @param first what is printed before anything is typed */
    private String[] record(String first, String typed, String... options) throws Exception {
        PipedReader reader = new PipedReader();
        PrintWriter messages = new PrintWriter(new PipedWriter(reader), true);
        List<String> line = new ArrayList<>(List.of("run", "--mode", "pv", "--serial", "tcp:0", "--record", log().toString()));
        line.addAll(List.of(options));
        CompletableFuture<Integer> code = OwnThread.start(() -> {
            try (messages) {
                return Gearshift.execute(new PrintWriter(new StringWriter()), messages, line.toArray(new String[0]));
            }
        });
        BufferedReader lines = new BufferedReader(reader);
        int port = Integer.parseInt(lines.readLine().replaceAll("\\D+(\\d+\\.)+\\d+ port ", ""));
        StringWriter rest = new StringWriter();
        String printed;
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), port)) {
            String begin = new String(s.getInputStream().readNBytes(first.length()), StandardCharsets.US_ASCII);
            assertEquals(first, begin);
            for (byte b : typed.getBytes(StandardCharsets.US_ASCII)) {
                s.getOutputStream().write(b);
                Thread.sleep(b % 7 * 5);
            }
            printed = begin + new String(s.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            lines.transferTo(rest);
        }
        assertEquals(0, code.get(1, TimeUnit.MINUTES), rest.toString());
        return new String[] {printed, rest.toString()};
    }

    private void hadAgain(String[] recorded, int times) throws Exception {
        assertTrue(!recorded[1].contains(" 0 inputs"), recorded[1]);
        for (int i = 0; i < times; i++) {
            CommandLineRun again = replay();
            assertEquals(0, again.code(), again.err());
            assertEquals(summary(recorded[1]), summary(again.err()));
            assertEquals(recorded[0], Files.readString(dir.resolve("console")));
        }
    }

    private CommandLineRun replay() {
        String[] line = {"run", "--replay", log().toString(), "--serial", "file:" + dir.resolve("console")};
        return CommandLineRun.of(line);
    }

    @Test
    void whatWasTypedComesAfterTheSameInstructions() throws Exception {
        hadAgain(record(), 2);
    }

    /** The second one says how often it waited, and at which times it came to each key. */
    @Test
    void bothVcpusGoOnAsTheyDid() throws Exception {
        String[] recorded = record("ready", KEYS, "-m", "32M", "--cpus", "2", "--kernel", PairKernel.built(dir).toString(), "--append", "keys " + KEYS.length());
        assertTrue(recorded[0].matches("(?s)ready\\s+taken " + KEYS.length() + ", the second waited [1-9]\\d* times: [0-9a-f]{16}\\s.*"), recorded[0]);
        hadAgain(recorded, 3);
    }

    /** Both vCPUs and a network interface: what the host answers is in the recording, and nobody is there to answer again. */
    @Test
    void anAnswerFromTheNetworkIsHadAgain() throws Exception {
        byte[] answer = new byte[1000];
        new SecureRandom().nextBytes(answer);
        String[] recorded;
        try (DatagramSocket host = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            host.setSoTimeout((int) TimeUnit.MINUTES.toMillis(1));
            CompletableFuture<String> asked = OwnThread.start(() -> {
                DatagramPacket question = new DatagramPacket(new byte[64], 64);
                host.receive(question);
                host.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
                return new String(question.getData(), 0, question.getLength(), StandardCharsets.US_ASCII);
            });
            recorded = record("ready", "", "-m", "32M", "--cpus", "2", "--net", "user", "--kernel", PairKernel.built(dir).toString(), "--append", "answer " + host.getLocalPort());
            assertEquals("ask", asked.get());
        }
        assertTrue(recorded[0].contains("answer of 1000 bytes") && recorded[0].contains("taken 1000, "), recorded[0]);
        hadAgain(recorded, 2);
        byte[] log = Files.readAllBytes(log());
        assertTrue(IntStream.range(0, log.length - answer.length).anyMatch(i -> Arrays.equals(log, i, i + answer.length, answer, 0, answer.length)), "the answer is not in the recording");
    }

    @Test
    void anotherInputIsAnotherRun() throws Exception {
        String recorded = record()[1];
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
        record();
        CommandLineRun run = CommandLineRun.of("debug", "--replay", log().toString(), "--serial", "none", "--batch", "-e", "step", "-e", "reverse-step");
        assertTrue(run.err().contains("there is no way back"), run.err() + run.out());
    }
}
