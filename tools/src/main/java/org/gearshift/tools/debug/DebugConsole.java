package org.gearshift.tools.debug;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.debug.Stop;

/**
 * The live debugger: reads commands while the machine stands, on a thread of its own, from scripts first and then from the user. When there are no more commands the run
 * ends.
 */
public final class DebugConsole implements Closeable {
    private static final long LOOK_MILLIS = 100;

    private final Machine machine;
    private final DebugContext context;
    private final PrintWriter out;
    private final PrintWriter err;
    private final List<Lines> scripts;
    private final boolean asksUser;
    private final Path history;
    private final CommandSet commands = new CommandSet();
    private final TrapList traps;
    private final Thread thread = new Thread(this::run, "debugger");
    private volatile boolean failed;
    private boolean left;

    /**
     * A debugger that the machine waits for before its first instruction.
     *
     * @param scripts commands to begin with: names, and their lines
     * @param asksUser whether the user is asked after that
     * @param history file that typed lines are remembered in
     */
    public DebugConsole(Machine machine, KernelSymbols symbols, List<Script> scripts, boolean asksUser, Path history, PrintWriter out, PrintWriter err) {
        this.machine = machine;
        this.out = out;
        this.err = err;
        this.context = new DebugContext(machine, symbols, out);
        this.scripts = new ArrayList<>();
        scripts.forEach(s -> this.scripts.add(new ScriptLines(s.name, s.lines)));
        this.asksUser = asksUser;
        this.history = history;
        this.traps = new TrapList(machine.debugger().traps());
        commands.addDebugging(traps);
        commands.add(new Command(List.of("detach"), "", "let the guest go on without a debugger", (c, a) -> {
            left = true;
            c.debugger().detach();
        }));
        commands.add(new Command(List.of("quit", "q", "exit"), "", "end the run", (c, a) -> {
            left = true;
            machine.quit();
        }));
        commands.add(commands.help());
    }

    /**
     * Commands that come with the command line.
     *
     * @param name where they are from, for messages
     */
    public record Script(String name, List<String> lines) {
    }

    /** Begins; the machine must not run yet. */
    public void start() {
        machine.debugger().attach(true);
        machine.debugger().pause();
        thread.setDaemon(true);
        thread.start();
    }

    /** Whether a command of a script could not be done. */
    public boolean hasFailed() {
        return failed;
    }

    private void run() {
        try {
            Stop first = null;
            while (first == null) {
                first = machine.debugger().awaitStop(LOOK_MILLIS);
            }
            RunCommands.reporting(traps).report(context, first);
            context.flush();
            for (Lines script : scripts) {
                converse(script);
            }
            if (!left && asksUser) {
                try (Lines user = user()) {
                    converse(user);
                }
            }
        } catch (IOException e) {
            failed = true;
            err.println("gearshift: commands cannot be read: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            out.flush();
            if (!left) {
                machine.quit();
            }
        }
    }

    private Lines user() throws IOException {
        return System.console() == null ? new InputLines(System.in)
                : new TerminalLines(history, words -> commands.completions(words, context), machine.debugger()::pause);
    }

    private void converse(Lines lines) throws IOException, InterruptedException {
        for (String line = left ? null : lines.next(); line != null; line = left ? null : lines.next()) {
            try {
                commands.execute(line, context);
            } catch (CommandException e) {
                complain(lines, e.getMessage());
            } catch (RuntimeException e) {
                System.getLogger(DebugConsole.class.getName()).log(System.Logger.Level.WARNING, "command " + line, e);
                complain(lines, "the debugger itself failed: " + e);
            }
            out.flush();
        }
    }

    /** A script ends at its first mistake. */
    private void complain(Lines lines, String message) {
        out.flush();
        err.println(lines.interactive() ? message : "gearshift: " + lines.origin() + ": " + message);
        err.flush();
        if (!lines.interactive()) {
            failed = true;
            left = true;
            machine.quit();
        }
    }

    @Override
    public void close() {
        try {
            // The user may still look at what is left of a run that is over.
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
