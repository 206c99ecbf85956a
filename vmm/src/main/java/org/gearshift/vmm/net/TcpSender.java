package org.gearshift.vmm.net;

/**
 * The sending half of a connection to a guest: what is not acknowledged, what may be sent (RFC 9293, 3.3.1 and 3.8). Sequence numbers wrap; they are
 * compared by the sign of their difference.
 */
final class TcpSender {
    /** Nothing is to be sent. */
    static final int NONE = -1;

    /** Smaller segments than this would only cost time. */
    private static final int SMALLEST_MSS = 64;

    private final ByteRing ring;
    private final RoundTripTime time = new RoundTripTime();
    private CongestionControl congestion;
    private int mss = TcpSegment.DEFAULT_MSS;
    /** SND.UNA. */
    private int unacknowledged;
    /** SND.NXT; goes back when something is sent again. */
    private int next;
    /** Behind everything that was ever sent. */
    private int end;
    /** Sequence number of the ring's first byte. */
    private int first;
    /** SND.WND, in bytes. */
    private int window;
    private int windowSequence;
    private int windowAcknowledgement;
    private int windowScale;
    private boolean finQueued;
    private boolean finAcknowledged;

    /** @param initial the initial sequence number, which the SYN takes */
    TcpSender(int initial, BufferBudget budget) {
        ring = new ByteRing(budget);
        unacknowledged = initial;
        next = initial + 1;
        end = next;
        first = next;
        congestion = new CongestionControl(mss, initial);
    }

    /** Bytes to send and not acknowledged. */
    ByteRing ring() {
        return ring;
    }

    RoundTripTime time() {
        return time;
    }

    /** What the peer's SYN said. @param scale of the windows it announces; 0 if scaling is not in use */
    void peer(int peerMss, int scale) {
        mss = Math.max(SMALLEST_MSS, Math.min(TcpOutput.MSS, peerMss));
        windowScale = scale;
        congestion = new CongestionControl(mss, unacknowledged);
    }

    int mss() {
        return mss;
    }

    int unacknowledged() {
        return unacknowledged;
    }

    int next() {
        return next;
    }

    int end() {
        return end;
    }

    /** No data comes after what is in the ring. */
    void queueFin() {
        finQueued = true;
    }

    boolean finQueued() {
        return finQueued;
    }

    boolean finAcknowledged() {
        return finAcknowledged;
    }

    /** True if something was sent and not acknowledged. */
    boolean outstanding() {
        return end != unacknowledged;
    }

    /** True if there is something to send and the peer's window, closed, is all that prevents it. */
    boolean waitsForWindow() {
        return !outstanding() && ring.size() > 0;
    }

    /** Notes the window of a segment that is not older than the last one that had one (RFC 9293, 3.10.7.4). @return true if it changed */
    boolean window(TcpSegment s) {
        boolean newer = s.sequence - windowSequence > 0 || s.sequence == windowSequence && s.acknowledgement - windowAcknowledgement >= 0;
        if (!newer) {
            return false;
        }
        windowSequence = s.sequence;
        windowAcknowledgement = s.acknowledgement;
        int before = window;
        window = s.window << (s.has(TcpSegment.SYN) ? 0 : windowScale);
        return window != before;
    }

    /** Takes the first window, of a SYN or its acknowledgement. */
    void firstWindow(TcpSegment s) {
        windowSequence = s.sequence;
        windowAcknowledgement = s.acknowledgement;
        window = s.window;
    }

    /**
     * Takes an acknowledgement of something new.
     *
     * @return true if more of it is known to be lost
     */
    boolean acknowledge(int acknowledgement, long now) {
        int bytes = acknowledgement - unacknowledged;
        int fin = first + ring.size();
        boolean all = finQueued && acknowledgement - fin > 0;
        int data = (all ? fin : acknowledgement) - first;
        finAcknowledged |= all;
        if (data > 0) {
            ring.drop(data);
            first += data;
        }
        unacknowledged = acknowledgement;
        if (next - unacknowledged < 0) {
            next = unacknowledged;
        }
        time.acknowledged(acknowledgement, now);
        return congestion.acknowledged(acknowledgement, bytes, end - unacknowledged);
    }

    /** Takes an acknowledgement of nothing new. @return true if the first segment is to be sent again */
    boolean duplicate() {
        return congestion.duplicate(unacknowledged, end, end - unacknowledged);
    }

    /** Data bytes of the segment to send next, 0 for a FIN alone, or {@link #NONE}. @param largest most bytes for one frame */
    int nextLength(int largest) {
        int available = first + ring.size() - next;
        if (available < 0) {
            return NONE;
        }
        int inFlight = next - unacknowledged;
        int allowed = Math.min(window, congestion.window()) - inFlight;
        int length = Math.min(available, Math.min(allowed, largest));
        if (length <= 0) {
            return available == 0 && finQueued ? 0 : NONE;
        }
        if (length < available) {
            if (length < mss && inFlight > 0) {
                // Silly window: more room will come with an acknowledgement.
                return NONE;
            }
            length -= length > mss ? length % mss : 0;
        }
        return length;
    }

    /** True if a segment of {@code length} bytes from {@link #next} on is the last. */
    boolean finWith(int length) {
        return finQueued && next + length == first + ring.size();
    }

    /** Place of the next byte to send in the ring. */
    int offset() {
        return next - first;
    }

    /** A segment was sent. */
    void sent(int length, boolean fin, long now) {
        boolean again = next - end < 0;
        next += length + (fin ? 1 : 0);
        if (again) {
            time.resent();
        } else if (next != end) {
            time.sent(next, now);
        }
        if (next - end > 0) {
            end = next;
        }
    }

    /** Data bytes of the first segment not acknowledged, to send it again. */
    int resendLength() {
        int data = Math.min(first + ring.size(), end) - unacknowledged;
        return Math.max(0, Math.min(mss, data));
    }

    /** True if a FIN was sent with or before the end of a resent segment of {@code length} bytes. */
    boolean resendFin(int length) {
        int fin = first + ring.size();
        return finQueued && end - fin > 0 && unacknowledged + length == fin;
    }

    /** The retransmission timer ran out: all from the first byte not acknowledged on goes again. */
    void timeout() {
        congestion.timeout(end, end - unacknowledged);
        time.backOff();
        time.resent();
        next = unacknowledged;
    }
}
