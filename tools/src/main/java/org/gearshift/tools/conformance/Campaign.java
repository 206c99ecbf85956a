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

/**
 * Runs forms and sequences of one code size, and counts. 32-bit code that the processor cannot be asked about (see {@link Recoding}) is compared with
 * QEMU's emulation of a processor, where that is installed: integer instructions and FXSAVE images, as QEMU's floating-point results are not the processor's to the last
 * bit.
 */
final class Campaign implements AutoCloseable {
    /** The group of random sequences. */
    static final String SEQUENCES = "sequence";
    private static final String NOT_LIFTED = "the translator does not lift it: #UD in the guest";
    private static final String ONLY_32 = "the kernel runs no 32-bit programs, and it ";
    private static final String ALSO = "is written in another way for the processor, which was asked as well";
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

        void add(Tally other) {
            forms += other.forms;
            sets += other.sets;
            differing += other.differing;
        }
    }

    private final Bench bench;
    /** For what the processor cannot be asked about; or null. */
    private final Bench beside;
    private final List<Form> forms = new ArrayList<>();
    private final Map<String, Integer> skipped = new TreeMap<>();
    private final Map<String, Integer> refused = new TreeMap<>();
    private final Map<String, Integer> besides = new TreeMap<>();
    private final Map<String, Tally> tallies = new LinkedHashMap<>();
    private final List<Failure> failures = new ArrayList<>();
    private boolean minimizing = true;
    /** Forms that can stand in sequences, and those of them that leave floating-point state alone; when they are first wanted. */
    private List<Form> sequenceForms;
    private List<Form> integerForms;

    /** @param table lifters, which need not be the standard ones */
    Campaign(int bits, Set<Bench.Engine> engines, LiftTable table, boolean undefined) throws OracleUnavailableException, IOException {
        HostDepartures host = HostDepartures.ofThisHost();
        bench = new Bench(NativeOracle.start(bits), engines, table, undefined, host);
        beside = bench.isRecoding() ? beside(engines, table, undefined) : null;
        for (Form f : FormCatalogue.all(bits)) {
            String reason = NotExecutable.reason(f.sample);
            reason = reason == null ? host.skips(f) : reason;
            reason = reason == null && table.get(f.mnemonic()) == null ? NOT_LIFTED : reason;
            reason = reason == null && !(beside != null && isFit(f.sample)) ? refusal(f) : reason;
            if (reason == null) {
                forms.add(f);
            } else {
                skipped.merge(reason, 1, Integer::sum);
            }
        }
    }

    private static Bench beside(Set<Bench.Engine> engines, LiftTable table, boolean undefined) throws IOException {
        try {
            return new Bench(NativeOracle.startEmulated(), engines, table, undefined, HostDepartures.ofQemu());
        } catch (OracleUnavailableException e) {
            return null;
        }
    }

    /** Whether QEMU can be asked about an instruction. */
    private static boolean isFit(Instruction i) {
        return !Randomizer.usesFp(i) || i.mnemonic() == Mnemonic.FXSAVE || i.mnemonic() == Mnemonic.FXRSTOR;
    }

    /** Code of one instruction, and who is asked about it. */
    private record Asked(Sequencer.Single single, Bench by) {
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
    private Asked single(Sequencer sequencer, Form f) {
        for (;;) {
            Sequencer.Single s = sequencer.single(f);
            String reason = bench.refusal(s.code());
            if (reason == null || beside != null && isFit(s.instruction())) {
                return new Asked(s, reason == null ? bench : beside);
            }
            refused.merge(ONLY_32 + reason, 1, Integer::sum);
        }
    }

    /** The next sequence that can be run; those that cannot are counted. */
    private Sequence sequence(Sequencer sequencer, List<Form> pool) {
        for (;;) {
            Sequence q = sequencer.sequence(bits(), pool);
            String reason = bench.refusal(q.code());
            if (reason == null || beside != null && q.instructions().stream().noneMatch(Randomizer::usesFp)) {
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

    /** Operand sets that were compared with QEMU's emulation, counted by reason. */
    Map<String, Integer> besides() {
        return besides;
    }

    /** Whether 32-bit code is run as 64-bit code: see {@link Recoding}. */
    boolean isRecoding() {
        return bench.isRecoding();
    }

    /** Why a trial cannot be run, or null. */
    String refusal(Trial t) {
        return beside != null && whole(t).instructions().stream().allMatch(Campaign::isFit) ? null : bench.refusal(t.code());
    }

    Map<String, Tally> tallies() {
        return tallies;
    }

    List<Failure> failures() {
        return failures;
    }

    long inconclusive() {
        return bench.inconclusive() + (beside == null ? 0 : beside.inconclusive());
    }

    long unconfirmed() {
        return bench.unconfirmed() + (beside == null ? 0 : beside.unconfirmed());
    }

    long accepted() {
        return bench.accepted() + (beside == null ? 0 : beside.accepted());
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

    /** Runs one form; the number of failures it had. */
    int run(Form f, long seed, int sets) throws IOException {
        SplittableRandom random = new SplittableRandom(seed ^ f.toString().hashCode() * 0x9e3779b97f4a7c15L ^ f.bits);
        Sequencer sequencer = new Sequencer(random);
        Randomizer randomizer = new Randomizer(random);
        Tally tally = tallies.computeIfAbsent(f.set.name(), k -> new Tally());
        tally.forms++;
        int failed = 0;
        for (int left = sets; left > 0 && failed == 0; left -= SETS_PER_ENCODING) {
            Asked asked = single(sequencer, f);
            Sequencer.Single single = asked.single;
            List<Trial> trials = new ArrayList<>();
            for (int i = 0; i < Math.min(left, SETS_PER_ENCODING); i++) {
                trials.add(randomizer.trial(single.code(), single.instruction()));
            }
            failed += run(asked.by, f.toString(), trials, single.instruction(), null);
            tally.sets += trials.size();
            if (failed == 0 && asked.by == bench && beside != null && isFit(single.instruction()) && Recoder.rewrites(single.instruction())) {
                failed += run(beside, f.toString(), trials, single.instruction(), null);
            }
        }
        tally.differing += failed > 0 ? 1 : 0;
        return failed;
    }

    /** Runs trials, keeps their failures; the number of these. */
    private int run(Bench by, String what, List<Trial> trials, Instruction i, Sequence q) throws IOException {
        if (by == beside) {
            String reason = bench.refusal(trials.get(0).code());
            besides.merge(reason == null ? ALSO : reason, trials.size(), Integer::sum);
        }
        List<Failure> found = by.run(what, trials, i, q);
        for (Failure x : found) {
            failures.add(minimizing ? by.minimize(x) : x);
        }
        return found.size();
    }

    /** Whether some form can stand in sequences. */
    boolean hasSequences() {
        return forms.stream().anyMatch(Sequencer::inSequences);
    }

    /** Runs the n-th random sequence of a seed. */
    void runSequence(long seed, int n) throws IOException {
        if (sequenceForms == null) {
            sequenceForms = forms.stream().filter(Sequencer::inSequences).toList();
            integerForms = sequenceForms.stream().filter(f -> !Randomizer.usesFp(f.sample)).toList();
        }
        SplittableRandom random = new SplittableRandom(seed * 0x9e3779b97f4a7c15L + n * 64L + bits());
        List<Form> pool = !integerForms.isEmpty() && random.nextInt(2) == 0 ? integerForms : sequenceForms;
        runSequence(SEQUENCES + " " + n, pool, random);
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
        int found = run(bench.refusal(code) == null ? bench : beside, what, trials, null, q);
        tally.differing += found == 0 ? 0 : 1;
        return found;
    }

    /** Runs one trial; what differs on each engine. */
    List<Failure> reproduce(Trial t) throws IOException {
        Bench by = bench.refusal(t.code()) == null ? bench : beside;
        by.unload();
        Sequence whole = whole(t);
        List<Instruction> decoded = whole.instructions();
        return by.run("reproducer", List.of(t), decoded.size() == 1 ? decoded.get(0) : null, whole);
    }

    private static Sequence whole(Trial t) {
        return new Sequence(t.code().bits(), List.of(new Sequence.Unit(t.code().bytes(), -1)));
    }

    @Override
    public void close() {
        bench.close();
        if (beside != null) {
            beside.close();
        }
    }
}
