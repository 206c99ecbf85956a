package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import org.gearshift.tools.conformance.ConformanceRun;
import org.gearshift.tools.conformance.OracleUnavailableException;
import org.gearshift.tools.terminal.ProgressBar;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gearshift conformance}: instructions compared with the host's processor. */
@Command(name = "conformance", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs instructions on this computer's processor and translated, and compares every register, defined flag, memory byte and fault.",
            "Needs gcc, and gcc-multilib for 32-bit code where the kernel runs 32-bit programs."},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:no differences", "1:differences, or the processor could not be asked", "2:bad usage"})
final class ConformanceCommand implements Callable<Integer> {
    /** What executes translated code. */
    enum EngineChoice { INTERPRETER, JVM, BOTH }

    /** How long to go on. */
    static final class Length {
        @Option(names = "--minutes", paramLabel = "M", description = "Go on with ever new operands and sequences for so long.")
        private Double minutes;

        @Option(names = "--sets", paramLabel = "N", description = "Operand sets for each form (default 50).")
        private Integer sets;
    }

    private static final int DEFAULT_SETS = 50;

    @Spec
    private CommandSpec spec;

    @Option(names = "--group", paramLabel = "G", description = "Only this group of instructions, or 'sequence' for random sequences; may be repeated. --list shows them.")
    private Set<String> groups = new LinkedHashSet<>();

    @Option(names = "--bits", paramLabel = "32|64", description = "Only 32- or 64-bit code.")
    private Integer bits;

    @Option(names = "--engine", paramLabel = "ENGINE", defaultValue = "BOTH", description = "interpreter, jvm or both (default).")
    private EngineChoice engine;

    @Option(names = "--seed", paramLabel = "S", description = "Seed of all that is random; printed in any case.")
    private Long seed;

    @ArgGroup(multiplicity = "0..1")
    private Length length;

    @Option(names = "--list", description = "List groups and forms instead of running them.")
    private boolean list;

    @Option(names = "--undefined-flags", description = "Compare what the manual leaves undefined, too.")
    private boolean undefinedFlags;

    @Option(names = "--reproduce", paramLabel = "FILE|LINE", description = "Run one trial that an earlier run printed.")
    private String reproduce;

    @Override
    public Integer call() throws Exception {
        if (bits != null && bits != 32 && bits != 64) {
            throw new Gearshift.UsageError("--bits " + bits + ": 32 or 64");
        }
        int sets = length == null || length.sets == null ? DEFAULT_SETS : length.sets;
        double minutes = length == null || length.minutes == null ? 0 : length.minutes;
        if (sets < 1 || minutes < 0) {
            throw new Gearshift.UsageError(sets < 1 ? "--sets " + sets + ": at least 1" : "--minutes " + minutes + ": not negative");
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        long start = seed != null ? seed : new Random().nextInt(1_000_000_000);
        List<Integer> sizes = bits == null ? List.of(32, 64) : List.of(bits);
        try (ProgressBar bar = new ProgressBar(err, System.console() != null)) {
            ConformanceRun run = new ConformanceRun(sizes, groups, engine != EngineChoice.JVM, engine != EngineChoice.INTERPRETER, undefinedFlags, bar::show);
            for (String g : groups) {
                if (!run.knowsGroup(g)) {
                    throw new Gearshift.UsageError("no group named " + g + "; --list shows them");
                }
            }
            if (list) {
                run.list(out);
                return 0;
            }
            int differing;
            if (reproduce != null) {
                differing = reproduce(run, out);
            } else {
                out.println("seed " + start);
                differing = minutes > 0 ? run.fuzz(start, (long) (minutes * 60e9)) : run.once(start, sets);
                bar.close();
                run.report(out);
                if (!run.hasCompared()) {
                    err.println("gearshift: nothing could be compared here, for the reasons above");
                    return 1;
                }
            }
            return differing == 0 ? 0 : 1;
        } catch (OracleUnavailableException e) {
            err.println("gearshift: " + e.getMessage());
            return 1;
        }
    }

    private int reproduce(ConformanceRun run, PrintWriter out) throws OracleUnavailableException, IOException {
        String line = reproducer();
        try {
            return run.reproduce(line, out);
        } catch (IllegalArgumentException e) {
            throw new Gearshift.UsageError("--reproduce: " + e.getMessage());
        }
    }

    private String reproducer() throws IOException {
        Path file;
        try {
            file = Path.of(reproduce);
        } catch (java.nio.file.InvalidPathException e) {
            return reproduce;
        }
        if (reproduce.length() < 4096 && Files.isRegularFile(file)) {
            return Files.readString(file);
        }
        if (!reproduce.contains("code=")) {
            throw new Gearshift.UsageError("--reproduce " + reproduce + ": no such file, and no line of a report");
        }
        return reproduce;
    }
}
