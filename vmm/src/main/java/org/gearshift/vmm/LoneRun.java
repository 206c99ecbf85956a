package org.gearshift.vmm;

import java.util.function.BooleanSupplier;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.engine.StopReason;
import org.gearshift.vmm.sched.Share;

/** One processor, on the caller's thread, with devices and events in between. */
final class LoneRun implements ProcessorRun {
    private final Processor processor;
    private final MachineTimer timer;
    private final Outcomes outcomes;
    private Debugger debugger;

    LoneRun(Processor processor, MachineTimer timer, Outcomes outcomes) {
        this.processor = processor;
        this.timer = timer;
        this.outcomes = outcomes;
    }

    @Override
    public VmOutcome run(long limit) {
        timer.begin();
        try {
            StopReason why;
            do {
                why = debugger == null ? processor.engine().run(limit) : debugger.run(0, limit, () -> outcomes.requested() != null);
            } while (debugger != null && (debugger.hasLeft() || debugger.lingers(0, why)));
            return why == StopReason.REQUESTED ? outcomes.requested() : outcomes.of(why, processor);
        } finally {
            timer.end();
        }
    }

    @Override
    public Processor current() {
        return processor;
    }

    @Override
    public StopReason advance(long until, int cpu, long own) {
        return processor.engine().run(cpu == 0 ? Math.min(until, own) : until);
    }

    @Override
    public void scheduleOn(Share share) {
        timer.scheduleOn(share.vcpu());
    }

    @Override
    public void debug(Debugger by) {
        by.onThread(cpu -> timer::stand, cpu -> timer::go);
        debugger = by;
    }

    @Override
    public void kick(Processor p) {
        // It runs on the thread that calls, or hears of input by wake().
    }

    @Override
    public void wake() {
        timer.wake();
    }

    @Override
    public void onIdle(Runnable action) {
        timer.onIdle(action);
    }

    @Override
    public void expectInput(boolean possible) {
        timer.expectInput(possible);
    }

    @Override
    public void expect(BooleanSupplier hostWork) {
        timer.expect(hostWork);
    }

    @Override
    public void pace(BooleanSupplier conversation) {
        timer.pace(conversation);
    }

    @Override
    public void keepTo(GuestClock host, EventQueue outside) {
        timer.keepTo(host, outside);
    }
}
