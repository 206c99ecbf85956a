package org.gearshift.vmm.sched;

import java.util.ArrayList;
import java.util.List;

/** A host whose time passes in steps, with vCPUs that compute, or compute and sleep by turns: what a scheduler makes of them repeats. */
final class SimulatedHost implements HostTime {
    /** A slice of guest code. */
    static final long STEP_NANOS = 100_000;

    /** A vCPU and what its guest does. */
    final class Guest {
        final VcpuSlot slot;
        private final long computes;
        private final long sleeps;
        private long cpu;
        private long sinceSleep;
        private long wakesAt;
        private long wokeAt;
        private boolean awaited;
        /** Longest wait for a slot after a sleep. */
        long longestWait;

        Guest(VcpuSlot slot, long computes, long sleeps) {
            this.slot = slot;
            this.computes = computes;
            this.sleeps = sleeps;
        }

        private void step() {
            current = this;
            if (slot.state == VcpuSlot.State.AWAY && now >= wakesAt) {
                wokeAt = now;
                awaited = true;
                scheduler.arrive(slot);
            } else if (slot.state == VcpuSlot.State.WAITING) {
                scheduler.waitFor(slot);
            }
        }

        private void run() {
            current = this;
            if (awaited) {
                awaited = false;
                longestWait = Math.max(longestWait, now - wokeAt);
            }
            long used = STEP_NANOS * percentOfHost / 100;
            cpu += used;
            sinceSleep += used;
            if (sleeps > 0 && sinceSleep >= computes) {
                sinceSleep = 0;
                wakesAt = now + sleeps;
                scheduler.depart(slot);
            } else if (slot.isDue()) {
                scheduler.keep(slot);
            }
        }
    }

    final CreditScheduler scheduler;
    private final List<Guest> guests = new ArrayList<>();
    private Guest current;
    private long now;
    /** What others on the host leave of each processor. */
    int percentOfHost = 100;

    SimulatedHost(int slots) {
        scheduler = new CreditScheduler(slots, this);
    }

    /** A vCPU that always computes. */
    Guest busy(Share share) {
        return guest(share, 1, 0);
    }

    /** A vCPU that computes for so long and then sleeps. */
    Guest guest(Share share, long computes, long sleeps) {
        Guest g = new Guest(share.vcpu(), computes, sleeps);
        guests.add(g);
        return g;
    }

    /** Lets time pass. */
    void run(long nanos) {
        for (long until = now + nanos; now < until; now += STEP_NANOS) {
            guests.forEach(Guest::step);
            // Who gets a slot at the end of a step has it from the next one on.
            guests.stream().filter(g -> g.slot.state == VcpuSlot.State.RUNNING).toList().forEach(Guest::run);
        }
        for (Guest g : guests) {
            current = g;
            if (g.slot.state == VcpuSlot.State.RUNNING) {
                scheduler.keep(g.slot);
            }
        }
    }

    @Override
    public long wall() {
        return now;
    }

    @Override
    public long threadCpu() {
        return current.cpu;
    }

    @Override
    public void park(Object blocker, long nanos) {
        throw new AssertionError("nobody waits in a simulation");
    }

    @Override
    public void unpark(Thread thread) {
        // They look at every step.
    }
}
