package org.gearshift.tools.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.LiftTable;

/** The processors of one code size side by side: the host's, and emulated ones with an engine each. Runs trials on all and compares. */
final class Bench implements AutoCloseable {
    /** What executes lifted code. */
    enum Engine {
        INTERPRETER,
        /** Compiled, state slots in locals. */
        JVM,
        /** Compiled, state slots in place. */
        JVM_IN_PLACE;

        private Executor on(UserProcessor p, LiftTable table) {
            return this == INTERPRETER ? new InterpretedExecutor(p, table) : new CompiledExecutor(p, table, this == JVM_IN_PLACE);
        }
    }

    private final NativeOracle oracle;
    private final List<Executor> executors = new ArrayList<>();
    private final Comparison comparison;
    private final byte[] scratch = new byte[Layout.SCRATCH_BYTES];
    private final byte[] expected = new byte[Layout.SCRATCH_BYTES];
    private final byte[] actual = new byte[Layout.SCRATCH_BYTES];
    private final HostDepartures departures;
    private long inconclusive;
    private long accepted;
    private long unconfirmed;

    /**
     * @param oracle belongs to this object from now on
     * @param undefined compares what the manual leaves undefined as well
     * @param departures of what the oracle asks
     */
    Bench(NativeOracle oracle, Set<Engine> engines, LiftTable table, boolean undefined, HostDepartures departures) {
        this.departures = departures;
        this.oracle = oracle;
        for (Engine e : EnumSet.copyOf(engines)) {
            UserProcessor p = oracle.bits() == 64 ? LongModeProcessor.create(oracle) : ProtectedModeProcessor.create(oracle);
            executors.add(e.on(p, table));
        }
        comparison = new Comparison(undefined, oracle.hasAvx());
    }

    int bits() {
        return oracle.bits();
    }

    /** See {@link NativeOracle#refusal}. */
    String refusal(Code code) {
        return oracle.refusal(code);
    }

    /** See {@link NativeOracle#isRecoding}. */
    boolean isRecoding() {
        return oracle.isRecoding();
    }

    /** Forgets what was lifted before: the lifters may have changed. */
    void unload() {
        executors.forEach(Executor::unload);
    }

    /** Trials of which nothing can be said: they reached the oracle's own memory, or ran for too long everywhere, or were held up for a split lock. */
    long inconclusive() {
        return inconclusive;
    }

    /** Trials that differed once, but not when they were run again by themselves. */
    long unconfirmed() {
        return unconfirmed;
    }

    /** Trials whose differences {@link HostDepartures} lists. */
    long accepted() {
        return accepted;
    }

    /**
     * Runs trials of one instruction or sequence.
     *
     * @param i the one instruction, or null
     * @param q the sequence, or null
     * @return the first difference of each engine, not minimized
     */
    List<Failure> run(String what, List<Trial> trials, Instruction i, Sequence q) throws IOException {
        List<Outcome> outcomes = oracle.run(trials);
        List<Failure> failures = new ArrayList<>();
        for (Executor e : executors) {
            for (int n = 0; n < trials.size(); n++) {
                Failure f = compare(what, e, trials.get(n), i, q, outcomes.get(n));
                if (f != null && confirmed(f, e)) {
                    failures.add(f);
                    break;
                }
                unconfirmed += f != null ? 1 : 0;
            }
        }
        return failures;
    }

    private Failure compare(String what, Executor e, Trial t, Instruction i, Sequence q, Outcome host) {
        if (host == null) {
            inconclusive++;
            return null;
        }
        t.scratch(scratch);
        e.load(t.code());
        Outcome mine;
        try {
            mine = e.run(t, scratch);
        } catch (RuntimeException | AssertionError x) {
            return new Failure(what, e.name(), t, i, q, List.of("the emulation failed: " + x + at(x)));
        }
        if (host.kind() == Outcome.Kind.TIMEOUT && (mine.kind() == Outcome.Kind.TIMEOUT || hasLockedAccess(t))
                || Layout.isReserved(host.address()) || Layout.isReserved(mine.address())
                || q != null && host.kind() == Outcome.Kind.FAULT && isBetweenInstructions(t, host.ip())) {
            inconclusive++;
            return null;
        }
        System.arraycopy(scratch, 0, expected, 0, scratch.length);
        host.apply(expected);
        e.processor.scratch(actual);
        List<String> differences = comparison.differences(t, i, q, host, expected, mine, actual);
        if (differences.isEmpty()) {
            return null;
        }
        Instruction shown = i != null ? i : atFault(t, host.kind() == Outcome.Kind.FAULT ? host : mine);
        if (departures.accepts(new HostDepartures.Case(t, shown, host, mine, differences, expected, actual)) != null) {
            accepted++;
            return null;
        }
        return new Failure(what, e.name(), t, i, q, differences);
    }

    /** Whether the code ran into the middle of an instruction: a return address was overwritten, and what it does then has undefined results. */
    private static boolean isBetweenInstructions(Trial t, long ip) {
        byte[] bytes = t.code().bytes();
        int[] at = {0};
        Decoder decoder = new Decoder();
        while (at[0] < bytes.length && t.code().start() + at[0] < ip) {
            decoder.decode(() -> at[0] < bytes.length ? bytes[at[0]++] & 0xff : 0, Code.mode(t.code().bits()));
        }
        return ip >= t.code().start() && ip < t.code().end() && t.code().start() + at[0] != ip;
    }

    /** The instruction of a sequence that faulted, or null. */
    private static Instruction atFault(Trial t, Outcome o) {
        return o.kind() == Outcome.Kind.FAULT ? t.code().instructionAt(o.ip()) : null;
    }

    /**
     * Whether the code has locked accesses to memory. Where they lie across cache lines, a host that watches for that (bus-lock detection, by its kernel or by a hypervisor
     * under it) may hold up the program for so long that the timer expires.
     */
    private static boolean hasLockedAccess(Trial t) {
        byte[] bytes = t.code().bytes();
        Decoder decoder = new Decoder();
        for (int[] at = {0}; at[0] < bytes.length;) {
            Instruction i = decoder.decode(() -> at[0] < bytes.length ? bytes[at[0]++] & 0xff : 0, Code.mode(t.code().bits()));
            if (i.lock() || i.mnemonic() == Mnemonic.XCHG && (i.op(0).isMemory() || i.op(1).isMemory())) {
                return true;
            }
        }
        return false;
    }

    private static String at(Throwable x) {
        StackTraceElement[] s = x.getStackTrace();
        return s.length == 0 ? "" : " at " + s[0];
    }

    /** A trial before may have harmed the oracle's own memory: only what happens again by itself counts. */
    private boolean confirmed(Failure f, Executor e) throws IOException {
        oracle.restart();
        Outcome host = oracle.run(List.of(f.trial())).get(0);
        Failure again = compare(f.what(), e, f.trial(), f.instruction(), f.sequence(), host);
        return again != null;
    }

    /** The same failure with as little as shows it. */
    Failure minimize(Failure f) throws IOException {
        Executor e = executors.stream().filter(x -> x.name().equals(f.engine())).findFirst().orElseThrow();
        return new Minimizer((trial, q) -> {
            Outcome host = oracle.run(List.of(trial)).get(0);
            return compare(f.what(), e, trial, f.instruction(), q, host);
        }).minimize(f);
    }

    @Override
    public void close() {
        oracle.close();
    }
}
