package org.gearshift.vmm;

import java.util.List;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.engine.StopReason;

/** How a run ends: what was asked for first, by a device or the user, or what a processor came to. */
final class Outcomes {
    private final List<? extends Processor> processors;
    private volatile VmOutcome requested;

    Outcomes(List<? extends Processor> processors) {
        this.processors = processors;
    }

    /** A new run begins. */
    void clear() {
        requested = null;
    }

    /** Ends the run; the first to do so counts. Any thread. */
    synchronized void request(VmOutcome outcome) {
        if (requested == null) {
            requested = outcome;
        }
        for (Processor p : processors) {
            p.engine().requestStop();
        }
    }

    /** What was asked for, or null. */
    VmOutcome requested() {
        return requested;
    }

    /** Instructions retired by all processors since power-on; approximate while they run on several threads. */
    long retired() {
        long all = 0;
        for (Processor p : processors) {
            all += p.engine() == null ? 0 : p.engine().retired();
        }
        return all;
    }

    /** The end that a processor's loop came to by itself. */
    VmOutcome of(StopReason why, Processor p) {
        return switch (why) {
            case LIMIT -> new VmOutcome(VmOutcome.LIMIT, "stopped after " + retired() + " guest instructions");
            case TRIPLE_FAULT -> new VmOutcome(VmOutcome.TRIPLE_FAULT, "the guest triple-faulted at " + location(p));
            case DEAD -> new VmOutcome(VmOutcome.DEAD,
                    "the guest halted for good at " + location(p) + ": interrupts are off, or nothing is left to wake it");
            case REQUESTED -> throw new IllegalArgumentException("no end of its own");
        };
    }

    private static String location(Processor p) {
        return String.format("%04x:%08x", p.cpu.s[X86State.SEG_SELECTOR + X86State.CS] & 0xffff, p.cpu.s[X86State.RIP]);
    }
}
