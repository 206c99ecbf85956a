package org.gearshift.tools;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.gearshift.tools.terminal.ConsoleTerminal;
import org.gearshift.tools.up.Consoles;
import org.gearshift.tools.up.ConsoleSwitch;
import org.gearshift.tools.up.RemoteConsoles;
import org.gearshift.vmm.host.VmConsole;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code gearshift console}: this terminal as the console of a machine that {@code gearshift up} runs. */
@Command(name = "console", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
        description = {"Makes this terminal the console of a machine, from its last output on. Ctrl-] lists all machines and switches to another; Ctrl-] x leaves.",
            "If standard input is not a terminal, it is typed, and the command ends when the machine does."})
final class ConsoleCommand implements Callable<Integer> {
    @Mixin
    private RuntimeOption runtime;

    @Parameters(paramLabel = "NAME", description = "The machine; 'gearshift ps' lists them.")
    private String name;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Consoles consoles = new RemoteConsoles(runtime.client());
        if (consoles.list().stream().noneMatch(e -> e.name().equals(name))) {
            throw new Gearshift.UsageError("no machine '" + name + "' here; 'gearshift ps' lists those there are");
        }
        try (ConsoleTerminal terminal = ConsoleTerminal.open()) {
            CountDownLatch left = new CountDownLatch(1);
            if (terminal.isRaw()) {
                ConsoleSwitch keys = new ConsoleSwitch(consoles, terminal::write, left::countDown, "leave");
                keys.show(name);
                terminal.startRaw(keys::key, left::countDown);
            } else {
                Consoles.Connection connection = consoles.open(name, plain(terminal, left));
                terminal.startRaw(b -> type(connection, b), () -> { });
            }
            left.await();
        }
        return 0;
    }

    private static void type(Consoles.Connection connection, int b) {
        try {
            connection.type(b);
        } catch (IOException e) {
            System.getLogger(ConsoleCommand.class.getName()).log(System.Logger.Level.DEBUG, "not typed: {0}", e.getMessage());
        }
    }

    private static VmConsole.Viewer plain(ConsoleTerminal terminal, CountDownLatch end) {
        return new VmConsole.Viewer() {
            @Override
            public void output(byte[] bytes) {
                try {
                    terminal.write(bytes);
                } catch (IOException e) {
                    end.countDown();
                }
            }

            @Override
            public void end() {
                end.countDown();
            }
        };
    }
}
