package org.gearshift.tools;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.gearshift.tools.debug.KernelSymbols;
import org.gearshift.tools.debug.MonitorCommands;
import org.gearshift.tools.gdb.GdbServer;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.boot.BootException;
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

    /** Fails if the run is to be debugged. @param instead what cannot be debugged */
    void requireNone(String instead) {
        if (gdb != null) {
            throw new Gearshift.UsageError(instead + " and --gdb do not go together");
        }
    }

    /**
     * Connects what was asked for to a machine that does not run yet.
     *
     * @param kernel file it boots, or null
     * @return to be closed after the run
     */
    Closeable attach(Machine machine, Path kernel, PrintWriter messages) throws IOException, BootException {
        if (gdb == null) {
            if (runsOn) {
                throw new Gearshift.UsageError("--gdb-nowait without --gdb: where is gdb to connect?");
            }
            return () -> { };
        }
        InetSocketAddress at;
        try {
            at = GdbServer.address(gdb);
        } catch (IllegalArgumentException e) {
            throw new Gearshift.UsageError("--gdb " + e.getMessage());
        }
        return GdbServer.start(machine, at, !runsOn, new MonitorCommands(machine, new KernelSymbols(table(kernel))), messages);
    }

    private SymbolTable table(Path kernel) throws IOException, BootException {
        if (symbols != null) {
            return SymbolReader.read(symbols);
        }
        if (kernel == null) {
            return SymbolTable.EMPTY;
        }
        try {
            return SymbolReader.read(kernel);
        } catch (IOException | BootException e) {
            // Nobody has asked for names: addresses are shown without.
            System.getLogger(DebugOptions.class.getName()).log(System.Logger.Level.DEBUG, "no symbols: {0}", e.getMessage());
            return SymbolTable.EMPTY;
        }
    }
}
