package org.gearshift.vmm.sched;

/**
 * One vCPU's claim to a host processor. All methods are for the thread that runs the vCPU: it {@link #take}s a slot before it runs guest code, lets the
 * scheduler {@link #check} between slices, and {@link #leave}s before it sleeps. With a slot for everybody and no cap, a check is a look at the clock.
 */
public final class VcpuSlot {
    enum State { AWAY, WAITING, RUNNING }

    final Share share;
    private final CreditScheduler scheduler;
    private final HostTime time;
    private Runnable whileWaiting = () -> { };
    Thread thread;
    State state = State.AWAY;
    /** Among those that wait: who came first. */
    long order;
    /** Processor time up to which has been charged. */
    private long charged;
    private long until;
    private volatile boolean preempted;

    VcpuSlot(Share share) {
        this.share = share;
        scheduler = share.scheduler;
        time = scheduler.time();
    }

    /** What to do, on the vCPU's thread, whenever it is woken while it waits for a slot. */
    public void whileWaiting(Runnable action) {
        whileWaiting = action;
    }

    /** Waits for a slot. */
    public void take() {
        thread = Thread.currentThread();
        charged = time.threadCpu();
        scheduler.arrive(this);
        await();
    }

    /** Whether {@link #check} has something to do. */
    public boolean isDue() {
        return preempted || time.wall() - until >= 0;
    }

    /** Gives the slot to whoever has a better claim to it, and waits to get it back. */
    public void check() {
        if (isDue() && !scheduler.keep(this)) {
            await();
        }
    }

    /** Gives the slot up. */
    public void leave() {
        scheduler.depart(this);
    }

    private void await() {
        while (true) {
            long nanos = scheduler.waitFor(this);
            if (nanos < 0) {
                return;
            }
            time.park(this, nanos);
            whileWaiting.run();
        }
    }

    /** Processor time used since this was last asked. */
    long takeUsed() {
        long now = time.threadCpu();
        long used = now - charged;
        charged = now;
        return Math.max(0, used);
    }

    /** It has a slot now. */
    void grant(long deadline) {
        state = State.RUNNING;
        until = deadline;
        preempted = false;
    }

    /** Makes it look soon. */
    void preempt() {
        preempted = true;
    }
}
