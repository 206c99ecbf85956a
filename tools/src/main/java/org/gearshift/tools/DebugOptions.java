package org.gearshift.tools;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.gearshift.tools.debug.DebugConsole;
import org.gearshift.tools.debug.KernelSymbols;
import org.gearshift.tools.debug.MonitorCommands;
import org.gearshift.tools.gdb.GdbServer;
import org.gearshift.tools.guest.GuestStore;
import org.gearshift.tools.symbols.SymbolFormatException;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options by which a run is debugged. */
final class DebugOptions {
    @Option(names = "--gdb", paramLabel = "[HOST:]PORT",
            description = "Let gdb connect (target remote localhost:PORT); the guest waits for it. Without a host, from this host only: whoever connects owns the guest.")
    private String gdb;

    @Option(names = "--gdb-nowait", description = "With --gdb: the guest does not wait.")
    private boolean runsOn;

    @Option(names = "--symbols", paramLabel = "FILE",
            description = "Names for addresses while debugging: System.map, vmlinux with symbols, or kallsyms (default: those that a Linux kernel carries).")
    private Path symbols;

    @Mixin
    private ProgramOption programs;

    @Option(names = "--debug", description = "Stop before the guest's first instruction and read the debugger's commands from the terminal ('help' lists them).")
    private boolean debug;

    @Option(names = "--command", paramLabel = "FILE", description = "Commands of the debugger to begin with; implies --debug.")
    private List<Path> files = List.of();

    @Option(names = {"-e", "--execute"}, paramLabel = "COMMAND", description = "The same, on the command line.")
    private List<String> lines = List.of();

    @Option(names = "--batch", description = "End the run when there are no more such commands; so it is where input is no terminal.")
    private boolean batch;

    private DebugConsole console;

    /** Where names come from if not from the kernel, or null. */
    Path symbols() {
        return symbols;
    }

    /** Asks for the debugger. */
    void debug() {
        debug = true;
    }

    /** Whether the debugger reads from the terminal. */
    boolean takesTerminal() {
        return debug || !files.isEmpty() || !lines.isEmpty();
    }

    /** Whether the run is debugged. */
    boolean isOn() {
        return gdb != null || takesTerminal();
    }

    /** Whether a command could not be done. */
    boolean hasFailed() {
        return console != null && console.hasFailed();
    }

    /** Fails if the run is to be debugged. @param instead what cannot be debugged */
    void requireNone(String instead) {
        if (gdb != null || takesTerminal()) {
            throw new Gearshift.UsageError(instead + " and " + (gdb != null ? "--gdb" : "--debug") + " do not go together");
        }
    }

    /**
     * Connects what was asked for to a machine that does not run yet.
     *
     * @param kernel file it boots, or null
     * @param out where the debugger's answers go
     * @return to be closed after the run
     */
    Closeable attach(Machine machine, Path kernel, PrintWriter out, PrintWriter messages) throws IOException, BootException {
        if (gdb != null && takesTerminal()) {
            throw new Gearshift.UsageError("--gdb and --debug do not go together: one debugger at a time");
        }
        if (gdb == null && runsOn) {
            throw new Gearshift.UsageError("--gdb-nowait without --gdb: where is gdb to connect?");
        }
        if (takesTerminal()) {
            console = console(machine, kernel, out, messages);
            console.start();
            return console;
        }
        if (gdb == null) {
            return () -> { };
        }
        InetSocketAddress at;
        try {
            at = GdbServer.address(gdb);
        } catch (IllegalArgumentException e) {
            throw new Gearshift.UsageError("--gdb " + e.getMessage());
        }
        Supplier<KernelSymbols> names;
        if (symbols == null) {
            names = KernelSymbols.whenAsked(kernel, programs.read());
        } else {
            KernelSymbols named = names(kernel);
            names = () -> named;
        }
        return GdbServer.start(machine, at, !runsOn, new MonitorCommands(machine, names), messages);
    }

    private DebugConsole console(Machine machine, Path kernel, PrintWriter out, PrintWriter messages) throws IOException, BootException {
        return new DebugConsole(machine, names(kernel), scripts(), asksUser(), history(), out, messages);
    }

    /** Commands to begin with. */
    List<DebugConsole.Script> scripts() throws IOException {
        List<DebugConsole.Script> scripts = new ArrayList<>();
        for (Path f : files) {
            scripts.add(new DebugConsole.Script(f.toString(), Files.readAllLines(f)));
        }
        if (!lines.isEmpty()) {
            scripts.add(new DebugConsole.Script("-e", lines));
        }
        return scripts;
    }

    /** Whether the user is asked after those. */
    boolean asksUser() {
        return files.isEmpty() && lines.isEmpty() || !batch && System.console() != null;
    }

    /** The file that typed lines are remembered in. */
    static Path history() {
        return new GuestStore().root().resolve("debug-history");
    }

    private KernelSymbols names(Path kernel) throws IOException, BootException {
        try {
            return KernelSymbols.of(kernel, symbols, programs.read());
        } catch (SymbolFormatException e) {
            throw new Gearshift.UsageError("--symbols " + e.getMessage());
        }
    }
}
