package org.gearshift.tools.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.BootException;

/** Runs a workload in both gears, one after the other, several times, and puts the results side by side. */
final class Comparison {
    /** More than any workload here takes; one that hangs ends. */
    private static final long LIMIT = 100_000_000_000L;
    private static final int SHOWN = 2000;

    /** A run that did not end as it should. */
    static final class FailedRunException extends Exception {
        private static final long serialVersionUID = 1L;

        FailedRunException(String message) {
            super(message);
        }
    }

    private Comparison() {
    }

    /**
     * Runs and compares.
     *
     * @param repetitions measured runs in each gear, at least 1; one more before them, which does not count, lets the host's compilers settle
     * @param progress told of every run
     */
    static List<Row> run(Workload workload, int repetitions, Consumer<String> progress) throws BootException, FailedRunException {
        List<BenchmarkConsole> full = new ArrayList<>();
        List<BenchmarkConsole> pv = new ArrayList<>();
        for (int i = 0; i <= repetitions; i++) {
            String which = i == 0 ? "warm-up" : "run " + i + " of " + repetitions;
            BenchmarkConsole a = once(workload, false, which, progress);
            BenchmarkConsole b = once(workload, true, which, progress);
            if (i > 0) {
                full.add(a);
                pv.add(b);
            }
        }
        return rows(full, pv);
    }

    private static BenchmarkConsole once(Workload workload, boolean paravirtual, String which, Consumer<String> progress)
            throws BootException, FailedRunException {
        BenchmarkConsole console = new BenchmarkConsole();
        Machine vm = workload.machine(paravirtual, console);
        console.watch(vm::counters);
        String gear = paravirtual ? "pv" : "full";
        progress.accept(gear + ", " + which);
        VmOutcome outcome = vm.run(LIMIT);
        if (outcome.exitCode() != VmOutcome.POWER_OFF || console.results().isEmpty()) {
            String text = console.text();
            throw new FailedRunException(gear + ": " + (outcome.message() == null ? "the guest measured nothing" : outcome.message()) + "; the console's end:\n"
                    + text.substring(Math.max(0, text.length() - SHOWN)));
        }
        return console;
    }

    private static List<Row> rows(List<BenchmarkConsole> full, List<BenchmarkConsole> pv) {
        BenchmarkConsole lastFull = full.get(full.size() - 1);
        BenchmarkConsole lastPv = pv.get(pv.size() - 1);
        Map<String, Row> rows = new LinkedHashMap<>();
        for (String name : lastFull.results().keySet()) {
            if (lastPv.results().containsKey(name)) {
                rows.put(name, new Row(name, operations(lastFull, lastPv, name), sample(full, name), sample(pv, name), lastFull.exits().get(name), lastPv.exits().get(name)));
            }
        }
        return new ArrayList<>(rows.values());
    }

    /** Exits per operation compare what is the same: without a number that both gears agree on, they are not divided. */
    private static long operations(BenchmarkConsole full, BenchmarkConsole pv, String name) {
        long n = full.operations().get(name);
        return pv.operations().get(name) == n ? n : 0;
    }

    private static Sample sample(List<BenchmarkConsole> runs, String name) {
        return Sample.of(runs.stream().filter(c -> c.results().containsKey(name)).mapToLong(c -> c.results().get(name)).toArray());
    }
}
