package org.gearshift.vmm.sched;

/**
 * A machine's part of the host's processors. Fields are guarded by the scheduler.
 */
public final class Share {
    /** Weight of a machine unless it is given another. */
    public static final int DEFAULT_WEIGHT = 256;
    /** Least and greatest weight. */
    public static final int MIN_WEIGHT = 1;
    public static final int MAX_WEIGHT = 65_535;
    /** Greatest cap: a hundred host processors. */
    public static final int MAX_CAP = 10_000;

    /** Processor time a capped machine may save up while it does nothing. */
    private static final long BURST_NANOS = 20_000_000;
    /** What must have gathered before a machine that has reached its cap goes on. */
    private static final long RESUME_NANOS = 5_000_000;
    private static final int PERCENT = 100;

    final CreditScheduler scheduler;
    int weight;
    int cap;
    /** Processor time used, divided by weight: who has least goes first. */
    long virtual;
    boolean paused;
    boolean closed;
    /** Of its vCPUs. */
    int running;
    private long used;
    private long credit = BURST_NANOS;
    private long creditAt;
    private boolean overCap;

    Share(CreditScheduler scheduler, int weight, int cap, long now) {
        this.scheduler = scheduler;
        this.creditAt = now;
        set(weight, cap);
    }

    void set(int newWeight, int newCap) {
        if (newWeight < MIN_WEIGHT || newWeight > MAX_WEIGHT) {
            throw new IllegalArgumentException("weight " + newWeight + ": from " + MIN_WEIGHT + " to " + MAX_WEIGHT);
        }
        if (newCap < 0 || newCap > MAX_CAP) {
            throw new IllegalArgumentException("cap " + newCap + ": percent of one host processor, from 1 to " + MAX_CAP + ", or 0 for none");
        }
        weight = newWeight;
        cap = newCap;
        overCap = false;
    }

    /** One more vCPU; the thread that runs it uses it. */
    public VcpuSlot vcpu() {
        return new VcpuSlot(this);
    }

    /** Keeps its vCPUs from running, from the end of their slices of guest code on. Any thread. */
    public void pause() {
        scheduler.setPaused(this, true);
    }

    /** Undoes {@link #pause}. Any thread. */
    public void resume() {
        scheduler.setPaused(this, false);
    }

    /** The machine ends: nothing keeps its vCPUs from running any more, and nothing is counted. Any thread. */
    public void close() {
        scheduler.close(this);
    }

    /** Weight and cap from now on. @throws IllegalArgumentException if one is out of range */
    public void adjust(int newWeight, int newCap) {
        scheduler.adjust(this, newWeight, newCap);
    }

    /** Processor time its vCPUs have used, in nanoseconds; behind by a few milliseconds. Any thread. */
    public long usedNanos() {
        synchronized (scheduler) {
            return used;
        }
    }

    /** Weight, {@link #MIN_WEIGHT} to {@link #MAX_WEIGHT}. */
    public int weight() {
        synchronized (scheduler) {
            return weight;
        }
    }

    /** Most it gets, in percent of one host processor; 0: no limit. */
    public int cap() {
        synchronized (scheduler) {
            return cap;
        }
    }

    /** Takes processor time into account. */
    void charge(long nanos, long now) {
        used += nanos;
        virtual += virtual(nanos);
        if (cap != 0) {
            refill(now);
            credit -= nanos;
            overCap |= credit <= 0;
        }
    }

    /** What processor time is in virtual time. */
    long virtual(long nanos) {
        return nanos * DEFAULT_WEIGHT / weight;
    }

    private void refill(long now) {
        credit = Math.min(BURST_NANOS, credit + (now - creditAt) * cap / PERCENT);
        creditAt = now;
    }

    /** Whether its vCPUs may have slots now. */
    boolean mayRun(long now) {
        if (paused) {
            return false;
        }
        if (cap != 0 && overCap) {
            refill(now);
            overCap = credit < RESUME_NANOS;
        }
        return cap == 0 || !overCap;
    }

    /** How long until its cap lets it go on, in nanoseconds; 0 if that is not what it waits for. */
    long untilCredit(long now) {
        if (paused || cap == 0 || !overCap) {
            return 0;
        }
        refill(now);
        return Math.max(1, (RESUME_NANOS - credit) * PERCENT / cap + 1);
    }

    /** Longest run before it must be looked at again. */
    long quantum(long longest) {
        return cap == 0 ? longest : Math.max(1, Math.min(longest, credit / Math.max(1, running)));
    }
}
