package org.gearshift.vmm.replay;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/**
 * The one way into a machine whose runs repeat. What other threads offer waits until the machine looks for it; then it gets a moment of the machine's time, one
 * nanosecond ahead, and
 * happens when that comes, as an event before all others of the same time. So it comes between the same two instructions when the run is had again: from a recording,
 * or, after going back
 * in time, from memory. Until a machine that has gone back is where it was, nothing new is let in, and what it does is not to be shown again ({@link #inPast}).
 *
 * <p>At each moment the processors' state is compared with that of the first time.
 */
public final class Timeline implements Closeable, Rewindable {
    /** Guest time between comparisons of a recorded run: a divergence is found within so much of it, and so much is lost if a recording process is killed. */
    static final long CHECK_NANOS = 100_000_000;
    /** Bytes offered one by one that become one piece of input, at most. */
    private static final int MAX_PIECE = 4096;
    /** A replayed run may go on for so long behind the end of the recorded one before that is called a difference. */
    private static final long GRACE_NANOS = 10_000_000;

    /** A way into the machine. */
    @FunctionalInterface
    public interface Sink {
        /** Takes what has come, on the thread that runs the machine. */
        void take(byte[] data);
    }

    private record Offer(int channel, byte[] data) {
    }

    private final Origin origin;
    /** Null if nothing is written. */
    private final LogWriter log;
    /** Null unless a recorded run is had again. */
    private final Recording recording;
    /** What has happened so far, and in a replay what will; null if only the log keeps it. */
    private final List<Moment> moments;
    private int next;
    private final Queue<Offer> offered = new ConcurrentLinkedQueue<>();
    /** What has its moment, and that has not come; without {@link Moment#state}. */
    private final ArrayDeque<Moment> coming = new ArrayDeque<>();
    private final Map<Integer, Sink> sinks = new HashMap<>();
    private Runnable wakeUp = () -> { };
    private Subject subject;
    private GuestClock clock;
    private EventQueue.Event event;
    private long nextCheck = EventQueue.NEVER;
    private long horizon;
    private long inputs;
    private boolean failed;

    private Timeline(Origin origin, LogWriter log, Recording recording, List<Moment> moments) {
        this.origin = origin;
        this.log = log;
        this.recording = recording;
        this.moments = moments;
    }

    /** One that is written to a file. @param machine what it takes to build the machine again */
    public static Timeline record(Path file, Map<String, String> machine, Origin origin) throws IOException {
        Map<String, String> all = new LinkedHashMap<>(machine);
        all.put("seed", Long.toString(origin.seed()));
        all.put("power on", origin.powerOn().toString());
        Timeline t = new Timeline(origin, new LogWriter(file, all), null, null);
        t.nextCheck = CHECK_NANOS;
        return t;
    }

    /** The one that was recorded. */
    public static Timeline replay(Recording recording) throws LogFormatException {
        Origin origin;
        try {
            origin = new Origin(Long.parseLong(recording.machine("seed")), Instant.parse(recording.machine("power on")));
        } catch (NumberFormatException | DateTimeParseException e) {
            throw new LogFormatException(recording.file() + ": the recording's seed or date makes no sense");
        }
        return new Timeline(origin, null, recording, recording.moments());
    }

    /** One that is kept in memory, so that the machine can go back in time. */
    public static Timeline inMemory(Origin origin) {
        return new Timeline(origin, null, null, new ArrayList<>());
    }

    /** What the machine begins with. */
    public Origin origin() {
        return origin;
    }

    /** Whether the run is a recorded one, and nothing comes from outside. */
    public boolean isReplay() {
        return recording != null;
    }

    /** Whether the run is being recorded. */
    public boolean isRecorded() {
        return log != null;
    }

    /** The machine's side, before it runs. @param wake what makes it look soon; called on any thread */
    public void attach(Subject to, GuestClock time, EventQueue events, Runnable wake) {
        subject = to;
        clock = time;
        wakeUp = wake;
        event = events.event(this::happen);
        arm();
    }

    /** Says where a channel leads. */
    public void connect(int channel, Sink sink) {
        sinks.put(channel, sink);
    }

    /** Gives the machine something; any thread. In a replay it is ignored. */
    public void offer(int channel, byte[] data) {
        if (recording == null) {
            offered.add(new Offer(channel, data));
            wakeUp.run();
        }
    }

    /** Whether something has been offered that has not come in yet. */
    public boolean isExpected() {
        return !offered.isEmpty();
    }

    /** Whether the machine is in a part of its time that it has been through before. */
    public boolean inPast() {
        return clock.nanos() < horizon;
    }

    /** Gives what was offered its moment; on the thread that runs the machine, now and then. */
    public void poll() {
        if (offered.isEmpty() || inPast()) {
            return;
        }
        long moment = clock.nanos() + 1;
        for (Offer o = offered.poll(); o != null; o = offered.poll()) {
            byte[] data = o.channel() == Channel.SERIAL ? piece(o.data()) : o.data();
            coming.add(new Moment(o.channel(), moment, 0, 0, data));
        }
        arm();
    }

    /** Bytes that have come one by one are one piece. */
    private byte[] piece(byte[] first) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(first);
        for (Offer more = offered.peek(); more != null && more.channel() == Channel.SERIAL && all.size() < MAX_PIECE; more = offered.peek()) {
            all.writeBytes(more.data());
            offered.remove();
        }
        return all.toByteArray();
    }

    private boolean repeats() {
        return moments != null && next < moments.size();
    }

    private void arm() {
        long at = repeats() ? moments.get(next).nanos() : coming.isEmpty() ? EventQueue.NEVER : coming.peek().nanos();
        at = Math.min(at, nextCheck);
        if (at == EventQueue.NEVER && recording != null) {
            at = recording.ending() == null ? clock.nanos() : recording.ending().nanos() + GRACE_NANOS;
        }
        if (at == EventQueue.NEVER) {
            event.cancel();
        } else {
            event.armFirst(at);
        }
    }

    private void happen() {
        long now = clock.nanos();
        while (!failed && repeats() && moments.get(next).nanos() <= now) {
            repeat(moments.get(next++));
        }
        if (recording != null && !failed && !repeats()) {
            if (recording.ending() == null) {
                subject.breakOff("the recording breaks off here, after " + subject.retired() + " instructions");
                return;
            }
            if (recording.ending().nanos() + GRACE_NANOS <= now) {
                diverged(String.format("the recorded run ended after %,d instructions, and this one does not", recording.ending().retired()));
                return;
            }
        }
        if (recording == null) {
            live(now);
        }
        if (!failed) {
            arm();
        }
    }

    private void repeat(Moment m) {
        if (m.retired() != subject.retired()) {
            diverged(String.format("at %,d ns of the guest's time it has retired %,d instructions, the recorded one had %,d", m.nanos(), subject.retired(), m.retired()));
        } else if (m.state() != subject.processorState()) {
            diverged("the processor's registers differ");
        } else if (m.channel() != Channel.CHECK) {
            let(m);
        }
    }

    private void diverged(String how) {
        failed = true;
        Moment last = next >= 2 ? moments.get(next - 2) : null;
        subject.diverged(String.format("the replay has left the recorded run between instructions %,d and %,d: %s",
                last == null ? 0 : last.retired(), subject.retired(), how));
    }

    private void live(long now) {
        while (true) {
            Moment m = coming.peek();
            if (m != null && m.nanos() <= Math.min(now, nextCheck)) {
                coming.remove();
                happened(m);
            } else if (nextCheck <= now) {
                happened(new Moment(Channel.CHECK, nextCheck, 0, 0, new byte[0]));
                nextCheck += CHECK_NANOS;
            } else {
                return;
            }
        }
    }

    private void happened(Moment due) {
        Moment m = new Moment(due.channel(), due.nanos(), subject.retired(), subject.processorState(), due.data());
        if (moments != null) {
            moments.add(m);
            next = moments.size();
        }
        if (log != null) {
            write(m);
        }
        if (m.channel() != Channel.CHECK) {
            let(m);
        }
    }

    private void write(Moment m) {
        try {
            log.write(m);
            if (m.channel() == Channel.CHECK) {
                log.flush();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the recording cannot be written: " + e.getMessage(), e);
        }
    }

    private void let(Moment m) {
        inputs++;
        if (m.channel() == Channel.QUIT) {
            subject.quit();
            return;
        }
        Sink to = sinks.get(m.channel());
        if (to == null) {
            failed = true;
            subject.diverged("the recording has input for something that this machine does not have (channel " + m.channel() + ")");
        } else {
            to.take(m.data());
        }
    }

    /**
     * The run has ended.
     *
     * @param end how
     * @return null, or, if a recorded run ended otherwise, what is different
     */
    public String ended(Ending end) throws IOException {
        if (log != null) {
            log.write(end);
        }
        if (recording == null || recording.ending() == null || failed) {
            return null;
        }
        Ending was = recording.ending();
        if (was.retired() != end.retired() || was.nanos() != end.nanos() || was.exitCode() != end.exitCode()) {
            return String.format("the recorded run ended with exit code %d after %,d instructions, this one with %d after %,d",
                    was.exitCode(), was.retired(), end.exitCode(), end.retired());
        }
        return was.state().equals(end.state()) ? null : "the replay ends as the recorded run did, but its memory or registers differ";
    }

    /** How many moments there have been; what is coming stays as it is, since that is in the future of every state there was. */
    @Override
    public Object mark() {
        return next;
    }

    /** To be called last, when the clock is right again. */
    @Override
    public void rewind(Object mark) {
        next = (Integer) mark;
        failed = false;
        arm();
    }

    /** The machine is going to go back in time, from where it is. */
    public void leavePresent() {
        horizon = Math.max(horizon, clock.nanos());
    }

    /** The machine has been changed from outside, and what happened later will not happen so. Nothing can be done about a recording. */
    public void forgetFuture() {
        if (recording == null) {
            moments.subList(next, moments.size()).clear();
            horizon = 0;
            arm();
        }
    }

    /** How often something has come from outside. */
    public long inputs() {
        return inputs;
    }

    /** Size of the log, in bytes; 0 if there is none. */
    public long logBytes() {
        return log == null ? 0 : log.bytes();
    }

    @Override
    public void close() throws IOException {
        if (log != null) {
            log.close();
        }
    }
}
