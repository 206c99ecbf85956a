package org.gearshift.tools;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.trace.TraceKind;
import org.gearshift.vmm.trace.TraceSink;
import org.gearshift.vmm.trace.TraceWriter;
import org.gearshift.vmm.trace.Tracer;
import picocli.CommandLine.Option;

/** Options by which a run is traced. */
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
        return !kinds.isEmpty();
    }

    /** Whether every block is an event. */
    boolean tracesBlocks() {
        return kinds().contains(TraceKind.EXEC);
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

    /** Begins to trace a machine that has not run. */
    void attach(Machine vm, Names names) throws IOException, BootException {
        if (!isOn()) {
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

    @Override
    public void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }
}
