package org.gearshift.tools.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.translator.x86.lift.LiftTable;

/** The comparison with the host's processor, let loose on one planted error after the other, and a closer look at those it does not find. */
final class MutantHunt implements AutoCloseable {
    private static final int SETS_PER_ENCODING = 10;
    /** States in which a form may fault before it counts as one that always does. */
    private static final int TRIES = 30;
    /** Differences after which a survivor is known well enough. */
    private static final int ENOUGH = 20;

    /** Why the comparison found nothing. */
    enum Survival {
        /** The error shows only in what the manual leaves undefined. */
        UNDEFINED_RESULTS,
        /** It does not show in any of many more states. */
        NOTHING_SEEN,
        /** It shows only in states in which the comparison expects no agreement: departures of the host's processor. */
        NOT_COMPARABLE,
        /** It shows, but in states that the comparison did not have. */
        TOO_FEW_STATES
    }

    /**
     * An error that was not found.
     *
     * @param what the first difference that it makes, with its frequency; or what it is all the same
     */
    record Survivor(Survival why, String what) {
    }

    private final LiftTable standard = LiftTable.standard();
    private final Map<Integer, Campaign> campaigns = new TreeMap<>();
    private final Map<Integer, NativeOracle> oracles = new TreeMap<>();
    private Mutation planted;

    MutantHunt() throws OracleUnavailableException, IOException {
        for (int bits : new int[] {32, 64}) {
            Campaign c = new Campaign(bits, EnumSet.of(Bench.Engine.INTERPRETER), table(bits), false);
            c.setMinimizing(false);
            campaigns.put(bits, c);
        }
    }

    /** The standard lifters, but one has the error that is planted at the time. */
    private LiftTable table(int bits) {
        LiftTable t = new LiftTable();
        for (Mnemonic m : Mnemonic.values()) {
            Lift right = standard.get(m);
            if (right != null) {
                t.add(m, (c, i) -> {
                    boolean wrong = planted != null && planted.form().bits == bits && planted.form().mnemonic() == m;
                    (wrong ? planted.in(right) : right).lift(c, i);
                });
            }
        }
        return t;
    }

    /** All forms that can be compared here. */
    List<Form> forms() {
        List<Form> forms = new ArrayList<>();
        campaigns.values().forEach(c -> forms.addAll(c.forms()));
        return forms;
    }

    /** Whether the form's instructions do more in a user program than to fault, whatever their operands. */
    boolean canShow(Form f) throws OracleUnavailableException, IOException {
        Executor right = executor(oracle(f.bits), standard);
        SplittableRandom random = new SplittableRandom(1);
        Sequencer sequencer = new Sequencer(random);
        Randomizer randomizer = new Randomizer(random);
        byte[] scratch = new byte[Layout.SCRATCH_BYTES];
        for (int n = 0; n < TRIES; n++) {
            Sequencer.Single single = sequencer.single(f);
            Trial t = randomizer.trial(single.code(), single.instruction());
            t.scratch(scratch);
            Outcome o = run(right, t, scratch, scratch);
            if (o.kind() != Outcome.Kind.FAULT) {
                return true;
            }
        }
        return false;
    }

    private NativeOracle oracle(int bits) throws OracleUnavailableException, IOException {
        NativeOracle oracle = oracles.get(bits);
        if (oracle == null) {
            oracle = NativeOracle.start(bits);
            oracles.put(bits, oracle);
        }
        return oracle;
    }

    /** Whether the comparison of an error's form with the processor, with so many operand sets, finds it; it must have nothing against the right lifter. */
    boolean finds(Mutation m, int sets, long seed) throws IOException {
        return finds(m, c -> c.run(m.form(), seed, sets));
    }

    /** Whether so many sequences with an error's form among others find it. */
    boolean findsInSequences(Mutation m, int sequences, long seed) throws IOException {
        return finds(m, c -> c.runSequencesOf(m.form(), seed, sequences));
    }

    @FunctionalInterface
    private interface Run {
        void on(Campaign c) throws IOException;
    }

    private boolean finds(Mutation m, Run run) throws IOException {
        Campaign c = campaigns.get(m.form().bits);
        int before = c.failures().size();
        planted = m;
        run.on(c);
        planted = null;
        List<Failure> found = List.copyOf(c.failures().subList(before, c.failures().size()));
        for (Failure f : found) {
            if (!c.reproduce(f.trial()).isEmpty()) {
                throw new IllegalStateException("the right lifter of " + m.form() + " differs from the processor: " + Reproducer.print(f.trial()));
            }
        }
        return !found.isEmpty();
    }

    /** Compares the wrong lifter with the right one in so many states. */
    Survivor examine(Mutation m, int sets, long seed) throws OracleUnavailableException, IOException {
        NativeOracle oracle = oracle(m.form().bits);
        Executor right = executor(oracle, standard);
        Executor wrong = executor(oracle, MutationCheck.replacing(Map.of(m.form().mnemonic(), m.in(standard.get(m.form().mnemonic())))));
        Comparison defined = new Comparison(false, true);
        Comparison all = new Comparison(true, true);
        SplittableRandom random = new SplittableRandom(seed);
        Sequencer sequencer = new Sequencer(random);
        Randomizer randomizer = new Randomizer(random);
        byte[] scratch = new byte[Layout.SCRATCH_BYTES];
        byte[] expected = new byte[Layout.SCRATCH_BYTES];
        byte[] actual = new byte[Layout.SCRATCH_BYTES];
        String first = null;
        String undefined = null;
        int count = 0;
        boolean comparable = false;
        Sequencer.Single single = null;
        int n = 0;
        for (; n < sets && count < ENOUGH; n++) {
            if (n % SETS_PER_ENCODING == 0) {
                single = sequencer.single(m.form());
            }
            Trial t = randomizer.trial(single.code(), single.instruction());
            t.scratch(scratch);
            Outcome e = run(right, t, scratch, expected);
            Outcome a = run(wrong, t, scratch, actual);
            List<String> d = defined.differences(t, single.instruction(), null, e, expected, a, actual);
            if (!d.isEmpty()) {
                count++;
                comparable = comparable || differsFromProcessor(m, t);
                first = first == null ? d + " from " + Reproducer.print(t) : first;
            } else if (undefined == null && !(d = all.differences(t, single.instruction(), null, e, expected, a, actual)).isEmpty()) {
                undefined = d.toString();
            }
        }
        return first != null ? new Survivor(comparable ? Survival.TOO_FEW_STATES : Survival.NOT_COMPARABLE, count + " of " + n + ": " + first)
                : undefined != null ? new Survivor(Survival.UNDEFINED_RESULTS, undefined) : new Survivor(Survival.NOTHING_SEEN, sets + " states");
    }

    private boolean differsFromProcessor(Mutation m, Trial t) throws IOException {
        planted = m;
        boolean differs = !campaigns.get(m.form().bits).reproduce(t).isEmpty();
        planted = null;
        return differs;
    }

    private static Executor executor(NativeOracle oracle, LiftTable table) {
        return new InterpretedExecutor(oracle.bits() == 64 ? LongModeProcessor.create(oracle) : ProtectedModeProcessor.create(oracle), table);
    }

    private static Outcome run(Executor e, Trial t, byte[] before, byte[] after) {
        e.load(t.code());
        Outcome o = e.run(t, before);
        e.processor.scratch(after);
        return o;
    }

    @Override
    public void close() {
        campaigns.values().forEach(Campaign::close);
        oracles.values().forEach(NativeOracle::close);
    }
}
