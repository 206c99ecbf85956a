package org.gearshift.tools;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code gearshift bench}: how fast it is. */
@Command(name = "bench", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
        description = "Measures Gearshift beside other emulators, in host CPU seconds of all threads; see docs/performance.md.",
        subcommands = {BenchTableCommand.class, BenchProgramsCommand.class, BenchAblationCommand.class, BenchFlameCommand.class})
final class BenchCommand implements Callable<Integer> {
    @ParentCommand
    private Gearshift root;

    @Override
    public Integer call() {
        throw new Gearshift.UsageError("which one? bench table, programs, ablation or flame");
    }
}
