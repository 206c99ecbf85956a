package org.gearshift.vmm.debug;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.vmm.engine.StopReason;

/**
 * The past of a machine whose processors run on one thread, alone or in turns: snapshots, taken as it runs, and from the nearest of them the same run once more up to the moment
 * wanted. All of it happens on that thread, while the machine stands for everybody else.
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

    /** Where a processor has begun an instruction, how many it had retired then. */
    private record Begin(Position position, long own) {
    }

    private final Debugger debugger;
    private final TimeMachine machine;
    private final List<DebuggedCpu> cpus;
    private final Deliveries deliveries = new Deliveries();
    private final List<TimeMachine.Snapshot> snapshots = new ArrayList<>();
    private long spacing = Long.getLong("gearshift.snapshotSpacing", SPACING);
    /** What the next snapshot will have most in common with. */
    private TimeMachine.Snapshot latest;
    private TimeMachine.Snapshot near;
    private long journeys;
    private volatile boolean cancelled;
    private volatile boolean changed;
    /** The order of turns was not the machine's own. */
    private volatile boolean disordered;
    private Stop found;
    private boolean searches;

    History(Debugger debugger, TimeMachine machine, List<DebuggedCpu> cpus) {
        this.debugger = debugger;
        this.machine = machine;
        this.cpus = cpus;
    }

    /** Whether the machine runs a recording. */
    boolean isReplay() {
        return machine.isReplay();
    }

    /** Somebody changes the machine from outside: what was before cannot lead here any more. */
    void forget() {
        changed = true;
    }

    /** A processor that could run is held up, so that the others come to their turns earlier than they would: nobody can go back over that. */
    void heldUp() {
        disordered = true;
    }

    /** Ends a search; any thread. */
    void cancel() {
        cancelled = true;
    }

    /** The machine begins to run, or goes on: there must be a snapshot to go back to. */
    void begin() {
        if (changed || disordered || snapshots.isEmpty()) {
            if (changed || disordered) {
                machine.forgetFuture();
            }
            changed = false;
            disordered = false;
            snapshots.clear();
            near = null;
            latest = null;
            deliveries.clear();
            take();
        }
    }

    /** At how many instructions that a processor has retired the next snapshot is wanted, if only that one runs. */
    long nextSnapshot(DebuggedCpu c) {
        return c.engine().retired() + nextSnapshot() - machine.retired();
    }

    private long nextSnapshot() {
        return snapshots.get(snapshots.size() - 1).retired() + spacing;
    }

    /** Takes a snapshot if one is wanted now. */
    void reached() {
        if (machine.retired() == nextSnapshot()) {
            take();
        }
    }

    /** An interrupt or exception is being delivered. @return whether the processor is to stop behind it */
    boolean delivering(DebuggedCpu c, boolean exception) {
        return deliveries.add(machine.retired(), c.number(), exception);
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

    /** Where the machine is. */
    Position position() {
        long retired = machine.retired();
        return new Position(retired, deliveries.since(retired));
    }

    /** Whether it is a processor's turn, or was until now. */
    boolean isTurnOf(DebuggedCpu c) {
        return machine.current() == c.number();
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
        deliveries.clear();
        cpus.forEach(c -> {
            c.action = Debugger.Action.CONTINUE;
            c.interrupted = false;
            c.unreported = null;
            c.resumedRetired = -1;
        });
    }

    /** As {@link Debugger#resume} leaves a processor: a breakpoint where it stands is not hit again. */
    private static void passOver(DebuggedCpu c) {
        c.resumedAt = c.pc();
        c.resumedRetired = c.engine().retired();
    }

    /** Runs up to a position that lies ahead, passing over everything. */
    private void runTo(Position p) {
        searches = false;
        while (position().isBefore(p)) {
            slice(p);
        }
    }

    /** Runs on until something is found, or the position is reached. */
    private void slice(Position p) {
        slice(p, 0, Long.MAX_VALUE);
    }

    /** The same, or a processor has retired so many instructions of its own. */
    private void slice(Position p, int cpu, long own) {
        found = null;
        long retired = machine.retired();
        if (retired == p.retired()) {
            deliveries.stopAt(p);
        }
        StopReason why = machine.advance(retired < p.retired() ? p.retired() : Long.MAX_VALUE, cpu, own);
        deliveries.stopNowhere();
        if (found == null && why == StopReason.REQUESTED) {
            // Something that is passed over has stopped it.
            passOver(cpus.get(machine.current()));
        }
        if (cancelled || debugger.isReleased()) {
            throw new Cancelled();
        }
        if (why == StopReason.TRIPLE_FAULT || why == StopReason.DEAD) {
            throw new IllegalStateException("the machine does not do again what it did: it ends at instruction " + machine.retired());
        }
    }

    /** Runs until a processor has retired so many instructions, and stops at once. */
    private void runToOwn(int cpu, long own) {
        searches = false;
        while (cpus.get(cpu).engine().retired() < own) {
            slice(new Position(Long.MAX_VALUE, 0), cpu, own);
        }
    }

    /** At a position where a processor is about to do something: makes it that one's turn. */
    private void giveTurn(int cpu) {
        if (machine.current() != cpu) {
            searches = false;
            machine.advance(Long.MAX_VALUE, cpu, cpus.get(cpu).engine().retired());
        }
    }

    /** A processor has come to something; while the past is searched this is told here instead of to the user. @return whether it was taken */
    boolean takes(Stop s) {
        if (!debugger.isTravelling()) {
            return false;
        }
        if (searches && found == null) {
            found = s;
            cpus.get(s.cpu()).engine().requestStop();
        }
        return true;
    }

    /** @param cpu who is about to do something there */
    private void goTo(Position p, int cpu) {
        restore(nearest(p));
        if (p.retired() - machine.retired() > FAR) {
            runTo(new Position(p.retired() - NEAR, 0));
            stayNear();
        }
        runTo(p);
        giveTurn(cpu);
        passOver(cpus.get(cpu));
    }

    private void stayNear() {
        near = machine.snapshot(latest);
        latest = near;
    }

    /** Goes to where a processor had just retired so many instructions, which was before a position. */
    private void goToOwn(int cpu, long own, Position before) {
        TimeMachine.Snapshot from = near != null && near.retired(cpu) <= own && near.retired() <= before.retired() ? near : null;
        for (TimeMachine.Snapshot s : snapshots) {
            if (s.retired(cpu) <= own && s.retired() <= before.retired() && (from == null || s.retired() > from.retired())) {
                from = s;
            }
        }
        restore(from);
        if (before.retired() - machine.retired() > FAR && own - NEAR > from.retired(cpu)) {
            runToOwn(cpu, own - NEAR);
            stayNear();
        }
        runToOwn(cpu, own);
    }

    /** Where a processor has begun its last instruction before a position; null if that is not remembered. @param own how many of its instructions were retired there */
    private Begin before(Position p, int cpu, long own) {
        long first = snapshots.get(0).retired(cpu);
        Begin last = null;
        if (own > first) {
            goToOwn(cpu, own - 1, p);
            runToOwn(cpu, own);
            long at = machine.retired() - 1;
            last = new Begin(new Position(at, deliveries.since(at)), own - 1);
        } else {
            restore(snapshots.get(0));
        }
        deliveries.watch(cpu);
        runTo(p);
        return deliveries.begun() == null ? last : new Begin(deliveries.begun(), own);
    }

    /** How often somebody has gone back. */
    long journeys() {
        return journeys;
    }

    /**
     * Goes back by instructions of a processor, as it has begun them, in handlers of interrupts too. What others did after that has not happened either.
     *
     * @param count how many
     */
    public Stop step(int cpu, int count) {
        return travel(() -> {
            Begin at = new Begin(position(), cpus.get(cpu).engine().retired());
            for (int i = 0; i < count; i++) {
                at = before(at.position, cpu, at.own);
                if (at == null) {
                    restore(snapshots.get(0));
                    return firstMoment(cpu);
                }
            }
            goTo(at.position, cpu);
            return new Stop(Stop.Reason.STEP, cpu, cpus.get(cpu).pc(), false, null, "");
        });
    }

    private Stop firstMoment(int cpu) {
        passOver(cpus.get(machine.current()));
        return new Stop(Stop.Reason.HISTORY_BEGIN, cpu, cpus.get(cpu).pc(), false, null, "");
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
                Stop s = hit.stop;
                goTo(hit.position, s.cpu());
                long address = s.reason() == Stop.Reason.WATCH ? s.address() : cpus.get(s.cpu()).pc();
                return new Stop(s.reason(), s.cpu(), address, s.write(), s.cause(), s.text());
            }
            end = start;
        }
        restore(snapshots.get(0));
        return firstMoment(machine.current());
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
                passOver(cpus.get(found.cpu()));
            }
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
                : new Position(now.retired() - 1, deliveries.since(now.retired() - 1));
    }

    private interface Journey {
        Stop go();
    }

    private Stop travel(Journey journey) {
        if (disordered) {
            begin();
        }
        Position from = position();
        int turn = machine.current();
        journeys++;
        cancelled = false;
        debugger.traps().apply();
        try {
            return journey.go();
        } catch (Cancelled e) {
            cancelled = false;
            if (!debugger.isReleased()) {
                goTo(from, turn);
            }
            return new Stop(Stop.Reason.PAUSE, turn, cpus.get(turn).pc(), false, null, "");
        }
    }
}
