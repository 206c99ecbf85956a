package org.gearshift.tools;

import picocli.CommandLine.Command;

/** {@code gearshift debug}: a run under the debugger. */
@Command(name = "debug", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Runs a kernel as 'gearshift run --debug' does: it stops before the first instruction, and commands are read from the terminal."},
        versionProvider = Gearshift.Version.class)
final class DebugCommand extends RunCommand {
    @Override
    public Integer call() throws Exception {
        debug();
        return super.call();
    }
}
