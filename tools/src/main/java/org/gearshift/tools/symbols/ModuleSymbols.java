package org.gearshift.tools.symbols;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.tools.symbols.OrcUnwinder.Memory;

/** A kernel's symbols with those of its modules, as these come and go. */
public final class ModuleSymbols {
    private final KernelTypes types;
    private final Map<LinuxModules.Loaded, SymbolTable> known = new HashMap<>();
    private Memory memory;
    private SymbolTable kernel;
    private LinuxModules modules;
    private List<LinuxModules.Loaded> loaded = List.of();
    private SymbolTable all;

    /** @param types the kernel's, or none */
    public ModuleSymbols(KernelTypes types) {
        this.types = types;
    }

    /**
     * The symbols now; the same object as before if nothing has changed.
     *
     * @param linked the kernel's where it lies
     * @param from the guest's memory
     */
    public SymbolTable with(SymbolTable linked, Memory from) {
        memory = from;
        if (linked != kernel) {
            kernel = linked;
            modules = new LinuxModules(linked, types, (address, bytes) -> memory.read(address, bytes));
            loaded = List.of();
            known.clear();
            all = linked;
        }
        List<LinuxModules.Loaded> now = modules.loaded();
        // Where the list isn't mapped, as in a program's tables, it is what it was.
        if (now != null && !now.equals(loaded)) {
            loaded = now;
            known.keySet().retainAll(now);
            all = kernel;
            for (LinuxModules.Loaded m : now) {
                all = all.beside(m.name(), known.computeIfAbsent(m, modules::symbols));
            }
        }
        return all;
    }
}
