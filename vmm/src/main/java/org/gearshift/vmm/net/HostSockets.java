package org.gearshift.vmm.net;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.Semaphore;

/**
 * The non-blocking sockets of a network. A watcher thread sleeps until one of them is ready and then only says so; what is to be done is done in
 * {@link #poll} on the network's thread, while the watcher waits.
 */
final class HostSockets implements Closeable {
    /** What is done for a socket that is ready. */
    @FunctionalInterface
    interface Handler {
        /** @param operations those of {@link SelectionKey} that are possible now; interest in them has been taken away */
        void ready(int operations);
    }

    private final Selector selector;
    private final Runnable wake;
    private final Thread watcher;
    private final Semaphore turn = new Semaphore(0);
    private volatile boolean ready;
    private volatile boolean closed;
    private boolean changed;

    /**
     * @param wake called on the watcher's thread: {@link #poll} should be called soon. Null: no watcher, each poll asks the system
     */
    HostSockets(Runnable wake) throws IOException {
        this.wake = wake;
        selector = Selector.open();
        if (wake == null) {
            watcher = null;
        } else {
            watcher = new Thread(this::watch, "network-watcher");
            watcher.setDaemon(true);
            watcher.start();
        }
    }

    private void watch() {
        try {
            while (!closed) {
                selector.select();
                if (!closed && !selector.selectedKeys().isEmpty()) {
                    ready = true;
                    wake.run();
                    turn.acquire();
                }
            }
        } catch (ClosedSelectorException | InterruptedException e) {
            // Nobody but the end of the process interrupts the watcher.
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            System.getLogger(HostSockets.class.getName()).log(System.Logger.Level.ERROR, "the network is cut off from the host's sockets", e);
        }
    }

    /** Adds a socket, which must be non-blocking. */
    SelectionKey register(SelectableChannel channel, int operations, Handler handler) throws IOException {
        changed = true;
        return channel.register(selector, operations, handler);
    }

    /** Says what to wait for besides what is waited for already. */
    void await(SelectionKey key, int operations) {
        int before = key.interestOps();
        if ((before | operations) != before) {
            key.interestOps(before | operations);
            changed = true;
        }
    }

    /** Closes a socket, now and not at the selector's next turn. */
    void close(SelectableChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            System.getLogger(HostSockets.class.getName()).log(System.Logger.Level.DEBUG, "closing a socket", e);
        }
        changed = true;
    }

    /** Serves the sockets that are ready; {@link #flush} is to follow. @return how many */
    int poll() throws IOException {
        if (closed) {
            return 0;
        }
        if (watcher == null) {
            selector.selectNow();
        } else if (!ready) {
            return 0;
        }
        int served = 0;
        for (SelectionKey key : selector.selectedKeys()) {
            if (key.isValid()) {
                int operations = key.readyOps();
                key.interestOpsAnd(~operations);
                served++;
                ((Handler) key.attachment()).ready(operations);
            }
        }
        selector.selectedKeys().clear();
        return served;
    }

    /** Makes the watcher wait for what has changed; at the end of whatever is done. */
    void flush() {
        if (closed) {
            return;
        }
        if (watcher == null) {
            letGo();
        } else if (ready && selector.selectedKeys().isEmpty()) {
            ready = false;
            changed = false;
            turn.release();
        } else if (changed && !ready) {
            changed = false;
            selector.wakeup();
        }
    }

    /** A closed socket is let go by the system only when its selector has looked again. */
    private void letGo() {
        if (changed) {
            changed = false;
            try {
                selector.selectNow();
            } catch (IOException e) {
                System.getLogger(HostSockets.class.getName()).log(System.Logger.Level.DEBUG, "closing sockets", e);
            }
        }
    }

    /** Closes every socket and ends the watcher. */
    @Override
    public void close() {
        closed = true;
        try {
            if (watcher != null) {
                selector.wakeup();
                turn.release();
                watcher.join();
            }
            for (SelectionKey key : selector.keys()) {
                close(key.channel());
            }
            selector.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            System.getLogger(HostSockets.class.getName()).log(System.Logger.Level.DEBUG, "closing the selector", e);
        }
    }
}
