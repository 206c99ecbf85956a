package org.gearshift.vmm.clock;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * Things that are to happen at a time of the guest clock. Events due at the same time run in the order in which they were armed. Arming,
 * re-arming and cancelling an existing event allocates nothing.
 */
public final class EventQueue {
    /** What {@link #nextDeadline} says when nothing is scheduled. */
    public static final long NEVER = Long.MAX_VALUE;

    private static final int IDLE = -1;
    private static final long FIRST = -1;

    private Event[] heap = new Event[16];
    private int size;
    private long sequence;
    private int hasty;

    /** One action and the time it is armed for, if it is. */
    public final class Event {
        private final Runnable action;
        private long deadline;
        private long order;
        private int index = IDLE;
        private boolean early;

        private Event(Runnable action) {
            this.action = action;
        }

        /** Schedules the action for {@code deadlineNanos}, in place of any earlier arming. */
        public void arm(long deadlineNanos) {
            mayRunEarly(false);
            schedule(deadlineNanos);
        }

        /**
         * The same, but the action may run earlier: as soon as the machine has nothing else to do. For work that is cheaper when it is gathered, and
         * that somebody waits for.
         */
        public void armAtLatest(long deadlineNanos) {
            mayRunEarly(true);
            schedule(deadlineNanos);
        }

        /** Like {@link #arm}, but before all else that is armed for the same time. For one event only. */
        public void armFirst(long deadlineNanos) {
            mayRunEarly(false);
            place(deadlineNanos, FIRST);
        }

        private void mayRunEarly(boolean may) {
            hasty += may == early ? 0 : may ? 1 : -1;
            early = may;
        }

        private void schedule(long deadlineNanos) {
            place(deadlineNanos, sequence++);
        }

        private void place(long deadlineNanos, long among) {
            deadline = deadlineNanos;
            order = among;
            if (index == IDLE) {
                insert(this);
            } else {
                sift(index);
            }
        }

        /** Forgets the arming; no effect if there is none. */
        public void cancel() {
            if (index != IDLE) {
                remove(index);
            }
        }

        /** True from arming until the action runs or is cancelled. */
        public boolean isArmed() {
            return index != IDLE;
        }

        /** The time armed for; meaningless if not armed. */
        public long deadline() {
            return deadline;
        }

        /** Saves whether and for when it is armed. */
        public void save(DataOutput out) throws IOException {
            out.writeBoolean(isArmed());
            out.writeLong(deadline);
            out.writeLong(order);
            out.writeBoolean(early);
        }

        /** Arms or cancels as saved, keeping its place among events of the same time. */
        public void restore(DataInput in) throws IOException {
            cancel();
            boolean armed = in.readBoolean();
            deadline = in.readLong();
            order = in.readLong();
            boolean saved = in.readBoolean();
            if (armed) {
                mayRunEarly(saved);
                insert(this);
                sequence = Math.max(sequence, order + 1);
            }
        }
    }

    /** Makes an event that can be armed again and again. */
    public Event event(Runnable action) {
        return new Event(action);
    }

    /** Makes an event and arms it. */
    public Event schedule(long deadlineNanos, Runnable action) {
        Event event = new Event(action);
        event.arm(deadlineNanos);
        return event;
    }

    /** The earliest deadline, or {@link #NEVER}. */
    public long nextDeadline() {
        return size == 0 ? NEVER : heap[0].deadline;
    }

    /**
     * Runs what is due at {@code now}, in order; actions may arm and cancel events, also themselves, and what they arm for {@code now} or
     * earlier runs too.
     *
     * @return how many ran
     */
    public int runDue(long now) {
        int count = 0;
        while (size > 0 && heap[0].deadline <= now) {
            Event event = heap[0];
            remove(0);
            event.action.run();
            count++;
        }
        return count;
    }

    /** Runs what may run early ({@link Event#armAtLatest}), when there is nothing else to do. @return how many ran */
    public int runEarly() {
        int count = 0;
        for (int i = 0; hasty > 0 && i < size; ) {
            Event event = heap[i];
            if (event.early) {
                remove(i);
                event.action.run();
                count++;
                // What it armed or cancelled has moved others.
                i = 0;
            } else {
                i++;
            }
        }
        return count;
    }

    private void insert(Event event) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        place(event, size++);
        siftUp(event.index);
    }

    private void remove(int at) {
        heap[at].index = IDLE;
        heap[at].mayRunEarly(false);
        Event last = heap[--size];
        heap[size] = null;
        if (at < size) {
            place(last, at);
            sift(at);
        }
    }

    private void sift(int at) {
        siftDown(siftUp(at));
    }

    private int siftUp(int at) {
        Event event = heap[at];
        while (at > 0) {
            int parent = at - 1 >>> 1;
            if (!before(event, heap[parent])) {
                break;
            }
            place(heap[parent], at);
            at = parent;
        }
        place(event, at);
        return at;
    }

    private void siftDown(int at) {
        Event event = heap[at];
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && before(heap[child + 1], heap[child])) {
                child++;
            }
            if (!before(heap[child], event)) {
                break;
            }
            place(heap[child], at);
            at = child;
        }
        place(event, at);
    }

    private void place(Event event, int at) {
        heap[at] = event;
        event.index = at;
    }

    private static boolean before(Event a, Event b) {
        return a.deadline != b.deadline ? a.deadline < b.deadline : a.order < b.order;
    }
}
