package org.gearshift.vmm.debug;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.vmm.engine.StopReason;

/**
 * The past of a machine with one processor: snapshots, taken as it runs, and from the nearest of them the same run once more up to the moment wanted. All of it happens
 * on the thread
 * that runs the machine, while the machine stands for everybody else.
 */
public final class History {
    /** Instructions between snapshots while there are few. */
    private static final long SPACING = 100_000_000;
    private static final int MAX_SNAPSHOTS = 64;
    /** Part of the Java heap that snapshots may take. */
    private static final int HEAP_SHARE = 4;
    /** Close to where somebody goes back step by step, so that the next step is cheap. */
    private static final long NEAR = 20_000;
    /** What is not close. */
    private static final long FAR = 200_000;

    /** Why a search was given up. */
    private static final class Cancelled extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Cancelled() {
            super("interrupted", null, false, false);
        }
    }

    private record Hit(Stop stop, Position position) {
    }

    private final Debugger debugger;
    private final TimeMachine machine;
    private final DebuggedCpu cpu;
    private final List<TimeMachine.Snapshot> snapshots = new ArrayList<>();
    private long spacing = Long.getLong("gearshift.snapshotSpacing", SPACING);
    /** What the next snapshot will have most in common with. */
    private TimeMachine.Snapshot latest;
    private TimeMachine.Snapshot near;
    private long journeys;
    private volatile boolean cancelled;
    private volatile boolean changed;
    private Stop found;
    private boolean searches;

    History(Debugger debugger, TimeMachine machine, DebuggedCpu cpu) {
        this.debugger = debugger;
        this.machine = machine;
        this.cpu = cpu;
    }

    /** Whether the machine runs a recording. */
    boolean isReplay() {
        return machine.isReplay();
    }

    /** Somebody changes the machine from outside: what was before cannot lead here any more. */
    void forget() {
        changed = true;
    }

    /** Ends a search; any thread. */
    void cancel() {
        cancelled = true;
    }

    /** The machine begins to run, or goes on: there must be a snapshot to go back to. */
    void begin() {
        if (changed || snapshots.isEmpty()) {
            if (changed) {
                machine.forgetFuture();
            }
            changed = false;
            snapshots.clear();
            near = null;
            latest = null;
            cpu.deliveries.clear();
            take();
        }
    }

    /** At how many retired instructions the next snapshot is wanted. */
    long nextSnapshot() {
        return snapshots.get(snapshots.size() - 1).retired() + spacing;
    }

    /** Takes a snapshot if one is wanted now. */
    void reached() {
        if (cpu.engine().retired() == nextSnapshot()) {
            take();
        }
    }

    private void take() {
        latest = machine.snapshot(latest);
        snapshots.add(latest);
        while (snapshots.size() > MAX_SNAPSHOTS || snapshots.size() > 2 && bytes() > Runtime.getRuntime().maxMemory() / HEAP_SHARE) {
            thin();
        }
    }

    private long bytes() {
        long all = 0;
        for (int i = 0; i < snapshots.size(); i++) {
            all += snapshots.get(i).bytesBeyond(i == 0 ? null : snapshots.get(i - 1));
        }
        return all;
    }

    /** Every second goes; the first stays, or there would be no way back to it. */
    private void thin() {
        for (int i = snapshots.size() - 2; i > 0; i -= 2) {
            snapshots.remove(i);
        }
        spacing *= 2;
    }

    /** Where the processor is. */
    Position position() {
        long retired = cpu.engine().retired();
        return new Position(retired, cpu.deliveries.since(retired));
    }

    /** The last of the regular snapshots that is before a position. */
    private int snapshotBefore(Position p) {
        int at = snapshots.size() - 1;
        while (at > 0 && !new Position(snapshots.get(at).retired(), 0).isBefore(p)) {
            at--;
        }
        return at;
    }

    private TimeMachine.Snapshot nearest(Position p) {
        TimeMachine.Snapshot s = snapshots.get(snapshotBefore(new Position(p.retired(), p.deliveries() + 1)));
        return near != null && near.retired() > s.retired() && near.retired() <= p.retired() ? near : s;
    }

    private void restore(TimeMachine.Snapshot s) {
        machine.restore(s);
        latest = s;
        cpu.deliveries.clear();
        ready();
    }

    /** As {@link Debugger#resume} leaves a processor: a breakpoint where it stands is not hit again. */
    private void ready() {
        cpu.resumedAt = cpu.pc();
        cpu.resumedRetired = cpu.engine().retired();
        cpu.action = Debugger.Action.CONTINUE;
        cpu.interrupted = false;
        cpu.unreported = null;
    }

    /** Runs up to a position that lies ahead, passing over everything. */
    private void runTo(Position p) {
        searches = false;
        while (position().isBefore(p)) {
            slice(p);
            ready();
        }
    }

    /** Runs on until something is found, or the position is reached. */
    private void slice(Position p) {
        found = null;
        if (cpu.engine().retired() == p.retired()) {
            cpu.deliveries.stopAt(p);
        }
        StopReason why = cpu.engine().run(cpu.engine().retired() < p.retired() ? p.retired() : Long.MAX_VALUE);
        cpu.deliveries.stopNowhere();
        if (cancelled || debugger.isReleased()) {
            throw new Cancelled();
        }
        if (why == StopReason.TRIPLE_FAULT || why == StopReason.DEAD) {
            throw new IllegalStateException("the machine does not do again what it did: it ends at instruction " + cpu.engine().retired());
        }
    }

    /** A processor has come to something; while the past is searched this is told here instead of to the user. @return whether it was taken */
    boolean takes(Stop s) {
        if (!debugger.isTravelling()) {
            return false;
        }
        if (searches && found == null) {
            found = s;
            cpu.engine().requestStop();
        }
        return true;
    }

    private void goTo(Position p) {
        restore(nearest(p));
        if (p.retired() - cpu.engine().retired() > FAR) {
            runTo(new Position(p.retired() - NEAR, 0));
            near = machine.snapshot(latest);
            latest = near;
        }
        runTo(p);
        ready();
    }

    /** Where the last instruction before a position was begun; null if that is not remembered. */
    private Position before(Position p) {
        if (p.deliveries() > 0) {
            goTo(p);
            for (int i = p.deliveries() - 1; i >= 0; i--) {
                if (cpu.deliveries.wasException(i)) {
                    return new Position(p.retired(), i);
                }
            }
        }
        long retired = p.retired() - 1;
        if (retired < snapshots.get(0).retired()) {
            return null;
        }
        goTo(new Position(retired, 0));
        searches = false;
        while (cpu.engine().retired() == retired) {
            slice(new Position(p.retired(), 0));
            ready();
        }
        return new Position(retired, cpu.deliveries.since(retired));
    }

    /** How often somebody has gone back. */
    long journeys() {
        return journeys;
    }

    /** Goes back by instructions, as they were begun, in handlers of interrupts too. @param count how many */
    public Stop step(int count) {
        return travel(() -> {
            Position p = position();
            for (int i = 0; i < count; i++) {
                Position earlier = before(p);
                if (earlier == null) {
                    goTo(new Position(snapshots.get(0).retired(), 0));
                    return new Stop(Stop.Reason.HISTORY_BEGIN, 0, cpu.pc(), false, null, "");
                }
                p = earlier;
            }
            goTo(p);
            return new Stop(Stop.Reason.STEP, 0, cpu.pc(), false, null, "");
        });
    }

    /** Goes back to the last time that anything happened which the machine stops for: before the instruction that did it, or at the breakpoint. */
    public Stop toLastStop() {
        return travel(this::searchBack);
    }

    /** The same for one watchpoint alone: who wrote there last? */
    public Stop toLast(Watchpoint only) {
        debugger.traps().useOnly(only);
        try {
            return travel(this::searchBack);
        } finally {
            debugger.traps().useAll();
        }
    }

    private Stop searchBack() {
        Position here = position();
        Position end = here;
        for (int i = snapshotBefore(here); i >= 0; i--) {
            Position start = new Position(snapshots.get(i).retired(), 0);
            restore(snapshots.get(i));
            Hit hit = search(end, here);
            if (hit != null) {
                goTo(hit.position);
                Stop s = hit.stop;
                return new Stop(s.reason(), 0, s.reason() == Stop.Reason.WATCH ? s.address() : cpu.pc(), s.write(), s.cause(), s.text());
            }
            end = start;
        }
        restore(snapshots.get(0));
        return new Stop(Stop.Reason.HISTORY_BEGIN, 0, cpu.pc(), false, null, "");
    }

    /** Runs to {@code end} and remembers the last thing that would have stopped the machine, before {@code here}. */
    private Hit search(Position end, Position here) {
        Hit last = null;
        while (position().isBefore(end)) {
            searches = true;
            slice(end);
            searches = false;
            if (found != null) {
                Position now = position();
                boolean at = found.reason() == Stop.Reason.BREAKPOINT || isDelivery(found.cause());
                if (at ? now.isBefore(here) : now.compareTo(here) <= 0) {
                    last = new Hit(found, at ? now : begunBefore(now));
                }
            }
            ready();
        }
        return last;
    }

    /** These stop a machine at the handler's first instruction, others behind the instruction that did it. */
    private static boolean isDelivery(Object cause) {
        return cause instanceof EventCatch e && (e.kind() == EventCatch.Kind.INTERRUPT || e.kind() == EventCatch.Kind.EXCEPTION);
    }

    /** Where the instruction was begun that has just retired, or where the delivery was that has just been made. */
    private Position begunBefore(Position now) {
        return now.deliveries() > 0 ? new Position(now.retired(), now.deliveries() - 1)
                : new Position(now.retired() - 1, cpu.deliveries.since(now.retired() - 1));
    }

    private interface Journey {
        Stop go();
    }

    private Stop travel(Journey journey) {
        Position from = position();
        journeys++;
        cancelled = false;
        debugger.traps().apply();
        try {
            return journey.go();
        } catch (Cancelled e) {
            cancelled = false;
            if (!debugger.isReleased()) {
                goTo(from);
            }
            return new Stop(Stop.Reason.PAUSE, 0, cpu.pc(), false, null, "");
        }
    }
}
