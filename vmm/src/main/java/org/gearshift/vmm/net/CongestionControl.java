package org.gearshift.vmm.net;

/** How much may be under way: slow start, congestion avoidance, fast retransmit and recovery (RFC 5681, RFC 6582). Sizes in bytes. */
final class CongestionControl {
    private static final int INITIAL_SEGMENTS = 10;
    private static final int DUPLICATES = 3;
    private static final int LARGEST = 16 << 20;

    private final int mss;
    private int window;
    private int threshold = LARGEST;
    private int duplicates;
    private boolean recovering;
    private int recover;

    /** @param sequence the first sequence number */
    CongestionControl(int mss, int sequence) {
        this.mss = mss;
        window = INITIAL_SEGMENTS * mss;
        recover = sequence;
    }

    int window() {
        return window;
    }

    /**
     * New data was acknowledged.
     *
     * @param inFlight what is still under way
     * @return true if the segment at {@code acknowledgement} is lost as well and must be sent again
     */
    boolean acknowledged(int acknowledgement, int bytes, int inFlight) {
        duplicates = 0;
        if (!recovering) {
            long growth = window < threshold ? bytes : Math.max(1, (long) mss * bytes / window);
            window = (int) Math.min(LARGEST, window + growth);
            return false;
        }
        if (acknowledgement - recover >= 0) {
            recovering = false;
            window = Math.min(threshold, Math.max(inFlight, mss) + mss);
            return false;
        }
        window = Math.max(mss, window - bytes) + (bytes >= mss ? mss : 0);
        return true;
    }

    /**
     * The peer asked for the same again.
     *
     * @param end the sequence number behind all that was sent
     * @return true if that is to be sent again now
     */
    boolean duplicate(int acknowledgement, int end, int inFlight) {
        duplicates++;
        if (recovering) {
            window = Math.min(LARGEST, window + mss);
            return false;
        }
        // After a recovery or a timeout, duplicates may be echoes of what was sent twice.
        if (duplicates != DUPLICATES || acknowledgement - recover <= 0) {
            return false;
        }
        threshold = Math.max(inFlight / 2, 2 * mss);
        window = threshold + DUPLICATES * mss;
        recovering = true;
        recover = end;
        return true;
    }

    /** The retransmission timer ran out: start over. */
    void timeout(int end, int inFlight) {
        threshold = Math.max(inFlight / 2, 2 * mss);
        window = mss;
        duplicates = 0;
        recovering = false;
        recover = end;
    }
}
