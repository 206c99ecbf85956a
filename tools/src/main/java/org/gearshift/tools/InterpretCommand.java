package org.gearshift.tools;

import java.io.IOException;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Command;

/** {@code gearshift interpret}: runs IR by the interpreter. */
@Command(name = "interpret", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs a region by the interpreter, from a given state, and prints the state and the memory it leaves; * marks what has changed.",
            "Example: gearshift interpret 01 d8 --set eax=5 --set ebx=7"})
final class InterpretCommand extends RunningStage {
    @Override
    int show() throws IOException, BootException {
        out().print(setting().interpret(json));
        return 0;
    }
}
