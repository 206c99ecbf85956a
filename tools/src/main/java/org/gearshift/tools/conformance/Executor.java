package org.gearshift.tools.conformance;

import java.util.Objects;
import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.lift.LiftTable;
import org.gearshift.translator.x86.lift.X86Lifter;

/** Executes trials on an emulated processor, one block or region after the other. Subclasses decide what executes lifted code. */
abstract class Executor {
    /** Instructions after which code counts as endless. The oracle allows more. */
    private static final int MOST_INSTRUCTIONS = 100_000;
    static final int MAX_BLOCK = 32;

    final UserProcessor processor;
    final X86Lifter lifter;
    private final Decoder decoder = new Decoder();
    Code code;

    Executor(UserProcessor processor, LiftTable table) {
        this.processor = processor;
        this.lifter = new X86Lifter(table);
    }

    /** What executes, for reports. */
    abstract String name();

    /** Forgets what was made from the last code. */
    abstract void forget();

    /**
     * Executes from the pc slot on, for as long as it pleases.
     *
     * @param single exactly one instruction
     * @return false if the guest fault of the context ended it
     * @throws GuestFault if the first instruction cannot be fetched
     */
    abstract boolean enter(long pc, boolean single);

    /** Turns to other code. */
    final void load(Code c) {
        if (c != code) {
            if (code != null) {
                forget();
            }
            code = c;
            processor.load(c);
        }
    }

    /** Forgets the loaded code, so that the next {@link #load} lifts it anew even if it is the same. */
    final void unload() {
        if (code != null) {
            forget();
            code = null;
        }
    }

    /** Runs a trial of the loaded code. {@code scratch} are the scratch pages as it finds them. */
    final Outcome run(Trial t, byte[] scratch) {
        Objects.requireNonNull(code);
        processor.begin(t, scratch);
        long[] s = processor.s;
        processor.context.budget = MOST_INSTRUCTIONS;
        while (true) {
            Outcome left = processor.interrupted(t);
            if (left != null) {
                return left;
            }
            long pc = s[X86State.RIP];
            if (pc == code.end()) {
                return processor.ended(t, Outcome.Kind.DONE);
            }
            int before = processor.context.budget;
            boolean single = processor.singleStep();
            if (single && !processor.beforeSingleStep()) {
                continue;
            }
            if (!entered(pc, single) && (!isRepeated(processor.context.fault.kind) || !repeatedExactly())) {
                return processor.faulted(t);
            }
            if (single) {
                processor.afterSingleStep();
            }
            if (before == processor.context.budget && pc == s[X86State.RIP]) {
                return processor.ended(t, Outcome.Kind.TIMEOUT);
            }
        }
    }

    private static boolean isRepeated(GuestFault.Kind kind) {
        return kind == GuestFault.Kind.RESTART_EXACT || kind == GuestFault.Kind.MISS;
    }

    private boolean entered(long pc, boolean single) {
        try {
            return enter(pc, single);
        } catch (GuestFault f) {
            return false;
        }
    }

    /** Runs the instruction at the pc slot by itself, as the engine does where an access reaches outside RAM or finds a page table. */
    private boolean repeatedExactly() {
        processor.context.exact = true;
        try {
            return entered(processor.s[X86State.RIP], true);
        } finally {
            processor.context.exact = false;
        }
    }

    /** Instructions from a pc to the end of the code, at most {@link #MAX_BLOCK} and at least 1: a block must not run beyond the end. */
    final int instructionsToEnd(long pc, long mode) {
        if (pc < code.start() || pc >= code.end()) {
            return 1;
        }
        long at = pc;
        int n = 0;
        while (at < code.end() && n < MAX_BLOCK) {
            int from = (int) (at - code.start());
            int[] next = {from};
            at += decoder.decode(() -> next[0] < code.bytes().length ? code.bytes()[next[0]++] & 0xff : 0xcc, mode).length();
            n++;
        }
        return Math.max(1, n);
    }
}
