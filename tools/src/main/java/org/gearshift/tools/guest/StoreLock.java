package org.gearshift.tools.guest;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;

/** Holds a store of fetched files for one thread of one process, so that two that miss the same package do not both fetch it into one place. */
final class StoreLock implements AutoCloseable {
    private static final String FILE = ".lock";
    /** A file lock keeps processes apart, not the threads of one. */
    private static final ReentrantLock THREADS = new ReentrantLock();

    private final FileChannel channel;
    private final FileLock lock;

    private StoreLock(FileChannel channel, FileLock lock) {
        this.channel = channel;
        this.lock = lock;
    }

    /** Waits until nobody else has the store. @param root its directory, made if need be */
    static StoreLock take(Path root) throws IOException {
        Files.createDirectories(root);
        THREADS.lock();
        FileChannel channel = null;
        try {
            channel = FileChannel.open(root.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            return new StoreLock(channel, channel.lock());
        } catch (IOException | RuntimeException e) {
            if (channel != null) {
                channel.close();
            }
            THREADS.unlock();
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        try (channel; lock) {
            // Closing is all there is to do.
        } finally {
            THREADS.unlock();
        }
    }
}
