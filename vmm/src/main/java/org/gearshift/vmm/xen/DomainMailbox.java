package org.gearshift.vmm.xen;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * What other domains want of one: its tables and counts are touched by nobody but whoever has the domain, who does what is left here when it next looks. One
 * that is not run by any thread is served by those who want something.
 */
final class DomainMailbox {
    private static final long LOOK_NANOS = 200_000;

    /** Something to be done, once, or not at all. */
    private static final class Request<T> implements Runnable {
        private static final int WAITING = 0;
        private static final int TAKEN = 1;
        private static final int DONE = 2;
        private static final int REFUSED = 3;

        private final Supplier<T> what;
        private final Thread asker;
        private final AtomicInteger state = new AtomicInteger(WAITING);
        private T result;
        private Throwable failure;

        Request(Supplier<T> what, Thread asker) {
            this.what = what;
            this.asker = asker;
        }

        @Override
        public void run() {
            if (!state.compareAndSet(WAITING, TAKEN)) {
                return;
            }
            try {
                result = what.get();
            } catch (RuntimeException | Error e) {
                if (asker == null) {
                    throw e;
                }
                // An error of the monitor's that the asker has caused, and that ends its machine.
                failure = e;
            }
            state.set(DONE);
            LockSupport.unpark(asker);
        }

        void refuse() {
            if (state.compareAndSet(WAITING, REFUSED)) {
                LockSupport.unpark(asker);
            }
        }

        boolean pending() {
            return state.get() < DONE;
        }

        T resultOr(T otherwise) {
            if (failure != null) {
                throw new IllegalStateException("a request to another domain failed", failure);
            }
            return state.get() == DONE ? result : otherwise;
        }
    }

    private final Queue<Request<?>> requests = new ConcurrentLinkedQueue<>();
    private final Runnable wake;
    private boolean attended;
    private boolean closed;

    /** @param wake makes whoever runs the domain look soon; any thread */
    DomainMailbox(Runnable wake) {
        this.wake = wake;
    }

    /** From now on a thread runs the domain, and serves. */
    synchronized void attend() {
        serve();
        attended = true;
    }

    /** No thread runs it any more, for now: who wants something serves it. */
    synchronized void leave() {
        attended = false;
        serve();
    }

    /** The domain has ended: nothing is done any more. */
    void close() {
        synchronized (this) {
            attended = false;
            closed = true;
        }
        for (Request<?> r = requests.poll(); r != null; r = requests.poll()) {
            r.refuse();
        }
    }

    /** Does what is left here; for whoever has the domain. */
    void serve() {
        for (Request<?> r = requests.poll(); r != null; r = requests.poll()) {
            r.run();
        }
    }

    /** Has something done, some time, if the domain has not ended. Requests of one thread are served in their order. Any thread. */
    void post(Runnable what) {
        put(new Request<>(() -> {
            what.run();
            return null;
        }, null));
    }

    /**
     * Has something done, and waits. What others want of the asking domain is done meanwhile: two may ask each other.
     *
     * @param own the asking domain's
     * @return what it gives, or {@code otherwise} if the domain has ended
     */
    <T> T ask(Supplier<T> what, DomainMailbox own, T otherwise) {
        Request<T> r = new Request<>(what, Thread.currentThread());
        put(r);
        while (r.pending()) {
            own.serve();
            if (r.pending()) {
                LockSupport.parkNanos(this, LOOK_NANOS);
            }
        }
        return r.resultOr(otherwise);
    }

    private void put(Request<?> r) {
        synchronized (this) {
            if (closed) {
                r.refuse();
                return;
            }
            if (!attended) {
                r.run();
                return;
            }
            requests.add(r);
        }
        wake.run();
    }
}
