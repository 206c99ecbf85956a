package org.gearshift.vmm.smp;

import java.util.List;
import org.gearshift.vmm.engine.EventTimer;
import org.gearshift.vmm.replay.Rewindable;

/** Time as a processor sees it that takes turns with others on one thread: the machine's, but where a lone processor would wait, the turn ends. */
public final class TurnTimer implements EventTimer, Rewindable {
    private final EventTimer machine;
    private final Runnable endTurn;
    private boolean idle;
    private boolean ended;
    private boolean haltedForGood;

    /** @param endTurn makes the engine's run return */
    public TurnTimer(EventTimer machine, Runnable endTurn) {
        this.machine = machine;
        this.endTurn = endTurn;
    }

    /** Forgets why the last turn ended. */
    public void begin() {
        idle = false;
        ended = false;
        haltedForGood = false;
    }

    /** Whether the turn has ended before its last instruction. */
    public boolean isEnded() {
        return ended;
    }

    /** Whether the last turn ended as the processor was halted. */
    public boolean isIdle() {
        return idle;
    }

    /** And with interrupts off. */
    public boolean isHaltedForGood() {
        return haltedForGood;
    }

    @Override
    public void runDue() {
        machine.runDue();
    }

    @Override
    public long instructionsToNextEvent() {
        return machine.instructionsToNextEvent();
    }

    @Override
    public boolean pause() {
        ended = true;
        endTurn.run();
        return machine.pause();
    }

    @Override
    public boolean exact() {
        return machine.exact();
    }

    @Override
    public boolean idle(boolean forGood) {
        idle = true;
        ended = true;
        haltedForGood = forGood;
        endTurn.run();
        return true;
    }

    @Override
    public Object mark() {
        return List.of(idle, ended, haltedForGood);
    }

    @Override
    public void rewind(Object mark) {
        List<?> flags = (List<?>) mark;
        idle = (Boolean) flags.get(0);
        ended = (Boolean) flags.get(1);
        haltedForGood = (Boolean) flags.get(2);
    }
}
