package org.gearshift.vmm.clock;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The one way for other host threads to do something to a device: they leave it here, and whoever drives the devices does it when the machine next looks for
 * host input. Threads that read files or sockets on behalf of a guest touch neither guest memory nor devices themselves; they work on buffers of their own and
 * post what is to become of them. Actions run in the order in which they were posted, under the same rules as accesses of the guest.
 *
 * <p>Not for machines that must repeat a run: when a posted action runs depends on the host.
 */
public final class HostWork {
    private final Queue<Runnable> posted = new ConcurrentLinkedQueue<>();
    private final AtomicInteger promised = new AtomicInteger();
    private final Runnable wakeUp;

    /** @param wakeUp makes the machine look soon; called on the posting thread */
    public HostWork(Runnable wakeUp) {
        this.wakeUp = wakeUp;
    }

    /** Leaves an action that nothing was waiting for; any thread. */
    public void post(Runnable action) {
        posted.add(action);
        wakeUp.run();
    }

    /** Announces that {@link #keep} will be called: until then a machine that is otherwise dead waits. Any thread. */
    public void promise() {
        promised.incrementAndGet();
    }

    /** Leaves the action of an earlier {@link #promise}; any thread. */
    public void keep(Runnable action) {
        posted.add(() -> {
            promised.decrementAndGet();
            action.run();
        });
        wakeUp.run();
    }

    /** Whether promises are not yet kept, or actions wait. Any thread. */
    public boolean isExpected() {
        return promised.get() > 0 || !posted.isEmpty();
    }

    /** Runs what has been posted; for whoever drives the devices. */
    public void run() {
        for (Runnable action = posted.poll(); action != null; action = posted.poll()) {
            action.run();
        }
    }
}
