package org.gearshift.vmm.net;

/** The retransmission timeout (RFC 6298), from round trips that were measured on segments sent once (Karn's algorithm). */
final class RoundTripTime {
    /** RFC 6298, 2.1 and 2.4: one second, at first and at least. Nothing is lost on this network, so nothing is won by less. */
    private static final long MIN = 1_000_000_000L;
    private static final long MAX = 60 * MIN;

    private long smoothed = -1;
    private long variation;
    private long measuredTimeout = MIN;
    private long timeout = MIN;
    private boolean measuring;
    private int measured;
    private long since;

    /** Data up to sequence number {@code end} was sent for the first time. */
    void sent(int end, long now) {
        if (!measuring) {
            measuring = true;
            measured = end;
            since = now;
        }
    }

    /** Everything before {@code acknowledgement} has arrived, and something of it was not known to have: the timeout is as measured again. */
    void acknowledged(int acknowledgement, long now) {
        timeout = measuredTimeout;
        if (measuring && acknowledgement - measured >= 0) {
            measuring = false;
            sample(now - since);
        }
    }

    /** Something was sent again: what is being measured would be ambiguous. */
    void resent() {
        measuring = false;
    }

    /** The timeout has passed: the next one is twice as long. */
    void backOff() {
        timeout = Math.min(MAX, timeout * 2);
    }

    long timeout() {
        return timeout;
    }

    private void sample(long nanos) {
        if (smoothed < 0) {
            smoothed = nanos;
            variation = nanos / 2;
        } else {
            variation += (Math.abs(smoothed - nanos) - variation) / 4;
            smoothed += (nanos - smoothed) / 8;
        }
        measuredTimeout = Math.max(MIN, Math.min(MAX, smoothed + 4 * variation));
        timeout = measuredTimeout;
    }
}
