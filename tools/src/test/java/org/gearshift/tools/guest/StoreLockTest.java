package org.gearshift.tools.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreLockTest {
    @TempDir
    Path directory;

    @Test
    void whoeverComesSecondWaitsForTheFirst() throws Exception {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch comes = new CountDownLatch(1);
        Thread second = new Thread(() -> {
            comes.countDown();
            try (StoreLock lock = StoreLock.take(directory)) {
                order.add("second");
            } catch (Exception e) {
                order.add(e.toString());
            }
        });
        try (StoreLock lock = StoreLock.take(directory)) {
            second.start();
            assertTrue(comes.await(10, TimeUnit.SECONDS));
            second.join(200);
            order.add("first");
        }
        second.join(10_000);
        assertEquals(List.of("first", "second"), order);
    }

    @Test
    void itCanBeTakenAgain() throws Exception {
        Path store = directory.resolve("made/for/it");
        StoreLock.take(store).close();
        StoreLock.take(store).close();
        assertTrue(store.toFile().isDirectory());
    }
}
