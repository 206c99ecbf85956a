package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks take turns, and an interrupted series goes on where it was. */
class RoundsTest {
    @TempDir
    Path dir;

    private final List<String> order = new ArrayList<>();
    private int failing = -1;

    private Task task(ResultFile results, String peer) {
        return new Task(peer, "k", "pct=1", () -> {
            if (order.size() == failing) {
                throw new IOException("interrupted");
            }
            order.add(peer);
            results.append(Runs.run(peer, "k", "pct=1", 1, 1));
        });
    }

    private Rounds rounds(ResultFile results) {
        return new Rounds(List.of(task(results, "a"), task(results, "b")), results);
    }

    @Test
    void tasksAlternate() throws Exception {
        rounds(new ResultFile(dir.resolve("r"))).run(3, s -> { });
        assertEquals(List.of("a", "b", "a", "b", "a", "b"), order);
    }

    @Test
    void afterAnInterruptionOnlyTheRestIsRun() throws Exception {
        ResultFile results = new ResultFile(dir.resolve("r"));
        failing = 3;
        assertThrows(IOException.class, () -> rounds(results).run(3, s -> { }));
        // The line that was being written.
        Files.writeString(results.path(), "{\"peer\": \"b\", \"ki", StandardOpenOption.APPEND);
        Files.writeString(results.path(), "\n", StandardOpenOption.APPEND);
        failing = -1;
        rounds(results).run(3, s -> { });
        assertEquals(List.of("a", "b", "a", "b", "a", "b"), order);
        assertEquals(6, results.records().size());
    }

    @Test
    void moreRoundsAddToWhatIsThere() throws Exception {
        ResultFile results = new ResultFile(dir.resolve("r"));
        rounds(results).run(1, s -> { });
        rounds(results).run(2, s -> { });
        assertEquals(List.of("a", "b", "a", "b"), order);
    }

    @Test
    void aRunWithoutARecordIsAnError() {
        ResultFile results = new ResultFile(dir.resolve("r"));
        Rounds r = new Rounds(List.of(new Task("a", "k", "", () -> { })), results);
        assertTrue(assertThrows(IOException.class, () -> r.run(1, s -> { })).getMessage().startsWith("a k left no record in "));
    }
}
