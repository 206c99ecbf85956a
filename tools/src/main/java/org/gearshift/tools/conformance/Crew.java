package org.gearshift.tools.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.gearshift.translator.x86.lift.LiftTable;

/** Campaigns of one code size, each with processors of its own, that share the work. How many they are changes nothing in what they try. */
final class Crew implements AutoCloseable {
    /** Hears of progress. */
    @FunctionalInterface
    interface Listener {
        /** {@code done} of {@code total} units of work; the group under way. */
        void progress(int done, int total, String group);
    }

    /** The n-th piece of work. */
    @FunctionalInterface
    private interface Work {
        void on(Campaign c, int n) throws IOException;
    }

    private final List<Campaign> campaigns = new ArrayList<>();
    private final ExecutorService threads;

    /**
     * @param size number of campaigns
     * @param groups of forms that are run; none: all
     */
    Crew(int bits, int size, Set<Bench.Engine> engines, boolean undefined, Set<String> groups) throws OracleUnavailableException, IOException {
        threads = Executors.newFixedThreadPool(size, r -> {
            Thread t = new Thread(r, "conformance");
            t.setDaemon(true);
            return t;
        });
        try {
            for (int n = 0; n < size; n++) {
                Campaign c = new Campaign(bits, engines, LiftTable.standard(), undefined);
                campaigns.add(c);
                c.restrictGroups(groups);
            }
        } catch (OracleUnavailableException | IOException e) {
            close();
            throw e;
        }
    }

    int bits() {
        return campaigns.get(0).bits();
    }

    /** Runs every form with so many operand sets. */
    void runForms(long seed, int sets, Listener listener) throws IOException {
        List<Form> forms = campaigns.get(0).forms();
        share(forms.size(), (c, n) -> c.run(forms.get(n), seed, sets), n -> forms.get(n).set.name(), listener);
    }

    /** Runs so many random sequences. */
    void runSequences(long seed, int count, Listener listener) throws IOException {
        if (campaigns.get(0).hasSequences()) {
            share(count, (c, n) -> c.runSequence(seed, n), n -> Campaign.SEQUENCES, listener);
        }
    }

    private void share(int pieces, Work work, IntFunction<String> group, Listener listener) throws IOException {
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> all = new ArrayList<>();
        for (Campaign c : campaigns) {
            all.add(threads.submit(() -> {
                for (int n = next.getAndIncrement(); n < pieces; n = next.getAndIncrement()) {
                    synchronized (listener) {
                        listener.progress(n, pieces, group.apply(n));
                    }
                    work.on(c, n);
                }
                return null;
            }));
        }
        try {
            for (Future<?> f : all) {
                f.get();
            }
        } catch (ExecutionException e) {
            next.set(pieces);
            if (e.getCause() instanceof IOException x) {
                throw x;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            next.set(pieces);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    // What they found, together.

    Map<String, Campaign.Tally> tallies() {
        Map<String, Campaign.Tally> sum = new TreeMap<>();
        for (Campaign c : campaigns) {
            c.tallies().forEach((group, t) -> sum.computeIfAbsent(group, k -> new Campaign.Tally()).add(t));
        }
        return sum;
    }

    List<Failure> failures() {
        return campaigns.stream().flatMap(c -> c.failures().stream()).sorted(Comparator.comparing(Failure::what)).toList();
    }

    /** Forms that cannot be run here, counted by reason. */
    Map<String, Integer> skipped() {
        return campaigns.get(0).skipped();
    }

    Map<String, Integer> refused() {
        return sum(Campaign::refused);
    }

    Map<String, Integer> besides() {
        return sum(Campaign::besides);
    }

    private Map<String, Integer> sum(Function<Campaign, Map<String, Integer>> counts) {
        Map<String, Integer> sum = new TreeMap<>();
        campaigns.forEach(c -> counts.apply(c).forEach((reason, n) -> sum.merge(reason, n, Integer::sum)));
        return sum;
    }

    boolean isRecoding() {
        return campaigns.get(0).isRecoding();
    }

    long inconclusive() {
        return campaigns.stream().mapToLong(Campaign::inconclusive).sum();
    }

    long unconfirmed() {
        return campaigns.stream().mapToLong(Campaign::unconfirmed).sum();
    }

    long accepted() {
        return campaigns.stream().mapToLong(Campaign::accepted).sum();
    }

    @Override
    public void close() {
        threads.shutdownNow();
        campaigns.forEach(Campaign::close);
    }
}
