package org.gearshift.vmm.debug;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.gearshift.vmm.engine.StopReason;

/**
 * Stops and resumes the processors of a machine. The machine's threads come here between runs of code ({@link #run}) and wait here while it stands; those who debug are on
 * other threads and call
 * everything else. All processors stand together or run together, but those that are held ({@link Action#HOLD}).
 */
public final class Debugger {
    /** What a processor does when the machine is resumed. */
    public enum Action {
        CONTINUE,
        /**
         * One instruction. If an interrupt comes first its handler runs too, unless {@link #stepIntoInterrupts}. If the instruction raises an exception, the step ends at
         * the first
         * instruction of the handler.
         */
        STEP,
        /** It stands while others run, which the guest may notice. */
        HOLD
    }

    private static final long LOOK_MILLIS = 50;

    private final List<DebuggedCpu> cpus;
    private final Traps traps;
    private final Object lock = new Object();
    private Runnable wake = () -> { };
    private Runnable onStopped = () -> { };
    private Runnable onResumed = () -> { };
    private IntFunction<Runnable> onStand = cpu -> () -> { };
    private IntFunction<Runnable> onGo = cpu -> () -> { };
    /** Threads that run processors. */
    private int threads = 1;
    private int standing;
    private long resumptions;
    private volatile boolean stopWanted;
    private boolean standsAll;
    private Stop stop;
    private Stop end;
    private boolean intoInterrupts;
    private volatile boolean attached;
    private volatile boolean released;
    /** Null if the machine cannot go back in time. */
    private History history;
    /** What becomes {@link #history} when somebody comes. */
    private History postponed;
    private Function<History, Stop> journey;
    private volatile boolean travelling;
    /** How often the machine had been taken elsewhere in time when its thread came here. */
    private long arrivals;

    public Debugger(List<DebuggedCpu> cpus) {
        this.cpus = List.copyOf(cpus);
        traps = new Traps(this, this.cpus);
    }

    /** The machine's side: what wakes processors that sleep, and what is to happen when all have come to stand and before they go on. */
    public void connect(Runnable wakeProcessors, Runnable stopped, Runnable resumed) {
        wake = wakeProcessors;
        onStopped = stopped;
        onResumed = resumed;
    }

    /** The machine's side, where each processor has its own thread: what a thread does before it stands, and after. */
    public void onThreads(IntFunction<Runnable> stand, IntFunction<Runnable> go) {
        threads = cpus.size();
        onThread(stand, go);
    }

    /** The machine's side: what a thread that runs processors does before it stands, and after. */
    public void onThread(IntFunction<Runnable> stand, IntFunction<Runnable> go) {
        onStand = stand;
        onGo = go;
    }

    public List<DebuggedCpu> cpus() {
        return cpus;
    }

    /** What processors stop at. To be changed while the machine stands, or before it runs; see {@link #whileStanding}. */
    public Traps traps() {
        return traps;
    }

    /** Whether somebody debugs: then a triple fault stops the machine before it ends the run. */
    public void attach(boolean on) {
        attached = on;
    }

    /** Whether a step that is interrupted ends at the first instruction of the handler, instead of when the instruction has been executed. */
    public void stepIntoInterrupts(boolean on) {
        intoInterrupts = on;
    }

    /** The machine's side: it can go back in time. Before it runs. */
    public void remember(TimeMachine machine) {
        history = new History(this, machine, cpus);
        cpus.forEach(c -> c.onChange(history::forget));
    }

    /** Nobody debugs yet: what {@link #remember} has promised begins with {@link #keepHistory}, and costs nothing before. Before the machine runs. */
    public void postponeHistory() {
        postponed = history;
        history = null;
    }

    /** Somebody has come who may want to go back, down to here. While the machine stands. */
    public void keepHistory() {
        synchronized (lock) {
            if (postponed != null && standsAll && end == null) {
                history = postponed;
                postponed = null;
                history.begin();
                traps.apply();
            }
        }
    }

    /** Whether there is a past to go back to. */
    public boolean canGoBack() {
        return history != null || postponed != null;
    }

    History history() {
        return history;
    }

    boolean isTravelling() {
        return travelling;
    }

    boolean isReleased() {
        return released;
    }

    /** Asks all processors to stand as soon as they can, before the first instruction if the machine has not started yet. */
    public void pause() {
        synchronized (lock) {
            if (released || end != null) {
                return;
            }
            if (travelling) {
                history.cancel();
            }
            stopWanted = true;
        }
        stopRunning();
    }

    private void stopRunning() {
        for (DebuggedCpu c : cpus) {
            c.engine().requestStop();
        }
        wake.run();
    }

    /** For the machine's loops, on a processor's thread before each slice: whether it is to come here. */
    public boolean wantsStop() {
        return stopWanted && !travelling;
    }

    /** For the machine's loop when a processor could run: whether it is to stand while others do. */
    public boolean holds(int cpu) {
        boolean held = cpus.get(cpu).action == Action.HOLD;
        if (held && history != null) {
            history.heldUp();
        }
        return held;
    }

    /**
     * Runs a processor's loop, and lets it stand where it must.
     *
     * @param limit instructions of its own since power-on
     * @param over whether the run, or the processor's turn, has come to an end for other reasons
     * @return REQUESTED only if {@code over} or {@link #hasLeft}, LIMIT only at {@code limit}
     */
    public StopReason run(int cpu, long limit, BooleanSupplier over) {
        DebuggedCpu c = cpus.get(cpu);
        arrivals = journeys();
        while (true) {
            stand(c, over);
            if (hasLeft() || over.getAsBoolean()) {
                return StopReason.REQUESTED;
            }
            boolean steps = c.action == Action.STEP && !c.interrupted;
            long furthest = history == null ? limit : Math.min(limit, history.nextSnapshot(c));
            long step = c.engine().retired() + 1;
            long until = steps ? Math.min(furthest, step) : furthest;
            StopReason why = c.engine().run(until);
            if (history != null && why == StopReason.LIMIT && until == furthest) {
                history.reached();
            }
            if (steps && why == StopReason.LIMIT && c.action == Action.STEP && !c.interrupted && c.engine().retired() == step) {
                note(c, Stop.Reason.STEP, null, "");
            } else if (why == StopReason.TRIPLE_FAULT && attached && !released) {
                note(c, Stop.Reason.TRIPLE_FAULT, null, "triple fault");
                stand(c, over);
            }
            if (why == StopReason.TRIPLE_FAULT || why == StopReason.DEAD) {
                return why;
            }
            if (!stopWanted && (why == StopReason.REQUESTED ? over.getAsBoolean() : until == limit)) {
                return why;
            }
        }
    }

    /** Whether the machine was taken elsewhere in time during the last {@link #run} or {@link #lingers}: what it had run towards is not valid any more. On its thread. */
    public boolean hasLeft() {
        return journeys() != arrivals;
    }

    private long journeys() {
        return history == null ? 0 : history.journeys();
    }

    /**
     * For the machine's loop where its run would end: a recording stands at its end, so that somebody may go back from there.
     *
     * @param why what {@link #run} has said
     * @return whether somebody did: the run goes on
     */
    public boolean lingers(int cpu, StopReason why) {
        arrivals = journeys();
        if (history != null && history.isReplay() && attached && !released && why != StopReason.TRIPLE_FAULT) {
            note(cpus.get(cpu), Stop.Reason.HISTORY_END, null, "");
            stand(cpus.get(cpu), () -> false);
        }
        return hasLeft();
    }

    /** Stands while the machine does: for a processor's thread that has no code to run. @param over as for {@link #run} */
    public void stand(int cpu, BooleanSupplier over) {
        stand(cpus.get(cpu), over);
    }

    private boolean mustStand(DebuggedCpu c) {
        return !released && (stopWanted || threads > 1 && c.action == Action.HOLD);
    }

    private void stand(DebuggedCpu c, BooleanSupplier over) {
        if (!stopWanted && (threads == 1 || c.action != Action.HOLD)) {
            return;
        }
        onStand.apply(c.number()).run();
        long counted = -1;
        while (true) {
            Function<History, Stop> where;
            synchronized (lock) {
                while (mustStand(c) && !over.getAsBoolean() && journey == null) {
                    if (stopWanted && counted != resumptions) {
                        counted = resumptions;
                        arrived();
                    }
                    await();
                }
                where = journey;
                journey = null;
            }
            if (where == null) {
                break;
            }
            Stop there = where.apply(history);
            synchronized (lock) {
                travelling = false;
                stop = there;
                standsAll = true;
                lock.notifyAll();
            }
        }
        onGo.apply(c.number()).run();
    }

    private void arrived() {
        if (++standing == threads) {
            if (stop == null) {
                DebuggedCpu first = cpus.get(0);
                stop = new Stop(Stop.Reason.PAUSE, 0, first.pc(), false, null, "");
            }
            standsAll = true;
            onStopped.run();
            lock.notifyAll();
        }
    }

    private void await() {
        boolean interrupted = false;
        try {
            // Others may end the run.
            lock.wait(LOOK_MILLIS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
            released = true;
        }
    }

    /** A processor has come to something it is to stop for; its loop returns behind the current instruction. */
    void note(DebuggedCpu c, Stop.Reason reason, Object cause, String text) {
        note(c, new Stop(reason, c.number(), c.pc(), false, cause, text));
    }

    void note(DebuggedCpu c, Stop s) {
        if (history != null && history.takes(s)) {
            return;
        }
        boolean first;
        synchronized (lock) {
            if (released || end != null) {
                return;
            }
            first = !stopWanted;
            stopWanted = true;
            if (stop == null) {
                stop = s;
            } else if (c.unreported == null) {
                c.unreported = s;
            }
        }
        c.engine().requestStop();
        if (first) {
            stopRunning();
        }
    }

    boolean stepping(DebuggedCpu c) {
        return c.action == Action.STEP;
    }

    boolean stepsIntoInterrupts() {
        return intoInterrupts;
    }

    /** Whether the run has ended. */
    public boolean isOver() {
        synchronized (lock) {
            return end != null;
        }
    }

    /** Whether the machine stands. */
    public boolean isStanding() {
        synchronized (lock) {
            return standsAll || end != null;
        }
    }

    /**
     * Waits until the machine stands, or the run is over.
     *
     * @param millis how long to wait at most
     * @return why it stands, or null if it does not yet
     */
    public Stop awaitStop(long millis) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        synchronized (lock) {
            while (!standsAll && end == null) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    return null;
                }
                lock.wait(left);
            }
            return end != null ? end : stop;
        }
    }

    /** Lets the machine go on: each processor as {@code plan} says. */
    public void resume(IntFunction<Action> plan) {
        synchronized (lock) {
            if (end != null || !standsAll) {
                return;
            }
            stop = null;
            boolean more = false;
            for (DebuggedCpu c : cpus) {
                Stop other = c.unreported;
                c.unreported = null;
                c.action = plan.apply(c.number());
                c.interrupted = false;
                c.resumedAt = c.pc();
                // Who came to a breakpoint that another's stop hid, comes to it again; who waits for its turn has not come to it yet.
                boolean passed = (other == null || other.reason() != Stop.Reason.BREAKPOINT) && (history == null || history.isTurnOf(c));
                c.resumedRetired = passed ? c.engine().retired() : -1;
                if (other != null && (other.reason() == Stop.Reason.WATCH || other.reason() == Stop.Reason.EVENT)) {
                    more = true;
                    if (stop == null) {
                        stop = other;
                    } else {
                        c.unreported = other;
                    }
                }
            }
            if (!more) {
                traps.apply();
                if (history != null) {
                    history.begin();
                }
                go();
            }
        }
    }

    private void go() {
        stopWanted = false;
        standsAll = false;
        standing = 0;
        resumptions++;
        onResumed.run();
        lock.notifyAll();
    }

    /**
     * Lets the machine go back in time, and stand there; {@link #awaitStop} tells when it does. Only if it {@link #canGoBack}.
     *
     * @param how {@link History#step}, {@link History#toLastStop} or the like
     */
    public void goBack(Function<History, Stop> how) {
        synchronized (lock) {
            if (end != null || !standsAll || history == null) {
                return;
            }
            stop = null;
            standsAll = false;
            travelling = true;
            journey = how;
            lock.notifyAll();
        }
    }

    /** {@link #resume} of all. */
    public void resume() {
        resume(cpu -> Action.CONTINUE);
    }

    /**
     * Does something while the machine stands, for which it is stopped if need be, and goes on afterwards.
     *
     * @return false if the run is over, and nothing was done
     */
    public boolean whileStanding(Runnable work) throws InterruptedException {
        boolean ran = !isStanding();
        if (ran) {
            pause();
        }
        Stop why = null;
        while (why == null) {
            why = awaitStop(1000);
        }
        if (why.reason() == Stop.Reason.ENDED) {
            return false;
        }
        work.run();
        if (ran && why.reason() == Stop.Reason.PAUSE) {
            resume();
        }
        return true;
    }

    /** Nobody debugs any more: nothing stops the machine, and it goes on. */
    public void detach() {
        attached = false;
        traps.clear();
        synchronized (lock) {
            cpus.forEach(c -> c.unreported = null);
        }
        if (isStanding()) {
            resume();
        }
    }

    /** The machine is to end: nothing holds it up any more. Any thread. */
    public void release() {
        synchronized (lock) {
            released = true;
            if (standsAll) {
                go();
            }
            lock.notifyAll();
        }
    }

    /** The machine's side, before its processors run: what was set so far holds from the first instruction on. */
    public void begin() {
        synchronized (lock) {
            end = null;
            traps.apply();
            if (history != null) {
                history.begin();
            }
        }
    }

    /** The machine's side: the run is over. @param text how it ended */
    public void ended(int exitCode, String text) {
        synchronized (lock) {
            end = new Stop(Stop.Reason.ENDED, 0, exitCode, false, null, text == null ? "" : text);
            lock.notifyAll();
        }
    }
}
