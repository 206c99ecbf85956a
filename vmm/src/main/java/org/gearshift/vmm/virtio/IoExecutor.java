package org.gearshift.vmm.virtio;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.gearshift.vmm.clock.HostWork;

/**
 * Where a device has work done that may block: on a thread of its own, or, where runs must repeat, at once. Work is done in the order in which it was handed in.
 */
public interface IoExecutor extends AutoCloseable {
    /** Work that may block, away from guest memory and devices. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException;
    }

    /** What to do then, where devices may be touched. */
    @FunctionalInterface
    interface Completion {
        /** @param failure null if the work went well */
        void done(IOException failure);
    }

    /** Has {@code work} done, then {@code completion} by way of {@code host}, or before this returns. */
    void submit(HostWork host, Work work, Completion completion);

    /** Returns when all work handed in is done; completions may still wait in {@link HostWork}. */
    void drain();

    /** Finishes the work handed in; no more may come. */
    @Override
    void close();

    /** Does everything at once. */
    static IoExecutor inline() {
        return new IoExecutor() {
            @Override
            public void submit(HostWork host, Work work, Completion completion) {
                completion.done(failure(work));
            }

            @Override
            public void drain() {
                // Nothing is ever left.
            }

            @Override
            public void close() {
                // Nothing is ever left.
            }
        };
    }

    /** A thread, which ends with {@link #close}. */
    static IoExecutor thread(String name) {
        return new Worker(name);
    }

    private static IOException failure(Work work) {
        try {
            work.run();
            return null;
        } catch (IOException e) {
            return e;
        } catch (RuntimeException e) {
            // An error of ours: the guest sees a failing disk, the log what it was.
            return new IOException(e.toString(), e);
        }
    }

    /** The thread and its queue. */
    final class Worker implements IoExecutor {
        private final BlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
        private final Thread thread;
        private boolean closed;

        private Worker(String name) {
            thread = new Thread(this::work, name);
            thread.setDaemon(true);
            thread.start();
        }

        private void work() {
            try {
                while (true) {
                    queue.take().run();
                }
            } catch (InterruptedException e) {
                // Closed: the queue is empty.
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void submit(HostWork host, Work work, Completion completion) {
            host.promise();
            queue.add(() -> {
                IOException failure = failure(work);
                host.keep(() -> completion.done(failure));
            });
        }

        @Override
        public void drain() {
            CountDownLatch passed = new CountDownLatch(1);
            queue.add(passed::countDown);
            boolean interrupted = false;
            while (passed.getCount() > 0) {
                try {
                    passed.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                drain();
                thread.interrupt();
            }
        }
    }
}
