package org.gearshift.tools;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.gearshift.tools.bench.GuestMeter;
import org.gearshift.tools.bench.Program;
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

/** {@code gearshift bench programs}: what people run. */
@Command(name = "programs", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs programs of Debian's packages in a guest, on Gearshift and QEMU in turns, checks that both print the same, and prints ratios of host CPU seconds.",
            "What was recorded is not run again: after an interruption the same command goes on."})
final class BenchProgramsCommand implements Callable<Integer> {
    private static final long LIMIT_SECONDS = 3 * 3600;
    private static final int QUICK_SCALE = 5;
    private static final String APPEND = "console=ttyS0 panic=-1 quiet nokaslr mitigations=off cryptomgr.notests norandmaps ";

    @Spec
    private CommandSpec spec;

    @Option(names = "--arch", paramLabel = "NAME[,NAME...]", split = ",", defaultValue = "amd64", description = "amd64, i386 (default ${DEFAULT-VALUE}).")
    private List<String> architectures;

    @Option(names = "--only", paramLabel = "NAME[,NAME...]", description = "gzip, xz, openssl, python, json, perl, gcc, sqlite (default all).")
    private String only;

    @Option(names = "--scale", paramLabel = "N", description = "Percent of the usual work, which is some tens of seconds of QEMU's time for each program (default 100).")
    private Integer scale;

    @Option(names = "--runs", paramLabel = "N", description = "Rounds (default 5).")
    private Integer runs;

    @Option(names = "--quick", description = "One round with 5 %% of the work, unless told otherwise.")
    private boolean quick;

    @Option(names = "--memory", paramLabel = "MIB", defaultValue = "1024", description = "Guest memory (default ${DEFAULT-VALUE}).")
    private int memory;

    @Option(names = "--qemu-options", paramLabel = "TEXT", defaultValue = "", description = "More for QEMU: -cpu max, say.")
    private String qemuOptions;

    @Option(names = "--gearshift-options", paramLabel = "TEXT", defaultValue = "", description = "More for Gearshift.")
    private String gearshiftOptions;

    @Mixin
    private BenchOptions options;

    @Mixin
    private BenchReport report;

    @Override
    public Integer call() throws Exception {
        options.of(spec);
        List<Program> programs = Program.named(only);
        int percent = scale != null ? scale : quick ? QUICK_SCALE : 100;
        int rounds = runs != null ? runs : quick ? 1 : 5;
        List<BenchOptions.Subject> subjects = options.subjects();
        String qemu = options.qemu();
        ResultFile results = options.results();
        List<Task> tasks = new ArrayList<>();
        for (String label : options.runs() ? architectures : List.<String>of()) {
            BenchPrograms.Architecture a = BenchPrograms.Architecture.named(label);
            Path disk = new BenchPrograms(a, options::tell).disk();
            Path kernel = options.kernel(a == BenchPrograms.Architecture.I386 ? 32 : 64);
            String args = "scale=" + percent + (only == null ? "" : " only=" + String.join(",", programs.stream().map(Program::name).toList()));
            tasks.add(task(qemu, a, args, Map.of(), results, qemuCommand(a, kernel, disk, args)));
            for (BenchOptions.Subject s : subjects) {
                tasks.add(task(s.label(), a, args, s.environment(), results, gearshiftCommand(kernel, disk, args)));
            }
        }
        new Rounds(tasks, results).run(rounds, options::tell);
        List<RunRecord> all = results.records();
        List<Table> tables = new ArrayList<>();
        for (BenchOptions.Subject s : subjects) {
            for (String a : architectures) {
                Table.percentages(all, kind(a)).forEach(p -> tables.add(new Table(all, kind(a), p, s.label(), qemu)));
            }
        }
        return report.report(tables, spec.commandLine().getOut());
    }

    private static String kind(String architecture) {
        return "programs-" + architecture;
    }

    private Task task(String peer, BenchPrograms.Architecture a, String args, Map<String, String> environment, ResultFile results, List<String> command) {
        String kind = kind(a.label());
        return new Task(peer, kind, args, () -> results.append(new GuestMeter(command, environment, options.scratch().resolve("last-console")).run(peer, kind, args, LIMIT_SECONDS)));
    }

    private List<String> qemuCommand(BenchPrograms.Architecture a, Path kernel, Path disk, String args) {
        List<String> command = new ArrayList<>(List.of(a == BenchPrograms.Architecture.I386 ? "qemu-system-i386" : "qemu-system-x86_64", "-accel", "tcg", "-display", "none",
                "-serial", "stdio", "-monitor", "none", "-no-reboot", "-nic", "none", "-m", Integer.toString(memory), "-kernel", kernel.toString(), "-initrd", disk.toString(),
                "-append", APPEND + args));
        command.addAll(words(qemuOptions));
        return command;
    }

    private List<String> gearshiftCommand(Path kernel, Path disk, String args) {
        List<String> command = new ArrayList<>(List.of(options.gearshift().toString(), "run", "-m", memory + "M", "--serial", "stdio", "--kernel", kernel.toString(), "--initrd",
                disk.toString(), "--append", APPEND + args));
        command.addAll(words(gearshiftOptions));
        return command;
    }

    private static List<String> words(String text) {
        return text.isBlank() ? List.of() : List.of(text.strip().split(" +"));
    }
}
