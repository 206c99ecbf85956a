package org.gearshift.tools.debug;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** All commands that look at a machine that stands, and change nothing. */
final class InspectionCommands {
    private static final Map<String, String> NAMES = new TreeMap<>(Map.of("registers", "regs all", "cpus", "cpus", "threads", "cpus", "tlb", "pagewalk", "mem", "pagewalk",
            "breakpoints",
            "breakpoints", "watchpoints", "breakpoints", "symbol", "symbol"));

    private InspectionCommands() {
    }

    static void addTo(CommandSet set) {
        RegisterCommands.addTo(set);
        MemoryCommands.addTo(set);
        StackCommands.addTo(set);
        TableCommands.addTo(set);
        CodeCommands.addTo(set);
        LinuxCommands.addTo(set);
        set.add(new Command(List.of("info", "i"), "registers|cpus|tlb ADDRESS|breakpoints|symbol ADDRESS",
                "other debuggers' names for regs all, cpus, pagewalk, breakpoints and symbol",
                (c, a) -> {
                    String what = a.next("registers, cpus, tlb, breakpoints or symbol");
                    String command = NAMES.entrySet().stream().filter(e -> e.getKey().startsWith(what)).map(Map.Entry::getValue).findFirst()
                            .orElseThrow(() -> new CommandException("info: registers, cpus, tlb, breakpoints or symbol, not " + what));
                    set.execute(command + " " + a.rest(), c);
                }));
    }
}
