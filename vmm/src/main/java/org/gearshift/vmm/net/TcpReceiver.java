package org.gearshift.vmm.net;

/**
 * The receiving half of a connection to a guest: what came in order, what came too early, and the window (RFC 9293, 3.3.1 and 3.8.6). A guest never fills
 * more than the window, so a host that does not read stops it.
 */
final class TcpReceiver {
    /** Enough to announce all of a buffer. */
    static final int WINDOW_SCALE = 3;

    private static final int MAX_FIELD = 0xffff;
    /** A window that has grown by this much is worth an announcement (RFC 9293, 3.8.6.2.2). */
    private static final int WORTH_TELLING = NetworkLimits.TCP_BUFFER / 4;

    /** Takes data as it comes, so that it need not be stored. */
    @FunctionalInterface
    interface Sink {
        /** @return how many of the bytes were taken, from the first on */
        int take(byte[] bytes, int from, int length);
    }

    private final ByteRing ring;
    private final Sink sink;
    /** Early pieces, as sequence numbers, apart from each other and in order. */
    private final int[] starts = new int[NetworkLimits.TCP_GAPS];
    private final int[] ends = new int[NetworkLimits.TCP_GAPS];
    private int pieces;
    /** RCV.NXT. */
    private int next;
    /** End of the window that was announced last. */
    private int announced;
    private int scale;
    private boolean finSeen;
    private int fin;
    private boolean finished;

    TcpReceiver(BufferBudget budget, Sink sink) {
        ring = new ByteRing(budget);
        this.sink = sink;
    }

    /** The peer's SYN came. @param scaled whether both sides scale windows */
    void synchronize(int sequence, boolean scaled) {
        next = sequence + 1;
        announced = next;
        scale = scaled ? WINDOW_SCALE : 0;
    }

    /** Bytes received in order that the sink did not take. */
    ByteRing ring() {
        return ring;
    }

    int next() {
        return next;
    }

    /** True if the peer's FIN came, and all before it. */
    boolean finished() {
        return finished;
    }

    /** Bytes that may come from {@link #next} on. */
    int window() {
        return finished ? 0 : Math.min(ring.room(), MAX_FIELD << scale);
    }

    /** The window for a header, noting that it is announced. */
    int announce() {
        int field = window() >> scale;
        announced = next + (field << scale);
        return field;
    }

    /** The unscaled window of a segment with SYN. */
    int announceUnscaled() {
        int field = Math.min(window(), MAX_FIELD);
        announced = next + field;
        return field;
    }

    /** True if the peer should hear that the window is wider than it knows. */
    boolean windowWorthTelling() {
        return !finished && next + window() - announced >= WORTH_TELLING;
    }

    /**
     * Takes the part of a segment's data that is new and inside the window, and its FIN.
     *
     * @return true if it came out of order, so that the peer should hear at once what is expected
     */
    boolean receive(TcpSegment s) {
        int skip = Math.max(0, next - s.sequence);
        int offset = Math.max(0, s.sequence - next);
        int length = Math.min(s.length - skip, window() - offset);
        boolean whole = length == s.length - skip;
        if (s.has(TcpSegment.FIN) && whole && !finSeen && s.sequence + s.length - next >= 0) {
            finSeen = true;
            fin = s.sequence + s.length;
        }
        boolean gap = offset > 0;
        if (length > 0) {
            if (gap) {
                early(s.bytes, s.data + skip, offset, length);
            } else {
                inOrder(s.bytes, s.data + skip, length);
            }
        }
        if (finSeen && next == fin && !finished) {
            finished = true;
            next++;
        }
        return gap || pieces > 0;
    }

    private void inOrder(byte[] bytes, int from, int length) {
        // With early pieces behind it the ring's place is theirs already: all must go through it.
        int taken = pieces == 0 && ring.size() == 0 ? sink.take(bytes, from, length) : 0;
        next += taken + ring.append(bytes, from + taken, length - taken);
        while (pieces > 0 && starts[0] - next <= 0) {
            int more = ends[0] - next;
            if (more > 0) {
                ring.extend(more);
                next += more;
            }
            remove(0);
        }
    }

    private void early(byte[] bytes, int from, int offset, int length) {
        int stored = ring.putBehind(offset, bytes, from, length);
        if (stored <= 0) {
            return;
        }
        int start = next + offset;
        int end = start + stored;
        int at = 0;
        while (at < pieces && ends[at] - start < 0) {
            at++;
        }
        while (at < pieces && starts[at] - end <= 0) {
            start = starts[at] - start < 0 ? starts[at] : start;
            end = ends[at] - end > 0 ? ends[at] : end;
            remove(at);
        }
        if (pieces == NetworkLimits.TCP_GAPS) {
            // Forgotten: not acknowledged, so it will come again.
            return;
        }
        System.arraycopy(starts, at, starts, at + 1, pieces - at);
        System.arraycopy(ends, at, ends, at + 1, pieces - at);
        starts[at] = start;
        ends[at] = end;
        pieces++;
    }

    private void remove(int at) {
        pieces--;
        System.arraycopy(starts, at + 1, starts, at, pieces - at);
        System.arraycopy(ends, at + 1, ends, at, pieces - at);
    }
}
