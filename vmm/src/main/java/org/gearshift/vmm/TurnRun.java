package org.gearshift.vmm;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.RegionLibrary;
import org.gearshift.vmm.engine.StopReason;
import org.gearshift.vmm.sched.Share;
import org.gearshift.vmm.smp.TurnTimer;

/**
 * Several processors that take turns of a fixed number of instructions on one thread, for the virtual clock: nothing depends on the host's, so that a run repeats bit for bit. A
 * turn ends early where the processor waits: when it halts, and at PAUSE.
 */
final class TurnRun implements ProcessorRun {
    /** Instructions of a turn: more than most critical sections are long, less than a tick of any timer. */
    private static final long TURN = 50_000;

    private final List<Processor> processors;
    private final MachineTimer machine;
    private final Outcomes outcomes;
    private final Board board;
    private final TurnTimer[] timers;
    private Debugger debugger;

    TurnRun(List<Processor> processors, MachineTimer machine, Outcomes outcomes, Board board, EngineOptions options) {
        this.processors = processors;
        this.machine = machine;
        this.outcomes = outcomes;
        this.board = board;
        timers = new TurnTimer[processors.size()];
        RegionLibrary library = new RegionLibrary();
        for (Processor p : processors) {
            timers[p.number] = new TurnTimer(machine, () -> p.engine().requestStop());
            p.attach(board.memory(), timers[p.number], options, library);
        }
    }

    @Override
    public void scheduleOn(Share share) {
        machine.scheduleOn(share.vcpu());
    }

    @Override
    public VmOutcome run(long limit) {
        machine.begin();
        try {
            return turns(limit);
        } finally {
            machine.end();
        }
    }

    private VmOutcome turns(long limit) {
        while (true) {
            boolean idle = true;
            for (Processor p : processors) {
                long left = limit - outcomes.retired();
                if (left <= 0) {
                    return outcomes.of(StopReason.LIMIT, p);
                }
                if (!p.ready() || debugger != null && debugger.holds(p.number)) {
                    continue;
                }
                StopReason why = turn(p, Math.min(left, TURN));
                if (outcomes.requested() != null) {
                    return outcomes.requested();
                }
                if (why == StopReason.TRIPLE_FAULT || why == StopReason.DEAD) {
                    return outcomes.of(why, p);
                }
                idle &= timers[p.number].isIdle();
            }
            if (idle && (allHaltedForGood() || !machine.idle(false))) {
                return outcomes.of(StopReason.DEAD, processors.get(0));
            }
        }
    }

    private StopReason turn(Processor p, long instructions) {
        board.select(p.number);
        timers[p.number].begin();
        long end = p.engine().retired() + instructions;
        return debugger == null ? p.engine().run(end) : debugger.run(p.number, end, () -> outcomes.requested() != null || timers[p.number].isEnded() || p.isSignalled());
    }

    private boolean allHaltedForGood() {
        for (Processor p : processors) {
            if (!p.waitsForStart() && !timers[p.number].isHaltedForGood()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void debug(Debugger by) {
        by.onThread(cpu -> machine::stand, cpu -> machine::go);
        debugger = by;
    }

    @Override
    public void kick(Processor processor) {
        // It looks at its pins when its turn comes.
    }

    @Override
    public void wake() {
        machine.wake();
    }

    @Override
    public void onIdle(Runnable action) {
        machine.onIdle(action);
    }

    @Override
    public void expectInput(boolean possible) {
        machine.expectInput(possible);
    }

    @Override
    public void expect(BooleanSupplier hostWork) {
        machine.expect(hostWork);
    }

    @Override
    public void pace(BooleanSupplier conversation) {
        machine.pace(conversation);
    }

    @Override
    public void keepTo(GuestClock host, EventQueue outside) {
        machine.keepTo(host, outside);
    }
}
