package org.gearshift.tools;

import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.trace.TraceEvent;
import org.gearshift.vmm.trace.TraceKind;
import org.gearshift.vmm.trace.TraceReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code gearshift trace}: traces that {@code run --trace} has written. */
@Command(name = "trace", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class, description = "Shows traces that 'run --trace' has written.",
        subcommands = TraceCommand.Show.class)
final class TraceCommand implements Callable<Integer> {
    @ParentCommand
    private Gearshift root;

    @Override
    public Integer call() {
        throw new Gearshift.UsageError("what of it? trace show FILE");
    }

    /** {@code trace show}. */
    @Command(name = "show", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
            description = "Prints a trace: instructions retired before each event, its kind, where the code was, and what happened.")
    static final class Show implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "FILE", description = "The trace.")
        private Path file;

        @Option(names = "--symbols", paramLabel = "FILE", description = "Names for addresses: the kernel, a System.map, or an ELF file.")
        private Path symbols;

        @Option(names = "--kind", paramLabel = "KIND", split = ",", description = "Only these kinds.")
        private List<String> kinds = List.of();

        @Option(names = "--summary", description = "How many events of each kind, in place of the events.")
        private boolean summary;

        @Override
        public Integer call() throws Exception {
            List<TraceKind> wanted = wanted();
            SymbolTable names = symbols == null ? SymbolTable.EMPTY : SymbolReader.read(symbols);
            PrintWriter out = spec.commandLine().getOut();
            Map<TraceKind, Long> counts = new EnumMap<>(TraceKind.class);
            try (TraceReader in = new TraceReader(file)) {
                for (TraceEvent e = in.next(); e != null; e = in.next()) {
                    if (wanted.contains(e.kind())) {
                        counts.merge(e.kind(), 1L, Long::sum);
                        if (!summary) {
                            out.println(e.text(names::describe));
                        }
                    }
                }
            } catch (NoSuchFileException e) {
                throw e;
            } catch (java.io.IOException e) {
                throw new Gearshift.UsageError(e.getMessage());
            }
            if (summary) {
                counts.forEach((k, n) -> out.printf("%-10s %,d%n", k, n));
            }
            out.flush();
            return 0;
        }

        private List<TraceKind> wanted() {
            if (kinds.isEmpty()) {
                return List.of(TraceKind.values());
            }
            List<TraceKind> out = new ArrayList<>();
            for (String k : kinds) {
                out.add(Arrays.stream(TraceKind.values()).filter(x -> x.toString().equals(k.strip().toLowerCase(Locale.ROOT))).findFirst().orElseThrow(
                        () -> new Gearshift.UsageError("--kind " + k + ": no such kind; there are "
                                + Arrays.stream(TraceKind.values()).map(TraceKind::toString).collect(Collectors.joining(", ")))));
            }
            return out;
        }
    }
}
