package org.gearshift.tools;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.gearshift.tools.profile.Coverage;
import org.gearshift.tools.symbols.ElfFile;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.tools.symbols.SymbolFormatException;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.trace.TraceKind;
import org.gearshift.vmm.trace.TraceSink;
import org.gearshift.vmm.trace.TraceWriter;
import org.gearshift.vmm.trace.Tracer;
import picocli.CommandLine.Option;

/** Options by which a run is traced, or its coverage is taken. */
final class TraceOptions implements Closeable {
    @Option(names = "--trace", paramLabel = "KIND", split = ",",
            description = "Write a trace of these: exec, int, mmu, io, hypercall, translate, invalidate. 'gearshift trace show' prints it. With exec, everything is "
                    + "interpreted, block by block.")
    private List<String> kinds = List.of();

    @Option(names = "--trace-file", paramLabel = "FILE", defaultValue = "gearshift.trace", description = "Where to (default ${DEFAULT-VALUE}).")
    private Path file;

    @Option(names = "--trace-at", paramLabel = "RANGE", split = ",",
            description = "Only events of code at these addresses: FROM-TO in hexadecimal, or the name of a function of the kernel.")
    private List<String> places = List.of();

    @Option(names = "--coverage", paramLabel = "FILE",
            description = "Write how often each source line was executed to FILE, as lcov and genhtml read it; --symbols or --kernel is an ELF file with line numbers "
                    + "(gcc -g). Everything is interpreted, block by block.")
    private Path coverageFile;

    private Coverage coverage;
    private TraceWriter writer;
    private Tracer tracer;

    /** Where names come from, asked only if needed. */
    interface Names {
        SymbolTable get() throws IOException, BootException;
    }

    /** First and last address. */
    private record Range(long from, long to) {
        boolean holds(long a) {
            return Long.compareUnsigned(a, from) >= 0 && Long.compareUnsigned(a, to) <= 0;
        }
    }

    boolean isOn() {
        return !kinds.isEmpty() || coverageFile != null;
    }

    /** The option that is on. */
    String option() {
        return coverageFile != null ? "--coverage" : "--trace";
    }

    /** Whether every block is an event. */
    boolean tracesBlocks() {
        return coverageFile != null || kinds().contains(TraceKind.EXEC);
    }

    private Set<TraceKind> kinds() {
        Set<TraceKind> out = EnumSet.noneOf(TraceKind.class);
        for (String k : kinds) {
            try {
                out.add(TraceKind.valueOf(k.strip().toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException e) {
                throw new Gearshift.UsageError("--trace " + k + ": no such kind; there are "
                        + Arrays.stream(TraceKind.values()).map(TraceKind::toString).collect(Collectors.joining(", ")));
            }
        }
        return out;
    }

    /** Fails if two of the options do not go together. */
    void check() {
        if (!kinds.isEmpty() && coverageFile != null) {
            throw new Gearshift.UsageError("--trace and --coverage do not go together: one at a time");
        }
    }

    /** Begins to trace a machine that has not run. @param program the file with line numbers, null for none */
    void attach(Machine vm, Names names, Path program) throws IOException, BootException {
        if (!isOn()) {
            return;
        }
        if (coverageFile != null) {
            coverage = coverage(program);
            tracer = Tracer.attach(vm, EnumSet.of(TraceKind.EXEC), coverage);
            return;
        }
        Set<TraceKind> wanted = kinds();
        List<Range> ranges = ranges(names);
        writer = new TraceWriter(file);
        TraceSink all = writer;
        TraceSink sink = ranges.isEmpty() ? all : (kind, retired, pc, a, b, c) -> {
            for (Range r : ranges) {
                if (r.holds(pc)) {
                    all.event(kind, retired, pc, a, b, c);
                    return;
                }
            }
        };
        tracer = Tracer.attach(vm, wanted, sink);
    }

    private static Coverage coverage(Path program) throws IOException {
        if (program == null) {
            throw new Gearshift.UsageError("--coverage: of which program? --symbols FILE or --kernel FILE is one with line numbers");
        }
        try {
            return new Coverage(program.toString(), new ElfFile(program.toString(), RunCommand.read(program, "program with line numbers")));
        } catch (SymbolFormatException e) {
            throw new Gearshift.UsageError("--coverage: " + e.getMessage());
        }
    }

    private List<Range> ranges(Names names) throws IOException, BootException {
        List<Range> out = new ArrayList<>();
        for (String p : places) {
            if (p.matches("(0[xX])?[0-9a-fA-F]{1,16}-(0[xX])?[0-9a-fA-F]{1,16}")) {
                String[] ends = p.split("-");
                out.add(new Range(hex(ends[0]), hex(ends[1])));
                continue;
            }
            SymbolTable table = names.get();
            Symbol s = table.find(p);
            if (s == null) {
                List<String> near = table.nearest(p, 3);
                throw new Gearshift.UsageError("--trace-at " + p + ": neither FROM-TO in hexadecimal nor a function of the kernel" + (near.isEmpty() ? "" : "; did you mean "
                        + String.join(", ", near) + "?"));
            }
            out.add(new Range(s.address(), s.address() + table.extent(s) - 1));
        }
        return out;
    }

    private static long hex(String s) {
        return Long.parseUnsignedLong(s.replaceFirst("^0[xX]", ""), 16);
    }

    /** Runs the machine, traced or not. */
    VmOutcome run(Machine vm, long limit) {
        return tracer == null ? vm.run(limit) : tracer.run(limit);
    }

    /** Writes what is known only at the end. */
    void report(PrintWriter messages) throws IOException {
        if (coverage != null) {
            Files.writeString(coverageFile, coverage.lcov("gearshift"));
            messages.println("gearshift: " + coverage.summary());
            messages.flush();
        }
    }

    @Override
    public void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }
}
