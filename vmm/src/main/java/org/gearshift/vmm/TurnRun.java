package org.gearshift.vmm;

import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.RegionLibrary;
import org.gearshift.vmm.engine.StopReason;
import org.gearshift.vmm.replay.Rewindable;
import org.gearshift.vmm.sched.Share;
import org.gearshift.vmm.smp.TurnTimer;

/**
 * Several processors that take turns of a fixed number of instructions on one thread, for the virtual clock: nothing depends on the host's, so that a run repeats bit for bit. A
 * turn ends early where the processor waits: when it halts, and at PAUSE.
 */
final class TurnRun implements ProcessorRun, Rewindable {
    /** Instructions of a turn: more than most critical sections are long, less than a tick of any timer. */
    private static final long TURN = 50_000;

    private final List<Processor> processors;
    private final MachineTimer machine;
    private final Outcomes outcomes;
    private final Board board;
    private final TurnTimer[] timers;
    private Debugger debugger;
    private long limit;
    /** Whose turn it is. */
    private int at;
    /** Whether that has begun. */
    private boolean begun;
    /** How many instructions that one will have retired at its end. */
    private long end;
    /** Whether all that had their turn in this round were halted. */
    private boolean idle = true;

    /** The state between two instructions. */
    private record Turns(int at, boolean begun, long end, boolean idle, List<Object> timers) {
    }

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
        this.limit = limit;
        machine.begin();
        try {
            StopReason why;
            do {
                why = turns();
            } while (debugger != null && debugger.lingers(at, why));
            return outcomes.requested() != null ? outcomes.requested() : outcomes.of(why, current());
        } finally {
            machine.end();
        }
    }

    /** Turns until the run ends; then {@link #current} is who has ended it. */
    private StopReason turns() {
        while (true) {
            if (!begun && outcomes.retired() >= limit) {
                return StopReason.LIMIT;
            }
            if (begun || begin()) {
                Processor p = current();
                StopReason why = debugger == null ? p.engine().run(end) : debugger.run(at, end, () -> isOver(p));
                if (debugger != null && debugger.hasLeft()) {
                    continue;
                }
                if (outcomes.requested() != null || why == StopReason.TRIPLE_FAULT || why == StopReason.DEAD) {
                    return why;
                }
                endTurn();
            }
            if (!next()) {
                return StopReason.DEAD;
            }
        }
    }

    private boolean isOver(Processor p) {
        return outcomes.requested() != null || timers[p.number].isEnded() || p.isSignalled();
    }

    @Override
    public Processor current() {
        return processors.get(at);
    }

    /** @return false if it has no code to run */
    private boolean begin() {
        Processor p = current();
        if (!p.ready() || debugger != null && debugger.holds(at)) {
            return false;
        }
        board.select(at);
        timers[at].begin();
        end = p.engine().retired() + Math.min(limit - outcomes.retired(), TURN);
        begun = true;
        return true;
    }

    private void endTurn() {
        begun = false;
        idle &= timers[at].isIdle();
    }

    /** It is the next one's turn. Time passes where none has had anything to do. @return false if nothing can end that */
    private boolean next() {
        at = (at + 1) % timers.length;
        if (at != 0) {
            return true;
        }
        boolean all = idle;
        idle = true;
        return !all || !allHaltedForGood() && machine.idle(false);
    }

    @Override
    public StopReason advance(long until, int cpu, long own) {
        while (true) {
            if (begun || begin()) {
                Processor p = current();
                long stop = at == cpu ? Math.min(end, own) : end;
                long left = Math.min(stop - p.engine().retired(), until - outcomes.retired());
                StopReason why = p.engine().run(p.engine().retired() + left);
                if (why == StopReason.TRIPLE_FAULT || why == StopReason.DEAD) {
                    return why;
                }
                if (why == StopReason.LIMIT && (outcomes.retired() >= until || at == cpu && p.engine().retired() >= own)) {
                    return why;
                }
                boolean stopped = why == StopReason.REQUESTED && !timers[at].isEnded();
                if (!stopped || isOver(p)) {
                    endTurn();
                }
                if (stopped) {
                    return why;
                }
            }
            if (!next()) {
                return StopReason.DEAD;
            }
        }
    }

    @Override
    public Object mark() {
        return new Turns(at, begun, end, idle, Arrays.stream(timers).map(TurnTimer::mark).toList());
    }

    @Override
    public void rewind(Object mark) {
        Turns t = (Turns) mark;
        at = t.at;
        begun = t.begun;
        end = t.end;
        idle = t.idle;
        for (int i = 0; i < timers.length; i++) {
            timers[i].rewind(t.timers.get(i));
        }
        board.select(at);
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
