package org.gearshift.tools;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.gearshift.tools.up.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code gearshift pause}, {@code resume}, {@code stop} and {@code destroy}: commands to machines that {@code gearshift up} runs. The control socket's requests
 * are called the same.
 */
abstract class ControlCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RuntimeOption runtime;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "A machine; 'gearshift ps' lists them.")
    private List<String> names;

    @Override
    public Integer call() throws IOException {
        ControlClient client = runtime.client();
        for (String name : names) {
            try {
                client.act(spec.name(), name);
            } catch (ControlClient.Refused e) {
                throw new Gearshift.UsageError(e.getMessage());
            }
        }
        return 0;
    }

    /** {@code gearshift pause}. */
    @Command(name = "pause", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
            description = "Keeps a machine's processors from running; its clock goes on.")
    static final class Pause extends ControlCommand {
    }

    /** {@code gearshift resume}. */
    @Command(name = "resume", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class, description = "Lets a paused machine go on.")
    static final class Resume extends ControlCommand {
    }

    /** {@code gearshift stop}. */
    @Command(name = "stop", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
            description = "Asks a machine's guest to shut down: a PC's power button, a domain's control/shutdown.")
    static final class Stop extends ControlCommand {
    }

    /** {@code gearshift destroy}. */
    @Command(name = "destroy", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class, description = "Ends a machine at once, as if its power were cut.")
    static final class Destroy extends ControlCommand {
    }
}
