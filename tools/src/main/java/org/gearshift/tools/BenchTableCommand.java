package org.gearshift.tools;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.gearshift.tools.bench.PeerBench;
import org.gearshift.tools.bench.ResultFile;
import org.gearshift.tools.bench.Rounds;
import org.gearshift.tools.bench.RunRecord;
import org.gearshift.tools.bench.Table;
import org.gearshift.tools.bench.Task;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gearshift bench table}: peerbench on Gearshift and QEMU, alternating. */
@Command(name = "table", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs peerbench's guest programs on Gearshift and QEMU in turns, and prints ratios of host CPU seconds by groups of sections, with what is needed.",
            "What was recorded is not run again: after an interruption the same command goes on."})
final class BenchTableCommand implements Callable<Integer> {
    private static final String NATIVE_KIND = "user64";
    private static final String NATIVE = "native";

    @Spec
    private CommandSpec spec;

    @Option(names = "--peerbench", paramLabel = "DIR", description = "A checkout of peerbench: run.py, peers.sh, src/.")
    private Path directory;

    @Option(names = "--kinds", paramLabel = "KIND[,KIND...]", split = ",", description = "linux32, linux64, bare1 (nanobenchmarks) or their like (default linux32,linux64,bare1).")
    private List<String> kinds;

    @Option(names = "--pct", paramLabel = "N[,N...]", split = ",", description = "Percent of the usual work: 1000 is the steady state, 100 has the warming up in it (default 100,1000).")
    private List<Integer> percentages;

    @Option(names = "--args", paramLabel = "TEXT", defaultValue = "", description = "More choices for the guest: set=cpu, set=os, only=SUBSTRING.")
    private String more;

    @Option(names = "--runs", paramLabel = "N", description = "Rounds (default 5).")
    private Integer runs;

    @Option(names = "--quick", description = "One round of linux32 and bare1 with pct=100, unless told otherwise: some minutes.")
    private boolean quick;

    @Option(names = "--native", description = "With linux64: also beside the same programs as processes of this machine.")
    private boolean natively;

    @Mixin
    private BenchOptions options;

    @Mixin
    private BenchReport report;

    @Override
    public Integer call() throws Exception {
        options.of(spec);
        List<String> what = kinds != null ? kinds : quick ? List.of("linux32", "bare1") : List.of("linux32", "linux64", "bare1");
        List<Integer> percent = percentages != null ? percentages : quick ? List.of(100) : List.of(100, 1000);
        int rounds = runs != null ? runs : quick ? 1 : 5;
        PeerBench peerbench = options.runs() ? options.peerbench(directory) : null;
        List<BenchOptions.Subject> subjects = options.subjects();
        String qemu = options.qemu();
        ResultFile results = options.results();
        if (peerbench != null) {
            new Rounds(tasks(peerbench, subjects, qemu, what, percent), results).run(rounds, options::tell);
        }
        return report.report(tables(results.records(), what, subjects, qemu), spec.commandLine().getOut());
    }

    private List<Task> tasks(PeerBench peerbench, List<BenchOptions.Subject> subjects, String qemu, List<String> what, List<Integer> percent) {
        ResultFile results = options.results();
        List<Task> tasks = new ArrayList<>();
        for (String kind : what) {
            for (int p : kind.startsWith("bare") ? List.of(0) : percent) {
                String args = p == 0 ? "" : "pct=" + p + (more.isEmpty() ? "" : " " + more.strip());
                tasks.add(peerbench.task("qemu", qemu, kind, args, Map.of(), results));
                for (BenchOptions.Subject s : subjects) {
                    tasks.add(peerbench.task("gearshift", s.label(), kind, args, s.environment(), results));
                }
                if (natively && kind.equals("linux64")) {
                    tasks.add(peerbench.task(NATIVE, NATIVE, NATIVE_KIND, args, Map.of(), results));
                }
            }
        }
        return tasks;
    }

    private List<Table> tables(List<RunRecord> all, List<String> what, List<BenchOptions.Subject> subjects, String qemu) {
        List<Table> out = new ArrayList<>();
        for (BenchOptions.Subject s : subjects) {
            for (String kind : what) {
                for (int p : Table.percentages(all, kind)) {
                    out.add(new Table(all, kind, p, s.label(), qemu));
                    if (natively && kind.equals("linux64")) {
                        out.add(new Table(all, kind, p, s.label(), NATIVE, NATIVE_KIND));
                    }
                }
            }
        }
        return out;
    }
}
