package org.gearshift.vmm.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.VirtualClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is offered comes a nanosecond later, and in a replay then again; what differs is told. */
class TimelineTest {
    private static final Origin ORIGIN = new Origin(42, Instant.parse("2026-01-02T03:04:05Z"));

    @TempDir
    Path dir;

    /** A machine that only counts. */
    private static final class Counter implements Subject {
        final EventQueue events = new EventQueue();
        long retired;
        int state;
        final VirtualClock clock = new VirtualClock(() -> retired);
        final List<String> said = new ArrayList<>();
        final Timeline timeline;

        Counter(Timeline timeline) {
            this.timeline = timeline;
            timeline.attach(this, clock, events, () -> { });
            timeline.connect(Channel.SERIAL, data -> said.add(retired + " " + new String(data, StandardCharsets.US_ASCII)));
        }

        void runTo(long count) {
            while (retired < count) {
                timeline.poll();
                events.runDue(clock.nanos());
                retired += Math.max(1, Math.min(count - retired, events.nextDeadline() - clock.nanos()));
            }
            timeline.poll();
            events.runDue(clock.nanos());
        }

        @Override
        public long retired() {
            return retired;
        }

        @Override
        public int processorState() {
            return state;
        }

        @Override
        public void quit() {
            said.add(retired + " quit");
        }

        @Override
        public void breakOff(String message) {
            said.add(message);
        }

        @Override
        public void diverged(String message) {
            said.add(message);
        }
    }

    private Path recorded() throws Exception {
        Path file = dir.resolve("log");
        try (Timeline t = Timeline.record(file, Map.of("what", "counter"), ORIGIN)) {
            Counter c = new Counter(t);
            c.runTo(1000);
            for (byte b : "ab".getBytes(StandardCharsets.US_ASCII)) {
                t.offer(Channel.SERIAL, new byte[] {b});
            }
            c.runTo(250_000_000);
            t.offer(Channel.SERIAL, new byte[] {'c'});
            c.runTo(250_000_100);
            t.offer(Channel.QUIT, new byte[0]);
            c.runTo(250_000_200);
            assertEquals(List.of("1001 ab", "250000001 c", "250000101 quit"), c.said);
            assertNull(t.ended(new Ending(c.clock.nanos(), c.retired, 0, "feed")));
        }
        return file;
    }

    @Test
    void aReplayIsTheSame() throws Exception {
        Recording r = Recording.read(recorded());
        assertEquals("counter", r.machine("what"));
        Timeline t = Timeline.replay(r);
        assertEquals(ORIGIN, t.origin());
        Counter c = new Counter(t);
        t.offer(Channel.SERIAL, new byte[] {'x'});
        c.runTo(250_000_200);
        assertEquals(List.of("1001 ab", "250000001 c", "250000101 quit"), c.said);
        assertNull(t.ended(new Ending(c.clock.nanos(), c.retired, 0, "feed")));
        assertTrue(t.ended(new Ending(c.clock.nanos(), c.retired, 0, "beef")).contains("its memory or registers differ"));
        assertTrue(t.ended(new Ending(c.clock.nanos(), c.retired - 1, 0, "feed")).contains("ended with exit code 0 after 250,000,200"));
    }

    @Test
    void otherRegistersAreFoundAtTheNextCheck() throws Exception {
        Counter c = new Counter(Timeline.replay(Recording.read(recorded())));
        c.runTo(120_000_000);
        c.state = 7;
        c.runTo(250_000_000);
        assertEquals(List.of("1001 ab", "the replay has left the recorded run between instructions 100,000,000 and 200,000,000: the processor's registers differ"), c.said);
    }

    @Test
    void aRunThatGoesOnTooLongIsAnother() throws Exception {
        Counter c = new Counter(Timeline.replay(Recording.read(recorded())));
        c.runTo(300_000_000);
        assertTrue(c.said.get(3).contains("the recorded run ended after 250,000,200 instructions, and this one does not"), c.said.toString());
    }

    @Test
    void aRecordingThatBreaksOffEndsAtItsLastMoment() throws Exception {
        Path file = recorded();
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 60));
        Recording r = Recording.read(file);
        assertNull(r.ending());
        Counter c = new Counter(Timeline.replay(r));
        c.runTo(300_000_000);
        assertEquals("1001 ab", c.said.get(0));
        assertTrue(c.said.get(1).startsWith("the recording breaks off here, after 100000000 "), c.said.toString());
    }

    @Test
    void whoGoesBackGetsTheSameOnceMoreAndThenWhatIsNew() {
        Timeline t = Timeline.inMemory(Origin.USUAL);
        Counter c = new Counter(t);
        Object start = t.mark();
        c.runTo(100);
        t.offer(Channel.SERIAL, new byte[] {'a'});
        c.runTo(200);
        t.leavePresent();
        c.retired = 0;
        t.rewind(start);
        assertTrue(t.inPast());
        t.offer(Channel.SERIAL, new byte[] {'b'});
        c.runTo(150);
        assertTrue(t.inPast());
        c.runTo(250);
        c.runTo(300);
        assertEquals(List.of("101 a", "101 a", "251 b"), c.said);
    }

    @Test
    void afterAChangeTheFutureIsOpen() {
        Timeline t = Timeline.inMemory(Origin.USUAL);
        Counter c = new Counter(t);
        Object start = t.mark();
        c.runTo(100);
        t.offer(Channel.SERIAL, new byte[] {'a'});
        c.runTo(200);
        t.leavePresent();
        c.retired = 0;
        t.rewind(start);
        t.forgetFuture();
        c.runTo(300);
        assertEquals(List.of("101 a"), c.said);
    }
}
