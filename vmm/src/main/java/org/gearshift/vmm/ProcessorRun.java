package org.gearshift.vmm;

import java.util.function.BooleanSupplier;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.engine.StopReason;
import org.gearshift.vmm.sched.Share;

/** How the processors of a machine are run: one alone, on threads, or in turns. */
interface ProcessorRun {
    /** Runs until the machine has an outcome. @param limit guest instructions since power-on, of all processors together */
    VmOutcome run(long limit);

    /** Makes the processors run only while they have slots of the share; before any runs. */
    void scheduleOn(Share share);

    /** Lets processors stand where a debugger says so. Before {@link #run}. */
    void debug(Debugger debugger);

    /** Something has come that a processor may sleep through: its interrupt pin, a signal. Any thread. */
    void kick(Processor processor);

    /** Host input has come, or the end of the run: any thread. */
    void wake();

    /** What to do when the machine goes idle: output is flushed. */
    void onIdle(Runnable action);

    /** Whether host input may still come. Any thread. */
    void expectInput(boolean possible);

    /** What tells that a host thread works for the machine and will wake it: that is waited for, too. */
    void expect(BooleanSupplier hostWork);

    /** What tells that somebody outside may be about to send something: virtual time then does not run ahead of the host's while the machine is idle. */
    void pace(BooleanSupplier conversation);

    /** Keeps virtual time from running ahead of the host's. @param outside what others have to do meanwhile, in the host's time */
    default void keepTo(GuestClock host, EventQueue outside) {
        throw new UnsupportedOperationException("not on the host's own clock");
    }

    /** The processor that runs, or did last, where all are run on one thread. */
    default Processor current() {
        throw new UnsupportedOperationException("on threads of their own, all run");
    }

    /**
     * Goes on from where the machine stands, inside of {@link #run} and on its thread, for a debugger that goes back in time. Only where all processors are run on one thread.
     *
     * @param until instructions of all processors together since power-on to stop at
     * @param cpu a processor that has a limit of its own
     * @param own instructions of that one to stop at, before it does anything else
     * @return LIMIT at one of the two, REQUESTED if somebody has stopped the processor that runs, TRIPLE_FAULT or DEAD where the run would end
     */
    default StopReason advance(long until, int cpu, long own) {
        throw new UnsupportedOperationException("runs on threads do not repeat");
    }
}
