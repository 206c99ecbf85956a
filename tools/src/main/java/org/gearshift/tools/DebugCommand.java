package org.gearshift.tools;

import java.io.IOException;
import java.util.Set;
import org.gearshift.tools.debug.DebugClient;
import org.gearshift.tools.up.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gearshift debug}: a run under the debugger, or the debugger for a machine that runs. */
@Command(name = "debug", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Runs a kernel as 'gearshift run --debug' does: it stops before the first instruction, and commands are read from the terminal.",
            "With --attach, a machine that 'gearshift up' runs is stopped instead, and goes on at the end."},
        versionProvider = Gearshift.Version.class)
final class DebugCommand extends RunCommand {
    private static final Set<String> WITH_ATTACH = Set.of("--attach", "--runtime-dir", "--command", "--execute", "--batch");

    @Spec
    private CommandSpec own;

    @Option(names = "--attach", paramLabel = "NAME",
            description = {"Debug this machine of 'gearshift up', which goes on when the debugger leaves;",
                "of the other options only --command, -e, --batch and --runtime-dir go with it."})
    private String machine;

    @Mixin
    private RuntimeOption runtime;

    @Override
    public Integer call() throws Exception {
        if (machine != null) {
            return attach();
        }
        debug();
        return super.call();
    }

    private int attach() throws IOException {
        for (OptionSpec o : own.commandLine().getParseResult().matchedOptions()) {
            if (!WITH_ATTACH.contains(o.longestName())) {
                throw new Gearshift.UsageError("--attach: the machine runs already; leave out " + o.longestName());
            }
        }
        DebugOptions how = debugging();
        try (DebugClient client = new DebugClient(runtime.client().debug(machine), own.commandLine().getOut(), own.commandLine().getErr())) {
            return client.run(how.scripts(), how.asksUser(), DebugOptions.history()) ? 0 : 1;
        } catch (ControlClient.Refused e) {
            throw new Gearshift.UsageError(e.getMessage());
        }
    }
}
