package org.gearshift.tools.conformance;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.disasm.Disassembler;
import org.gearshift.translator.x86.lift.LiftTable;

/** A run over 32- and 64-bit code with its report: what {@code gearshift conformance} does. */
public final class ConformanceRun {
    /** Where the progress goes: a fraction 0..1 and what is under way. */
    @FunctionalInterface
    public interface Progress {
        void show(double fraction, String text);
    }

    private static final Logger PROCESSOR_LOG = Logger.getLogger("org.gearshift.vmm.cpu");
    /** Operand sets a form is given in each round of {@link #fuzz}, and sequences for each round. */
    private static final int SETS_PER_ROUND = 25;
    private static final int SEQUENCES_PER_ROUND = 400;
    /** Sequences for each operand set of a form. */
    private static final int SEQUENCES_PER_SET = 4;
    private static final int SHOWN_FAILURES = 100;

    private final List<Integer> sizes;
    private final Set<String> groups;
    private final Set<Bench.Engine> engines = EnumSet.noneOf(Bench.Engine.class);
    private final boolean undefined;
    private final Progress progress;
    private final List<String> failures = new ArrayList<>();
    private final Map<Integer, Map<String, Campaign.Tally>> tallies = new TreeMap<>();
    private final Map<Integer, Map<String, Integer>> skipped = new TreeMap<>();
    private final Map<Integer, Map<String, Integer>> refused = new TreeMap<>();
    private final Map<Integer, Map<String, Integer>> besides = new TreeMap<>();
    private boolean recoding;
    private int differing;
    private long inconclusive;
    private long accepted;
    private long unconfirmed;

    /**
     * @param sizes of code, 32 and 64
     * @param groups names of groups; none: all
     * @param undefined compares what the manual leaves undefined as well
     */
    public ConformanceRun(List<Integer> sizes, Set<String> groups, boolean interpreter, boolean jvm, boolean undefined, Progress progress) {
        this.sizes = List.copyOf(sizes);
        this.groups = Set.copyOf(groups);
        if (interpreter) {
            engines.add(Bench.Engine.INTERPRETER);
        }
        if (jvm) {
            engines.add(Bench.Engine.JVM);
            engines.add(Bench.Engine.JVM_IN_PLACE);
        }
        this.undefined = undefined;
        this.progress = progress;
        // What is refused here is reported as a difference.
        PROCESSOR_LOG.setLevel(Level.OFF);
    }

    /** Whether a group of that name exists. */
    public boolean knowsGroup(String name) {
        return name.equals(Campaign.SEQUENCES) || FormCatalogue.all(64).stream().anyMatch(f -> f.set.name().equals(name))
                || FormCatalogue.all(32).stream().anyMatch(f -> f.set.name().equals(name));
    }

    /** Prints groups and forms, those that cannot be run with the reason. */
    public void list(PrintWriter out) throws IOException {
        HostDepartures host = HostDepartures.ofThisHost();
        for (int bits : sizes) {
            for (Form f : FormCatalogue.all(bits)) {
                if (groups.isEmpty() || groups.contains(f.set.name())) {
                    String reason = NotExecutable.reason(f.sample);
                    reason = reason == null ? host.skips(f) : reason;
                    out.printf("%d %-16s %s%s%n", bits, f.set.name(), f, reason == null ? "" : "  -- not run: " + reason);
                }
            }
        }
    }

    private Crew crew(int bits) throws OracleUnavailableException, IOException {
        Set<String> named = new TreeSet<>(groups);
        named.remove(Campaign.SEQUENCES);
        return new Crew(bits, Runtime.getRuntime().availableProcessors(), engines, undefined, named);
    }

    /** Runs every form with so many operand sets, and sequences; the number of forms and sequences that differ. */
    public int once(long seed, int sets) throws OracleUnavailableException, IOException {
        for (int n = 0; n < sizes.size(); n++) {
            int bits = sizes.get(n);
            double from = n / (double) sizes.size();
            try (Crew c = crew(bits)) {
                if (!groups.equals(Set.of(Campaign.SEQUENCES))) {
                    c.runForms(seed, sets, (done, total, group) -> progress.show(from + 0.8 * done / total / sizes.size(), bits + "-bit " + group));
                }
                if (groups.isEmpty() || groups.contains(Campaign.SEQUENCES)) {
                    c.runSequences(seed, sets * SEQUENCES_PER_SET,
                            (done, total, group) -> progress.show(from + (0.8 + 0.2 * done / total) / sizes.size(), bits + "-bit " + group));
                }
                take(c);
            }
        }
        return differing;
    }

    /** Runs rounds with ever new seeds until the time is over. */
    public int fuzz(long seed, long nanos) throws OracleUnavailableException, IOException {
        List<Crew> crews = new ArrayList<>();
        try {
            for (int bits : sizes) {
                crews.add(crew(bits));
            }
            long begin = System.nanoTime();
            for (long round = 0; System.nanoTime() - begin < nanos; round++) {
                for (Crew c : crews) {
                    long s = seed + round;
                    int found = c.failures().size();
                    Crew.Listener show = (done, total, group) -> progress.show((System.nanoTime() - begin) / (double) nanos,
                            "seed " + s + ", " + c.bits() + "-bit " + group + ", " + found + " differences");
                    if (!groups.equals(Set.of(Campaign.SEQUENCES))) {
                        c.runForms(s, SETS_PER_ROUND, show);
                    }
                    if (groups.isEmpty() || groups.contains(Campaign.SEQUENCES)) {
                        c.runSequences(s, SEQUENCES_PER_ROUND, show);
                    }
                }
            }
            for (Crew c : crews) {
                take(c);
            }
            return differing;
        } finally {
            crews.forEach(Crew::close);
        }
    }

    /**
     * Runs one trial that {@link Reproducer} printed, and says what differs.
     *
     * @return the number of engines it differs in
     * @throws IllegalArgumentException if the text is no trial
     * @throws OracleUnavailableException if there is no processor to ask, or none that can be asked this
     */
    public int reproduce(String text, PrintWriter out) throws OracleUnavailableException, IOException {
        Trial t = Reproducer.parse(text);
        try (Campaign c = new Campaign(t.code().bits(), engines, LiftTable.standard(), undefined)) {
            String refusal = c.refusal(t);
            if (refusal != null) {
                throw new OracleUnavailableException("this trial cannot be run on a kernel without 32-bit programs: the code " + refusal);
            }
            List<Failure> found = c.reproduce(t);
            for (Failure f : found) {
                out.println(describe(f));
            }
            if (found.isEmpty()) {
                out.println("no difference");
            }
            return found.size();
        }
    }

    private void take(Crew c) {
        tallies.put(c.bits(), c.tallies());
        skipped.put(c.bits(), c.skipped());
        refused.put(c.bits(), c.refused());
        besides.put(c.bits(), c.besides());
        recoding |= c.isRecoding();
        inconclusive += c.inconclusive();
        accepted += c.accepted();
        unconfirmed += c.unconfirmed();
        for (Campaign.Tally t : c.tallies().values()) {
            differing += t.differing;
        }
        for (Failure f : c.failures()) {
            failures.add(describe(f));
        }
    }

    private static String describe(Failure f) {
        StringBuilder b = new StringBuilder();
        b.append(f.what()).append(", ").append(f.engine()).append(", ").append(f.trial().code().bits()).append("-bit\n");
        disassemble(b, f.trial().code());
        for (String d : f.differences()) {
            b.append("    ").append(d).append('\n');
        }
        return b.append("    gearshift conformance --reproduce '").append(Reproducer.print(f.trial())).append("'").toString();
    }

    private static void disassemble(StringBuilder b, Code code) {
        Disassembler text = new Disassembler(Code.mode(code.bits()));
        Decoder decoder = new Decoder();
        int[] at = {0};
        while (at[0] < code.bytes().length) {
            long pc = code.start() + at[0];
            Instruction i = decoder.decode(() -> at[0] < code.bytes().length ? code.bytes()[at[0]++] & 0xff : 0, Code.mode(code.bits()));
            b.append("  ").append(Long.toHexString(pc)).append("  ").append(text.format(i, pc)).append('\n');
        }
    }

    /** Forms or sequences that differ so far, as text with disassembly and a line to reproduce each. */
    public List<String> failures() {
        return List.copyOf(failures);
    }

    /** Forms run with so many bits, sequences not counted. */
    public int forms(int bits) {
        return tallies.getOrDefault(bits, Map.of()).entrySet().stream().filter(e -> !e.getKey().equals(Campaign.SEQUENCES)).mapToInt(e -> e.getValue().forms).sum();
    }

    /** Whether anything has been compared with the processor. */
    public boolean hasCompared() {
        return tallies.values().stream().flatMap(t -> t.values().stream()).anyMatch(t -> t.sets > 0);
    }

    /** Prints differences and counts. */
    public void report(PrintWriter out) {
        failures.stream().limit(SHOWN_FAILURES).forEach(out::println);
        if (failures.size() > SHOWN_FAILURES) {
            out.println("... " + (failures.size() - SHOWN_FAILURES) + " more");
        }
        Set<String> names = new TreeSet<>();
        tallies.values().forEach(t -> names.addAll(t.keySet()));
        out.printf("%-18s", "group");
        sizes.forEach(b -> out.printf(" %7s %10s %9s", b + "-bit", "sets", "differing"));
        out.println();
        for (String name : names) {
            out.printf("%-18s", name);
            for (int bits : sizes) {
                print(out, tallies.get(bits).getOrDefault(name, new Campaign.Tally()));
            }
            out.println();
        }
        out.printf("%-18s", "total");
        for (int bits : sizes) {
            Campaign.Tally sum = new Campaign.Tally();
            tallies.get(bits).values().forEach(sum::add);
            print(out, sum);
        }
        out.println();
        for (int bits : sizes) {
            skipped.get(bits).forEach((reason, n) -> out.println(bits + "-bit: " + n + " forms not run: " + reason));
            refused.get(bits).forEach((reason, n) -> out.println(bits + "-bit: " + n + " encodings or sequences replaced by others: " + reason));
            besides.get(bits).forEach((reason, n) -> out.printf("%d-bit: %,d operand sets compared with qemu-i386: the code %s%n", bits, n, reason));
        }
        if (recoding) {
            out.println("32-bit: this kernel runs no 32-bit programs; the processor was asked with 64-bit code that does the same (docs/conformance.md)");
        }
        out.println("accepted differences (host departures listed in docs/conformance.md): " + accepted + "; inconclusive: " + inconclusive
                + "; not seen again: " + unconfirmed);
    }

    private static void print(PrintWriter out, Campaign.Tally t) {
        out.printf(" %7d %,10d %9d", t.forms, t.sets, t.differing);
    }
}
