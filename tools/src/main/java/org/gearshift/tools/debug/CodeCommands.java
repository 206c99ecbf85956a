package org.gearshift.tools.debug;

import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.gearshift.backend.jvm.BackendOptions;
import org.gearshift.backend.jvm.RegionCompiler;
import org.gearshift.backend.jvm.RegionTooLargeException;
import org.gearshift.ir.Printer;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.engine.CodeReport;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.util.Textifier;
import org.objectweb.asm.util.TraceClassVisitor;

/** Commands that show what became of guest code. */
final class CodeCommands {
    private static final int HOTTEST = 10;
    private static final List<String> STAGES = List.of("ir", "opt", "bytecode");

    private CodeCommands() {
    }

    static void addTo(CommandSet set) {
        set.add(new Command(List.of("region"), "[ADDRESS|FUNCTION] [ir|opt|bytecode]",
                "what became of code: interpreted or compiled, counts and why; IR and JVM bytecode of the hottest",
                CodeCommands::region));
        set.add(new Command(List.of("hot"), "", "the regions most instructions were retired in", (c, a) -> {
            a.end();
            for (String line : c.cpu().engine().hottestRegions(HOTTEST)) {
                String[] part = line.split(" ", 2);
                c.print("%s %s", c.place(Long.parseUnsignedLong(part[0], 16)), part[1].strip());
            }
        }));
        set.add(new Command(List.of("exits"), "", "why the guest has left translated code so far, by reason", (c, a) -> {
            a.end();
            for (Map.Entry<String, Long> e : c.machine().counters().entrySet()) {
                c.print("%-20s %,15d", e.getKey(), e.getValue());
            }
        }));
        set.add(new Command(List.of("stats"), "", "the summary of the run so far", (c, a) -> {
            a.end();
            c.print("%s", c.machine().statistics(0).stripTrailing());
        }));
    }

    private static void region(DebugContext c, Arguments a) {
        String what = "";
        long from = c.cpu().pc();
        long to = from + 1;
        while (!a.isEmpty()) {
            String word = a.next("argument");
            if (STAGES.contains(word)) {
                what = word;
                continue;
            }
            Symbol s = c.symbols().find(word);
            from = Expression.value(word, c);
            to = from + (s == null ? 1 : c.symbols().extent(s));
        }
        List<CodeReport> reports = c.cpu().engine().report(from, to);
        if (reports.isEmpty()) {
            c.print("%s: never executed since its memory was last written, or only step by step", c.place(from));
            return;
        }
        reports.forEach(r -> describe(c, r));
        CodeReport hottest = reports.stream().max(Comparator.comparingLong(CodeReport::retired).thenComparingInt(CodeReport::executions)).orElseThrow();
        switch (what) {
            case "ir" -> c.print("%s", Printer.print(hottest.lifted(), X86State.LAYOUT).stripTrailing());
            case "opt" -> c.print("%s", Printer.print(hottest.optimized(), X86State.LAYOUT).stripTrailing());
            case "bytecode" -> bytecode(c, hottest);
            default -> { }
        }
    }

    private static void describe(DebugContext c, CodeReport r) {
        c.print("%s: block of %d instructions, %s", c.place(r.linear()), r.instructions(), r.why());
        if (r.members() > 0 && r.entry()) {
            c.print("  region of %d blocks, %d instructions, %,d bytes of bytecode; entered %,d times, %,d instructions retired (%,d an entry)", r.members(),
                    r.regionInstructions(),
                    r.bytecode(), r.entered(), r.retired(), r.retired() / Math.max(1, r.entered()));
        }
    }

    private static void bytecode(DebugContext c, CodeReport r) {
        try {
            BackendOptions options = BackendOptions.defaults().withWideShift(c.cpu().mmu().wideShift()).withMissesLeave(true);
            byte[] cls = new RegionCompiler(X86State.LAYOUT, options).emit(r.optimized(), r.plan());
            PrintWriter out = c.writer();
            new ClassReader(cls).accept(new TraceClassVisitor(null, new Textifier(), out), ClassReader.SKIP_DEBUG);
        } catch (RegionTooLargeException e) {
            throw new CommandException("region: with the entries it would have now, it is too large for one JVM method");
        }
    }
}
