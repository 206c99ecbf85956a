package org.gearshift.tools.debug;

import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;
import org.gearshift.tools.gdb.GdbMonitor;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.debug.DebuggedCpu;

/** gdb's {@code monitor}: the debugger's commands that only look, and what gdb has no packets for. */
public final class MonitorCommands implements GdbMonitor {
    private final Machine machine;
    private final Supplier<KernelSymbols> symbols;
    private final CommandSet commands = new CommandSet();

    /** @param symbols asked for with the first command */
    public MonitorCommands(Machine machine, Supplier<KernelSymbols> symbols) {
        this.machine = machine;
        this.symbols = symbols;
        InspectionCommands.addTo(commands);
        commands.add(new Command(List.of("system_reset"), "", "end the run as if the guest had asked for a reset", (c, a) -> machine.reset()));
        commands.add(new Command(List.of("quit"), "", "end the run", (c, a) -> machine.quit()));
        commands.add(new Command(List.of("step-interrupts"), "over|into", "whether stepi that is interrupted ends behind its instruction or in the handler", (c, a) -> {
            String how = a.next("over or into");
            if (!how.equals("over") && !how.equals("into")) {
                throw new CommandException("step-interrupts: over or into, not " + how);
            }
            machine.debugger().stepIntoInterrupts(how.equals("into"));
        }));
        commands.add(commands.help());
    }

    @Override
    public void execute(String line, DebuggedCpu cpu, PrintWriter out) {
        DebugContext c = new DebugContext(machine, symbols.get(), out);
        c.select(cpu.number());
        try {
            commands.execute(line, c);
        } catch (CommandException e) {
            out.println(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
