package org.gearshift.testing;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** Work of a test that goes on beside it, each on a thread of its own: the common pool of a host with two processors has one thread, and there a second piece of work would wait for the first to end. */
public final class OwnThread {
    private OwnThread() {
    }

    /** @return what the work returns or throws, once it has */
    public static <T> CompletableFuture<T> start(Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread t = new Thread(() -> {
            try {
                result.complete(work.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        }, "beside the test");
        t.setDaemon(true);
        t.start();
        return result;
    }
}
