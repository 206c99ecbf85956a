package org.gearshift.vmm.net;

/**
 * This side of one TCP connection to a guest: the state machine of RFC 9293, 3.3.2 and 3.10.7, with the checks of RFC 5961 against resets and SYNs from
 * nowhere. It knows nothing of sockets: an {@link Owner} gives and takes the bytes.
 */
final class TcpEndpoint {
    /** The states of the RFC; a guest's SYN is answered only when the host's side is connected: until then it is pending. */
    enum State {
        PENDING, SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT, CLOSED
    }

    /** Who gives and takes the bytes. Called from inside {@link #segment} and the timers; must not call back. */
    interface Owner extends TcpReceiver.Sink {
        /** There is something for {@link #output} to do, or the state has changed. */
        void changed();

        /** A timer has changed something by itself. */
        void timerRan();
    }

    private static final int SYN_RETRIES = 6;
    private static final int RETRIES = 12;
    /**
     * How long an acknowledgement may wait for company (RFC 9293, 3.8.6.3: less than half a second). A guest that writes in small pieces gathers them meanwhile
     * (Nagle's algorithm), which spares it most of its work.
     */
    private static final long DELAYED_ACK_NANOS = 10_000_000;
    /** So much data is acknowledged at once: two full segments. */
    private static final int ACK_BYTES = 2 * TcpOutput.MSS;

    private final TcpKey key;
    private final TcpOutput output;
    private final Timers timers;
    private final Timers.Alarm alarm;
    private final Timers.Alarm acknowledgeAlarm;
    private final Owner owner;
    private final TcpSender sender;
    private final TcpReceiver receiver;
    private final int initial;
    private State state;
    private boolean scaling = true;
    private boolean acknowledgeSoon;
    private int notAcknowledged;
    private boolean blocked;
    private boolean reset;
    private boolean synUnsent;
    private int retries;
    private long lastHeard;
    private long stateSince;

    /** @param initial the initial sequence number */
    TcpEndpoint(TcpKey key, int initial, TcpOutput output, Timers timers, BufferBudget budget, Owner owner) {
        this.key = key;
        this.initial = initial;
        this.output = output;
        this.timers = timers;
        this.owner = owner;
        sender = new TcpSender(initial, budget);
        receiver = new TcpReceiver(budget, owner);
        alarm = timers.alarm(() -> {
            alarm();
            owner.timerRan();
        });
        acknowledgeAlarm = timers.alarm(() -> {
            acknowledgeSoon |= notAcknowledged > 0;
            owner.changed();
            owner.timerRan();
        });
        lastHeard = timers.nanos();
        enter(State.PENDING);
    }

    TcpKey key() {
        return key;
    }

    State state() {
        return state;
    }

    /** Data for the guest is put here; then {@link #output}. */
    ByteRing toSend() {
        return sender.ring();
    }

    /** Data from the guest the sink did not take; after taking some, {@link #output}. */
    ByteRing received() {
        return receiver.ring();
    }

    /** True if the guest has said that it sends no more, and all it sent is here. */
    boolean guestFinished() {
        return receiver.finished();
    }

    /** True if one side has finished and something was sent that the guest has not acknowledged: it goes again and again, and is given up in the end. */
    boolean sendsAgain() {
        return switch (state) {
            case FIN_WAIT_1, CLOSE_WAIT, CLOSING, LAST_ACK -> sender.outstanding();
            default -> false;
        };
    }

    /** True once either side has reset the connection, or it was given up. */
    boolean wasReset() {
        return reset;
    }

    /** The sequence number behind all that was sent. */
    int endOfSent() {
        return sender.end();
    }

    /** When the guest was last heard of, or the state changed. */
    long lastActive() {
        return Math.max(lastHeard, stateSince);
    }

    /** Begins with a guest's SYN. */
    void listen(TcpSegment s) {
        scaling = s.windowScale >= 0;
        synchronize(s);
    }

    private void synchronize(TcpSegment s) {
        scaling &= s.windowScale >= 0;
        receiver.synchronize(s.sequence, scaling);
        sender.peer(s.mss, scaling ? s.windowScale : 0);
        sender.firstWindow(s);
    }

    /** The host's side is connected: answers the guest's SYN. */
    void accept() {
        enter(State.SYN_RECEIVED);
        synUnsent = true;
    }

    /** Begins a connection to the guest. */
    void connect() {
        enter(State.SYN_SENT);
        synUnsent = true;
    }

    /** No more data will be put into {@link #toSend}. */
    void finish() {
        sender.queueFin();
    }

    /** Resets the connection. */
    void abort() {
        if (state == State.CLOSED) {
            return;
        }
        if (state == State.PENDING) {
            output.send(key, 0, receiver.next(), TcpSegment.RST | TcpSegment.ACK, 0, null, 0, 0, sender.mss());
        } else if (state != State.SYN_SENT && state != State.TIME_WAIT) {
            output.send(key, sender.next(), receiver.next(), TcpSegment.RST | TcpSegment.ACK, 0, null, 0, 0, sender.mss());
        }
        vanish();
    }

    private void vanish() {
        reset = true;
        close();
    }

    /** Ends the connection without a word, gives all memory back. */
    void close() {
        alarm.cancel();
        acknowledgeAlarm.cancel();
        sender.ring().free();
        receiver.ring().free();
        enter(State.CLOSED);
        owner.changed();
    }

    private void enter(State next) {
        state = next;
        stateSince = timers.nanos();
    }

    /** Takes a segment of this connection. */
    void segment(TcpSegment s) {
        switch (state) {
            case CLOSED -> { }
            case PENDING -> {
                if (s.has(TcpSegment.RST)) {
                    vanish();
                }
            }
            case SYN_SENT -> answerToSyn(s);
            default -> synchronizedSegment(s);
        }
    }

    /** RFC 9293, 3.10.7.3. Simultaneous opens do not happen: the guest does not know that we are about to. */
    private void answerToSyn(TcpSegment s) {
        boolean acceptable = s.has(TcpSegment.ACK) && s.acknowledgement == initial + 1;
        if (!acceptable) {
            output.reset(key, s);
        } else if (s.has(TcpSegment.RST)) {
            vanish();
        } else if (s.has(TcpSegment.SYN)) {
            lastHeard = timers.nanos();
            synchronize(s);
            sender.acknowledge(s.acknowledgement, lastHeard);
            established();
            acknowledgeSoon = true;
            owner.changed();
        }
    }

    private void established() {
        alarm.cancel();
        retries = 0;
        enter(State.ESTABLISHED);
    }

    private void synchronizedSegment(TcpSegment s) {
        if (!acceptable(s)) {
            return;
        }
        if (s.has(TcpSegment.RST)) {
            if (s.sequence == receiver.next()) {
                vanish();
            } else {
                acknowledgeNow();
            }
            return;
        }
        if (s.has(TcpSegment.SYN)) {
            if (state == State.SYN_RECEIVED) {
                synUnsent = true;
                owner.changed();
            } else {
                acknowledgeNow();
            }
            return;
        }
        if (!s.has(TcpSegment.ACK)) {
            return;
        }
        lastHeard = timers.nanos();
        if (!acknowledgement(s)) {
            return;
        }
        if (s.length > 0 || s.has(TcpSegment.FIN)) {
            data(s);
        }
        owner.changed();
    }

    /** RFC 9293, 3.10.7.4, first; what is wholly old is acknowledged again, and its own acknowledgement is still looked at. */
    private boolean acceptable(TcpSegment s) {
        int ahead = s.sequence - receiver.next();
        boolean beyond = ahead > 0 && ahead >= receiver.window();
        // One before the next is a keep-alive, or a SYN that came twice.
        boolean old = ahead < 0 && ahead + s.sequenceLength() <= 0;
        if (!beyond && !old) {
            return true;
        }
        if (s.has(TcpSegment.RST)) {
            return false;
        }
        boolean synAgain = state == State.SYN_RECEIVED && s.has(TcpSegment.SYN);
        if (!synAgain) {
            acknowledgeSoon = true;
            owner.changed();
        }
        return old;
    }

    /** @return false if the segment is to be dropped */
    private boolean acknowledgement(TcpSegment s) {
        int ack = s.acknowledgement;
        if (state == State.SYN_RECEIVED) {
            if (ack != initial + 1) {
                output.reset(key, s);
                return false;
            }
            sender.acknowledge(ack, lastHeard);
            established();
            sender.window(s);
            return true;
        }
        if (ack - sender.end() > 0) {
            // It acknowledges what was never sent.
            acknowledgeSoon = true;
            owner.changed();
            return false;
        }
        boolean windowChanged = ack - sender.unacknowledged() >= 0 && sender.window(s);
        if (windowChanged && !sender.outstanding()) {
            // Whatever probes the closed window has nothing more to do.
            alarm.cancel();
        }
        if (ack - sender.unacknowledged() > 0) {
            retries = 0;
            alarm.cancel();
            if (sender.acknowledge(ack, lastHeard)) {
                resend();
            }
            if (sender.finAcknowledged()) {
                finAcknowledged();
            }
        } else if (ack == sender.unacknowledged() && !windowChanged && s.length == 0 && !s.has(TcpSegment.FIN)) {
            if (sender.outstanding()) {
                if (sender.duplicate()) {
                    resend();
                }
            } else {
                // An answer to a probe of a closed window: the peer lives.
                retries = 0;
            }
        }
        return true;
    }

    private void finAcknowledged() {
        switch (state) {
            case FIN_WAIT_1 -> enter(State.FIN_WAIT_2);
            case CLOSING -> enter(State.TIME_WAIT);
            case LAST_ACK -> enter(State.CLOSED);
            default -> { }
        }
    }

    private void data(TcpSegment s) {
        boolean before = receiver.finished();
        int expected = receiver.next();
        if (receiver.receive(s)) {
            // Out of order: the peer counts these.
            acknowledgeNow();
        }
        notAcknowledged += s.length;
        if (notAcknowledged >= ACK_BYTES || s.has(TcpSegment.FIN) || receiver.next() == expected) {
            acknowledgeSoon = true;
        } else if (!acknowledgeAlarm.isArmed()) {
            acknowledgeAlarm.arm(lastHeard + DELAYED_ACK_NANOS);
        }
        if (receiver.finished() && !before) {
            switch (state) {
                case ESTABLISHED -> enter(State.CLOSE_WAIT);
                case FIN_WAIT_1 -> enter(State.CLOSING);
                case FIN_WAIT_2 -> enter(State.TIME_WAIT);
                default -> { }
            }
        }
    }

    private void acknowledgeNow() {
        if (output.ready()) {
            transmit(sender.next(), 0, 0);
        } else {
            acknowledgeSoon = true;
            blocked = true;
        }
    }

    /** True if {@link #output} had to stop as the guest had no room for frames. */
    boolean blocked() {
        return blocked;
    }

    /** Sends what may be sent now: data, FIN, acknowledgement. */
    void output() {
        blocked = false;
        if (state == State.CLOSED || state == State.PENDING) {
            return;
        }
        if (synUnsent && !sendSyn() || state == State.SYN_SENT || state == State.SYN_RECEIVED) {
            return;
        }
        for (int length = sender.nextLength(output.largest(sender.mss())); length != TcpSender.NONE; length = sender.nextLength(output.largest(sender.mss()))) {
            if (!output.ready()) {
                blocked = true;
                break;
            }
            boolean fin = sender.finWith(length);
            int push = sender.offset() + length == sender.ring().size() ? TcpSegment.PSH : 0;
            transmit(sender.next(), length, (fin ? TcpSegment.FIN : 0) | (length > 0 ? push : 0));
            sender.sent(length, fin, timers.nanos());
            if (fin) {
                finSent();
            }
        }
        if (acknowledgeSoon || receiver.windowWorthTelling()) {
            acknowledgeNow();
        }
        if (!alarm.isArmed() && (sender.outstanding() || sender.waitsForWindow())) {
            armAlarm();
        }
    }

    private void armAlarm() {
        alarm.arm(timers.nanos() + sender.time().timeout());
    }

    private void finSent() {
        switch (state) {
            case ESTABLISHED -> enter(State.FIN_WAIT_1);
            case CLOSE_WAIT -> enter(State.LAST_ACK);
            default -> { }
        }
    }

    private void transmit(int sequence, int length, int flags) {
        acknowledgeSoon = false;
        notAcknowledged = 0;
        output.send(key, sequence, receiver.next(), TcpSegment.ACK | flags, receiver.announce(), sender.ring(), sequence - sender.next() + sender.offset(),
                length, sender.mss());
    }

    /** @return false if there was no room for it */
    private boolean sendSyn() {
        if (!output.ready()) {
            blocked = true;
            return false;
        }
        int scale = scaling ? TcpReceiver.WINDOW_SCALE : -1;
        int window = receiver.announceUnscaled();
        // Without the guest's Ethernet address it is lost, and comes again when the address is known.
        boolean out = state == State.SYN_SENT ? output.sendSyn(key, initial, 0, TcpSegment.SYN, window, scale)
                : output.sendSyn(key, initial, receiver.next(), TcpSegment.SYN | TcpSegment.ACK, window, scale);
        synUnsent = false;
        if (out && retries == 0) {
            sender.time().sent(initial + 1, timers.nanos());
        }
        if (!alarm.isArmed()) {
            armAlarm();
        }
        return true;
    }

    /** The guest's Ethernet address has become known. */
    void reachable() {
        if (state == State.SYN_SENT) {
            synUnsent = true;
            owner.changed();
        }
    }

    private void resend() {
        int length = sender.resendLength();
        boolean fin = sender.resendFin(length);
        sender.time().resent();
        if ((length > 0 || fin) && output.ready()) {
            transmit(sender.unacknowledged(), length, fin ? TcpSegment.FIN : 0);
        }
    }

    private void alarm() {
        boolean syn = state == State.SYN_SENT || state == State.SYN_RECEIVED;
        if (!output.ready()) {
            // Not lost, never sent: the guest takes no frames at all. It is given up when it has been silent for too long.
            blocked = true;
            armAlarm();
            return;
        }
        if (++retries > (syn ? SYN_RETRIES : RETRIES)) {
            abort();
            return;
        }
        if (syn) {
            sender.time().backOff();
            sender.time().resent();
            synUnsent = true;
        } else if (sender.outstanding()) {
            sender.timeout();
        } else if (sender.waitsForWindow()) {
            sender.time().backOff();
            // A sequence number of the past: the guest answers with its window (RFC 9293, 3.8.6.1).
            transmit(sender.unacknowledged() - 1, 0, 0);
        }
        owner.changed();
    }
}
