package org.gearshift.tools.debug;

import java.io.PrintWriter;
import org.gearshift.tools.symbols.KernelTypes;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.tools.unwind.StackUnwinder;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.debug.DebuggedCpu;
import org.gearshift.vmm.debug.Debugger;

/** What commands work on: a machine that stands, one of its processors, names for addresses, and where text goes. */
final class DebugContext {
    private static final int DIGITS_64 = 16;
    private static final int DIGITS_32 = 8;

    private final Machine machine;
    private final PrintWriter out;
    private final KernelSymbols symbols;
    private int current;

    DebugContext(Machine machine, KernelSymbols symbols, PrintWriter out) {
        this.machine = machine;
        this.symbols = symbols;
        this.out = out;
    }

    Machine machine() {
        return machine;
    }

    Debugger debugger() {
        return machine.debugger();
    }

    /** The processor that registers and addresses are of. */
    DebuggedCpu cpu() {
        return debugger().cpus().get(current);
    }

    /** Chooses the processor. @param number one there is */
    void select(int number) {
        current = number;
    }

    /** @throws CommandException if there is nothing to look at or to change any more */
    void requireStanding() {
        if (over()) {
            throw new CommandException("the run is over; 'quit' leaves");
        }
    }

    /** Whether the run has ended. */
    boolean over() {
        return debugger().isOver();
    }

    /** Names for addresses as the kernel lies in memory now. */
    SymbolTable symbols() {
        return symbols.where(cpu());
    }

    /** What goes from functions to their callers, by tables of the kernel and of files. */
    StackUnwinder unwinder() {
        return symbols.unwinder(cpu());
    }

    /** Where members of the kernel's structures are. */
    KernelTypes types() {
        return symbols.types();
    }

    void print(String format, Object... arguments) {
        out.println(String.format(format, arguments));
    }

    PrintWriter writer() {
        return out;
    }

    void flush() {
        out.flush();
    }

    /** An address in as many digits as the processor's mode has. */
    String hex(long address) {
        return String.format("%0" + (cpu().isCode64() ? DIGITS_64 : DIGITS_32) + "x", address);
    }

    /** An address, and its symbol if it has one. */
    String place(long address) {
        SymbolTable.Place p = symbols().at(address);
        return hex(address) + (p == null ? "" : " <" + p + ">");
    }

    /** The same for a return address, which a call that never returns has behind its function's end. */
    String placeOfReturn(long address) {
        SymbolTable.Place p = symbols().at(address - 1);
        return hex(address) + (p == null ? "" : " <" + new SymbolTable.Place(p.symbol(), p.offset() + 1) + ">");
    }
}
