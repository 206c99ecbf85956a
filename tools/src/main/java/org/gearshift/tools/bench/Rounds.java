package org.gearshift.tools.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Tasks that take turns: in each round one run of each, so that all see the same changes of the machine's mood. What the file of results has already is not run again. */
public final class Rounds {
    private final List<Task> tasks;
    private final ResultFile results;

    public Rounds(List<Task> tasks, ResultFile results) {
        this.tasks = tasks;
        this.results = results;
    }

    /** What is still to be run for so many rounds, in its order. */
    public List<Task> missing(int rounds) throws IOException {
        List<Task> out = new ArrayList<>();
        long[] done = new long[tasks.size()];
        for (int i = 0; i < done.length; i++) {
            Task t = tasks.get(i);
            done[i] = results.count(t.peer(), t.kind(), t.args());
        }
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < done.length; i++) {
                if (done[i] <= round) {
                    out.add(tasks.get(i));
                }
            }
        }
        return out;
    }

    /** Runs them. @throws IOException also if a run leaves no record: it would be tried for ever */
    public void run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        List<Task> todo = missing(rounds);
        int n = 0;
        for (Task t : todo) {
            progress.accept(++n + " of " + todo.size() + ": " + t);
            long before = results.count(t.peer(), t.kind(), t.args());
            t.run().once();
            if (results.count(t.peer(), t.kind(), t.args()) == before) {
                throw new IOException(t + " left no record in " + results.path());
            }
        }
    }
}
