package org.gearshift.tools.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.LiftTable;

/** Runs forms and sequences of one code size, and counts. */
final class Campaign implements AutoCloseable {
    /** The group of random sequences. */
    static final String SEQUENCES = "sequence";
    private static final String NOT_LIFTED = "the translator does not lift it: #UD in the guest";
    private static final String ONLY_32 = "the kernel runs no 32-bit programs, and it ";
    private static final int ENCODINGS_TRIED = 50;
    /** Operand sets an encoding is run with before another is made. */
    private static final int SETS_PER_ENCODING = 10;
    private static final int STATES_PER_SEQUENCE = 10;
    /** Forms beside one that is to be in every sequence. */
    private static final int OTHERS_IN_SEQUENCE = 6;

    /** Counts of a group. */
    static final class Tally {
        int forms;
        long sets;
        int differing;
    }

    /** Hears of progress. */
    @FunctionalInterface
    interface Listener {
        /** {@code done} of {@code total} units of work; the group under way. */
        void progress(int done, int total, String group);
    }

    private final Bench bench;
    private final List<Form> forms = new ArrayList<>();
    private final Map<String, Integer> skipped = new TreeMap<>();
    private final Map<String, Integer> refused = new TreeMap<>();
    private final Map<String, Tally> tallies = new LinkedHashMap<>();
    private final List<Failure> failures = new ArrayList<>();
    private boolean minimizing = true;

    /** @param table lifters, which need not be the standard ones */
    Campaign(int bits, Set<Bench.Engine> engines, LiftTable table, boolean undefined) throws OracleUnavailableException, IOException {
        HostDepartures host = HostDepartures.ofThisHost();
        bench = new Bench(bits, engines, table, undefined, host);
        for (Form f : FormCatalogue.all(bits)) {
            String reason = NotExecutable.reason(f.sample);
            reason = reason == null ? host.skips(f) : reason;
            reason = reason == null && table.get(f.mnemonic()) == null ? NOT_LIFTED : reason;
            reason = reason == null ? refusal(f) : reason;
            if (reason == null) {
                forms.add(f);
            } else {
                skipped.merge(reason, 1, Integer::sum);
            }
        }
    }

    /** Why no encoding of a form can be run, or null. */
    private String refusal(Form f) {
        Sequencer sequencer = new Sequencer(new SplittableRandom(f.toString().hashCode()));
        String reason = null;
        for (int n = 0; n < ENCODINGS_TRIED; n++) {
            reason = bench.refusal(sequencer.single(f).code());
            if (reason == null) {
                return null;
            }
        }
        return ONLY_32 + reason;
    }

    /** The next encoding of a form that can be run; those that cannot are counted. */
    private Sequencer.Single single(Sequencer sequencer, Form f) {
        for (;;) {
            Sequencer.Single s = sequencer.single(f);
            String reason = bench.refusal(s.code());
            if (reason == null) {
                return s;
            }
            refused.merge(ONLY_32 + reason, 1, Integer::sum);
        }
    }

    /** The next sequence that can be run; those that cannot are counted. */
    private Sequence sequence(Sequencer sequencer, List<Form> pool) {
        for (;;) {
            Sequence q = sequencer.sequence(bits(), pool);
            String reason = bench.refusal(q.code());
            if (reason == null) {
                return q;
            }
            refused.merge(ONLY_32 + reason, 1, Integer::sum);
        }
    }

    /** Whether differences are shown with as little as shows them, which takes some time each. */
    void setMinimizing(boolean on) {
        minimizing = on;
    }

    int bits() {
        return bench.bits();
    }

    /** Forms that can be run here. */
    List<Form> forms() {
        return List.copyOf(forms);
    }

    /** Forms that cannot, counted by reason. */
    Map<String, Integer> skipped() {
        return skipped;
    }

    /** Single encodings and sequences for which others were taken, as they cannot be run here, counted by reason. */
    Map<String, Integer> refused() {
        return refused;
    }

    /** Whether 32-bit code is run as 64-bit code: see {@link Recoding}. */
    boolean isRecoding() {
        return bench.isRecoding();
    }

    /** Why a trial cannot be run, or null. */
    String refusal(Trial t) {
        return bench.refusal(t.code());
    }

    Map<String, Tally> tallies() {
        return tallies;
    }

    List<Failure> failures() {
        return failures;
    }

    long inconclusive() {
        return bench.inconclusive();
    }

    long unconfirmed() {
        return bench.unconfirmed();
    }

    long accepted() {
        return bench.accepted();
    }

    /** Keeps the forms of some mnemonics only. */
    void restrict(Set<Mnemonic> mnemonics) {
        forms.removeIf(f -> !mnemonics.contains(f.mnemonic()));
    }

    /** Keeps the forms of some groups only; none named: all. */
    void restrictGroups(Set<String> groups) {
        if (!groups.isEmpty()) {
            forms.removeIf(f -> !groups.contains(f.set.name()));
        }
    }

    /** Runs every form with so many operand sets. */
    void runForms(long seed, int sets, Listener listener) throws IOException {
        for (int n = 0; n < forms.size(); n++) {
            Form f = forms.get(n);
            listener.progress(n, forms.size(), f.set.name());
            run(f, seed, sets);
        }
    }

    /** Runs one form; the number of failures it had. */
    int run(Form f, long seed, int sets) throws IOException {
        SplittableRandom random = new SplittableRandom(seed ^ f.toString().hashCode() * 0x9e3779b97f4a7c15L ^ f.bits);
        Sequencer sequencer = new Sequencer(random);
        Randomizer randomizer = new Randomizer(random);
        Tally tally = tallies.computeIfAbsent(f.set.name(), k -> new Tally());
        tally.forms++;
        int failed = 0;
        for (int left = sets; left > 0 && failed == 0; left -= SETS_PER_ENCODING) {
            Sequencer.Single single = single(sequencer, f);
            List<Trial> trials = new ArrayList<>();
            for (int i = 0; i < Math.min(left, SETS_PER_ENCODING); i++) {
                trials.add(randomizer.trial(single.code(), single.instruction()));
            }
            List<Failure> found = bench.run(f.toString(), trials, single.instruction(), null);
            tally.sets += trials.size();
            failed += found.size();
            for (Failure x : found) {
                failures.add(minimizing ? bench.minimize(x) : x);
            }
        }
        tally.differing += failed > 0 ? 1 : 0;
        return failed;
    }

    /** Runs so many random sequences. */
    void runSequences(long seed, int count, Listener listener) throws IOException {
        List<Form> all = forms.stream().filter(Sequencer::inSequences).toList();
        if (all.isEmpty()) {
            return;
        }
        List<Form> integer = all.stream().filter(f -> !Randomizer.usesFp(f.sample)).toList();
        for (int n = 0; n < count; n++) {
            listener.progress(n, count, SEQUENCES);
            SplittableRandom random = new SplittableRandom(seed * 0x9e3779b97f4a7c15L + n * 64L + bits());
            List<Form> pool = !integer.isEmpty() && random.nextInt(2) == 0 ? integer : all;
            runSequence(SEQUENCES + " " + n, pool, random);
        }
    }

    /** Runs random sequences with some form in all of them, until one has failures; their number. */
    int runSequencesOf(Form f, long seed, int count) throws IOException {
        List<Form> others = forms.stream().filter(x -> Sequencer.inSequences(x) && (x.set.equals(f.set) || !Randomizer.usesFp(x.sample))).toList();
        if (!Sequencer.inSequences(f)) {
            return 0;
        }
        int failed = 0;
        for (int n = 0; n < count && failed == 0; n++) {
            SplittableRandom random = new SplittableRandom(seed * 0x9e3779b97f4a7c15L + n * 64L + bits());
            List<Form> pool = new ArrayList<>(List.of(f, f));
            for (int k = 0; k < OTHERS_IN_SEQUENCE; k++) {
                pool.add(others.get(random.nextInt(others.size())));
            }
            failed += runSequence(SEQUENCES + " of " + f + " " + n, pool, random);
        }
        return failed;
    }

    private int runSequence(String what, List<Form> pool, SplittableRandom random) throws IOException {
        Tally tally = tallies.computeIfAbsent(SEQUENCES, k -> new Tally());
        Sequence q = sequence(new Sequencer(random), pool);
        Randomizer randomizer = new Randomizer(random);
        Code code = q.code();
        List<Trial> trials = new ArrayList<>();
        for (int i = 0; i < STATES_PER_SEQUENCE; i++) {
            trials.add(randomizer.sequence(code, q.instructions()));
        }
        tally.forms++;
        tally.sets += trials.size();
        List<Failure> found = bench.run(what, trials, null, q);
        tally.differing += found.isEmpty() ? 0 : 1;
        for (Failure x : found) {
            failures.add(minimizing ? bench.minimize(x) : x);
        }
        return found.size();
    }

    /** Runs one trial; what differs on each engine. */
    List<Failure> reproduce(Trial t) throws IOException {
        bench.unload();
        Sequence whole = new Sequence(t.code().bits(), List.of(new Sequence.Unit(t.code().bytes(), -1)));
        List<Instruction> decoded = whole.instructions();
        return bench.run("reproducer", List.of(t), decoded.size() == 1 ? decoded.get(0) : null, whole);
    }

    @Override
    public void close() {
        bench.close();
    }
}
