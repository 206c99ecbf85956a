package org.gearshift.tools;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.gearshift.tools.bench.Goal;
import org.gearshift.tools.bench.PeerBench;
import org.gearshift.tools.bench.ResultFile;
import org.gearshift.tools.bench.Rounds;
import org.gearshift.tools.bench.RunRecord;
import org.gearshift.tools.bench.Switch;
import org.gearshift.tools.bench.Table;
import org.gearshift.tools.bench.Task;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gearshift bench ablation}: what each optimization gives. */
@Command(name = "ablation", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs peerbench with each optimization switched off in turn, and prints host CPU seconds without it beside those with all of them: above 1 is what it gives.",
            "What was recorded is not run again: after an interruption the same command goes on."})
final class BenchAblationCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--peerbench", paramLabel = "DIR", description = "A checkout of peerbench.")
    private Path directory;

    @Option(names = "--kind", paramLabel = "KIND", defaultValue = "linux32", description = "What is run (default ${DEFAULT-VALUE}).")
    private String kind;

    @Option(names = "--args", paramLabel = "TEXT", defaultValue = "pct=100", description = "Choices for the guest (default ${DEFAULT-VALUE}).")
    private String args;

    @Option(names = "--only", paramLabel = "NAME[,NAME...]", description = "Optimizations to switch off (default all).")
    private String only;

    @Option(names = "--runs", paramLabel = "N", defaultValue = "3", description = "Rounds (default ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--list", description = "List the optimizations with the options that switch them off.")
    private boolean list;

    @Mixin
    private BenchOptions options;

    @Override
    public Integer call() throws Exception {
        options.of(spec);
        PrintWriter out = spec.commandLine().getOut();
        List<Switch> switches = Switch.named(only);
        if (list) {
            switches.forEach(s -> out.printf("%-16s %-40s %s%n", s.name(), s.options(), s.what()));
            return 0;
        }
        PeerBench peerbench = options.runs() ? options.peerbench(directory) : null;
        ResultFile results = options.results();
        for (BenchOptions.Subject s : options.subjects()) {
            if (peerbench != null) {
                new Rounds(tasks(peerbench, s, switches), results).run(runs, options::tell);
            }
            print(out, s, switches, results.records());
        }
        return 0;
    }

    private List<Task> tasks(PeerBench peerbench, BenchOptions.Subject s, List<Switch> switches) {
        ResultFile results = options.results();
        List<Task> tasks = new ArrayList<>();
        tasks.add(peerbench.task("gearshift", s.label(), kind, args, s.environment(), results));
        for (Switch w : switches) {
            Map<String, String> environment = new LinkedHashMap<>(s.environment());
            environment.put("GEARSHIFT_JAVA_OPTS", w.java().replace("{launcher}", options.launcherFiles().toString()));
            environment.put("GSX", w.run());
            tasks.add(peerbench.task("gearshift", label(s, w), kind, args, environment, results));
        }
        return tasks;
    }

    private static String label(BenchOptions.Subject s, Switch w) {
        return s.label() + "-without-" + w.name();
    }

    private void print(PrintWriter out, BenchOptions.Subject s, List<Switch> switches, List<RunRecord> all) {
        List<Goal> goals = Goal.of(kind);
        out.println(kind + ", " + args + ": " + s.label() + " without each, / with all");
        out.printf("%-16s", "without");
        goals.forEach(g -> out.printf("%9s", brief(g.label())));
        out.println();
        for (Switch w : switches) {
            Map<String, Double> found = new LinkedHashMap<>();
            new Table(all, kind, -1, label(s, w), s.label()).rows().forEach(r -> found.put(r.goal().label(), r.ratio()));
            out.printf("%-16s", w.name());
            goals.forEach(g -> out.printf("%9s", number(found.get(g.label()), g)));
            out.println();
        }
        out.flush();
    }

    private static String brief(String label) {
        return label.startsWith("peak") ? "MiB" : label.length() > 8 ? label.substring(0, 8).strip() : label;
    }

    private static String number(Double d, Goal g) {
        return d == null ? "-" : String.format(Locale.ROOT, g.measure() == Goal.Measure.RESIDENT ? "%.0f" : "%.2f", d);
    }
}
