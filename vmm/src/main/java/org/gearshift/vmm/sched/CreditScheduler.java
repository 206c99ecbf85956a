package org.gearshift.vmm.sched;

import java.util.ArrayList;
import java.util.List;

/**
 * Divides a number of slots, host processors that may run guest code at the same time, among machines. Each machine pays for the processor time its vCPUs use,
 * more dearly the less its weight; a free slot goes to the vCPU that waits and whose machine has paid least. No slot stays free while a vCPU may run. A machine
 * with a cap has, besides, an income of so many percent of a processor, and rests when it has spent that.
 *
 * <p>A vCPU that wakes up, as for an interrupt, takes precedence over those that have used more than their part, by so much that it gets a slot at once ({@link
 * #BOOST_NANOS}), and not by more: sleeping earns nothing.
 *
 * <p>What compilers and collectors of the JVM and threads of devices use is paid by nobody.
 */
public final class CreditScheduler {
    /** Longest run of a vCPU while others wait. */
    private static final long QUANTUM_NANOS = 10_000_000;
    /** Advantage of a vCPU that wakes up, in virtual time of the default weight. */
    private static final long BOOST_NANOS = 20_000_000;
    /** A vCPU is not interrupted for one that has paid less by less than this. */
    private static final long GRAIN_NANOS = 1_000_000;
    /** What a machine may be ahead of the others, or behind, in quanta of the lightest. */
    private static final int MEMORY_QUANTA = 10;

    private final int slots;
    private final HostTime time;
    private final List<Share> shares = new ArrayList<>();
    private final List<VcpuSlot> waiting = new ArrayList<>();
    private final List<VcpuSlot> running = new ArrayList<>();
    private long orders;
    /** The least that a machine has paid whose vCPU waits. */
    private long front;
    private long memory = MEMORY_QUANTA * QUANTUM_NANOS;

    /** @param slots how many vCPUs run at a time, at least 1 */
    public CreditScheduler(int slots) {
        this(slots, HostTime.host());
    }

    CreditScheduler(int slots, HostTime time) {
        if (slots < 1) {
            throw new IllegalArgumentException("slots: " + slots);
        }
        this.slots = slots;
        this.time = time;
    }

    HostTime time() {
        return time;
    }

    /** How many vCPUs run at a time. */
    public int slots() {
        return slots;
    }

    /**
     * A machine joins.
     *
     * @param weight its part in relation to others', {@link Share#MIN_WEIGHT} to {@link Share#MAX_WEIGHT}
     * @param cap most it gets, in percent of one host processor, up to {@link Share#MAX_CAP}; 0 for no limit
     */
    public synchronized Share join(int weight, int cap) {
        Share s = new Share(this, weight, cap, time.wall());
        s.virtual = front;
        shares.add(s);
        remember();
        return s;
    }

    private void remember() {
        int lightest = shares.stream().mapToInt(s -> s.weight).min().orElse(Share.DEFAULT_WEIGHT);
        memory = MEMORY_QUANTA * QUANTUM_NANOS * Math.max(1, Share.DEFAULT_WEIGHT / lightest);
    }

    synchronized void adjust(Share s, int weight, int cap) {
        s.set(weight, cap);
        remember();
        reconsider();
    }

    synchronized void setPaused(Share s, boolean on) {
        if (!on) {
            enter(s);
        }
        s.paused = on;
        if (on) {
            running.stream().filter(v -> v.share == s).forEach(VcpuSlot::preempt);
        } else {
            reconsider();
        }
    }

    synchronized void close(Share s) {
        s.closed = true;
        shares.remove(s);
        for (VcpuSlot v : List.copyOf(waiting)) {
            if (v.share == s) {
                waiting.remove(v);
                time.unpark(v.thread);
            }
        }
        running.removeIf(v -> v.share == s);
        s.running = 0;
        remember();
        reconsider();
    }

    synchronized void arrive(VcpuSlot v) {
        Share s = v.share;
        if (s.closed) {
            return;
        }
        enter(s);
        queue(v);
        reconsider();
        if (v.state == VcpuSlot.State.WAITING && s.mayRun(time.wall())) {
            interruptFor(s);
        }
    }

    /** A machine wants to run that did not. */
    private void enter(Share s) {
        if (best(time.wall()) == null) {
            // Nobody was kept waiting: what the others have used until now was nobody else's.
            long least = running.stream().mapToLong(r -> r.share.virtual).min().orElse(front);
            front = Math.max(front, least);
        }
        s.virtual = Math.max(s.virtual, front - BOOST_NANOS);
    }

    private void queue(VcpuSlot v) {
        v.state = VcpuSlot.State.WAITING;
        v.order = orders++;
        waiting.add(v);
    }

    /** Has the one leave its slot soon that has paid most, if that is notably more than a newcomer. */
    private void interruptFor(Share newcomer) {
        VcpuSlot victim = null;
        for (VcpuSlot r : running) {
            if (victim == null || r.share.virtual > victim.share.virtual) {
                victim = r;
            }
        }
        if (victim != null && victim.share.virtual > newcomer.virtual + GRAIN_NANOS) {
            victim.preempt();
        }
    }

    synchronized void depart(VcpuSlot v) {
        if (v.share.closed) {
            return;
        }
        if (v.state == VcpuSlot.State.RUNNING) {
            release(v);
        }
        v.state = VcpuSlot.State.AWAY;
        reconsider();
    }

    private void release(VcpuSlot v) {
        charge(v);
        running.remove(v);
        v.share.running--;
    }

    private void charge(VcpuSlot v) {
        Share s = v.share;
        s.charge(v.takeUsed(), time.wall());
        // Time in which there was a slot for everybody is soon forgotten.
        s.virtual = Math.min(front + memory, Math.max(front - memory, s.virtual));
    }

    /** At the end of a quantum, or asked to look. @return whether it keeps its slot */
    synchronized boolean keep(VcpuSlot v) {
        Share s = v.share;
        if (s.closed) {
            return true;
        }
        charge(v);
        long now = time.wall();
        VcpuSlot next = best(now);
        if (s.mayRun(now) && (next == null || next.share.virtual > s.virtual)) {
            v.grant(now + s.quantum(QUANTUM_NANOS));
            return true;
        }
        running.remove(v);
        s.running--;
        queue(v);
        reconsider();
        return v.state == VcpuSlot.State.RUNNING;
    }

    /** @return how long to wait for a slot, 0 without limit; -1 if it has one */
    synchronized long waitFor(VcpuSlot v) {
        if (v.share.closed || v.state == VcpuSlot.State.RUNNING) {
            return -1;
        }
        reconsider();
        return v.state == VcpuSlot.State.RUNNING ? -1 : v.share.untilCredit(time.wall());
    }

    /** Gives free slots to those that wait. */
    private void reconsider() {
        long now = time.wall();
        for (VcpuSlot v = best(now); v != null; v = running.size() < slots ? best(now) : null) {
            front = Math.max(front, v.share.virtual);
            if (running.size() == slots) {
                return;
            }
            waiting.remove(v);
            running.add(v);
            v.share.running++;
            v.grant(now + v.share.quantum(QUANTUM_NANOS));
            if (v.thread != Thread.currentThread()) {
                time.unpark(v.thread);
            }
        }
    }

    /** Who is to have the next slot. */
    private VcpuSlot best(long now) {
        VcpuSlot best = null;
        for (VcpuSlot w : waiting) {
            boolean before = best == null || w.share.virtual < best.share.virtual || w.share.virtual == best.share.virtual && w.order < best.order;
            if (before && w.share.mayRun(now)) {
                best = w;
            }
        }
        return best;
    }
}
