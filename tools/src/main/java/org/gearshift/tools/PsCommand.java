package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.gearshift.tools.up.MachineLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gearshift ps}: the machines that {@code gearshift up} runs. */
@Command(name = "ps", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
        description = "Lists the machines that 'gearshift up' runs, in all processes of yours.")
final class PsCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RuntimeOption runtime;

    @Option(names = "--json", description = "As JSON, an array of objects.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        List<MachineLine> machines = runtime.client().machines();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            StringJoiner all = new StringJoiner(",\n  ", machines.isEmpty() ? "[" : "[\n  ", machines.isEmpty() ? "]" : "\n]");
            machines.forEach(m -> all.add(m.json()));
            out.println(all);
        } else {
            out.println(MachineLine.head());
            machines.forEach(m -> out.println(m.row()));
        }
        return 0;
    }
}
