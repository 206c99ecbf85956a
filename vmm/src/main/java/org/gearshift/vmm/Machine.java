package org.gearshift.vmm;

import java.util.Map;
import org.gearshift.paging.GuestRam;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.sched.Share;

/** A virtual machine in either gear, as those see it who run it and talk to its console. Methods are for one thread, except those that say otherwise. */
public interface Machine {
    /** Runs until the guest or the user ends it, or {@code maxInstructions} have been retired since power-on. */
    VmOutcome run(long maxInstructions);

    VCpu cpu();

    GuestRam ram();

    Engine engine();

    /** What stops and resumes it, and sees into it; made at the first call, which must come before {@link #run}. A machine without runs just as fast as one that has none. */
    Debugger debugger();

    /** A byte for the guest's console; any thread. */
    void serialInput(int b);

    /** Ends the run soon; any thread. */
    void quit();

    /** The same, as if the guest had asked for a reset. */
    void reset();

    /** Asks the guest to shut down, as by a PC's power button; whether it does is its own affair. Any thread. */
    void requestShutdown();

    /** Makes the machine's processors run only while they have slots of the share; before the first run. */
    void scheduleOn(Share share);

    /** Called on the vCPU thread whenever the machine goes idle. */
    void onIdle(Runnable action);

    /**
     * Says that a source of input, such as who calls {@link #serialInput}, is there or, after that, has ended: an idle machine that nothing else can wake waits for as long as there is one.
     * Any thread.
     */
    void expectInput(boolean possible);

    /**
     * Why the guest has left translated code so far, or taken a way that is not straight through it, by reason. Names are the same for both gears where the reason is; those that
     * have not occurred are left out.
     */
    Map<String, Long> counters();

    /** The summary of a run so far, in lines. @param wallNanos host time it took, 0 if not known */
    String statistics(long wallNanos);
}
